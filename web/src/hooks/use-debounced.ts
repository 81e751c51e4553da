// A value as it was when it last rested.
import { useEffect, useState } from 'react';

export function useDebounced<T>(value: T, ms: number) {
        const [rested, setRested] = useState(value);

        useEffect(() => {
                const timer = window.setTimeout(() => setRested(value), ms);
                return () => window.clearTimeout(timer);
        }, [value, ms]);
        return rested;
}
