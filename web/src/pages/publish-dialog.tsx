// Puts a version in force that is saved already.
import { App } from 'antd';
import { publish } from '../api/client';
import type { Count } from '../count';
import { ReleaseDialog } from '../components/release-dialog';
import { useContent } from '../hooks/use-content';
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
        const { live, contentOf } = config;
        const after = useContent(contentOf, version ?? null);

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
                        after={after}
                        labels={[
                                live ? t.rollback.before(live.version) : t.review.beforeNothing,
                                `v${version}`,
                        ]}
                        onOk={ok}
                        onClose={onClose}
                />
        );
}
