// One config with its past, kept true by the change stream.
import { useCallback, useRef } from 'react';
import { getLive, getVersion, listReleases, listVersions, type ConfigId } from '../api/client';
import { isNotFound } from '../api/http';
import type { Config, ReleaseEvent, VersionItem } from '../api/types';
import { useLoaded } from '../hooks/use-loaded';
import { usePages, type Pages } from '../hooks/use-pages';
import { usePolling } from '../hooks/use-polling';
import type { StreamRelease } from '../stream/stream';
import { useStream } from '../stream/use-stream';

const pageSize = 50;
/** Versions that are saved only are not in the stream. */
const versionsEveryMs = 10_000;

export interface ConfigState {
        id: ConfigId;
        /** What is served; null where nothing is. */
        live: Config | null;
        isLoaded: boolean;
        /** It has a past, or a present. */
        exists: boolean;
        isDeleted: boolean;
        newest: VersionItem | null;
        versions: Pages<VersionItem>;
        releases: Pages<ReleaseEvent>;
        error: unknown;
        reload: () => void;
        /** The content of a version, which never changes. */
        contentOf: (version: number) => Promise<Config>;
}

/** A list of something that does not exist is empty. */
const orNothing = <T>(page: Promise<{ items: T[]; cursor: string | null }>) =>
        page.catch((error) => {
                if (isNotFound(error)) return { items: [] as T[], cursor: null };
                throw error;
        });

export function useConfig({ namespace, key }: ConfigId): ConfigState {
        const id = { namespace, key };
        // What the stream said last. An answer that it overtook does not bring back what was before.
        const seen = useRef<{ revision: number; live: Config | 'none' }>({ revision: 0, live: 'none' });
        const live = useLoaded(
                async (signal) => {
                        const answer = await getLive(id, signal).catch((error) => {
                                if (isNotFound(error)) return 'none' as const;
                                throw error;
                        });
                        const isOvertaken = answer !== 'none' && answer.revision < seen.current.revision;
                        return isOvertaken ? seen.current.live : answer;
                },
                [namespace, key],
        );
        const versions = usePages<VersionItem>(
                (cursor, signal) => orNothing(listVersions(id, { cursor, limit: pageSize }, signal)),
                [namespace, key],
        );
        const releases = usePages<ReleaseEvent>(
                (cursor, signal) => orNothing(listReleases(id, { cursor, limit: pageSize }, signal)),
                [namespace, key],
        );
        const known = useRef(new Map<number, Promise<Config>>());

        const reloadPast = () => {
                versions.reload();
                releases.reload();
        };

        /** @revision: of the release, or at which there is none */
        function take(release: StreamRelease | undefined, revision: number) {
                if (revision <= seen.current.revision) return;
                const { gray: _gray, ...facts } = release ?? { gray: null };
                seen.current = { revision, live: release ? ({ ...facts, namespace } as Config) : 'none' };
                live.setData((now) =>
                        now && now !== 'none' && now.revision > revision ? now : seen.current.live,
                );
                reloadPast();
        }

        useStream(
                { namespace, keys: [key] },
                {
                        onSnapshot: (parts, revision) => {
                                const own = parts
                                        .filter((part) => part.namespace === namespace)
                                        .flatMap(({ releases: all }) => all);
                                const release = own.find((one) => one.key === key);
                                take(release, release?.revision ?? revision);
                        },
                        onChange: (changes, revision) => {
                                for (const change of changes) {
                                        if (change.namespace !== namespace) continue;
                                        const release = change.releases.find((one) => one.key === key);
                                        if (release || change.deleted.includes(key))
                                                take(release, release?.revision ?? revision);
                                }
                        },
                },
        );
        usePolling(versions, versions.items.length <= pageSize ? versionsEveryMs : null);

        const contentOf = useCallback(
                (version: number) => {
                        const found = known.current.get(version) ?? getVersion({ namespace, key }, version);
                        known.current.set(version, found);
                        found.catch(() => known.current.delete(version));
                        return found;
                },
                [namespace, key],
        );

        const release = live.data === 'none' ? null : live.data;
        return {
                id,
                live: release,
                isLoaded: live.data !== null && versions.isLoaded,
                exists: Boolean(release) || versions.items.length > 0,
                isDeleted: !release && releases.items[0]?.kind === 'delete',
                newest: versions.items[0] ?? null,
                versions,
                releases,
                error: live.error ?? versions.error ?? releases.error,
                reload: () => {
                        live.reload();
                        reloadPast();
                },
                contentOf,
        };
}
