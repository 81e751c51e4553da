// How far a version has come: a bar with a part for each standing.
import { Tooltip } from 'antd';
import { useTexts } from '../i18n';
import type { Instances, Standing } from '../pages/use-instances';

const order: Standing[] = ['applied', 'gray', 'other', 'waiting', 'refused'];

export function InstancesBar({ instances, version }: { instances: Instances; version: number | null }) {
        const t = useTexts();
        const { count, counts, rows } = instances;
        if (!rows.length || version === null)
                return (
                        <span className="bar-text">
                                {rows.length ? t.instances.summary(count.n, count.isMore) : t.instances.none}
                        </span>
                );

        const parts = [
                t.instances.legend(counts.applied, rows.length, version),
                counts.gray && t.instances.grayCount(counts.gray),
                counts.refused && t.instances.refusedCount(counts.refused),
        ];
        const text = parts.filter(Boolean).join(' · ');
        return (
                <span className="bar-line">
                        <Tooltip
                                title={order
                                        .filter((name) => counts[name])
                                        .map((name) => (
                                                <div
                                                        key={name}
                                                >{`${t.instances.standings[name]}: ${counts[name]}`}</div>
                                        ))}
                        >
                                <span className="bar" role="img" aria-label={text}>
                                        {order.map((name) => (
                                                <span
                                                        key={name}
                                                        className={`bar-part bar-${name}`}
                                                        style={{
                                                                width: `${(100 * counts[name]) / rows.length}%`,
                                                        }}
                                                />
                                        ))}
                                </span>
                        </Tooltip>
                        <span className={counts.refused ? 'bar-text bar-text-refused' : 'bar-text'}>
                                {text}
                        </span>
                </span>
        );
}
