// One ingest: whether it is well, what it reads and what it makes of it, and how far it is.
import { resyncIngest, type Ingest } from '../api/ingests';
import { TimeText } from '../components/time-text';
import { useTexts } from '../i18n';
import { quarantineHref } from '../router';
import { AsideLink, Card, Fact, Progress } from './card';
import { useAsking } from './use-asking';

function FullRead({ ingest: { full_read: fullRead, left } }: { ingest: Ingest }) {
        const t = useTexts();

        return (
                <>
                        {fullRead ? (
                                <div>
                                        <TimeText time={fullRead.time} />: {t.mirrors.keys(fullRead.keys)}
                                </div>
                        ) : (
                                <div>{t.ingests.neverRead}</div>
                        )}
                        {left > 0 && <div>{t.ingests.left(left)}</div>}
                </>
        );
}

export function IngestCard({ ingest, onAsked }: { ingest: Ingest; onAsked: () => void }) {
        const t = useTexts();
        const ask = useAsking(onAsked);
        const { name, state, from, namespace, key, revision, quarantined } = ingest;

        return (
                <Card
                        working={ingest}
                        state={t.ingests.states[state]}
                        meaning={t.ingests.meanings[state]}
                        action={t.ingests.readAll}
                        onAction={() => ask(resyncIngest(name), () => t.ingests.resyncAsked)}
                >
                        <Fact name={t.ingests.reads}>
                                <div>etcd</div>
                                <div className="key wrap">{from}</div>
                        </Fact>
                        <Fact name={t.ingests.makes}>
                                <div className="key wrap">
                                        {namespace} / {key}
                                </div>
                        </Fact>
                        <Fact name={t.ingests.progress}>
                                <Progress
                                        reached={
                                                revision === null
                                                        ? t.ingests.noRevision
                                                        : t.ingests.reached(revision)
                                        }
                                        successAt={ingest.last_success_at}
                                        words={t.ingests}
                                />
                        </Fact>
                        <Fact name={t.ingests.fullRead}>
                                <FullRead ingest={ingest} />
                        </Fact>
                        <Fact name={t.ingests.quarantine}>
                                <AsideLink
                                        href={quarantineHref(name)}
                                        n={quarantined}
                                        text={t.ingests.nQuarantined(quarantined)}
                                />
                        </Fact>
                </Card>
        );
}
