// Which page is shown: the part of the address after the #, so that one file serves every address.
import { useSyncExternalStore } from 'react';

export type ConfigTab = 'content' | 'edit' | 'compare' | 'releases' | 'instances' | 'gray';
const tabs: ConfigTab[] = ['content', 'edit', 'compare', 'releases', 'instances', 'gray'];

export type Route =
        | { page: 'browse'; namespace: string | null }
        | { page: 'config'; namespace: string; key: string; tab: ConfigTab }
        | { page: 'audit'; namespace?: string; key?: string }
        | { page: 'mirrors'; mirror?: string; ingest?: string };

/** An address that somebody typed may hold a % that means nothing. */
function decode(part: string) {
        try {
                return decodeURIComponent(part);
        } catch {
                return part;
        }
}

export function parseRoute(hash: string): Route {
        const [path, search] = hash.replace(/^#\/?/, '').split('?');
        const [page, name, key, tab] = path.split('/').map(decode);
        const parameters = new URLSearchParams(search);

        if (page === 'audit')
                return {
                        page,
                        namespace: parameters.get('namespace') ?? undefined,
                        key: parameters.get('key') ?? undefined,
                };
        if (page === 'mirrors') return { page, mirror: name || undefined };
        if (page === 'ingests') return { page: 'mirrors', ingest: name || undefined };
        if (page === 'configs' && name && key)
                return {
                        page: 'config',
                        namespace: name,
                        key,
                        tab: tabs.find((name) => name === tab) ?? 'content',
                };
        return { page: 'browse', namespace: name || null };
}

export const browseHref = (namespace?: string | null) =>
        namespace ? `#/configs/${encodeURIComponent(namespace)}` : '#/configs';
export const configHref = (
        { namespace, key }: { namespace: string; key: string },
        tab: ConfigTab = 'content',
) =>
        `#/configs/${encodeURIComponent(namespace)}/${encodeURIComponent(key)}${tab === 'content' ? '' : `/${tab}`}`;
export const auditHref = (about?: { namespace: string; key: string }) =>
        about ? `#/audit?${new URLSearchParams({ namespace: about.namespace, key: about.key })}` : '#/audit';
export const mirrorsHref = () => '#/mirrors';
export const quarantineHref = (ingest: string) => `#/ingests/${encodeURIComponent(ingest)}`;
export const deadLettersHref = (mirror: string) => `#/mirrors/${encodeURIComponent(mirror)}`;

export function go(href: string) {
        window.location.hash = href;
}

/** For a row that leads where the link in it does; that link opens new tabs, too, and then the row stays. */
export function goUnlessLink({ target }: { target: EventTarget }, href: string) {
        if (!(target as Element).closest('a')) go(href);
}

export function useHash() {
        return useSyncExternalStore(
                (listener) => {
                        window.addEventListener('hashchange', listener);
                        return () => window.removeEventListener('hashchange', listener);
                },
                () => window.location.hash,
        );
}
