// What somebody should know who looks at a config: that it is deleted, that a version waits, that a gray release runs,
// that they have text which is not saved.
import { Alert, App, Button, Space } from 'antd';
import { useEffect, useState } from 'react';
import { actorName } from '../components/actor-text';
import { dropDraft, readDraft, type Draft } from '../drafts';
import { formatAgo, useTexts } from '../i18n';
import { configHref, go, type ConfigTab } from '../router';
import type { ConfigState } from './use-config';

interface Props {
        config: ConfigState;
        tab: ConfigTab;
        /** A version that is saved and not published. */
        isWaiting: boolean;
        grayVersions: number[];
}

function DraftNotice({ config }: { config: ConfigState }) {
        const t = useTexts();
        const { modal } = App.useApp();
        const { id } = config;
        const [draft, setDraft] = useState<Draft | null>(null);

        useEffect(() => setDraft(readDraft(id)), [id.namespace, id.key]);
        if (!draft) return null;

        const discard = () =>
                modal.confirm({
                        title: t.config.discardAsk,
                        okText: t.config.discard,
                        okButtonProps: { danger: true },
                        onOk: () => {
                                dropDraft(id);
                                setDraft(null);
                        },
                });
        const action = (
                <Space>
                        <Button size="small" onClick={() => go(configHref(id, 'edit'))}>
                                {t.config.goOn}
                        </Button>
                        <Button size="small" type="text" onClick={discard}>
                                {t.config.discard}
                        </Button>
                </Space>
        );
        return (
                <Alert
                        type="info"
                        showIcon
                        message={t.config.draftExists(formatAgo(draft.at, t.locale))}
                        action={action}
                />
        );
}

export function ConfigNotices({ config, tab, isWaiting, grayVersions }: Props) {
        const t = useTexts();
        const { id, live, newest, isDeleted } = config;
        const waiting = () =>
                live
                        ? t.config.newer(newest!.version, actorName(newest!.updated_by))
                        : t.config.notPublishedYet(newest!.version);
        const view = (
                <Button size="small" onClick={() => go(configHref(id, 'gray'))}>
                        {t.config.view}
                </Button>
        );

        return (
                <>
                        {isDeleted && <Alert type="warning" showIcon message={t.config.deleted} />}
                        {isWaiting && <Alert type="info" showIcon message={waiting()} />}
                        {grayVersions.length > 0 && tab !== 'gray' && (
                                <Alert
                                        type="info"
                                        showIcon
                                        message={t.gray.running(
                                                grayVersions.map((version) => `v${version}`).join(', '),
                                        )}
                                        action={view}
                                />
                        )}
                        <DraftNotice config={config} />
                </>
        );
}
