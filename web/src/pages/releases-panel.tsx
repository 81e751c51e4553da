// What was released when, and by whom.
import { Button, Empty, Table, Tag } from 'antd';
import { ActorText } from '../components/actor-text';
import { TimeText } from '../components/time-text';
import { useIsNarrow } from '../hooks/use-media';
import { useTexts } from '../i18n';
import type { ReleaseEvent, ReleaseKind } from '../api/types';
import type { ConfigState } from './use-config';

const colors: Record<ReleaseKind, string> = {
        publish: 'blue',
        rollback: 'orange',
        delete: 'red',
        gray: 'purple',
        promote: 'blue',
        abort: 'orange',
};

export function ReleasesPanel({ config }: { config: ConfigState }) {
        const t = useTexts();
        const isNarrow = useIsNarrow();
        const { items, hasMore, isLoading, loadMore } = config.releases;
        const what = (event: ReleaseEvent) => (
                <span className="tags">
                        <Tag color={colors[event.kind]}>{t.releases.kinds[event.kind]}</Tag>
                        {event.kind === 'gray' || event.kind === 'abort'
                                ? event.version && `v${event.version}`
                                : t.releases.fromTo(event.from_version, event.version)}
                </span>
        );

        return (
                <>
                        <Table<ReleaseEvent>
                                size="small"
                                rowKey="id"
                                dataSource={items}
                                loading={isLoading && items.length === 0}
                                pagination={false}
                                scroll={{ x: 'max-content' }}
                                columns={[
                                        {
                                                title: t.releases.when,
                                                key: 'when',
                                                width: 130,
                                                render: (_, event) => <TimeText time={event.time} />,
                                        },
                                        {
                                                title: t.releases.what,
                                                key: 'what',
                                                render: (_, event) => what(event),
                                        },
                                        {
                                                title: t.releases.who,
                                                key: 'who',
                                                render: (_, event) => <ActorText actor={event.actor} />,
                                        },
                                        ...(isNarrow
                                                ? []
                                                : [
                                                          {
                                                                  title: t.releases.comment,
                                                                  dataIndex: 'comment',
                                                                  className: 'wrap',
                                                          },
                                                  ]),
                                ]}
                                locale={{
                                        emptyText: (
                                                <Empty
                                                        image={Empty.PRESENTED_IMAGE_SIMPLE}
                                                        description={t.releases.empty}
                                                />
                                        ),
                                }}
                        />
                        {hasMore && (
                                <Button size="small" className="more" loading={isLoading} onClick={loadMore}>
                                        {t.common.loadMore}
                                </Button>
                        )}
                </>
        );
}
