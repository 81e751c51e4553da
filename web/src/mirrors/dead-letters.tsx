// What a mirror's target would not take: why, and what a person decides of it.
import { App, Button, Space, type TableColumnsType } from 'antd';
import { ApiError } from '../api/http';
import { dropDeadLetters, listDeadLetters, retryDeadLetters, type DeadLetter } from '../api/mirrors';
import { ErrorAlert } from '../components/error-alert';
import { LongTable } from '../components/long-table';
import { TimeText } from '../components/time-text';
import { useIsNarrow } from '../hooks/use-media';
import { usePages } from '../hooks/use-pages';
import { usePolling } from '../hooks/use-polling';
import { formatTime, useTexts } from '../i18n';
import type { Texts } from '../i18n/en';
import { configHref, mirrorsHref } from '../router';
import { useSession } from '../session';
import { useAsking } from './use-asking';

const pageSize = 200;
const newestEveryMs = 4000;
const openerWidth = 44;

interface Actions {
        retry: (letter?: DeadLetter) => void;
        askDrop: (letter?: DeadLetter) => void;
}

const nameOf = ({ namespace, key }: DeadLetter) => `${namespace} / ${key}`;
const idOf = (letter?: DeadLetter) => letter && { namespace: letter.namespace, key: letter.key };

function useActions(mirror: string, reload: () => void): Actions {
        const t = useTexts();
        const { modal } = App.useApp();
        const ask = useAsking(reload);

        return {
                retry: (letter) =>
                        void ask(retryDeadLetters(mirror, idOf(letter)), (data) =>
                                t.mirrors.retried(data.dead_letters),
                        ),
                askDrop: (letter) =>
                        modal.confirm({
                                title: letter
                                        ? t.mirrors.dropOneTitle(nameOf(letter))
                                        : t.mirrors.dropAllTitle(mirror),
                                content: t.mirrors.dropText,
                                okText: letter ? t.mirrors.drop : t.mirrors.dropAll,
                                okButtonProps: { danger: true },
                                onOk: () =>
                                        ask(dropDeadLetters(mirror, idOf(letter)), (data) =>
                                                t.mirrors.dropped(data.dead_letters),
                                        ),
                        }),
        };
}

/** @actions: null for those who may only look */
function columnsOf(t: Texts, isNarrow: boolean, actions: Actions | null): TableColumnsType<DeadLetter> {
        const about: TableColumnsType<DeadLetter>[number] = {
                title: t.mirrors.config,
                key: 'config',
                width: isNarrow ? 160 : 270,
                ellipsis: true,
                render: (_, letter) => (
                        <a href={configHref(letter)} className="key">
                                {nameOf(letter)}
                        </a>
                ),
        };
        const rest: TableColumnsType<DeadLetter> = [
                { title: t.mirrors.problem, dataIndex: 'problem', width: 330, ellipsis: true },
                { title: t.mirrors.revision, dataIndex: 'revision', width: 90, align: 'right' },
                { title: t.mirrors.attempts, dataIndex: 'attempts', width: 90, align: 'right' },
                {
                        title: t.mirrors.first,
                        key: 'first',
                        width: 120,
                        render: (_, letter) => <TimeText time={letter.first_at} />,
                },
                {
                        title: t.mirrors.last,
                        key: 'last',
                        width: 120,
                        render: (_, letter) => <TimeText time={letter.last_at} />,
                },
        ];
        const buttons: TableColumnsType<DeadLetter> = actions
                ? [
                          {
                                  title: t.mirrors.actions,
                                  key: 'actions',
                                  width: 170,
                                  render: (_, letter) => (
                                          <Space size={4}>
                                                  <Button
                                                          size="small"
                                                          aria-label={`${t.mirrors.retry}: ${nameOf(letter)}`}
                                                          onClick={() => actions.retry(letter)}
                                                  >
                                                          {t.mirrors.retry}
                                                  </Button>
                                                  <Button
                                                          size="small"
                                                          danger
                                                          aria-label={`${t.mirrors.dropAsk}: ${nameOf(letter)}`}
                                                          onClick={() => actions.askDrop(letter)}
                                                  >
                                                          {t.mirrors.dropAsk}
                                                  </Button>
                                          </Space>
                                  ),
                          },
                  ]
                : [];

        // On a phone what can be done is in sight without scrolling sideways.
        return isNarrow ? [about, ...buttons, ...rest] : [about, ...rest, ...buttons];
}

function Letter({ letter }: { letter: DeadLetter }) {
        const t = useTexts();
        const facts: [string, string | number][] = [
                [t.mirrors.config, nameOf(letter)],
                [t.mirrors.problem, letter.problem],
                [t.mirrors.revision, letter.revision],
                [t.mirrors.attempts, letter.attempts],
                [t.mirrors.first, formatTime(letter.first_at, t.locale)],
                [t.mirrors.last, formatTime(letter.last_at, t.locale)],
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

export function DeadLetters({ mirror }: { mirror: string }) {
        const t = useTexts();
        const isNarrow = useIsNarrow();
        const { may } = useSession();
        const letters = usePages<DeadLetter>(
                (cursor, signal) => listDeadLetters(mirror, { limit: pageSize, cursor }, signal),
                [mirror],
        );
        const actions = useActions(mirror, letters.reload);
        const hasLetters = letters.items.length > 0;

        // Whoever has scrolled beyond the first page is not thrown back to it.
        const isAtFirst = letters.items.length <= pageSize;
        usePolling(letters, isAtFirst && !(letters.error instanceof ApiError) ? newestEveryMs : null);
        return (
                <div className="page letters">
                        <div>
                                <a href={mirrorsHref()}>{t.mirrors.title}</a>
                                <h1 className="title">{t.mirrors.lettersOf(mirror)}</h1>
                        </div>
                        <div className="toolbar">
                                <span className="toolbar-main secondary">{t.mirrors.lettersHint}</span>
                                {may('admin') && hasLetters && (
                                        <Space wrap>
                                                <Button onClick={() => actions.retry()}>
                                                        {t.mirrors.retryAll}
                                                </Button>
                                                <Button danger onClick={() => actions.askDrop()}>
                                                        {t.mirrors.dropAllAsk}
                                                </Button>
                                        </Space>
                                )}
                        </div>
                        <ErrorAlert error={letters.error} onRetry={letters.reload} />
                        <LongTable
                                rowKey={nameOf}
                                columns={columnsOf(t, isNarrow, may('admin') ? actions : null)}
                                items={letters.items}
                                isLoading={!letters.isLoaded && !letters.error}
                                emptyText={t.mirrors.noLetters}
                                onEnd={letters.loadMore}
                                expandable={{
                                        columnWidth: openerWidth,
                                        expandedRowRender: (letter) => <Letter letter={letter} />,
                                }}
                        />
                </div>
        );
}
