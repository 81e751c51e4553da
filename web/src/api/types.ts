// What the API answers, as schema/openapi.yaml describes it: the members that the console reads.

export type Role = 'reader' | 'editor' | 'publisher' | 'admin';
export type Format = 'json' | 'yaml' | 'toml' | 'properties' | 'xml' | 'text';

export interface Asker {
        username: string;
        roles: { namespace: string; role: Role }[];
        csrf: string | null;
        expires_at: string | null;
}

export interface Status {
        version: string;
        epoch: string;
        revision: number;
}

export interface Namespace {
        name: string;
        description: string;
        updated_at: string;
        updated_by: string;
}

/** What every form of a config says of itself. */
interface ConfigFacts {
        namespace: string;
        key: string;
        revision: number;
        format: Format;
        sha256: string;
        updated_at: string;
        updated_by: string;
        comment: string;
}

export interface ConfigItem extends ConfigFacts {
        version: number | null;
        latest_version: number;
        deleted: boolean;
        content?: string;
}

export interface VersionItem extends ConfigFacts {
        version: number;
}

export interface Config extends VersionItem {
        content: string;
}

export interface SavedConfig extends Config {
        created: boolean;
}

export type ReleaseKind = 'publish' | 'rollback' | 'delete' | 'gray' | 'promote' | 'abort';

export interface ReleaseEvent {
        id: number;
        time: string;
        actor: string;
        kind: ReleaseKind;
        version: number | null;
        from_version: number | null;
        restores: number | null;
        revision: number;
        comment: string;
}

export interface InstanceResult {
        namespace: string;
        key: string;
        version: number;
        ok: boolean;
        error: string | null;
}

export interface Instance {
        id: string;
        app: string | null;
        sdk: string | null;
        tags: Record<string, string>;
        address: string;
        connected_at: string;
        results: InstanceResult[];
}

export interface AuditEntry {
        id: number;
        time: string;
        actor: string | null;
        address: string | null;
        action: string;
        namespace: string | null;
        key: string | null;
        version: number | null;
        revision: number | null;
        outcome: 'ok' | 'denied';
        comment: string | null;
        details: Record<string, unknown> | null;
        hash: string;
}

export interface Page<T> {
        items: T[];
        cursor: string | null;
}

export interface Detail {
        field: string;
        problem: string;
        line?: number;
        column?: number;
}
