// The gray release of a config: what runs, or a way to begin one.
import { Skeleton } from 'antd';
import { useState } from 'react';
import { ErrorAlert } from '../components/error-alert';
import { Notice } from '../components/notice';
import { useTexts } from '../i18n';
import type { ConfigState } from '../pages/use-config';
import { GrayEditor } from './gray-editor';
import { GrayStatus } from './gray-status';
import type { GrayState } from './use-gray';

interface Props {
        config: ConfigState;
        state: GrayState;
        mayPublish: boolean;
}

export default function GrayPanel({ config, state, mayPublish }: Props) {
        const t = useTexts();
        const [isEditing, setEditing] = useState(false);
        const { gray, isLoaded, error, reload } = state;

        if (error) return <ErrorAlert error={error} onRetry={reload} />;
        if (!isLoaded) return <Skeleton active />;
        if (!config.live) return <Notice text={t.gray.nothingStable} />;
        if (gray && !isEditing)
                return (
                        <GrayStatus
                                config={config}
                                gray={gray}
                                mayPublish={mayPublish}
                                onEdit={() => setEditing(true)}
                                onChanged={reload}
                        />
                );
        if (!mayPublish) return <Notice text={t.gray.none} />;
        return (
                <GrayEditor
                        config={config}
                        gray={gray}
                        onDone={() => {
                                setEditing(false);
                                reload();
                        }}
                        onCancel={gray ? () => setEditing(false) : undefined}
                />
        );
}
