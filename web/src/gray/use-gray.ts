// The gray release of a config, with how the connected instances fare.
import { getGray, type GrayWithInstances } from '../api/gray';
import type { ConfigId } from '../api/client';
import { isNotFound } from '../api/http';
import { useLoaded } from '../hooks/use-loaded';
import { usePolling } from '../hooks/use-polling';

const countsEveryMs = 1500;

export interface GrayState {
        /** Null: there is none, or it is not known yet. */
        gray: GrayWithInstances | null;
        isLoaded: boolean;
        error: unknown;
        reload: () => void;
}

/** @revision: of the release; each change of a gray release is a change of that */
export function useGray(id: ConfigId, revision: number | null): GrayState {
        const loaded = useLoaded(
                (signal) =>
                        getGray(id, signal).catch((error) => {
                                if (isNotFound(error)) return 'none' as const;
                                throw error;
                        }),
                [id.namespace, id.key, revision],
        );
        const gray = loaded.data === 'none' ? null : loaded.data;

        usePolling(loaded, gray ? countsEveryMs : null);
        return { gray, isLoaded: loaded.data !== null, error: loaded.error, reload: loaded.reload };
}
