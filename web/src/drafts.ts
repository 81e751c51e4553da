// Texts that are not saved yet, kept by the browser: they survive a reload, a crash and a session that is over.
import type { ConfigId } from './api/client';
import type { Format } from './api/types';

export interface Draft {
        /** The version that it was made from; null for a config that is to be new. */
        base: number | null;
        content: string;
        format: Format;
        at: number;
}

const nameOf = ({ namespace, key }: ConfigId) => `confer.draft:${namespace}/${key}`;

function parse(text: string | null): Draft | null {
        try {
                return JSON.parse(text ?? 'null');
        } catch {
                return null;
        }
}

export const readDraft = (id: ConfigId) => parse(localStorage.getItem(nameOf(id)));

/** Returns false where the browser has no room for it. */
export function keepDraft(id: ConfigId, draft: Draft) {
        try {
                localStorage.setItem(nameOf(id), JSON.stringify(draft));
                return true;
        } catch {
                return false;
        }
}

export function dropDraft(id: ConfigId) {
        localStorage.removeItem(nameOf(id));
}

/** Calls @listener with what another tab of this browser keeps from now on; null: it keeps nothing any more. */
export function onDraftElsewhere(id: ConfigId, listener: (draft: Draft | null) => void) {
        const listen = ({ key, newValue }: StorageEvent) => {
                if (key === nameOf(id)) listener(parse(newValue));
        };
        window.addEventListener('storage', listen);
        return () => window.removeEventListener('storage', listen);
}
