// The requests that the console makes, one function each.
import { request } from './http';
import type {
        Asker,
        AuditEntry,
        Config,
        ConfigItem,
        Format,
        Instance,
        Namespace,
        Page,
        ReleaseEvent,
        SavedConfig,
        Status,
        VersionItem,
} from './types';

export interface ConfigId {
        namespace: string;
        key: string;
}

const namespacePath = (namespace: string) => `/namespaces/${encodeURIComponent(namespace)}`;
export const configPath = ({ namespace, key }: ConfigId) =>
        `${namespacePath(namespace)}/configs/${encodeURIComponent(key)}`;

// Session

export const login = (username: string, password: string) =>
        request<Asker>('POST', '/login', { body: { username, password } });
export const logout = () => request<null>('POST', '/logout');
export const getMe = () => request<Asker>('GET', '/me');
export const getStatus = () => request<Status>('GET', '/status');

// Namespaces

export const listNamespaces = (query: { cursor?: string; limit?: number }, signal?: AbortSignal) =>
        request<Page<Namespace>>('GET', '/namespaces', { query, signal });
export const createNamespace = (name: string, description: string) =>
        request<Namespace>('POST', '/namespaces', { body: { name, description } });

// Configs

export interface ConfigQuery {
        q?: string;
        deleted?: boolean;
        inherit?: boolean;
        limit?: number;
        cursor?: string;
}

export const listConfigs = (namespace: string, query: ConfigQuery, signal?: AbortSignal) =>
        request<Page<ConfigItem>>('GET', `${namespacePath(namespace)}/configs`, {
                query: { ...query },
                signal,
        });
export const getLive = (id: ConfigId, signal?: AbortSignal) =>
        request<Config>('GET', configPath(id), { query: { inherit: false }, signal });

export interface Save {
        content: string;
        format: Format;
        comment: string;
        publish: boolean;
}

/** @base: the version that the text was made from; null where the config is to be new */
export const saveConfig = (id: ConfigId, save: Save, base: number | null) =>
        request<SavedConfig>('PUT', configPath(id), {
                body: save,
                headers: base === null ? { 'If-None-Match': '*' } : { 'If-Match': `"${base}"` },
        });
export const deleteConfig = (id: ConfigId) => request<{ version: null }>('DELETE', configPath(id));

// History

export const listVersions = (
        id: ConfigId,
        query: { cursor?: string; limit?: number },
        signal?: AbortSignal,
) =>
        request<Page<VersionItem>>('GET', `${configPath(id)}/versions`, {
                query: { content: false, ...query },
                signal,
        });
export const getVersion = (id: ConfigId, version: number, signal?: AbortSignal) =>
        request<Config>('GET', `${configPath(id)}/versions/${version}`, { signal });
export const listReleases = (
        id: ConfigId,
        query: { cursor?: string; limit?: number },
        signal?: AbortSignal,
) => request<Page<ReleaseEvent>>('GET', `${configPath(id)}/releases`, { query, signal });

// Releases

export const publish = (id: ConfigId, version: number, comment: string) =>
        request<Config>('POST', `${configPath(id)}/publish`, { body: { version, comment } });
export const rollBack = (id: ConfigId, to: number, endGray: boolean, comment: string) =>
        request<Config>('POST', `${configPath(id)}/rollback`, { body: { to, end_gray: endGray, comment } });

// Who is connected, and who did what

export const listInstances = (
        query: { namespace: string; key: string; limit: number; cursor?: string },
        signal?: AbortSignal,
) => request<Page<Instance>>('GET', '/instances', { query, signal });

export interface AuditQuery {
        namespace?: string;
        key?: string;
        actor?: string;
        action?: string;
        since?: string;
        until?: string;
}

export const listAudit = (query: AuditQuery & { limit: number; cursor?: string }, signal?: AbortSignal) =>
        request<Page<AuditEntry>>('GET', '/audit', { query: { ...query }, signal });
