// One mirror: whether it is well, what it writes to, how far it is, and what the last comparison found.
import { Alert, Button, Tag } from 'antd';
import { useId, type ReactNode } from 'react';
import { resyncMirror, type Mirror, type MirrorKind, type MirrorState } from '../api/mirrors';
import { TimeText } from '../components/time-text';
import { formatTime, useTexts } from '../i18n';
import { deadLettersHref } from '../router';
import { useSession } from '../session';
import { useAsking } from './use-asking';

const colors: Record<MirrorState, string> = {
        running: 'green',
        comparing: 'blue',
        standby: 'default',
        connecting: 'blue',
        waiting: 'gold',
        denied: 'red',
};
const kindNames: Record<MirrorKind, string> = { redis: 'Redis', etcd: 'etcd', http: 'HTTP' };

function Problem({ mirror }: { mirror: Mirror }) {
        const t = useTexts();
        const { error, retry_at: retryAt, state } = mirror;
        if (!error) return null;

        // Not the role "alert": the time changes with each attempt, and nobody wants to hear it read out each time.
        return (
                <Alert
                        type={state === 'denied' ? 'error' : 'warning'}
                        showIcon
                        role="note"
                        message={
                                <>
                                        <div className="wrap">{error}</div>
                                        {retryAt && (
                                                <div className="secondary">
                                                        {t.mirrors.retryAt(formatTime(retryAt, t.locale))}
                                                </div>
                                        )}
                                </>
                        }
                />
        );
}

function Lag({ mirror }: { mirror: Mirror }) {
        const t = useTexts();
        const { waiting, revision, last_success_at: successAt } = mirror;

        return (
                <>
                        <div>{t.mirrors.waiting(waiting)}</div>
                        <div>{revision === null ? t.mirrors.noRevision : t.mirrors.reached(revision)}</div>
                        <div>
                                {successAt ? (
                                        <>
                                                {t.mirrors.lastSuccess} <TimeText time={successAt} />
                                        </>
                                ) : (
                                        t.mirrors.noSuccess
                                )}
                        </div>
                </>
        );
}

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

function Fact({ name, children }: { name: string; children: ReactNode }) {
        return (
                <div>
                        <dt>{name}</dt>
                        <dd>{children}</dd>
                </div>
        );
}

function Facts({ mirror }: { mirror: Mirror }) {
        const t = useTexts();
        const { name, kind, key, namespace, dead_letters: nLetters } = mirror;

        return (
                <dl className="mirror-facts">
                        <Fact name={t.mirrors.writesTo}>
                                <div>{kindNames[kind]}</div>
                                <div className="key wrap">{key}</div>
                                <div className="wrap">
                                        {namespace === null ? t.mirrors.ofAll : t.mirrors.of(namespace)}
                                </div>
                        </Fact>
                        <Fact name={t.mirrors.lag}>
                                <Lag mirror={mirror} />
                        </Fact>
                        <Fact name={kind === 'http' ? t.mirrors.sentInFull : t.mirrors.compared}>
                                <Comparison mirror={mirror} />
                        </Fact>
                        <Fact name={t.mirrors.deadLetters}>
                                <a
                                        href={deadLettersHref(name)}
                                        className={nLetters ? 'mirror-letters' : undefined}
                                >
                                        {t.mirrors.nLetters(nLetters)}
                                </a>
                        </Fact>
                </dl>
        );
}

export function MirrorCard({ mirror, onAsked }: { mirror: Mirror; onAsked: () => void }) {
        const t = useTexts();
        const { may } = useSession();
        const ask = useAsking(onAsked);
        const id = useId();
        const { name, kind, state } = mirror;

        return (
                <section className="mirror" aria-labelledby={id}>
                        <div className="mirror-head">
                                <h2 id={id} className="key wrap">
                                        {name}
                                </h2>
                                <Tag color={colors[state]}>{t.mirrors.states[state]}</Tag>
                                <span className="secondary mirror-meaning">{t.mirrors.meanings[state]}</span>
                                {may('admin') && (
                                        <Button
                                                aria-describedby={id}
                                                onClick={() =>
                                                        ask(resyncMirror(name), () => t.mirrors.resyncAsked)
                                                }
                                        >
                                                {kind === 'http' ? t.mirrors.sendAll : t.mirrors.compareNow}
                                        </Button>
                                )}
                        </div>
                        <Problem mirror={mirror} />
                        <Facts mirror={mirror} />
                </section>
        );
}
