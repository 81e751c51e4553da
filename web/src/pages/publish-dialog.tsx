// Puts a version in force that is saved already.
import { App } from 'antd';
import { useEffect, useState } from 'react';
import { publish } from '../api/client';
import type { Config } from '../api/types';
import type { Count } from '../count';
import { ReleaseDialog } from '../components/release-dialog';
import { useTexts } from '../i18n';
import type { ConfigState } from './use-config';

interface Props {
        config: ConfigState;
        version: number | undefined;
        nInstances: Count;
        onClose: () => void;
}

export function PublishDialog({ config, version, nInstances, onClose }: Props) {
        const t = useTexts();
        const { message } = App.useApp();
        const [after, setAfter] = useState<Config | null>(null);
        const { live, contentOf } = config;

        useEffect(() => {
                setAfter(null);
                if (version !== undefined) contentOf(version).then(setAfter, () => {});
        }, [version]);

        async function ok(comment: string) {
                await publish(config.id, version!, comment);
                void message.success(t.review.published(version!));
                config.reload();
                onClose();
        }

        return (
                <ReleaseDialog
                        isOpen={version !== undefined}
                        title={`${t.publish.title(version ?? 0)}: ${config.id.key}`}
                        okText={t.publish.ok}
                        consequence={t.review.who(nInstances)}
                        before={live?.content ?? ''}
                        after={after?.content ?? null}
                        format={after?.format ?? 'text'}
                        labels={[
                                live ? t.rollback.before(live.version) : t.review.beforeNothing,
                                `v${version}`,
                        ]}
                        onOk={ok}
                        onClose={onClose}
                />
        );
}
