// The stream as a hook: a component follows a scope as long as it is there.
import { useEffect, useRef } from 'react';
import { setStreamState } from './state';
import { follow, type Handlers, type Scope } from './stream';

/** @scope: null where there is nothing to follow yet */
export function useStream(
        scope: Scope | null,
        handlers: Omit<Handlers, 'onState'> & Partial<Pick<Handlers, 'onState'>>,
) {
        const newest = useRef(handlers);
        newest.current = handlers;
        const identity = scope && JSON.stringify(scope);

        useEffect(() => {
                if (!identity) return undefined;
                const stop = follow(JSON.parse(identity), {
                        onState: (state) => {
                                setStreamState(state);
                                newest.current.onState?.(state);
                        },
                        onSnapshot: (namespaces, revision) => newest.current.onSnapshot(namespaces, revision),
                        onChange: (changes, revision) => newest.current.onChange(changes, revision),
                });
                return () => {
                        stop();
                        setStreamState(null);
                };
        }, [identity]);
}
