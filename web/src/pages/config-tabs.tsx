// What there is to see of a config, and its versions beside it.
import { Skeleton, Tabs } from 'antd';
import { lazy, Suspense, useState } from 'react';
import { VersionTimeline } from '../components/version-timeline';
import type { GrayState } from '../gray/use-gray';
import { useTexts } from '../i18n';
import { configHref, go, type ConfigTab } from '../router';
import { useSession } from '../session';
import { ComparePanel, type Pair } from './compare-panel';
import { ContentPanel } from './content-panel';
import { InstancesPanel } from './instances-panel';
import { ReleasesPanel } from './releases-panel';
import type { ConfigState } from './use-config';
import type { Instances } from './use-instances';

const GrayPanel = lazy(() => import('../gray/gray-panel'));

interface Props {
        config: ConfigState;
        tab: ConfigTab;
        instances: Instances;
        gray: GrayState;
        grayVersions: number[];
        onRollBack: (version: number) => void;
        onPublish: (version: number) => void;
}

/** What is compared until something else is chosen: the newest other version with what is live. */
function firstPair({ live, newest, versions }: ConfigState): Pair | null {
        if (!newest) return null;
        const to = live?.version ?? newest.version;
        return { from: versions.items.find(({ version }) => version !== to)?.version ?? to, to };
}

export function ConfigTabs({ config, tab, instances, gray, grayVersions, onRollBack, onPublish }: Props) {
        const t = useTexts();
        const { may } = useSession();
        const [shown, setShown] = useState<number | null>(null);
        const [pair, setPair] = useState<Pair | null>(null);
        const { id, live } = config;
        const mayPublish = may('publisher', id.namespace);
        const open = (next: ConfigTab) => go(configHref(id, next));
        const compared = pair ?? firstPair(config);
        const liveVersion = live?.version ?? null;

        const grayPanel = (
                <Suspense fallback={<Skeleton active />}>
                        <GrayPanel config={config} state={gray} mayPublish={mayPublish} />
                </Suspense>
        );
        const items = [
                {
                        key: 'content',
                        label: t.config.tabs.content,
                        children: (
                                <ContentPanel config={config} version={shown} onBack={() => setShown(null)} />
                        ),
                },
                ...(compared
                        ? [
                                  {
                                          key: 'compare',
                                          label: t.config.tabs.compare,
                                          children: (
                                                  <ComparePanel
                                                          config={config}
                                                          pair={compared}
                                                          onPair={setPair}
                                                  />
                                          ),
                                  },
                          ]
                        : []),
                {
                        key: 'releases',
                        label: t.config.tabs.releases,
                        children: <ReleasesPanel config={config} />,
                },
                {
                        key: 'instances',
                        label: `${t.config.tabs.instances} (${instances.count.n}${instances.count.isMore ? '+' : ''})`,
                        children: <InstancesPanel instances={instances} version={liveVersion} />,
                },
                { key: 'gray', label: t.config.tabs.gray, children: grayPanel },
        ];
        const actions = {
                view: (version: number) => {
                        setShown(version === liveVersion ? null : version);
                        open('content');
                },
                compare: (version: number) => {
                        setPair({ from: liveVersion!, to: version });
                        open('compare');
                },
                rollBack: mayPublish ? onRollBack : undefined,
                publish: mayPublish ? onPublish : undefined,
        };

        return (
                <div className="config-body">
                        <div className="config-main">
                                <Tabs
                                        size="small"
                                        activeKey={tab}
                                        onChange={(next) => open(next as ConfigTab)}
                                        destroyOnHidden
                                        items={items}
                                />
                        </div>
                        <VersionTimeline
                                config={config}
                                shown={tab === 'content' ? (shown ?? liveVersion) : null}
                                grayVersions={grayVersions}
                                actions={actions}
                        />
                </div>
        );
}
