// How the mirrors are; or, with a name, what one of them could not deliver.
import { ApiError } from '../api/http';
import { listMirrors } from '../api/mirrors';
import { ErrorAlert } from '../components/error-alert';
import { Notice } from '../components/notice';
import { useLoaded } from '../hooks/use-loaded';
import { usePolling } from '../hooks/use-polling';
import { useTexts } from '../i18n';
import { DeadLetters } from './dead-letters';
import { MirrorCard } from './mirror-card';

const newestEveryMs = 2000;

function MirrorList() {
        const t = useTexts();
        const loaded = useLoaded((signal) => listMirrors(signal), []);
        const mirrors = loaded.data?.items ?? [];

        usePolling(loaded, loaded.error instanceof ApiError ? null : newestEveryMs);
        return (
                <div className="page mirrors">
                        <h1 className="title">{t.mirrors.title}</h1>
                        <ErrorAlert error={loaded.error} onRetry={loaded.reload} />
                        {loaded.data && mirrors.length === 0 && <Notice text={t.mirrors.none} />}
                        {mirrors.map((mirror) => (
                                <MirrorCard key={mirror.name} mirror={mirror} onAsked={loaded.reload} />
                        ))}
                </div>
        );
}

export default function MirrorsPage({ mirror }: { mirror?: string }) {
        return mirror ? <DeadLetters key={mirror} mirror={mirror} /> : <MirrorList />;
}
