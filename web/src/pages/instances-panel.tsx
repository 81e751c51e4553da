// Who follows the config, and what each made of it.
import { Empty, Table, Tag, Tooltip } from 'antd';
import { ErrorAlert } from '../components/error-alert';
import { InstancesBar } from '../components/instances-bar';
import { TimeText } from '../components/time-text';
import { useTexts } from '../i18n';
import type { InstanceRow, Instances, Standing } from './use-instances';

const colors: Record<Standing, string> = {
        applied: 'green',
        gray: 'purple',
        other: 'default',
        waiting: 'gold',
        refused: 'red',
};
const listHeightPx = 480;
const listWidthPx = 900;

export function InstancesPanel({ instances, version }: { instances: Instances; version: number | null }) {
        const t = useTexts();
        const { rows, error, isLoading } = instances;

        return (
                <>
                        <div className="toolbar">
                                <InstancesBar instances={instances} version={version} />
                        </div>
                        <ErrorAlert error={error} />
                        <Table<InstanceRow>
                                virtual
                                size="small"
                                rowKey={({ instance }) => `${instance.id} ${instance.connected_at}`}
                                dataSource={rows}
                                loading={isLoading}
                                pagination={false}
                                scroll={{ x: listWidthPx, y: listHeightPx }}
                                columns={[
                                        {
                                                title: t.instances.id,
                                                key: 'id',
                                                width: 200,
                                                ellipsis: true,
                                                render: (_, { instance }) => (
                                                        <span className="mono">{instance.id}</span>
                                                ),
                                        },
                                        {
                                                title: t.instances.version,
                                                key: 'version',
                                                width: 170,
                                                render: (
                                                        _,
                                                        { standing, version: applied, error: problem },
                                                ) => (
                                                        <Tooltip title={problem} trigger={['hover', 'focus']}>
                                                                <span
                                                                        className="tags"
                                                                        tabIndex={problem ? 0 : undefined}
                                                                >
                                                                        {applied !== null && (
                                                                                <span className="version">
                                                                                        v{applied}
                                                                                </span>
                                                                        )}
                                                                        <Tag color={colors[standing]}>
                                                                                {
                                                                                        t.instances.standings[
                                                                                                standing
                                                                                        ]
                                                                                }
                                                                        </Tag>
                                                                </span>
                                                        </Tooltip>
                                                ),
                                        },
                                        {
                                                title: t.instances.app,
                                                key: 'app',
                                                width: 110,
                                                ellipsis: true,
                                                render: (_, { instance }) => instance.app,
                                        },
                                        {
                                                title: t.instances.address,
                                                key: 'address',
                                                width: 110,
                                                render: (_, { instance }) => instance.address,
                                        },
                                        {
                                                title: t.instances.tags,
                                                key: 'tags',
                                                width: 190,
                                                ellipsis: true,
                                                render: (_, { instance }) =>
                                                        Object.entries(instance.tags).map(([name, value]) => (
                                                                <Tag key={name}>{`${name}=${value}`}</Tag>
                                                        )),
                                        },
                                        {
                                                title: t.instances.since,
                                                key: 'since',
                                                width: 120,
                                                render: (_, { instance }) => (
                                                        <TimeText time={instance.connected_at} />
                                                ),
                                        },
                                ]}
                                locale={{
                                        emptyText: (
                                                <Empty
                                                        image={Empty.PRESENTED_IMAGE_SIMPLE}
                                                        description={t.instances.none}
                                                />
                                        ),
                                }}
                        />
                </>
        );
}
