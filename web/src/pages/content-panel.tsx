// What a version says: the one in force, unless another was asked for.
import { CopyOutlined } from '@ant-design/icons';
import { App, Button, Skeleton, Space } from 'antd';
import { useEffect, useState } from 'react';
import type { Config } from '../api/types';
import { ErrorAlert } from '../components/error-alert';
import { CodeView } from '../editor/code-view';
import { useTexts } from '../i18n';
import type { ConfigState } from './use-config';

interface Props {
        config: ConfigState;
        /** Null: what is in force, or else the newest. */
        version: number | null;
        onBack: () => void;
}

export function ContentPanel({ config, version, onBack }: Props) {
        const t = useTexts();
        const { message } = App.useApp();
        const { live, newest, contentOf } = config;
        const wanted = version ?? live?.version ?? newest?.version ?? null;
        const isLive = wanted !== null && wanted === live?.version;
        const [loaded, setLoaded] = useState<Config | null>(null);
        const [error, setError] = useState<unknown>(null);
        const shown = isLive ? live : loaded?.version === wanted ? loaded : null;

        useEffect(() => {
                if (wanted !== null && !isLive) contentOf(wanted).then(setLoaded, setError);
        }, [wanted, isLive, contentOf]);

        async function copy() {
                await navigator.clipboard.writeText(shown!.content);
                void message.success(t.config.copied);
        }

        return (
                <>
                        <div className="toolbar">
                                <Space wrap className="toolbar-main">
                                        {wanted !== null && <strong>{t.config.shownVersion(wanted)}</strong>}
                                        {shown && <span className="secondary">{shown.format}</span>}
                                        {live && !isLive && (
                                                <Button size="small" type="link" onClick={onBack}>
                                                        {t.config.backToLive}
                                                </Button>
                                        )}
                                </Space>
                                {shown && window.isSecureContext && (
                                        <Button size="small" icon={<CopyOutlined />} onClick={copy}>
                                                {t.config.copy}
                                        </Button>
                                )}
                        </div>
                        <ErrorAlert error={error} />
                        {shown ? (
                                <CodeView
                                        key={shown.version}
                                        value={shown.content}
                                        format={shown.format}
                                        label={t.config.shownVersion(shown.version)}
                                />
                        ) : (
                                wanted !== null && !error && <Skeleton active />
                        )}
                </>
        );
}
