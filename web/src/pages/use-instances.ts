// The instances that follow a config, and what they made of it.
import { useEffect, useRef, useState } from 'react';
import { listInstances, type ConfigId } from '../api/client';
import type { Instance, InstanceResult } from '../api/types';
import type { Count } from '../count';
import { useLoaded } from '../hooks/use-loaded';
import { usePolling } from '../hooks/use-polling';

export type Standing = 'applied' | 'gray' | 'refused' | 'other' | 'waiting';

export interface InstanceRow {
        instance: Instance;
        /** Which version it said something of last. */
        version: number | null;
        standing: Standing;
        error: string | null;
}

export interface Instances {
        rows: InstanceRow[];
        /** With more of them than are listed, that is said. */
        count: Count;
        counts: Record<Standing, number>;
        error: unknown;
        isLoading: boolean;
}

const limit = 1000;
const movingEveryMs = 700;
const restingEveryMs = 3000;
/** Who has not said anything by then may never do. */
const movingMaxMs = 30_000;

function standingOf(
        result: InstanceResult | undefined,
        live: number | null,
        grayVersions: number[],
): Standing {
        if (!result) return 'waiting';
        if (!result.ok) return 'refused';
        if (result.version === live) return 'applied';
        return grayVersions.includes(result.version) ? 'gray' : 'other';
}

function rowOf(
        instance: Instance,
        { namespace, key }: ConfigId,
        live: number | null,
        grayVersions: number[],
): InstanceRow {
        const result = instance.results.find((one) => one.namespace === namespace && one.key === key);
        const standing = standingOf(result, live, grayVersions);
        return { instance, version: result?.version ?? null, standing, error: result?.error ?? null };
}

export function useInstances(id: ConfigId, live: number | null, grayVersions: number[]): Instances {
        const [everyMs, setEveryMs] = useState(movingEveryMs);
        const changedAt = useRef(0);
        const loaded = useLoaded(
                (signal) => listInstances({ ...id, limit }, signal),
                [id.namespace, id.key, live],
        );
        usePolling(loaded, everyMs);

        const rows = (loaded.data?.items ?? []).map((instance) => rowOf(instance, id, live, grayVersions));
        const counts = { applied: 0, gray: 0, refused: 0, other: 0, waiting: 0 };
        for (const { standing } of rows) counts[standing] += 1;

        const isMoving = counts.other + counts.waiting > 0;
        useEffect(() => {
                changedAt.current = Date.now();
        }, [live]);
        useEffect(() => {
                setEveryMs(
                        isMoving && Date.now() - changedAt.current < movingMaxMs
                                ? movingEveryMs
                                : restingEveryMs,
                );
        }, [isMoving, loaded.data]);
        return {
                rows,
                count: { n: rows.length, isMore: Boolean(loaded.data?.cursor) },
                counts,
                error: loaded.error,
                isLoading: loaded.isLoading && !loaded.data,
        };
}
