// The configs of a namespace, page by page, kept true by the change stream: what is published by somebody else shows up
// in its row, or as a new row, without a reload.
import { useRef, useState } from 'react';
import { getStatus, listConfigs } from '../api/client';
import type { ConfigItem } from '../api/types';
import { usePages } from '../hooks/use-pages';
import type { Scope, StreamChange, StreamRelease } from '../stream/stream';
import { useStream } from '../stream/use-stream';

export interface Filter {
        q: string;
        deleted: boolean;
        inherit: boolean;
}

const pageSize = 200;
const isBefore = (a: ConfigItem, b: ConfigItem) =>
        a.key === b.key ? a.namespace.length > b.namespace.length : a.key < b.key;

/** What the stream says of a config, as a row. It does not tell of versions that are saved only. */
function rowOf(namespace: string, release: StreamRelease, known?: ConfigItem): ConfigItem {
        const { content: _content, gray: _gray, ...facts } = release;
        return {
                ...facts,
                namespace,
                latest_version: Math.max(known?.latest_version ?? 0, release.version),
                deleted: false,
        };
}

/** @isOpen: rows before the first and behind the last of these belong to other pages */
function withRow(items: ConfigItem[], row: ConfigItem, isOpen: { front: boolean; end: boolean }) {
        const at = items.findIndex((item) => item.namespace === row.namespace && item.key === row.key);
        if (at >= 0)
                return items[at].revision >= row.revision
                        ? items
                        : [...items.slice(0, at), row, ...items.slice(at + 1)];

        const place = items.findIndex((item) => isBefore(row, item));
        if ((place < 0 && isOpen.end) || (place === 0 && isOpen.front)) return items;
        return place < 0 ? [...items, row] : [...items.slice(0, place), row, ...items.slice(place)];
}

interface Change extends StreamChange {
        revision: number;
}

/** What a change makes of rows, which may be newer than it. */
function applyChange(
        items: ConfigItem[],
        change: Change,
        filter: Filter,
        isOpen: { front: boolean; end: boolean },
) {
        const find = (key: string) =>
                items.find((item) => item.namespace === change.namespace && item.key === key);
        const wanted = change.releases.filter(({ key }) => find(key) || !filter.q);
        const withReleases = wanted.reduce(
                (now, release) => withRow(now, rowOf(change.namespace, release, find(release.key)), isOpen),
                items,
        );

        if (!change.deleted.length) return withReleases;
        const isGone = (item: ConfigItem) =>
                item.namespace === change.namespace &&
                change.deleted.includes(item.key) &&
                item.revision <= change.revision;
        return filter.deleted
                ? withReleases.map((item) =>
                          isGone(item) ? { ...item, version: null, deleted: true } : item,
                  )
                : withReleases.filter((item) => !isGone(item));
}

export function useConfigs(namespace: string | null, filter: Filter) {
        const [scope, setScope] = useState<Scope | null>(null);
        const recent = useRef<Change[]>([]);
        const isShown = (change: StreamChange) => change.namespace === namespace || filter.inherit;

        // Changes may overtake the list that they are in or not in: those that come while it is on its way are applied to it.
        async function load(cursor: string | undefined, signal: AbortSignal) {
                if (!namespace) return { items: [], cursor: null };
                recent.current = [];
                if (!cursor && scope?.namespace !== namespace) {
                        const { epoch, revision } = await getStatus();
                        if (!signal.aborted) setScope({ namespace, since: { epoch, revision } });
                }
                const query = {
                        q: filter.q,
                        deleted: filter.deleted || undefined,
                        inherit: filter.inherit || undefined,
                        limit: pageSize,
                        cursor,
                };
                const page = await listConfigs(namespace, query, signal);
                const isOpen = { front: cursor !== undefined, end: page.cursor !== null };
                return {
                        ...page,
                        items: recent.current
                                .filter(isShown)
                                .reduce(
                                        (items, change) => applyChange(items, change, filter, isOpen),
                                        page.items,
                                ),
                };
        }

        const pages = usePages<ConfigItem>(load, [namespace, filter.q, filter.deleted, filter.inherit]);
        useStream(namespace ? scope : null, {
                onSnapshot: pages.reload,
                onChange: (changes, revision) => {
                        const all = changes.map((change) => ({ ...change, revision }));
                        const isOpen = { front: false, end: pages.hasMore };
                        recent.current.push(...all);
                        pages.setItems((items) =>
                                all
                                        .filter(isShown)
                                        .reduce(
                                                (now, change) => applyChange(now, change, filter, isOpen),
                                                items,
                                        ),
                        );
                },
        });
        return pages;
}
