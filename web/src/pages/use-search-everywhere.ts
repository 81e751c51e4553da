// A search through all namespaces: one request for each, a few at a time, told as they come in.
import { useCallback, useEffect, useState } from 'react';
import { listConfigs } from '../api/client';
import { isAborted, isNotFound } from '../api/http';
import type { ConfigItem } from '../api/types';

const atATime = 4;
const perNamespace = 50;
export const matchesMax = 500;

interface Search {
        items: ConfigItem[];
        done: number;
        isLoading: boolean;
        error: unknown;
}

interface SearchState extends Search {
        reload: () => void;
}

const nothing: Search = { items: [], done: 0, isLoading: false, error: null };

export function useSearchEverywhere(namespaces: string[], q: string, deleted: boolean): SearchState {
        const [search, setSearch] = useState(nothing);
        const [round, setRound] = useState(0);
        const names = namespaces.join(' ');

        useEffect(() => {
                if (!q || !names) {
                        setSearch(nothing);
                        return undefined;
                }
                const controller = new AbortController();
                const { signal } = controller;
                const waiting = names.split(' ');
                let n = 0;

                async function work() {
                        for (
                                let name = waiting.shift();
                                name && !signal.aborted && n < matchesMax;
                                name = waiting.shift()
                        ) {
                                const page = await listConfigs(
                                        name,
                                        { q, deleted: deleted || undefined, limit: perNamespace },
                                        signal,
                                ).catch((error) => {
                                        if (isNotFound(error)) return { items: [] };
                                        throw error;
                                });
                                n += page.items.length;
                                setSearch((now) => ({
                                        ...now,
                                        items: [...now.items, ...page.items].slice(0, matchesMax),
                                        done: now.done + 1,
                                }));
                        }
                }

                setSearch({ ...nothing, isLoading: true });
                Promise.all(Array.from({ length: atATime }, work))
                        .then(() => !signal.aborted && setSearch((now) => ({ ...now, isLoading: false })))
                        .catch((error) => {
                                if (!signal.aborted && !isAborted(error))
                                        setSearch((now) => ({ ...now, isLoading: false, error }));
                                controller.abort();
                        });
                return () => controller.abort();
        }, [names, q, deleted, round]);
        return { ...search, reload: useCallback(() => setRound((now) => now + 1), []) };
}
