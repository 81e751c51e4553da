// A comparison with its heads: how it is shown is chosen once and kept; a phone has room for one column only.
import { Segmented } from 'antd';
import type { ReactNode } from 'react';
import type { Format } from '../api/types';
import { useIsNarrow } from '../hooks/use-media';
import { useTexts } from '../i18n';
import { useChoice } from '../preferences';
import { DiffView, type DiffMode } from './diff-view';

interface Props {
        before: string;
        after: string;
        format: Format;
        labels: [string, string];
        /** What stands left of the switch. */
        children?: ReactNode;
}

export default function DiffPanel({ before, after, format, labels, children }: Props) {
        const t = useTexts();
        const isNarrow = useIsNarrow();
        const [chosen, choose] = useChoice<DiffMode>('diff', ['side-by-side', 'inline']);
        const mode = isNarrow ? 'inline' : (chosen ?? 'side-by-side');

        return (
                <div className="diff-panel">
                        <div className="toolbar">
                                <div className="toolbar-main">
                                        {children ??
                                                (mode === 'inline' && (
                                                        <span className="secondary">
                                                                {labels.join(' → ')}
                                                        </span>
                                                ))}
                                </div>
                                {!isNarrow && (
                                        <Segmented
                                                size="small"
                                                value={mode}
                                                onChange={choose}
                                                options={[
                                                        {
                                                                value: 'side-by-side',
                                                                label: t.compare.sideBySide,
                                                        },
                                                        { value: 'inline', label: t.compare.inline },
                                                ]}
                                        />
                                )}
                        </div>
                        {before === after ? (
                                <p className="diff-equal secondary">{t.compare.equal}</p>
                        ) : (
                                <DiffView
                                        before={before}
                                        after={after}
                                        format={format}
                                        mode={mode}
                                        labels={labels}
                                />
                        )}
                </div>
        );
}
