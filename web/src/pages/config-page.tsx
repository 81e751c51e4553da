// One config: what is live, who changed it, who has it; its versions; and everything that can be done with it.
import { Button, Skeleton } from 'antd';
import { useEffect, useState } from 'react';
import type { Config } from '../api/types';
import { ErrorAlert } from '../components/error-alert';
import { Notice } from '../components/notice';
import type { Count } from '../count';
import { versionsOf } from '../gray/rules';
import { useGray } from '../gray/use-gray';
import { useTexts } from '../i18n';
import { configHref, go, type ConfigTab } from '../router';
import { useSession } from '../session';
import { ConfigHeader } from './config-header';
import { ConfigNotices } from './config-notices';
import { ConfigTabs } from './config-tabs';
import { EditPanel } from './edit-panel';
import { PublishDialog } from './publish-dialog';
import { RollbackDialog } from './rollback-dialog';
import { useConfig, type ConfigState } from './use-config';
import { useInstances } from './use-instances';

interface Props {
        namespace: string;
        configKey: string;
        tab: ConfigTab;
}

/** The text that editing begins with: of the newest version; null for a new config, undefined while it is loaded. */
function useStart(config: ConfigState, isEditing: boolean) {
        const [start, setStart] = useState<Config | null | undefined>(undefined);
        const { newest, isLoaded, contentOf } = config;

        useEffect(() => {
                if (!isEditing) setStart(undefined);
                else if (isLoaded && start === undefined) {
                        if (newest) contentOf(newest.version).then(setStart, () => {});
                        else setStart(null);
                }
        }, [isEditing, isLoaded, newest, start, contentOf]);
        return start;
}

function useTitle(title: string) {
        useEffect(() => {
                document.title = `${title} · Confer`;
                return () => {
                        document.title = 'Confer';
                };
        }, [title]);
}

/** A saved version that nobody gets: newer than what is live, and in no gray release. */
function waitingVersion({ newest, live, isDeleted }: ConfigState, grayVersions: number[]) {
        if (!newest || isDeleted || grayVersions.includes(newest.version)) return null;
        return newest.version > (live?.version ?? 0) ? newest.version : null;
}

export default function ConfigPage({ namespace, configKey, tab }: Props) {
        const t = useTexts();
        const { may } = useSession();
        const config = useConfig({ namespace, key: configKey });
        const { id, live, exists, isLoaded } = config;
        const gray = useGray(id, live?.revision ?? null);
        const grayVersions = versionsOf(gray.gray?.rules ?? []);
        const instances = useInstances(id, live?.version ?? null, grayVersions);
        const [rollbackTo, setRollbackTo] = useState<number | null | undefined>(undefined);
        const [publishing, setPublishing] = useState<number | undefined>(undefined);
        const isEditing = tab === 'edit';
        const start = useStart(config, isEditing);
        useTitle(configKey);

        // Another tab leaves no question of the one before open.
        useEffect(() => {
                setRollbackTo(undefined);
                setPublishing(undefined);
        }, [tab]);

        if (!isLoaded && !config.error) return <Skeleton active className="page" />;
        if (isLoaded && !exists && !isEditing) {
                const create = may('editor', namespace) && (
                        <Button onClick={() => go(configHref(id, 'edit'))}>{t.config.createIt}</Button>
                );
                return <Notice text={`${t.config.missing} ${namespace} / ${configKey}`} action={create} />;
        }

        const nInstances = instances.count;
        // Those that an arm chose get nothing of what is published meanwhile.
        const nStable: Count = gray.gray
                ? { n: gray.gray.instances.stable.connected, isMore: false }
                : nInstances;
        const waiting = waitingVersion(config, grayVersions);
        return (
                <div className="page config">
                        <ConfigHeader
                                config={config}
                                instances={instances}
                                isEditing={isEditing}
                                waiting={waiting}
                                onPublish={setPublishing}
                                onRollBack={() => setRollbackTo(null)}
                        />
                        <ErrorAlert error={config.error} onRetry={config.reload} />
                        {!isEditing && (
                                <ConfigNotices
                                        config={config}
                                        tab={tab}
                                        isWaiting={waiting !== null}
                                        grayVersions={grayVersions}
                                />
                        )}
                        {isEditing ? (
                                start !== undefined && (
                                        <EditPanel config={config} start={start} nInstances={nStable} />
                                )
                        ) : (
                                <ConfigTabs
                                        config={config}
                                        tab={tab}
                                        instances={instances}
                                        gray={gray}
                                        grayVersions={grayVersions}
                                        onRollBack={setRollbackTo}
                                        onPublish={setPublishing}
                                />
                        )}
                        <RollbackDialog
                                config={config}
                                hasGray={gray.gray !== null}
                                target={rollbackTo}
                                nInstances={nInstances}
                                nStable={nStable}
                                onClose={() => setRollbackTo(undefined)}
                        />
                        <PublishDialog
                                config={config}
                                version={publishing}
                                nInstances={nStable}
                                onClose={() => setPublishing(undefined)}
                        />
                </div>
        );
}
