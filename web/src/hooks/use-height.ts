// How much room there is below the upper edge of an element, for lists that draw only what is seen.
import { useLayoutEffect, useRef, useState } from 'react';

export function useHeight<T extends HTMLElement>() {
        const ref = useRef<T>(null);
        const [height, setHeight] = useState(400);

        useLayoutEffect(() => {
                const observer = new ResizeObserver(([entry]) =>
                        setHeight(Math.round(entry.contentRect.height)),
                );
                observer.observe(ref.current!);
                return () => observer.disconnect();
        }, []);
        return [ref, height] as const;
}
