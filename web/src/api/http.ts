// One way to the API: a request, its envelope, its refusals. Knows the session's CSRF value and nothing else of it.
import type { Detail } from './types';

/** A refusal by the server, in its own words. */
export class ApiError extends Error {
        constructor(
                readonly status: number,
                readonly reason: string,
                message: string,
                readonly details: Detail[],
        ) {
                super(message);
        }
}

/** No answer at all: the server is gone, or the network is. */
export class UnreachableError extends Error {}

interface Options {
        query?: Record<string, string | number | boolean | undefined>;
        body?: unknown;
        headers?: Record<string, string>;
        signal?: AbortSignal;
}

let csrf: string | null = null;
let isMissing = false;
const expiryListeners = new Set<() => void>();

/** What unsafe requests carry from here on. */
export function setCsrf(value: string | null) {
        csrf = value;
        isMissing = value === null;
}

/** Nobody asks again and again what would be refused, each time with an entry in the audit. */
export const isSessionMissing = () => isMissing;

/** Calls @listener whenever the server says that there is no session. */
export function onSessionMissing(listener: () => void) {
        expiryListeners.add(listener);
        return () => expiryListeners.delete(listener);
}

/** Below the address of the page, so that the console also works behind a proxy's prefix. */
export function apiUrl(path: string, query: Options['query'] = {}) {
        const url = new URL(`api/v1${path}`, document.baseURI);
        url.hash = '';
        for (const [name, value] of Object.entries(query))
                if (value !== undefined && value !== '') url.searchParams.set(name, String(value));
        return url;
}

async function send(method: string, path: string, { query, body, headers, signal }: Options) {
        const all: Record<string, string> = { ...headers };
        if (body !== undefined) all['Content-Type'] = 'application/json';
        if (method !== 'GET' && csrf) all['X-Confer-CSRF'] = csrf;
        try {
                const response = await fetch(apiUrl(path, query), {
                        method,
                        headers: all,
                        body: body === undefined ? undefined : JSON.stringify(body),
                        signal,
                        credentials: 'same-origin',
                        cache: 'no-store',
                });
                return { response, text: await response.text() };
        } catch (error) {
                if (signal?.aborted) throw error;
                throw new UnreachableError(String(error));
        }
}

/** Null: not an answer of ours, but perhaps of a proxy. */
function envelopeOf(text: string) {
        try {
                return JSON.parse(text);
        } catch {
                return null;
        }
}

/** The data of the answer; throws ApiError for a refusal. */
export async function request<T>(method: string, path: string, options: Options = {}): Promise<T> {
        const { response, text } = await send(method, path, options);
        const envelope = envelopeOf(text);
        if (response.ok && envelope) return envelope.data as T;

        if (response.status === 401 && path !== '/login') {
                isMissing = true;
                expiryListeners.forEach((listener) => listener());
        }
        throw new ApiError(
                response.status,
                envelope?.reason ?? 'malformed_answer',
                envelope?.message ?? response.statusText,
                envelope?.details ?? [],
        );
}

export const isNotFound = (error: unknown) => error instanceof ApiError && error.status === 404;
export const isAborted = (error: unknown) => error instanceof DOMException && error.name === 'AbortError';
