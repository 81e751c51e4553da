// Somebody else saved first: theirs and yours side by side, and three ways to go on. Nothing is lost by any but the
// one that says so.
import { Button, Modal } from 'antd';
import { useEffect, useState } from 'react';
import type { Config } from '../api/types';
import { actorName } from '../components/actor-text';
import type { Draft } from '../drafts';
import { DiffView } from '../editor/diff-view';
import { useTexts } from '../i18n';

export interface Conflict {
        theirs: Config;
        draft: Draft;
}

interface Props {
        conflict: Conflict | null;
        /** Goes on editing this text, on top of theirs. */
        onMerge: (content: string) => void;
        onOverwrite: (content: string) => void;
        onDiscard: () => void;
        onClose: () => void;
}

export function ConflictDialog({ conflict, onMerge, onOverwrite, onDiscard, onClose }: Props) {
        const t = useTexts();
        const [content, setContent] = useState('');

        useEffect(() => {
                if (conflict) setContent(conflict.draft.content);
        }, [conflict]);
        if (!conflict) return null;

        const { theirs, draft } = conflict;
        return (
                <Modal
                        open
                        title={t.conflict.title}
                        width={1120}
                        className="dialog"
                        onCancel={onClose}
                        footer={[
                                <Button key="discard" danger onClick={onDiscard}>
                                        {t.conflict.discard}
                                </Button>,
                                <Button key="overwrite" onClick={() => onOverwrite(content)}>
                                        {t.conflict.overwrite}
                                </Button>,
                                <Button key="merge" type="primary" onClick={() => onMerge(content)}>
                                        {t.conflict.merge}
                                </Button>,
                        ]}
                >
                        <p>{t.conflict.text(draft.base, theirs.version, actorName(theirs.updated_by))}</p>
                        <DiffView
                                before={theirs.content}
                                after={draft.content}
                                format={draft.format}
                                mode="side-by-side"
                                labels={[t.conflict.theirs(theirs.version), t.conflict.mine]}
                                onChange={setContent}
                        />
                        <p className="consequence">{t.conflict.mergeHelp}</p>
                </Modal>
        );
}
