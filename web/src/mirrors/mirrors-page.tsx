// How the mirrors and the ingests are; or, with a name, what one of them could not deliver or would not take.
import type { ReactNode } from 'react';
import { ApiError } from '../api/http';
import { listIngests } from '../api/ingests';
import { listMirrors, type Election } from '../api/mirrors';
import { ErrorAlert } from '../components/error-alert';
import { Notice } from '../components/notice';
import { useLoaded } from '../hooks/use-loaded';
import { usePolling } from '../hooks/use-polling';
import { useTexts } from '../i18n';
import { DeadLetters } from './dead-letters';
import { IngestCard } from './ingest-card';
import { MirrorCard } from './mirror-card';
import { Quarantine } from './quarantine';

const newestEveryMs = 2000;

function Leader({ election }: { election: Election }) {
        const t = useTexts();
        const { leader, leader_name: name, error } = election;
        const text = !name ? t.mirrors.nobodyLeads : leader ? t.mirrors.leads(name) : t.mirrors.standsBy(name);

        return (
                <div className="wrap">
                        {text} {error}
                </div>
        );
}

interface CardsProps<List extends { items: unknown[] }> {
        title: string;
        /** What is said where there are none; null: nothing is, not even the title. */
        none: string | null;
        list: (signal?: AbortSignal) => Promise<List>;
        /** What is said above the cards. */
        headOf?: (list: List) => ReactNode;
        cardOf: (item: List['items'][number], reload: () => void) => ReactNode;
}

function Cards<List extends { items: unknown[] }>(props: CardsProps<List>) {
        const { title, none, list, headOf, cardOf } = props;
        const loaded = useLoaded(list, []);
        const items: List['items'] = loaded.data?.items ?? [];

        usePolling(loaded, loaded.error instanceof ApiError ? null : newestEveryMs);
        return (
                <>
                        {(none !== null || items.length > 0) && <h1 className="title">{title}</h1>}
                        <ErrorAlert error={loaded.error} onRetry={loaded.reload} />
                        {loaded.data && items.length === 0 && none !== null && <Notice text={none} />}
                        {loaded.data && headOf?.(loaded.data)}
                        {items.map((item) => cardOf(item, loaded.reload))}
                </>
        );
}

export default function MirrorsPage({ mirror, ingest }: { mirror?: string; ingest?: string }) {
        const t = useTexts();

        if (mirror) return <DeadLetters key={mirror} mirror={mirror} />;
        if (ingest) return <Quarantine key={ingest} ingest={ingest} />;
        return (
                <div className="page mirrors">
                        <Cards
                                title={t.mirrors.title}
                                none={t.mirrors.none}
                                list={listMirrors}
                                headOf={({ election }) => election && <Leader election={election} />}
                                cardOf={(item, reload) => (
                                        <MirrorCard key={item.name} mirror={item} onAsked={reload} />
                                )}
                        />
                        <Cards
                                title={t.ingests.title}
                                none={null}
                                list={listIngests}
                                cardOf={(item, reload) => (
                                        <IngestCard key={item.name} ingest={item} onAsked={reload} />
                                )}
                        />
                </div>
        );
}
