// A table of any length. Only the rows that are seen are drawn, so that 100,000 are as quick as ten, and the next
// page is asked for before its place is reached.
import { Empty, Table, type TableColumnsType, type TableProps } from 'antd';
import type { UIEvent } from 'react';
import { useHeight } from '../hooks/use-height';

interface Props<T> extends Pick<TableProps<T>, 'rowKey' | 'onRow' | 'expandable'> {
        items: T[];
        isLoading: boolean;
        /** Each with its width. */
        columns: TableColumnsType<T>;
        emptyText: string;
        onEnd?: () => void;
}

const headHeight = 38;
const heightMin = 120;
const loadAheadPx = 1200;

export function LongTable<T extends object>({
        items,
        isLoading,
        columns,
        emptyText,
        onEnd,
        ...rest
}: Props<T>) {
        const [ref, height] = useHeight<HTMLDivElement>();
        const widths = [...columns.map(({ width }) => width), rest.expandable?.columnWidth ?? 0];

        function onScroll({ currentTarget }: UIEvent) {
                const { scrollTop, clientHeight, scrollHeight } = currentTarget;
                if (scrollTop + clientHeight > scrollHeight - loadAheadPx) onEnd?.();
        }

        return (
                <div ref={ref} className="fill">
                        <Table<T>
                                virtual
                                size="small"
                                columns={columns}
                                dataSource={items}
                                loading={isLoading && items.length === 0}
                                pagination={false}
                                scroll={{
                                        x: widths.reduce<number>((sum, width) => sum + Number(width), 0),
                                        y: Math.max(heightMin, height - headHeight),
                                }}
                                onScroll={onScroll}
                                locale={{
                                        emptyText: (
                                                <Empty
                                                        image={Empty.PRESENTED_IMAGE_SIMPLE}
                                                        description={emptyText}
                                                />
                                        ),
                                }}
                                {...rest}
                        />
                </div>
        );
}
