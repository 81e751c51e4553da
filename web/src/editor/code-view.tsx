// A text with colours, to be read or to be edited.
import { setDiagnostics, type Diagnostic } from '@codemirror/lint';
import { EditorState } from '@codemirror/state';
import { EditorView } from '@codemirror/view';
import { useEffect, useRef } from 'react';
import type { Format } from '../api/types';
import { useTexts } from '../i18n';
import { lineEnds, phrases, readingSetup, readOnly, writingSetup } from './setup';

/** What the server said of a place in the text. */
export interface Fault {
        line: number;
        /** In bytes of UTF-8, from 1, as the server counts. */
        column: number;
        problem: string;
}

interface Props {
        value: string;
        format: Format;
        label: string;
        onChange?: (text: string) => void;
        faults?: Fault[];
        isFocused?: boolean;
}

/** The place in the line that so many bytes lead to. */
function indexOfByte(line: string, byte: number) {
        const encoder = new TextEncoder();
        let index = 0;
        for (let seen = 0; index < line.length && seen < byte;) {
                const character = String.fromCodePoint(line.codePointAt(index)!);
                seen += encoder.encode(character).length;
                if (seen > byte) break;
                index += character.length;
        }
        return index;
}

function diagnosticOf(state: EditorState, { line, column, problem }: Fault): Diagnostic {
        const at = state.doc.line(Math.min(line, state.doc.lines));
        const from = at.from + indexOfByte(at.text, column - 1);
        return { from, to: Math.min(from + 1, at.to), severity: 'error', message: problem };
}

export function CodeView({ value, format, label, onChange, faults, isFocused }: Props) {
        const words = useTexts().editor.phrases;
        const host = useRef<HTMLDivElement>(null);
        const view = useRef<EditorView>();
        const listener = useRef(onChange);
        const shown = useRef(value);
        const isEditable = Boolean(onChange);
        listener.current = onChange;

        useEffect(() => {
                const state = EditorState.create({
                        doc: shown.current,
                        extensions: [
                                isEditable ? writingSetup(format) : [readingSetup(format), readOnly],
                                lineEnds(value),
                                phrases(words),
                                EditorView.contentAttributes.of({ 'aria-label': label }),
                                EditorView.updateListener.of((update) => {
                                        if (!update.docChanged || !listener.current) return;
                                        shown.current = update.state.sliceDoc();
                                        listener.current(shown.current);
                                }),
                        ],
                });
                view.current = new EditorView({ state, parent: host.current! });
                if (isFocused) view.current.focus();
                return () => view.current?.destroy();
        }, [format, isEditable, label, words]);

        useEffect(() => {
                if (!view.current || value === shown.current) return;
                shown.current = value;
                view.current.dispatch({
                        changes: { from: 0, to: view.current.state.doc.length, insert: value },
                });
        }, [value]);

        useEffect(() => {
                if (!view.current || !faults) return;
                const { state } = view.current;
                const diagnostics = faults.map((fault) => diagnosticOf(state, fault));
                view.current.dispatch(setDiagnostics(state, diagnostics));
                if (diagnostics.length)
                        view.current.dispatch({
                                selection: { anchor: diagnostics[0].from },
                                effects: EditorView.scrollIntoView(diagnostics[0].from, { y: 'center' }),
                        });
        }, [faults]);

        return <div ref={host} className="code" />;
}
