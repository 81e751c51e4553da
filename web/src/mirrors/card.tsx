// A mirror or an ingest: how it is, what it may be asked for, and the facts of it.
import { Alert, Button, Tag } from 'antd';
import { useId, type ReactNode } from 'react';
import { TimeText } from '../components/time-text';
import { formatTime, useTexts } from '../i18n';
import { useSession } from '../session';

const colors = {
        running: 'green',
        comparing: 'blue',
        reading: 'blue',
        connecting: 'blue',
        standby: 'default',
        waiting: 'gold',
        denied: 'red',
};

/** What mirrors and ingests tell alike. */
interface Working {
        name: string;
        state: keyof typeof colors;
        error: string | null;
        retry_at: string | null;
}

function Problem({ working }: { working: Working }) {
        const t = useTexts();
        const { error, retry_at: retryAt, state } = working;
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

export function Fact({ name, children }: { name: string; children: ReactNode }) {
        return (
                <div>
                        <dt>{name}</dt>
                        <dd>{children}</dd>
                </div>
        );
}

/** @reached: in words */
export function Progress({ reached, successAt, words }: {
        reached: string;
        successAt: string | null;
        words: { lastSuccess: string; noSuccess: string };
}) {
        return (
                <>
                        <div>{reached}</div>
                        <div>
                                {successAt ? (
                                        <>
                                                {words.lastSuccess} <TimeText time={successAt} />
                                        </>
                                ) : (
                                        words.noSuccess
                                )}
                        </div>
                </>
        );
}

/** Leads to what was put aside. */
export function AsideLink({ href, n, text }: { href: string; n: number; text: string }) {
        return (
                <a href={href} className={n ? 'mirror-letters' : undefined}>
                        {text}
                </a>
        );
}

interface CardProps {
        working: Working;
        state: string;
        meaning: string;
        action: string;
        onAction: () => void;
        /** The facts. */
        children: ReactNode;
}

export function Card({ working, state, meaning, action, onAction, children }: CardProps) {
        const { may } = useSession();
        const id = useId();

        return (
                <section className="mirror" aria-labelledby={id}>
                        <div className="mirror-head">
                                <h2 id={id} className="key wrap">
                                        {working.name}
                                </h2>
                                <Tag color={colors[working.state]}>{state}</Tag>
                                <span className="secondary mirror-meaning">{meaning}</span>
                                {may('admin') && (
                                        <Button aria-describedby={id} onClick={onAction}>
                                                {action}
                                        </Button>
                                )}
                        </div>
                        <Problem working={working} />
                        <dl className="mirror-facts">{children}</dl>
                </section>
        );
}
