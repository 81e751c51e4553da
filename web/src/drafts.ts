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

export function readDraft(id: ConfigId): Draft | null {
        try {
                return JSON.parse(localStorage.getItem(nameOf(id)) ?? 'null');
        } catch {
                return null;
        }
}

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
