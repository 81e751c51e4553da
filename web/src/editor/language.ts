// How each format is highlighted.
import { json } from '@codemirror/lang-json';
import { xml } from '@codemirror/lang-xml';
import { yaml } from '@codemirror/lang-yaml';
import { StreamLanguage } from '@codemirror/language';
import { properties } from '@codemirror/legacy-modes/mode/properties';
import { toml } from '@codemirror/legacy-modes/mode/toml';
import type { Extension } from '@codemirror/state';
import type { Format } from '../api/types';

export function languageOf(format: Format): Extension {
        switch (format) {
                case 'json':
                        return json();
                case 'yaml':
                        return yaml();
                case 'xml':
                        return xml();
                case 'toml':
                        return StreamLanguage.define(toml);
                case 'properties':
                        return StreamLanguage.define(properties);
                case 'text':
                        return [];
        }
}

const extensions: Record<string, Format> = {
        json: 'json',
        yaml: 'yaml',
        yml: 'yaml',
        toml: 'toml',
        properties: 'properties',
        xml: 'xml',
};

/** As the server decides on it. */
export function formatOfKey(key: string): Format {
        return extensions[key.slice(key.lastIndexOf('.') + 1)] ?? 'text';
}

export const formats: Format[] = ['json', 'yaml', 'toml', 'properties', 'xml', 'text'];
