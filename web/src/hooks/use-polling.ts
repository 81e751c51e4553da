// Asking again and again, but only for somebody who is there: a page that is hidden, or that nobody has touched for a
// while, asks nothing, so that a session nobody uses can end.
import { useEffect, useRef } from 'react';
import { isSessionMissing } from '../api/http';

const attentionMs = 10 * 60_000;
let touchedAt = Date.now();

for (const type of ['pointerdown', 'pointermove', 'keydown', 'wheel', 'touchstart'])
        window.addEventListener(type, () => (touchedAt = Date.now()), { passive: true, capture: true });

const isAttended = () => !document.hidden && !isSessionMissing() && Date.now() - touchedAt < attentionMs;

export function usePolling(ask: () => void, everyMs: number) {
        const newest = useRef(ask);
        newest.current = ask;

        useEffect(() => {
                const timer = window.setInterval(() => isAttended() && newest.current(), everyMs);
                const onVisible = () => isAttended() && newest.current();
                document.addEventListener('visibilitychange', onVisible);
                return () => {
                        window.clearInterval(timer);
                        document.removeEventListener('visibilitychange', onVisible);
                };
        }, [everyMs]);
}
