// The text that is being written, kept by the browser shortly after each change.
//
// Other tabs of the browser write to the same place. A tab in which nobody has written follows them. In one in which
// somebody has, neither text replaces the other by itself: it keeps nothing more until one of the two is chosen.
import { useEffect, useRef, useState } from 'react';
import type { ConfigId } from '../api/client';
import { dropDraft, keepDraft, onDraftElsewhere, readDraft, type Draft } from '../drafts';

const keepDelayMs = 300;

export interface DraftState {
        draft: Draft;
        /** False where the browser has no room for it. */
        isKept: boolean;
        /** What another tab wrote meanwhile, until one of the two is chosen. */
        theirs: Draft | null;
        takeTheirs: () => void;
        keepMine: () => void;
        change: (part: Partial<Draft>) => void;
        /** Keeps what has not been kept yet. */
        keepNow: () => void;
        /** Nothing is left to keep; a text of another tab that was not chosen stays. */
        drop: () => void;
}

const isSame = (a: Draft, b: Draft) => a.content === b.content && a.format === b.format && a.base === b.base;

/** @fresh: what is edited unless there is a draft */
export function useDraft(id: ConfigId, fresh: Draft): DraftState {
        const [draft, setDraft] = useState(() => readDraft(id) ?? fresh);
        const [isKept, setKept] = useState(true);
        const [theirs, setTheirs] = useState<Draft | null>(null);
        const newest = useRef<Draft | null>(null);
        const isTouched = useRef(false);
        const now = useRef({ draft, theirs });
        now.current = { draft, theirs };

        function keepNow() {
                if (!newest.current || now.current.theirs) return;
                setKept(keepDraft(id, newest.current));
                newest.current = null;
        }
        function write(next: Draft) {
                newest.current = next;
                isTouched.current = true;
                setDraft(next);
        }
        function follow(next: Draft) {
                newest.current = null;
                isTouched.current = false;
                setDraft(next);
        }
        /** Null: it was saved or discarded there. */
        function meet(other: Draft | null) {
                const mine = now.current.draft;
                if (!isTouched.current) return follow(other ?? fresh);
                setTheirs(other && !isSame(other, mine) ? other : null);
                if (!other) write({ ...mine });
        }

        useEffect(() => {
                const timer = window.setTimeout(keepNow, keepDelayMs);
                window.addEventListener('pagehide', keepNow);
                return () => {
                        window.clearTimeout(timer);
                        window.removeEventListener('pagehide', keepNow);
                };
        }, [draft, theirs]);
        useEffect(() => keepNow, []);
        useEffect(() => onDraftElsewhere(id, meet), []);

        return {
                draft,
                isKept,
                theirs,
                takeTheirs: () => {
                        follow(theirs!);
                        setTheirs(null);
                },
                keepMine: () => {
                        write({ ...draft });
                        setTheirs(null);
                },
                change: (part) => {
                        const next = { ...draft, ...part, at: Date.now() };
                        if (!isSame(next, draft)) write(next);
                },
                keepNow,
                drop: () => {
                        newest.current = null;
                        if (!theirs) dropDraft(id);
                },
        };
}
