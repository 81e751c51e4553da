// What differs between two texts, side by side or inline. Large texts are compared within a limit of time, and what is
// equal is folded away.
import { MergeView, unifiedMergeView } from '@codemirror/merge';
import { EditorState, type Extension } from '@codemirror/state';
import { EditorView } from '@codemirror/view';
import { useEffect, useRef } from 'react';
import type { Format } from '../api/types';
import { useTexts } from '../i18n';
import { lineEnds, phrases, readingSetup, readOnly, writingSetup } from './setup';

export type DiffMode = 'side-by-side' | 'inline';

interface Props {
        before: string;
        after: string;
        format: Format;
        mode: DiffMode;
        labels: [string, string];
        /** Makes the right side one that can be edited, side by side only. */
        onChange?: (text: string) => void;
}

const diffConfig = { scanLimit: 2000, timeout: 300 };
const collapseUnchanged = { margin: 3, minSize: 6 };
const labelled = (label: string) => EditorView.contentAttributes.of({ 'aria-label': label });

function inlineView(parent: Element, { before, after, format, labels }: Props, words: Extension) {
        const extensions = [
                readingSetup(format),
                readOnly,
                words,
                labelled(labels[1]),
                unifiedMergeView({
                        original: before,
                        mergeControls: false,
                        diffConfig,
                        collapseUnchanged,
                        gutter: true,
                }),
        ];
        return new EditorView({ state: EditorState.create({ doc: after, extensions }), parent });
}

function sideBySideView(
        parent: Element,
        { before, after, format, labels, onChange }: Props,
        words: Extension,
        changed: (text: string) => void,
) {
        const side = (doc: string, label: string, more: Extension) => ({
                doc,
                extensions: [more, words, lineEnds(doc), labelled(label)],
        });
        const listener = EditorView.updateListener.of((update) => {
                if (update.docChanged) changed(update.state.sliceDoc());
        });

        return new MergeView({
                a: side(before, labels[0], [readingSetup(format), readOnly]),
                b: side(
                        after,
                        labels[1],
                        onChange ? [writingSetup(format), listener] : [readingSetup(format), readOnly],
                ),
                parent,
                diffConfig,
                collapseUnchanged: onChange ? undefined : collapseUnchanged,
                revertControls: onChange ? 'a-to-b' : undefined,
        });
}

export function DiffView(props: Props) {
        const { before, after, format, mode, labels, onChange } = props;
        const words = useTexts().editor.phrases;
        const host = useRef<HTMLDivElement>(null);
        const listener = useRef(onChange);
        const isEditable = Boolean(onChange);
        listener.current = onChange;

        useEffect(() => {
                const view =
                        mode === 'inline' && !isEditable
                                ? inlineView(host.current!, props, phrases(words))
                                : sideBySideView(host.current!, props, phrases(words), (text) =>
                                          listener.current?.(text),
                                  );
                return () => view.destroy();
                // What is edited is not made anew for what it says itself.
        }, [before, isEditable ? null : after, format, mode, isEditable, words, ...labels]);

        return (
                <div className="diff">
                        {(mode === 'side-by-side' || isEditable) && (
                                <div className="diff-heads">
                                        {labels.map((label) => (
                                                <div key={label}>{label}</div>
                                        ))}
                                </div>
                        )}
                        <div ref={host} className="diff-body" />
                </div>
        );
}
