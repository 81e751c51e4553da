// Something that is loaded when the component appears and whenever what it depends on changes.
import { useCallback, useEffect, useState, type DependencyList } from 'react';
import { isAborted } from '../api/http';

export interface Loaded<T> {
        data: T | null;
        error: unknown;
        isLoading: boolean;
        reload: () => void;
        /** Puts something known better in the place of what was loaded. */
        setData: (next: T | null | ((now: T | null) => T | null)) => void;
}

/** What was loaded before stays until the next answer is there. */
export function useLoaded<T>(
        load: (signal: AbortSignal) => Promise<T>,
        dependencies: DependencyList,
): Loaded<T> {
        const [data, setData] = useState<T | null>(null);
        const [error, setError] = useState<unknown>(null);
        const [isLoading, setLoading] = useState(true);
        const [round, setRound] = useState(0);

        useEffect(() => {
                const controller = new AbortController();
                setLoading(true);
                load(controller.signal)
                        .then((next) => {
                                if (controller.signal.aborted) return;
                                setData(next);
                                setError(null);
                                setLoading(false);
                        })
                        .catch((problem) => {
                                if (controller.signal.aborted || isAborted(problem)) return;
                                setError(problem);
                                setLoading(false);
                        });
                return () => controller.abort();
        }, [...dependencies, round]);

        return { data, error, isLoading, reload: useCallback(() => setRound((now) => now + 1), []), setData };
}
