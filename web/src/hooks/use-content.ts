// The content of one version of a config, for as long as that version is the one that is asked for.
import type { Config } from '../api/types';
import { useLoaded } from './use-loaded';

export interface Content {
        /** Null: none is asked for, or it is on its way. */
        content: Config | null;
        error: unknown;
        retry: () => void;
}

export function useContent(contentOf: (version: number) => Promise<Config>, version: number | null): Content {
        const { data, error, reload } = useLoaded(
                async () => (version === null ? null : contentOf(version)),
                [contentOf, version],
        );
        return { content: data?.version === version ? data : null, error, retry: reload };
}
