// Who is signed in, and what they may do. A session that ends while somebody works leaves the page as it is and asks
// for the password on top of it.
import { createContext, useContext, useEffect, useMemo, useState, type ReactNode } from 'react';
import { getMe, login, logout } from './api/client';
import { ApiError, onSessionMissing, setCsrf } from './api/http';
import type { Asker, Role } from './api/types';

export type SessionState = 'unknown' | 'unreachable' | 'signed-out' | 'signed-in' | 'expired';

interface Session {
        state: SessionState;
        asker: Asker | null;
        signIn: (username: string, password: string) => Promise<void>;
        signOut: () => Promise<void>;
        may: (role: Role, namespace?: string | null) => boolean;
        retry: () => void;
}

const ranks: Role[] = ['reader', 'editor', 'publisher', 'admin'];

/** A role in a namespace holds in all below it; * is everything. */
export function allows(asker: Asker | null, role: Role, namespace?: string | null) {
        return Boolean(
                asker?.roles.some(
                        (held) =>
                                ranks.indexOf(held.role) >= ranks.indexOf(role) &&
                                (held.namespace === '*' ||
                                        Boolean(
                                                namespace &&
                                                (namespace === held.namespace ||
                                                        namespace.startsWith(`${held.namespace}.`)),
                                        )),
                ),
        );
}

// Whether this browser may have a session. Where it has none, nobody needs to ask, and be refused, and stand in the
// audit for it.
const hintName = 'confer.session';
const hint = (isThere: boolean) =>
        isThere ? localStorage.setItem(hintName, '1') : localStorage.removeItem(hintName);

const SessionContext = createContext<Session | null>(null);

export function useSession() {
        return useContext(SessionContext)!;
}

export function SessionProvider({ children }: { children: ReactNode }) {
        const [state, setState] = useState<SessionState>('unknown');
        const [asker, setAsker] = useState<Asker | null>(null);

        function take(next: Asker) {
                hint(true);
                setCsrf(next.csrf);
                setAsker(next);
                setState('signed-in');
        }

        function ask() {
                getMe().then(take, (error) => {
                        if (!(error instanceof ApiError && error.status === 401)) setState('unreachable');
                });
        }

        useEffect(() => {
                const stop = onSessionMissing(() => {
                        hint(false);
                        setState((now) =>
                                now === 'signed-in' || now === 'expired' ? 'expired' : 'signed-out',
                        );
                });
                if (localStorage.getItem(hintName)) ask();
                else setState('signed-out');
                return () => {
                        stop();
                };
        }, []);

        const session = useMemo<Session>(
                () => ({
                        state,
                        asker,
                        signIn: async (username, password) => take(await login(username, password)),
                        signOut: async () => {
                                await logout().catch((error) => {
                                        if (!(error instanceof ApiError && error.status === 401)) throw error;
                                });
                                hint(false);
                                setCsrf(null);
                                setAsker(null);
                                setState('signed-out');
                        },
                        may: (role, namespace) => allows(asker, role, namespace),
                        retry: ask,
                }),
                [state, asker],
        );
        return <SessionContext.Provider value={session}>{children}</SessionContext.Provider>;
}
