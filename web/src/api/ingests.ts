// Ingests over REST.
import { request } from './http';
import type { Page } from './types';

export type IngestState = 'running' | 'reading' | 'connecting' | 'standby' | 'waiting' | 'denied';

export interface Ingest {
        name: string;
        /** The pattern of keys in etcd, and the templates of what they become. */
        from: string;
        namespace: string;
        key: string;
        state: IngestState;
        error: string | null;
        retry_at: string | null;
        /** Of etcd, up to which all is taken in or put aside; null: not known yet. */
        revision: number | null;
        quarantined: number;
        /** Keys that are gone from etcd without having been deleted there; their configs were left alone. */
        left: number;
        full_read: { keys: number; time: string } | null;
        last_success_at: string | null;
}

export interface Quarantined {
        etcd_key: string;
        /** What it would be; null: no config can be named like that. */
        namespace: string | null;
        key: string | null;
        mod_revision: number;
        problem: string;
        attempts: number;
        first_at: string;
        last_at: string;
}

const ingestPath = (name: string) => `/ingests/${encodeURIComponent(name)}`;

export const listIngests = (signal?: AbortSignal) =>
        request<{ items: Ingest[] }>('GET', '/ingests', { signal });
export const resyncIngest = (name: string) => request<Ingest>('POST', `${ingestPath(name)}/resync`);

export const listQuarantine = (
        name: string,
        query: { limit: number; cursor?: string },
        signal?: AbortSignal,
) => request<Page<Quarantined>>('GET', `${ingestPath(name)}/quarantine`, { query, signal });

/** @etcdKey: left out: all of them. The answer says how many it was. */
const decide = async (name: string, what: 'retry' | 'drop', etcdKey?: string) => {
        const path = `${ingestPath(name)}/quarantine/${what}`;
        const body = etcdKey === undefined ? {} : { etcd_key: etcdKey };
        return (await request<{ keys: number }>('POST', path, { body })).keys;
};
export const retryQuarantined = (name: string, etcdKey?: string) => decide(name, 'retry', etcdKey);
export const dropQuarantined = (name: string, etcdKey?: string) => decide(name, 'drop', etcdKey);
