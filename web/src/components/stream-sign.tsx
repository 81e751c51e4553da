// Whether what is shown is live.
import { Badge, Tooltip } from 'antd';
import { useTexts } from '../i18n';
import { useStreamState } from '../stream/state';

const badges = { connecting: 'processing', live: 'success', lost: 'error' } as const;

export function StreamSign() {
        const t = useTexts();
        const state = useStreamState();
        if (!state) return null;

        return (
                <Tooltip title={t.app.stream[state]}>
                        <span className="stream-sign" role="status" data-state={state}>
                                <Badge status={badges[state]} />
                                <span className="stream-text">{t.app.stream[state]}</span>
                        </span>
                </Tooltip>
        );
}
