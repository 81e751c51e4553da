// Configs as rows.
import type { TableColumnsType } from 'antd';
import { ActorText } from '../components/actor-text';
import { LongTable } from '../components/long-table';
import { TimeText } from '../components/time-text';
import { VersionTags } from '../components/version-tags';
import type { ConfigItem } from '../api/types';
import { useIsNarrow } from '../hooks/use-media';
import { useTexts } from '../i18n';
import type { Texts } from '../i18n/en';
import { configHref, goUnlessLink } from '../router';

interface Props {
        items: ConfigItem[];
        isLoading: boolean;
        /** The namespace that is looked at; null where configs of several are listed. */
        namespace: string | null;
        emptyText: string;
        onEnd?: () => void;
}

function columnsOf(t: Texts, namespace: string | null, isNarrow: boolean): TableColumnsType<ConfigItem> {
        const key = {
                title: t.browse.key,
                key: 'key',
                width: isNarrow ? 210 : 300,
                ellipsis: true,
                render: (_: unknown, item: ConfigItem) => (
                        <>
                                <a href={configHref(item)} className="key">
                                        {item.key}
                                </a>
                                {item.namespace !== namespace && (
                                        <div className="from">
                                                {namespace ? t.browse.from(item.namespace) : item.namespace}
                                        </div>
                                )}
                        </>
                ),
        };
        const version = {
                title: t.browse.version,
                key: 'version',
                width: isNarrow ? 130 : 160,
                render: (_: unknown, item: ConfigItem) => <VersionTags item={item} />,
        };
        if (isNarrow) return [key, version];

        return [
                key,
                version,
                { title: t.browse.format, dataIndex: 'format', width: 84 },
                {
                        title: t.browse.changed,
                        key: 'changed',
                        width: 120,
                        render: (_, item) => <TimeText time={item.updated_at} />,
                },
                {
                        title: t.browse.by,
                        key: 'by',
                        width: 96,
                        ellipsis: true,
                        render: (_, item) => <ActorText actor={item.updated_by} />,
                },
                { title: t.browse.comment, dataIndex: 'comment', width: 220, ellipsis: true },
        ];
}

export function ConfigTable({ items, isLoading, namespace, emptyText, onEnd }: Props) {
        const t = useTexts();
        const isNarrow = useIsNarrow();

        return (
                <LongTable
                        rowKey={(item) => `${item.namespace}/${item.key}`}
                        columns={columnsOf(t, namespace, isNarrow)}
                        items={items}
                        isLoading={isLoading}
                        emptyText={emptyText}
                        onEnd={onEnd}
                        onRow={(item) => ({
                                onClick: (event) => goUnlessLink(event, configHref(item)),
                                className: item.deleted ? 'row row-deleted' : 'row',
                        })}
                />
        );
}
