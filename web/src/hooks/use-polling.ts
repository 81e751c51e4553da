// Asking again and again, but only for somebody who is there: a page that is hidden, or that nobody has touched for a
// while, asks nothing, so that a session nobody uses can end.
import { useEffect, useRef } from 'react';
import { isSessionMissing } from '../api/http';

const attentionMs = 10 * 60_000;
let touchedAt = Date.now();

for (const type of ['pointerdown', 'pointermove', 'keydown', 'wheel', 'touchstart'])
        window.addEventListener(type, () => (touchedAt = Date.now()), { passive: true, capture: true });

const isAttended = () => !document.hidden && !isSessionMissing() && Date.now() - touchedAt < attentionMs;

interface Source {
        isLoading: boolean;
        reload: () => void;
}

/**
 * An answer that takes longer than the span is waited for.
 * @everyMs: null: not at all
 */
export function usePolling(source: Source, everyMs: number | null) {
        const newest = useRef(source);
        newest.current = source;

        useEffect(() => {
                if (everyMs === null) return undefined;
                const ask = () => isAttended() && !newest.current.isLoading && newest.current.reload();
                const timer = window.setInterval(ask, everyMs);
                document.addEventListener('visibilitychange', ask);
                return () => {
                        window.clearInterval(timer);
                        document.removeEventListener('visibilitychange', ask);
                };
        }, [everyMs]);
}
