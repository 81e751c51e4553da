// The confirmation of what changes what is served: the difference, how many instances get it, and why.
import { Modal, Skeleton } from 'antd';
import { useEffect, useState, type ReactNode } from 'react';
import DiffPanel from '../editor/diff-panel';
import type { Content } from '../hooks/use-content';
import { CommentField } from './comment-field';
import { ErrorAlert } from './error-alert';

interface Props {
        isOpen: boolean;
        title: string;
        okText: string;
        isDanger?: boolean;
        /** What stands above the difference. */
        head?: ReactNode;
        /** What will happen to whom. */
        consequence: ReactNode;
        before: string;
        after: Content;
        labels: [string, string];
        onOk: (comment: string) => Promise<void>;
        onClose: () => void;
}

export function ReleaseDialog({
        isOpen,
        title,
        okText,
        isDanger,
        head,
        consequence,
        before,
        after: { content: after, error: loadError, retry },
        labels,
        onOk,
        onClose,
}: Props) {
        const [comment, setComment] = useState('');
        const [error, setError] = useState<unknown>(null);
        const [isBusy, setBusy] = useState(false);

        useEffect(() => {
                if (!isOpen) return;
                setComment('');
                setError(null);
        }, [isOpen]);

        /** Enter in the comment comes here, too: nothing is released that was not shown, and nothing twice. */
        async function ok() {
                if (after === null || isBusy) return;
                setBusy(true);
                setError(null);
                try {
                        await onOk(comment);
                } catch (problem) {
                        setError(problem);
                } finally {
                        setBusy(false);
                }
        }

        return (
                <Modal
                        open={isOpen}
                        title={title}
                        width={1040}
                        className="dialog"
                        okText={okText}
                        okButtonProps={{ danger: isDanger, loading: isBusy, disabled: after === null }}
                        cancelButtonProps={{ disabled: isBusy }}
                        onOk={ok}
                        onCancel={onClose}
                        destroyOnHidden
                >
                        {head}
                        <ErrorAlert error={loadError} onRetry={retry} />
                        {after === null && !loadError && <Skeleton active />}
                        {after && (
                                <DiffPanel
                                        before={before}
                                        after={after.content}
                                        format={after.format}
                                        labels={labels}
                                />
                        )}
                        <p className="consequence">{consequence}</p>
                        <CommentField value={comment} onChange={setComment} onEnter={ok} />
                        <ErrorAlert error={error} />
                </Modal>
        );
}
