// All namespaces, with a filter.
import { SearchOutlined } from '@ant-design/icons';
import { Input, Table } from 'antd';
import { useMemo, useState, type ReactNode } from 'react';
import type { Namespace } from '../api/types';
import { useHeight } from '../hooks/use-height';
import { useTexts } from '../i18n';
import { browseHref, goUnlessLink } from '../router';

interface Props {
        namespaces: Namespace[];
        isLoading: boolean;
        chosen: string | null;
        action?: ReactNode;
}

interface Row {
        name: string | null;
        description: string;
}

export function NamespaceList({ namespaces, isLoading, chosen, action }: Props) {
        const t = useTexts();
        const [text, setText] = useState('');
        const [ref, height] = useHeight<HTMLDivElement>();
        const rows = useMemo<Row[]>(() => {
                const wanted = text.trim().toLowerCase();
                const isWanted = ({ name, description }: Namespace) =>
                        name.includes(wanted) || description.toLowerCase().includes(wanted);
                return [{ name: null, description: '' }, ...namespaces.filter(isWanted)];
        }, [namespaces, text]);

        return (
                <nav className="namespaces" aria-label={t.browse.namespaces}>
                        <div className="namespaces-head">
                                <h2>{t.browse.namespaces}</h2>
                                {action}
                        </div>
                        <Input
                                allowClear
                                size="small"
                                prefix={<SearchOutlined />}
                                placeholder={t.browse.findNamespace}
                                aria-label={t.browse.findNamespace}
                                value={text}
                                onChange={({ target }) => setText(target.value)}
                        />
                        <div ref={ref} className="fill">
                                <Table
                                        virtual
                                        size="small"
                                        showHeader={false}
                                        rowKey={({ name }) => name ?? '*'}
                                        dataSource={rows}
                                        loading={isLoading}
                                        pagination={false}
                                        scroll={{ x: 200, y: Math.max(100, height) }}
                                        columns={[
                                                {
                                                        key: 'name',
                                                        ellipsis: true,
                                                        render: (_, { name, description }) => (
                                                                <a
                                                                        href={browseHref(name)}
                                                                        title={
                                                                                description ||
                                                                                name ||
                                                                                undefined
                                                                        }
                                                                        aria-current={
                                                                                name === chosen
                                                                                        ? 'page'
                                                                                        : undefined
                                                                        }
                                                                >
                                                                        {name ?? t.browse.all}
                                                                </a>
                                                        ),
                                                },
                                        ]}
                                        onRow={({ name }) => ({
                                                onClick: (event) => goUnlessLink(event, browseHref(name)),
                                                className:
                                                        name === chosen
                                                                ? 'namespace namespace-chosen'
                                                                : 'namespace',
                                        })}
                                />
                        </div>
                </nav>
        );
}
