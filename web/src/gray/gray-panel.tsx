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

function Loaded({ config, state, mayPublish }: Props) {
        const t = useTexts();
        const [isEditing, setEditing] = useState(false);
        const { gray, isLoaded } = state;

        if (!isLoaded) return <Skeleton active />;
        if (!config.live) return <Notice text={t.gray.nothingStable} />;
        if (gray && !isEditing)
                return (
                        <GrayStatus
                                config={config}
                                gray={gray}
                                mayPublish={mayPublish}
                                onEdit={() => setEditing(true)}
                                onChanged={state.reload}
                        />
                );
        if (!mayPublish) return <Notice text={t.gray.none} />;
        return (
                <GrayEditor
                        config={config}
                        gray={gray}
                        onDone={() => {
                                setEditing(false);
                                state.reload();
                        }}
                        onCancel={gray ? () => setEditing(false) : undefined}
                />
        );
}

/** What was loaded stays, and what is being written with it, when the next answer does not come. */
export default function GrayPanel(props: Props) {
        const { error, isLoaded, reload } = props.state;

        return (
                <>
                        <ErrorAlert error={error} onRetry={reload} />
                        {(isLoaded || !error) && <Loaded {...props} />}
                </>
        );
}
