// Mirrors over REST.
import { request } from './http';
import type { Page } from './types';

export type MirrorKind = 'redis' | 'etcd' | 'http';
export type MirrorState = 'running' | 'comparing' | 'standby' | 'connecting' | 'waiting' | 'denied';

/** What a full comparison found and did. */
export interface Comparison {
        keys: number;
        missing: number;
        stale: number;
        /** Keys under the prefix that are none of Confer's. */
        foreign: number;
        repaired: number;
        /** Of the foreign ones. */
        pruned: number;
        time: string;
}

export interface Mirror {
        name: string;
        kind: MirrorKind;
        /** Null: all are mirrored. */
        namespace: string | null;
        key: string;
        state: MirrorState;
        error: string | null;
        retry_at: string | null;
        /** Up to which all is delivered or put aside; null: not known yet. */
        revision: number | null;
        waiting: number;
        dead_letters: number;
        last_success_at: string | null;
        comparison: Comparison | null;
}

/** Who of several servers works. */
export interface Election {
        key: string;
        /** Whether the server that is asked leads. */
        leader: boolean;
        /** Null: nobody, or not known. */
        leader_name: string | null;
        since: string;
        error: string | null;
}

export interface LetterId {
        namespace: string;
        key: string;
}

export interface DeadLetter extends LetterId {
        revision: number;
        problem: string;
        attempts: number;
        first_at: string;
        last_at: string;
}

const mirrorPath = (name: string) => `/mirrors/${encodeURIComponent(name)}`;

export const listMirrors = (signal?: AbortSignal) =>
        request<{ items: Mirror[]; election: Election | null }>('GET', '/mirrors', { signal });
export const resyncMirror = (name: string) => request<Mirror>('POST', `${mirrorPath(name)}/resync`);

export const listDeadLetters = (
        name: string,
        query: { limit: number; cursor?: string },
        signal?: AbortSignal,
) => request<Page<DeadLetter>>('GET', `${mirrorPath(name)}/dead-letters`, { query, signal });

/** @letter: left out: all of them. The answer says how many it was. */
const decide = async (name: string, what: 'retry' | 'drop', letter?: LetterId) => {
        const path = `${mirrorPath(name)}/dead-letters/${what}`;
        return (await request<{ dead_letters: number }>('POST', path, { body: letter ?? {} })).dead_letters;
};
export const retryDeadLetters = (name: string, letter?: LetterId) => decide(name, 'retry', letter);
export const dropDeadLetters = (name: string, letter?: LetterId) => decide(name, 'drop', letter);
