// The texts of the language that is chosen, and how it writes times.
import { createContext, useContext, type ReactNode } from 'react';
import type { Language } from '../preferences';
import { en, type Texts } from './en';
import { zh } from './zh';

export const languages: Record<Language, Texts> = { en, zh };

const TextsContext = createContext<Texts>(en);

export function TextsProvider({ language, children }: { language: Language; children: ReactNode }) {
        return <TextsContext.Provider value={languages[language]}>{children}</TextsContext.Provider>;
}

export function useTexts() {
        return useContext(TextsContext);
}

const units: [Intl.RelativeTimeFormatUnit, number][] = [
        ['year', 31_536_000],
        ['month', 2_592_000],
        ['day', 86_400],
        ['hour', 3600],
        ['minute', 60],
];

/** "3 minutes ago". A clock that runs behind the server's shows no future. */
export function formatAgo(time: string | number, locale: string) {
        const seconds = Math.max(0, (Date.now() - new Date(time).getTime()) / 1000);
        const format = new Intl.RelativeTimeFormat(locale, { numeric: 'auto' });
        const unit = units.find(([, size]) => seconds >= size);
        return unit ? format.format(-Math.floor(seconds / unit[1]), unit[0]) : format.format(0, 'second');
}

export function formatTime(time: string | number, locale: string) {
        return new Intl.DateTimeFormat(locale, { dateStyle: 'medium', timeStyle: 'medium' }).format(
                new Date(time),
        );
}
