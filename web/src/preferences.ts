// What a person chose, kept by the browser; until then, what the browser says of them.
import { useEffect, useState } from 'react';

export type Language = 'en' | 'zh';
export type Appearance = 'light' | 'dark';

const darkQuery = window.matchMedia('(prefers-color-scheme: dark)');

function stored<T extends string>(name: string, values: T[]): T | null {
        const value = localStorage.getItem(`confer.${name}`);
        return values.find((one) => one === value) ?? null;
}

const browserLanguage = (): Language => (navigator.language.toLowerCase().startsWith('zh') ? 'zh' : 'en');

export function useLanguage() {
        const [language, setLanguage] = useState(
                () => stored<Language>('language', ['en', 'zh']) ?? browserLanguage(),
        );

        useEffect(() => {
                document.documentElement.lang = language === 'zh' ? 'zh-CN' : 'en';
        }, [language]);
        return [
                language,
                (next: Language) => {
                        localStorage.setItem('confer.language', next);
                        setLanguage(next);
                },
        ] as const;
}

export function useAppearance() {
        const [chosen, setChosen] = useState(() => stored<Appearance>('appearance', ['light', 'dark']));
        const [system, setSystem] = useState<Appearance>(darkQuery.matches ? 'dark' : 'light');
        const appearance = chosen ?? system;

        useEffect(() => {
                const listen = () => setSystem(darkQuery.matches ? 'dark' : 'light');
                darkQuery.addEventListener('change', listen);
                return () => darkQuery.removeEventListener('change', listen);
        }, []);
        useEffect(() => {
                document.documentElement.dataset.appearance = appearance;
                document.documentElement.style.colorScheme = appearance;
        }, [appearance]);
        return [
                appearance,
                (next: Appearance) => {
                        localStorage.setItem('confer.appearance', next);
                        setChosen(next);
                },
        ] as const;
}
