// One mirror: whether it is well, what it writes to, how far it is, and what the last comparison found.
import { resyncMirror, type Mirror, type MirrorKind } from '../api/mirrors';
import { TimeText } from '../components/time-text';
import { useTexts } from '../i18n';
import { deadLettersHref } from '../router';
import { AsideLink, Card, Fact, Progress } from './card';
import { useAsking } from './use-asking';

const kindNames: Record<MirrorKind, string> = { redis: 'Redis', etcd: 'etcd', http: 'HTTP' };

/** An HTTP target cannot be read: it was sent everything. */
function Comparison({ mirror: { comparison, kind } }: { mirror: Mirror }) {
        const t = useTexts();
        if (!comparison) return <>{kind === 'http' ? t.mirrors.neverSent : t.mirrors.neverCompared}</>;

        const { keys, missing, stale, repaired, foreign, pruned, time } = comparison;
        return (
                <>
                        <div>
                                <TimeText time={time} />: {t.mirrors.keys(keys)}
                        </div>
                        {kind === 'http' ? (
                                <div>{t.mirrors.sent(repaired)}</div>
                        ) : (
                                <>
                                        <div>{t.mirrors.drift(missing, stale, repaired)}</div>
                                        <div>{t.mirrors.foreign(foreign, pruned)}</div>
                                </>
                        )}
                </>
        );
}

export function MirrorCard({ mirror, onAsked }: { mirror: Mirror; onAsked: () => void }) {
        const t = useTexts();
        const ask = useAsking(onAsked);
        const { name, kind, state, key, namespace, waiting, revision, dead_letters: nLetters } = mirror;

        return (
                <Card
                        working={mirror}
                        state={t.mirrors.states[state]}
                        meaning={t.mirrors.meanings[state]}
                        action={kind === 'http' ? t.mirrors.sendAll : t.mirrors.compareNow}
                        onAction={() => ask(resyncMirror(name), () => t.mirrors.resyncAsked)}
                >
                        <Fact name={t.mirrors.writesTo}>
                                <div>{kindNames[kind]}</div>
                                <div className="key wrap">{key}</div>
                                <div className="wrap">
                                        {namespace === null ? t.mirrors.ofAll : t.mirrors.of(namespace)}
                                </div>
                        </Fact>
                        <Fact name={t.mirrors.lag}>
                                <div>{t.mirrors.waiting(waiting)}</div>
                                <Progress
                                        reached={
                                                revision === null
                                                        ? t.mirrors.noRevision
                                                        : t.mirrors.reached(revision)
                                        }
                                        successAt={mirror.last_success_at}
                                        words={t.mirrors}
                                />
                        </Fact>
                        <Fact name={kind === 'http' ? t.mirrors.sentInFull : t.mirrors.compared}>
                                <Comparison mirror={mirror} />
                        </Fact>
                        <Fact name={t.mirrors.deadLetters}>
                                <AsideLink
                                        href={deadLettersHref(name)}
                                        n={nLetters}
                                        text={t.mirrors.nLetters(nLetters)}
                                />
                        </Fact>
                </Card>
        );
}
