// Any two versions, side by side or inline.
import { SwapOutlined } from '@ant-design/icons';
import { Button, Select, Skeleton, Space, Tooltip } from 'antd';
import { actorName } from '../components/actor-text';
import { ErrorAlert } from '../components/error-alert';
import DiffPanel from '../editor/diff-panel';
import { useLoaded } from '../hooks/use-loaded';
import { formatAgo, useTexts } from '../i18n';
import type { ConfigState } from './use-config';

export interface Pair {
        from: number;
        to: number;
}

interface Props {
        config: ConfigState;
        pair: Pair;
        onPair: (pair: Pair) => void;
}

export function ComparePanel({ config, pair, onPair }: Props) {
        const t = useTexts();
        const { versions, live, contentOf } = config;
        const {
                data: contents,
                error,
                reload,
        } = useLoaded(
                () => Promise.all([contentOf(pair.from), contentOf(pair.to)]),
                [pair.from, pair.to, contentOf],
        );

        const options = versions.items.map(({ version, updated_at, updated_by }) => ({
                value: version,
                label: `${t.rollback.option(version, formatAgo(updated_at, t.locale), actorName(updated_by))}${version === live?.version ? ` (${t.config.isLive})` : ''}`,
        }));
        const choose = (label: string, value: number, onChange: (version: number) => void) => (
                <Select
                        aria-label={label}
                        size="small"
                        showSearch
                        value={value}
                        onChange={onChange}
                        options={options}
                        popupMatchSelectWidth={false}
                        className="compare-version"
                />
        );
        return (
                <>
                        <ErrorAlert error={error} onRetry={reload} />
                        {!contents && !error && <Skeleton active />}
                        {contents && (
                                <DiffPanel
                                        before={contents[0].content}
                                        after={contents[1].content}
                                        format={contents[1].format}
                                        labels={[`v${contents[0].version}`, `v${contents[1].version}`]}
                                >
                                        <Space wrap size={4}>
                                                {choose(t.compare.from, pair.from, (from) =>
                                                        onPair({ ...pair, from }),
                                                )}
                                                <Tooltip title={t.compare.swap}>
                                                        <Button
                                                                size="small"
                                                                type="text"
                                                                icon={<SwapOutlined />}
                                                                aria-label={t.compare.swap}
                                                                onClick={() =>
                                                                        onPair({
                                                                                from: pair.to,
                                                                                to: pair.from,
                                                                        })
                                                                }
                                                        />
                                                </Tooltip>
                                                {choose(t.compare.to, pair.to, (to) =>
                                                        onPair({ ...pair, to }),
                                                )}
                                        </Space>
                                </DiffPanel>
                        )}
                </>
        );
}
