// A list that comes page by page, as far as somebody scrolls.
import { useCallback, useEffect, useRef, useState, type DependencyList } from 'react';
import { isAborted } from '../api/http';
import type { Page } from '../api/types';

export interface Pages<T> {
        items: T[];
        hasMore: boolean;
        /** There was an answer. */
        isLoaded: boolean;
        isLoading: boolean;
        error: unknown;
        loadMore: () => void;
        reload: () => void;
        /** Puts what has come since in front; where that may be more than a page, it starts over. */
        refresh: (isNewer: (item: T, first: T) => boolean) => void;
        setItems: (change: (items: T[]) => T[]) => void;
}

interface State<T> {
        items: T[];
        cursor: string | null;
        isLoaded: boolean;
        isLoading: boolean;
        error: unknown;
}

const nothing = { items: [], cursor: null, isLoaded: false, isLoading: true, error: null };

function withNewer<T>(now: State<T>, page: Page<T>, isNewer: (item: T, first: T) => boolean): State<T> {
        const [first] = now.items;
        const fresh = first ? page.items.filter((item) => isNewer(item, first)) : page.items;
        const isAll = fresh.length === page.items.length && page.cursor !== null;
        return {
                ...now,
                items: isAll ? page.items : [...fresh, ...now.items],
                cursor: isAll ? page.cursor : now.cursor,
                error: null,
        };
}

export function usePages<T>(
        load: (cursor: string | undefined, signal: AbortSignal) => Promise<Page<T>>,
        dependencies: DependencyList,
): Pages<T> {
        const [state, setState] = useState<State<T>>(nothing);
        const [round, setRound] = useState(0);
        const controller = useRef(new AbortController());
        const newest = useRef(load);
        newest.current = load;

        const fetchPage = useCallback((cursor?: string) => {
                const { signal } = controller.current;
                setState((now) => ({ ...now, isLoading: true, error: null }));
                newest.current(cursor, signal)
                        .then((page) => {
                                if (signal.aborted) return;
                                setState((now) => ({
                                        items: cursor ? [...now.items, ...page.items] : page.items,
                                        cursor: page.cursor,
                                        isLoaded: true,
                                        isLoading: false,
                                        error: null,
                                }));
                        })
                        .catch((error) => {
                                if (!signal.aborted && !isAborted(error))
                                        setState((now) => ({ ...now, isLoading: false, error }));
                        });
        }, []);

        const refresh = useCallback((isNewer: (item: T, first: T) => boolean) => {
                const { signal } = controller.current;
                newest.current(undefined, signal).then(
                        (page) => {
                                if (!signal.aborted) setState((now) => withNewer(now, page, isNewer));
                        },
                        (error) => {
                                if (!signal.aborted) setState((now) => ({ ...now, error }));
                        },
                );
        }, []);

        useEffect(() => {
                controller.current = new AbortController();
                fetchPage();
                return () => controller.current.abort();
        }, [...dependencies, round]);

        return {
                items: state.items,
                hasMore: state.cursor !== null,
                isLoaded: state.isLoaded,
                isLoading: state.isLoading,
                error: state.error,
                loadMore: () => state.cursor && !state.isLoading && fetchPage(state.cursor),
                reload: useCallback(() => setRound((now) => now + 1), []),
                refresh,
                setItems: useCallback(
                        (change) => setState((now) => ({ ...now, items: change(now.items) })),
                        [],
                ),
        };
}
