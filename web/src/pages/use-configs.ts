// The configs of a namespace, page by page, kept true by the change stream: what is published by somebody else shows up
// in its row, or as a new row, without a reload.
import { useEffect, useState } from 'react';
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
const isBefore = (a: ConfigItem, b: ConfigItem) => (a.key === b.key ? a.namespace.length > b.namespace.length : a.key < b.key);

/** What the stream says of a config, as a row. It does not tell of versions that are saved only. */
function rowOf(namespace: string, release: StreamRelease, known?: ConfigItem): ConfigItem {
  const { content: _content, gray: _gray, ...facts } = release;
  return { ...facts, namespace, latest_version: Math.max(known?.latest_version ?? 0, release.version), deleted: false };
}

function withRow(items: ConfigItem[], row: ConfigItem, hasMore: boolean) {
  const at = items.findIndex((item) => item.namespace === row.namespace && item.key === row.key);
  if (at >= 0) return [...items.slice(0, at), row, ...items.slice(at + 1)];

  const place = items.findIndex((item) => isBefore(row, item));
  if (place < 0) return hasMore ? items : [...items, row];
  return [...items.slice(0, place), row, ...items.slice(place)];
}

/** What a change makes of the rows that are loaded. */
export function applyChange(items: ConfigItem[], change: StreamChange, filter: Filter, hasMore: boolean) {
  const find = (key: string) => items.find((item) => item.namespace === change.namespace && item.key === key);
  const wanted = change.releases.filter(({ key }) => find(key) || !filter.q);
  const withReleases = wanted.reduce((now, release) => withRow(now, rowOf(change.namespace, release, find(release.key)), hasMore), items);

  if (!change.deleted.length) return withReleases;
  const isGone = (item: ConfigItem) => item.namespace === change.namespace && change.deleted.includes(item.key);
  return filter.deleted
    ? withReleases.map((item) => (isGone(item) ? { ...item, version: null, deleted: true } : item))
    : withReleases.filter((item) => !isGone(item));
}

export function useConfigs(namespace: string | null, filter: Filter) {
  const [scope, setScope] = useState<Scope | null>(null);
  const pages = usePages<ConfigItem>(
    async (cursor, signal) =>
      namespace
        ? listConfigs(namespace, { q: filter.q, deleted: filter.deleted || undefined, inherit: filter.inherit || undefined, limit: pageSize, cursor }, signal)
        : { items: [], cursor: null },
    [namespace, filter.q, filter.deleted, filter.inherit],
  );

  // The revision is asked for before the list is used, so that no change falls between the two; one that is in both
  // changes nothing.
  useEffect(() => {
    setScope(null);
    if (!namespace) return undefined;
    let isOver = false;
    getStatus().then(
      ({ epoch, revision }) => !isOver && setScope({ namespace, since: { epoch, revision } }),
      () => {},
    );
    return () => {
      isOver = true;
    };
  }, [namespace]);

  useStream(scope, {
    onSnapshot: pages.reload,
    onChange: (changes) =>
      pages.setItems((items) =>
        changes
          .filter((change) => change.namespace === namespace || filter.inherit)
          .reduce((now, change) => applyChange(now, change, filter, pages.hasMore), items),
      ),
  });
  return pages;
}
