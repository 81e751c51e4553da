// Which of the instances that are connected now would change version.
import { Skeleton, Table } from 'antd';
import type { GrayPreview } from '../api/gray';
import { useTexts } from '../i18n';

/** @isStale: it is about other rules than those that are shown, and a new one is on its way */
export function PreviewPanel({ preview, isStale }: { preview: GrayPreview | null; isStale: boolean }) {
        const t = useTexts();
        if (!preview) return <Skeleton active paragraph={{ rows: 2 }} />;

        return (
                <section
                        className={isStale ? 'gray-preview gray-preview-stale' : 'gray-preview'}
                        aria-label={t.gray.preview}
                        aria-busy={isStale}
                >
                        <strong role="status">{t.gray.changing(preview.changing, preview.instances)}</strong>
                        {preview.items.length > 0 && (
                                <Table
                                        size="small"
                                        rowKey="id"
                                        dataSource={preview.items}
                                        pagination={
                                                preview.items.length > 10
                                                        ? {
                                                                  pageSize: 10,
                                                                  size: 'small',
                                                                  showSizeChanger: false,
                                                          }
                                                        : false
                                        }
                                        scroll={{ x: 'max-content' }}
                                        columns={[
                                                {
                                                        title: t.instances.id,
                                                        dataIndex: 'id',
                                                        render: (id: string) => (
                                                                <span className="mono">{id}</span>
                                                        ),
                                                },
                                                { title: t.instances.app, dataIndex: 'app' },
                                                {
                                                        title: t.gray.change,
                                                        key: 'change',
                                                        render: (_, { from, to }) => `v${from} → v${to}`,
                                                },
                                                {
                                                        title: t.gray.ruleHead,
                                                        dataIndex: 'rule',
                                                        render: (rule: number | null) =>
                                                                rule === null ? '–' : rule + 1,
                                                },
                                                {
                                                        title: t.gray.bucket,
                                                        dataIndex: 'bucket',
                                                        render: (bucket: number | null) => bucket ?? '–',
                                                },
                                        ]}
                                />
                        )}
                </section>
        );
}
