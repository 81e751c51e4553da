// What was put aside since it could not be done: why, and what a person decides of it. Dead letters of a mirror, and the
// quarantine of an ingest.
import { App, Button, Space, type TableColumnsType } from 'antd';
import type { ReactNode } from 'react';
import { ApiError } from '../api/http';
import type { Page } from '../api/types';
import { ErrorAlert } from '../components/error-alert';
import { LongTable } from '../components/long-table';
import { TimeText } from '../components/time-text';
import { useIsNarrow } from '../hooks/use-media';
import { usePages } from '../hooks/use-pages';
import { usePolling } from '../hooks/use-polling';
import { formatTime, useTexts } from '../i18n';
import type { Texts } from '../i18n/en';
import { mirrorsHref } from '../router';
import { useSession } from '../session';
import { useAsking } from './use-asking';

const pageSize = 200;
const newestEveryMs = 4000;
const openerWidth = 44;

export interface Aside {
        problem: string;
        attempts: number;
        first_at: string;
        last_at: string;
}

/** What is put aside by whom, and how it is read and decided of. Without an item it is all of them. */
export interface AsideKind<Item extends Aside> {
        words: Texts['aside']['letters' | 'quarantine'];
        list: (query: { limit: number; cursor?: string }, signal?: AbortSignal) => Promise<Page<Item>>;
        /** The promise tells how many it was. */
        retry: (item?: Item) => Promise<number>;
        drop: (item?: Item) => Promise<number>;
        nameOf: (item: Item) => string;
        /** Where the name leads, if anywhere. */
        hrefOf: (item: Item) => string | null;
        revisionOf: (item: Item) => number;
        /** More that is shown of one, when it is opened. */
        facts: (item: Item) => [string, string][];
}

interface Actions<Item> {
        retry: (item?: Item) => void;
        askDrop: (item?: Item) => void;
}

function useActions<Item extends Aside>(
        name: string,
        kind: AsideKind<Item>,
        reload: () => void,
): Actions<Item> {
        const t = useTexts();
        const { modal } = App.useApp();
        const ask = useAsking(reload);
        const { words } = kind;

        return {
                retry: (item) => void ask(kind.retry(item), words.retried),
                askDrop: (item) =>
                        modal.confirm({
                                title: item ? words.dropOneTitle(kind.nameOf(item)) : words.dropAllTitle(name),
                                content: words.dropText,
                                okText: item ? t.aside.drop : t.aside.dropAll,
                                okButtonProps: { danger: true },
                                onOk: () => ask(kind.drop(item), words.dropped),
                        }),
        };
}

function Name<Item extends Aside>({ item, kind }: { item: Item; kind: AsideKind<Item> }): ReactNode {
        const href = kind.hrefOf(item);
        const name = kind.nameOf(item);

        return href ? (
                <a href={href} className="key">
                        {name}
                </a>
        ) : (
                <span className="key">{name}</span>
        );
}

/** @actions: null for those who may only look */
function columnsOf<Item extends Aside>(
        t: Texts,
        kind: AsideKind<Item>,
        isNarrow: boolean,
        actions: Actions<Item> | null,
): TableColumnsType<Item> {
        const about: TableColumnsType<Item>[number] = {
                title: kind.words.what,
                key: 'what',
                width: isNarrow ? 160 : 270,
                ellipsis: true,
                render: (_, item) => <Name item={item} kind={kind} />,
        };
        const rest: TableColumnsType<Item> = [
                { title: t.aside.problem, dataIndex: 'problem', width: 330, ellipsis: true },
                {
                        title: kind.words.revision,
                        key: 'revision',
                        width: 90,
                        align: 'right',
                        render: (_, item) => kind.revisionOf(item),
                },
                { title: t.aside.attempts, dataIndex: 'attempts', width: 90, align: 'right' },
                {
                        title: t.aside.first,
                        key: 'first',
                        width: 120,
                        render: (_, item) => <TimeText time={item.first_at} />,
                },
                {
                        title: t.aside.last,
                        key: 'last',
                        width: 120,
                        render: (_, item) => <TimeText time={item.last_at} />,
                },
        ];
        const buttons: TableColumnsType<Item> = actions
                ? [
                          {
                                  title: t.aside.actions,
                                  key: 'actions',
                                  width: 170,
                                  render: (_, item) => (
                                          <Space size={4}>
                                                  <Button
                                                          size="small"
                                                          aria-label={`${t.aside.retry}: ${kind.nameOf(item)}`}
                                                          onClick={() => actions.retry(item)}
                                                  >
                                                          {t.aside.retry}
                                                  </Button>
                                                  <Button
                                                          size="small"
                                                          danger
                                                          aria-label={`${t.aside.dropAsk}: ${kind.nameOf(item)}`}
                                                          onClick={() => actions.askDrop(item)}
                                                  >
                                                          {t.aside.dropAsk}
                                                  </Button>
                                          </Space>
                                  ),
                          },
                  ]
                : [];

        // On a phone what can be done is in sight without scrolling sideways.
        return isNarrow ? [about, ...buttons, ...rest] : [about, ...rest, ...buttons];
}

function Opened<Item extends Aside>({ item, kind }: { item: Item; kind: AsideKind<Item> }) {
        const t = useTexts();
        const facts: [string, string | number][] = [
                [kind.words.what, kind.nameOf(item)],
                ...kind.facts(item),
                [t.aside.problem, item.problem],
                [kind.words.revision, kind.revisionOf(item)],
                [t.aside.attempts, item.attempts],
                [t.aside.first, formatTime(item.first_at, t.locale)],
                [t.aside.last, formatTime(item.last_at, t.locale)],
        ];

        return (
                <dl className="entry">
                        {facts.map(([name, value]) => (
                                <div key={name}>
                                        <dt>{name}</dt>
                                        <dd>{value}</dd>
                                </div>
                        ))}
                </dl>
        );
}

/** @name: of the mirror or the ingest */
export function AsidePage<Item extends Aside>({ name, kind }: { name: string; kind: AsideKind<Item> }) {
        const t = useTexts();
        const isNarrow = useIsNarrow();
        const { may } = useSession();
        const items = usePages<Item>((cursor, signal) => kind.list({ limit: pageSize, cursor }, signal), [name]);
        const actions = useActions(name, kind, items.reload);
        const { words } = kind;

        // Whoever has scrolled beyond the first page is not thrown back to it.
        const isAtFirst = items.items.length <= pageSize;
        usePolling(items, isAtFirst && !(items.error instanceof ApiError) ? newestEveryMs : null);
        return (
                <div className="page letters">
                        <div>
                                <a href={mirrorsHref()}>{t.mirrors.title}</a>
                                <h1 className="title">{words.of(name)}</h1>
                        </div>
                        <div className="toolbar">
                                <span className="toolbar-main secondary">{words.hint}</span>
                                {may('admin') && items.items.length > 0 && (
                                        <Space wrap>
                                                <Button onClick={() => actions.retry()}>
                                                        {t.aside.retryAll}
                                                </Button>
                                                <Button danger onClick={() => actions.askDrop()}>
                                                        {t.aside.dropAllAsk}
                                                </Button>
                                        </Space>
                                )}
                        </div>
                        <ErrorAlert error={items.error} onRetry={items.reload} />
                        <LongTable
                                rowKey={kind.nameOf}
                                columns={columnsOf(t, kind, isNarrow, may('admin') ? actions : null)}
                                items={items.items}
                                isLoading={!items.isLoaded && !items.error}
                                emptyText={words.none}
                                onEnd={items.loadMore}
                                expandable={{
                                        columnWidth: openerWidth,
                                        expandedRowRender: (item) => <Opened item={item} kind={kind} />,
                                }}
                        />
                </div>
        );
}
