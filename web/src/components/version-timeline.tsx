// The versions of a config, newest first, each with what can be done with it.
import { MoreOutlined } from '@ant-design/icons';
import { Button, Dropdown, Tag, Timeline, type MenuProps } from 'antd';
import type { VersionItem } from '../api/types';
import { useTexts } from '../i18n';
import type { ConfigState } from '../pages/use-config';
import { ActorText } from './actor-text';
import { TimeText } from './time-text';

export interface VersionActions {
        view: (version: number) => void;
        compare: (version: number) => void;
        rollBack?: (version: number) => void;
        publish?: (version: number) => void;
}

interface Props {
        config: ConfigState;
        shown: number | null;
        grayVersions: number[];
        actions: VersionActions;
}

export function VersionTimeline({ config, shown, grayVersions, actions }: Props) {
        const t = useTexts();
        const { live, versions, releases } = config;
        const released = new Set(releases.items.map(({ version }) => version));

        function menu({ version }: VersionItem): MenuProps {
                const isLive = version === live?.version;
                const isNewer = !live || version > live.version;
                const items = [
                        { key: 'view', label: t.config.view, onClick: () => actions.view(version) },
                        !isLive && live
                                ? {
                                          key: 'compare',
                                          label: t.config.compareWithLive,
                                          onClick: () => actions.compare(version),
                                  }
                                : null,
                        !isLive && actions.publish && isNewer && !released.has(version)
                                ? {
                                          key: 'publish',
                                          label: t.config.publishIt,
                                          onClick: () => actions.publish!(version),
                                  }
                                : null,
                        !isLive && actions.rollBack && (!isNewer || released.has(version))
                                ? {
                                          key: 'roll-back',
                                          label: t.config.rollBackTo,
                                          danger: true,
                                          onClick: () => actions.rollBack!(version),
                                  }
                                : null,
                ];
                return { items: items.filter((item) => item !== null) };
        }

        const row = (item: VersionItem, i: number) => ({
                key: item.version,
                color:
                        item.version === live?.version
                                ? 'blue'
                                : grayVersions.includes(item.version)
                                  ? 'purple'
                                  : 'gray',
                children: (
                        <div
                                className={
                                        item.version === shown
                                                ? 'timeline-row timeline-row-shown'
                                                : 'timeline-row'
                                }
                        >
                                <div className="timeline-head">
                                        <Button
                                                type="link"
                                                size="small"
                                                className="timeline-version"
                                                onClick={() => actions.view(item.version)}
                                        >
                                                v{item.version}
                                        </Button>
                                        {item.version === live?.version && (
                                                <Tag color="blue">{t.config.isLive}</Tag>
                                        )}
                                        {grayVersions.includes(item.version) && (
                                                <Tag color="purple">{t.browse.gray}</Tag>
                                        )}
                                        {i === 0 && item.version !== live?.version && (
                                                <Tag>{t.config.newest}</Tag>
                                        )}
                                        <Dropdown menu={menu(item)} trigger={['click']}>
                                                <Button
                                                        type="text"
                                                        size="small"
                                                        icon={<MoreOutlined />}
                                                        aria-label={`${t.app.more}: v${item.version}`}
                                                        className="timeline-more"
                                                />
                                        </Dropdown>
                                </div>
                                <div className="timeline-facts">
                                        <ActorText actor={item.updated_by} /> ·{' '}
                                        <TimeText time={item.updated_at} />
                                </div>
                                {item.comment && <div className="timeline-comment">{item.comment}</div>}
                        </div>
                ),
        });

        return (
                <section className="versions" aria-label={t.config.versions}>
                        <h2>{t.config.versions}</h2>
                        <Timeline items={versions.items.map(row)} />
                        {versions.hasMore && (
                                <Button size="small" loading={versions.isLoading} onClick={versions.loadMore}>
                                        {t.config.olderVersions}
                                </Button>
                        )}
                </section>
        );
}
