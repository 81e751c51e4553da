// A refusal, for people: what it means in their language, and the server's own words with the fields that it names.
import { Alert, Button } from 'antd';
import { useEffect, useRef } from 'react';
import { ApiError, UnreachableError } from '../api/http';
import { useTexts } from '../i18n';
import type { Texts } from '../i18n/en';
import { useSession } from '../session';

function describeError(error: unknown, t: Texts) {
        if (error instanceof UnreachableError) return { title: t.errors.unreachable, lines: [] };
        if (!(error instanceof ApiError)) return { title: t.errors.title, lines: [String(error)] };

        const lines = error.details
                .filter(({ problem }) => problem !== error.message)
                .map(
                        ({ field, problem, line, column }) =>
                                `${field}${line ? ` (${t.editor.at(line, column ?? 1)})` : ''}: ${problem}`,
                );
        const [first] = error.details;
        const place = first && lines.length < error.details.length ? `${first.field}: ` : '';
        return {
                title: t.errors.reasons[error.reason] ?? t.errors.title,
                lines: [place + error.message, ...lines],
        };
}

/** The same in one line, for a message that goes away by itself. */
export function errorLine(error: unknown, t: Texts) {
        const { title, lines } = describeError(error, t);
        return [title, ...lines].join(': ');
}

interface Props {
        error: unknown;
        onRetry?: () => void;
        style?: React.CSSProperties;
}

export function ErrorAlert({ error, onRetry, style }: Props) {
        const t = useTexts();
        const { state } = useSession();
        const isRegained =
                error instanceof ApiError && error.reason === 'unauthenticated' && state === 'signed-in';
        const retry = useRef(onRetry);
        retry.current = onRetry;

        // What failed for want of a session is asked for again once there is one.
        useEffect(() => {
                if (isRegained) retry.current?.();
        }, [isRegained]);
        if (!error || isRegained) return null;

        const { title, lines } = describeError(error, t);
        return (
                <Alert
                        type="error"
                        showIcon
                        role="alert"
                        message={title}
                        description={
                                lines.length ? lines.map((line) => <div key={line}>{line}</div>) : undefined
                        }
                        action={
                                onRetry && (
                                        <Button size="small" onClick={onRetry}>
                                                {t.common.retry}
                                        </Button>
                                )
                        }
                        style={style}
                />
        );
}
