// What every editor of the page has in common. Colours are classes, which the style sheet fills in for each theme.
import { defaultKeymap, history, historyKeymap, indentWithTab } from '@codemirror/commands';
import {
        bracketMatching,
        codeFolding,
        foldGutter,
        foldKeymap,
        indentOnInput,
        syntaxHighlighting,
} from '@codemirror/language';
import { lintGutter } from '@codemirror/lint';
import { highlightSelectionMatches, search, searchKeymap } from '@codemirror/search';
import { EditorState, type Extension } from '@codemirror/state';
import {
        drawSelection,
        EditorView,
        highlightActiveLine,
        highlightActiveLineGutter,
        highlightSpecialChars,
        keymap,
        lineNumbers,
} from '@codemirror/view';
import { classHighlighter } from '@lezer/highlight';
import type { Format } from '../api/types';
import { languageOf } from './language';

const look = EditorView.theme({
        '&': {
                fontSize: '12.5px',
                backgroundColor: 'var(--ant-color-bg-container)',
                color: 'var(--ant-color-text)',
        },
        '&.cm-focused': { outline: 'none' },
        '.cm-scroller': { fontFamily: 'var(--ant-font-family-code)', lineHeight: '1.55' },
        '.cm-content': { caretColor: 'var(--ant-color-text)' },
        '.cm-cursor': { borderLeftColor: 'var(--ant-color-text)' },
        '.cm-gutters': {
                backgroundColor: 'var(--ant-color-bg-container)',
                color: 'var(--ant-color-text-tertiary)',
                borderRight: '1px solid var(--ant-color-border-secondary)',
        },
        '.cm-activeLine, .cm-activeLineGutter': { backgroundColor: 'var(--ant-color-fill-quaternary)' },
        '.cm-panels': { backgroundColor: 'var(--ant-color-bg-elevated)', color: 'var(--ant-color-text)' },
        '.cm-tooltip': {
                backgroundColor: 'var(--ant-color-bg-elevated)',
                color: 'var(--ant-color-text)',
                border: '1px solid var(--ant-color-border)',
        },
});

/** For reading: lines, colours, search. */
export function readingSetup(format: Format): Extension {
        return [
                lineNumbers(),
                foldGutter(),
                codeFolding(),
                highlightSpecialChars(),
                bracketMatching(),
                highlightSelectionMatches(),
                search({ top: true }),
                keymap.of([...searchKeymap, ...foldKeymap, ...defaultKeymap]),
                syntaxHighlighting(classHighlighter),
                languageOf(format),
                look,
        ];
}

/** For writing, too. Esc and then Tab leaves the editor. */
export function writingSetup(format: Format): Extension {
        return [
                history(),
                drawSelection(),
                indentOnInput(),
                lintGutter(),
                highlightActiveLine(),
                highlightActiveLineGutter(),
                keymap.of([...historyKeymap, indentWithTab]),
                readingSetup(format),
        ];
}

/** The editor's own words. */
export const phrases = (words: Record<string, string>): Extension => EditorState.phrases.of(words);

/** Content that is looked at: with a caret, so that the keyboard scrolls and selects in it. */
export const readOnly: Extension = EditorState.readOnly.of(true);

/** Line ends stay as they are: what is not touched is saved byte for byte. */
export const lineEnds = (text: string): Extension =>
        text.includes('\r\n') ? EditorState.lineSeparator.of('\r\n') : EditorState.lineSeparator.of('\n');
