// Namespaces on the left, configs on the right, one search for both names and contents. A phone chooses the namespace
// from a list.
import { PlusOutlined, SearchOutlined } from '@ant-design/icons';
import { Button, Checkbox, Input, Select, Space, Tooltip } from 'antd';
import { useState } from 'react';
import { listNamespaces } from '../api/client';
import type { Namespace } from '../api/types';
import { ErrorAlert } from '../components/error-alert';
import { useDebounced } from '../hooks/use-debounced';
import { useLoaded } from '../hooks/use-loaded';
import { useIsNarrow } from '../hooks/use-media';
import { usePolling } from '../hooks/use-polling';
import { useTexts } from '../i18n';
import { browseHref, go } from '../router';
import { useSession } from '../session';
import { ConfigTable } from './config-table';
import { NamespaceList } from './namespace-list';
import { NewConfig } from './new-config';
import { NewNamespace } from './new-namespace';
import { useConfigs } from './use-configs';
import { matchesMax, useSearchEverywhere } from './use-search-everywhere';

const searchDelayMs = 200;
const namespacesEveryMs = 15_000;

async function allNamespaces(signal: AbortSignal) {
        const all: Namespace[] = [];
        let cursor: string | undefined;

        do {
                const page = await listNamespaces({ limit: 1000, cursor }, signal);
                all.push(...page.items);
                cursor = page.cursor ?? undefined;
        } while (cursor);
        return all;
}

export function BrowsePage({ namespace }: { namespace: string | null }) {
        const t = useTexts();
        const isNarrow = useIsNarrow();
        const { may } = useSession();
        const namespaces = useLoaded(allNamespaces, []);
        const [text, setText] = useState('');
        const [deleted, setDeleted] = useState(false);
        const [inherit, setInherit] = useState(false);
        const [isCreating, setCreating] = useState<'namespace' | 'config' | null>(null);
        const q = useDebounced(text.trim(), searchDelayMs);
        const names = (namespaces.data ?? []).map(({ name }) => name);

        const configs = useConfigs(namespace, { q, deleted, inherit });
        const everywhere = useSearchEverywhere(names, namespace ? '' : q, deleted);
        const list = namespace ? configs : everywhere;
        usePolling(namespaces, namespacesEveryMs);

        function summary() {
                if (namespace)
                        return configs.items.length
                                ? t.browse.shown(configs.items.length, configs.hasMore)
                                : '';
                if (!q) return '';
                if (everywhere.items.length >= matchesMax) return t.browse.tooMany(matchesMax);
                return everywhere.isLoading
                        ? t.browse.searching(everywhere.done, names.length)
                        : t.browse.shown(everywhere.items.length, false);
        }

        function emptyText() {
                if (q) return t.browse.noMatch;
                if (namespace) return t.browse.empty;
                return namespaces.data?.length === 0 ? t.browse.noNamespaces : t.browse.chooseOrSearch;
        }

        return (
                <div className="browse">
                        {!isNarrow && (
                                <NamespaceList
                                        namespaces={namespaces.data ?? []}
                                        isLoading={namespaces.isLoading && !namespaces.data}
                                        chosen={namespace}
                                        action={
                                                may('admin') && (
                                                        <Tooltip title={t.browse.newNamespace}>
                                                                <Button
                                                                        size="small"
                                                                        type="text"
                                                                        icon={<PlusOutlined />}
                                                                        aria-label={t.browse.newNamespace}
                                                                        onClick={() =>
                                                                                setCreating('namespace')
                                                                        }
                                                                />
                                                        </Tooltip>
                                                )
                                        }
                                />
                        )}
                        <section className="browse-main">
                                <h1 className="title">{namespace ?? t.browse.all}</h1>
                                <div className="toolbar">
                                        {isNarrow && (
                                                <Select
                                                        showSearch
                                                        className="toolbar-namespace"
                                                        aria-label={t.browse.namespaces}
                                                        value={namespace ?? ''}
                                                        onChange={(name) => go(browseHref(name))}
                                                        options={[
                                                                { value: '', label: t.browse.all },
                                                                ...names.map((name) => ({
                                                                        value: name,
                                                                        label: name,
                                                                })),
                                                        ]}
                                                />
                                        )}
                                        <Input
                                                allowClear
                                                autoFocus={!isNarrow}
                                                prefix={<SearchOutlined />}
                                                className="toolbar-search"
                                                placeholder={namespace ? t.browse.search : t.browse.searchAll}
                                                aria-label={namespace ? t.browse.search : t.browse.searchAll}
                                                value={text}
                                                onChange={({ target }) => setText(target.value)}
                                        />
                                        <Space wrap>
                                                {namespace && (
                                                        <Checkbox
                                                                checked={inherit}
                                                                onChange={({ target }) =>
                                                                        setInherit(target.checked)
                                                                }
                                                        >
                                                                {t.browse.inherited}
                                                        </Checkbox>
                                                )}
                                                <Checkbox
                                                        checked={deleted}
                                                        onChange={({ target }) => setDeleted(target.checked)}
                                                >
                                                        {t.browse.deleted}
                                                </Checkbox>
                                        </Space>
                                        {namespace && may('editor', namespace) && (
                                                <Button
                                                        type="primary"
                                                        icon={<PlusOutlined />}
                                                        className="toolbar-end"
                                                        onClick={() => setCreating('config')}
                                                >
                                                        {t.browse.newConfig}
                                                </Button>
                                        )}
                                </div>
                                <ErrorAlert
                                        error={list.error ?? namespaces.error}
                                        onRetry={() => {
                                                namespaces.reload();
                                                list.reload();
                                        }}
                                />
                                <ConfigTable
                                        items={list.items}
                                        isLoading={list.isLoading}
                                        namespace={namespace}
                                        emptyText={emptyText()}
                                        onEnd={namespace ? configs.loadMore : undefined}
                                />
                                <p className="summary secondary" role="status">
                                        {summary()}
                                </p>
                        </section>
                        <NewNamespace
                                isOpen={isCreating === 'namespace'}
                                onClose={() => setCreating(null)}
                                onCreated={namespaces.reload}
                        />
                        {namespace && (
                                <NewConfig
                                        isOpen={isCreating === 'config'}
                                        namespace={namespace}
                                        onClose={() => setCreating(null)}
                                />
                        )}
                </div>
        );
}
