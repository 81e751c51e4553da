// How the page's stream is, for the sign in the header.
import { useSyncExternalStore } from 'react';
import type { StreamState } from './stream';

let state: StreamState | null = null;
const listeners = new Set<() => void>();

/** Null: the page follows nothing. */
export function setStreamState(next: StreamState | null) {
        state = next;
        listeners.forEach((listener) => listener());
}

export function useStreamState() {
        return useSyncExternalStore(
                (listener) => {
                        listeners.add(listener);
                        return () => listeners.delete(listener);
                },
                () => state,
        );
}
