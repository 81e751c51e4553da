// One config: what is live, who changed it, who has it; its versions; and everything that can be done with it.
import { Button, Skeleton } from 'antd';
import { useEffect, useState } from 'react';
import { ErrorAlert } from '../components/error-alert';
import { Notice } from '../components/notice';
import type { Count } from '../count';
import { versionsOf } from '../gray/rules';
import { useGray } from '../gray/use-gray';
import { useContent } from '../hooks/use-content';
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

/** What editing begins with: the version that is newest then; null for a new config, undefined while it is loaded. */
function useStart({ newest, isLoaded, contentOf }: ConfigState, isEditing: boolean) {
        const [version, setVersion] = useState<number | null | undefined>(undefined);
        const { content, error, retry } = useContent(contentOf, version ?? null);

        useEffect(() => {
                if (!isEditing) setVersion(undefined);
                else if (isLoaded) setVersion((now) => (now === undefined ? (newest?.version ?? null) : now));
        }, [isEditing, isLoaded, newest]);
        return { start: version === null ? null : (content ?? undefined), error, retry };
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
        const { start, error: startError, retry } = useStart(config, isEditing);
        useTitle(configKey);

        // Another tab leaves no question of the one before open.
        useEffect(() => {
                setRollbackTo(undefined);
                setPublishing(undefined);
        }, [tab]);

        if (!isLoaded)
                return (
                        <div className="page">
                                {config.error ? (
                                        <ErrorAlert error={config.error} onRetry={config.reload} />
                                ) : (
                                        <Skeleton active />
                                )}
                        </div>
                );
        if (!exists && !isEditing) {
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
                        <ErrorAlert error={startError} onRetry={retry} />
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
