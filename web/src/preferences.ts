// What a person chose, kept by the browser; until then, what the browser says of them.
import { useEffect, useState } from 'react';
import { useMedia } from './hooks/use-media';

export type Language = 'en' | 'zh';
export type Appearance = 'light' | 'dark';

/** One of @values, or null as long as none was chosen. */
export function useChoice<T extends string>(name: string, values: readonly T[]) {
        const [chosen, setChosen] = useState(() => {
                const value = localStorage.getItem(`confer.${name}`);
                return values.find((one) => one === value) ?? null;
        });

        function choose(next: T) {
                localStorage.setItem(`confer.${name}`, next);
                setChosen(next);
        }
        return [chosen, choose] as const;
}

const browserLanguage = (): Language => (navigator.language.toLowerCase().startsWith('zh') ? 'zh' : 'en');

export function useLanguage() {
        const [chosen, choose] = useChoice<Language>('language', ['en', 'zh']);
        const language = chosen ?? browserLanguage();

        useEffect(() => {
                document.documentElement.lang = language === 'zh' ? 'zh-CN' : 'en';
        }, [language]);
        return [language, choose] as const;
}

export function useAppearance() {
        const [chosen, choose] = useChoice<Appearance>('appearance', ['light', 'dark']);
        const isDark = useMedia('(prefers-color-scheme: dark)');
        const appearance = chosen ?? (isDark ? 'dark' : 'light');

        useEffect(() => {
                document.documentElement.dataset.appearance = appearance;
                document.documentElement.style.colorScheme = appearance;
        }, [appearance]);
        return [appearance, choose] as const;
}
