// What a version says: the one in force, unless another was asked for.
import { CopyOutlined } from '@ant-design/icons';
import { App, Button, Skeleton, Space } from 'antd';
import { ErrorAlert } from '../components/error-alert';
import { CodeView } from '../editor/code-view';
import { useContent } from '../hooks/use-content';
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
        const { content, error, retry } = useContent(contentOf, isLive ? null : wanted);
        const shown = isLive ? live : content;

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
                        <ErrorAlert error={error} onRetry={retry} />
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
