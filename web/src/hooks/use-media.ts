// Whether the window is as a media query says.
import { useSyncExternalStore } from 'react';

export function useMedia(query: string) {
        return useSyncExternalStore(
                (listener) => {
                        const list = window.matchMedia(query);
                        list.addEventListener('change', listener);
                        return () => list.removeEventListener('change', listener);
                },
                () => window.matchMedia(query).matches,
        );
}

export const useIsNarrow = () => useMedia('(max-width: 767px)');
