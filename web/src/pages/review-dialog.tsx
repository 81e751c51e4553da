// The last look before a save: what differs from what runs, who gets it, and why.
import { Button, Modal } from 'antd';
import { useEffect, useState } from 'react';
import type { Config } from '../api/types';
import type { Count } from '../count';
import { CommentField } from '../components/comment-field';
import { ErrorAlert } from '../components/error-alert';
import type { Draft } from '../drafts';
import DiffPanel from '../editor/diff-panel';
import { useTexts } from '../i18n';

interface Props {
        isOpen: boolean;
        draft: Draft;
        live: Config | null;
        nInstances: Count;
        mayPublish: boolean;
        error: unknown;
        onSave: (comment: string, publish: boolean) => Promise<void>;
        onClose: () => void;
}

export function ReviewDialog({ isOpen, draft, live, nInstances, mayPublish, error, onSave, onClose }: Props) {
        const t = useTexts();
        const [comment, setComment] = useState('');
        const [busy, setBusy] = useState<'save' | 'publish' | null>(null);

        useEffect(() => {
                if (isOpen) setComment('');
        }, [isOpen]);

        async function save(publish: boolean) {
                setBusy(publish ? 'publish' : 'save');
                await onSave(comment, publish).finally(() => setBusy(null));
        }

        const footer = [
                <Button key="cancel" onClick={onClose} disabled={busy !== null}>
                        {t.common.cancel}
                </Button>,
                <Button
                        key="save"
                        onClick={() => save(false)}
                        loading={busy === 'save'}
                        disabled={busy === 'publish'}
                        type={mayPublish ? 'default' : 'primary'}
                >
                        {t.review.save}
                </Button>,
                mayPublish && (
                        <Button
                                key="publish"
                                type="primary"
                                onClick={() => save(true)}
                                loading={busy === 'publish'}
                                disabled={busy === 'save'}
                        >
                                {t.review.saveAndPublish}
                        </Button>
                ),
        ];
        return (
                <Modal
                        open={isOpen}
                        title={draft.base === null ? t.review.titleNew : t.review.title}
                        width={1040}
                        className="dialog"
                        footer={footer}
                        onCancel={onClose}
                        destroyOnHidden
                >
                        <DiffPanel
                                before={live?.content ?? ''}
                                after={draft.content}
                                format={draft.format}
                                labels={[
                                        live
                                                ? `${t.review.before} (v${live.version})`
                                                : t.review.beforeNothing,
                                        t.review.after,
                                ]}
                        />
                        {mayPublish && <p className="consequence">{t.review.who(nInstances)}</p>}
                        <CommentField value={comment} onChange={setComment} />
                        <ErrorAlert error={error} />
                </Modal>
        );
}
