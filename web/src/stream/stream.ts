// A connection to the change stream that comes back by itself: docs/stream.md.
//
// It follows one namespace, or some keys of it. A page that follows keys is sent what they are at each connection; one
// that follows a whole namespace says where it is and is sent what it missed, so that nobody loads 100,000 contents to
// show their names.
import { getMe } from '../api/client';
import { apiUrl, isSessionMissing } from '../api/http';
import type { Format } from '../api/types';

export interface StreamRelease {
        key: string;
        version: number;
        revision: number;
        format: Format;
        content: string;
        sha256: string;
        updated_at: string;
        updated_by: string;
        comment: string;
        gray: unknown;
}

export interface StreamChange {
        namespace: string;
        releases: StreamRelease[];
        deleted: string[];
}

export type StreamState = 'connecting' | 'live' | 'lost';

export interface Scope {
        namespace: string;
        keys?: string[];
        /** Where the follower of a whole namespace is. */
        since?: { epoch: string; revision: number };
}

export interface Handlers {
        onState: (state: StreamState) => void;
        /** What there is now; for a whole namespace, more may have changed than the server remembers. */
        onSnapshot: (
                namespaces: { namespace: string; releases: StreamRelease[] }[],
                revision: number,
        ) => void;
        onChange: (changes: StreamChange[], revision: number) => void;
}

interface Frame {
        seq: number;
        type: 'snapshot' | 'change' | 'current' | 'error';
        payload: any;
}

const spanFirstMs = 500;
const spanMaxMs = 30_000;
const sessionLookMs = 500;

let epoch: string | null = null;

/** After the restore of a backup nothing that the page holds can be compared with what comes. */
function checkEpoch(next: string | undefined) {
        if (epoch && next && next !== epoch) window.location.reload();
        epoch = next ?? epoch;
}

/** Without the browser's complaint about one that is closed before it is open. */
function closeQuietly(socket: WebSocket) {
        socket.onmessage = null;
        if (socket.readyState === WebSocket.CONNECTING) socket.onopen = () => socket.close();
        else socket.close();
}

/** Follows @scope until the function that it returns is called. */
export function follow(scope: Scope, handlers: Handlers): () => void {
        let socket: WebSocket | null = null;
        let timer = 0;
        let spanMs = 0;
        let isOver = false;
        let at = scope.since;
        let parts: { namespace: string; releases: StreamRelease[] }[] = [];

        function subscribe() {
                const name = { name: scope.namespace, keys: scope.keys ?? ['*'], since: at?.revision };
                const payload = { epoch: at?.epoch, namespaces: [name] };
                socket?.send(JSON.stringify({ seq: 0, type: 'subscribe', payload }));
        }

        function take({ seq, type, payload }: Frame) {
                checkEpoch(payload.epoch);
                if (type === 'snapshot') {
                        parts.push(...payload.namespaces);
                        if (payload.more) return;
                        handlers.onSnapshot(parts, seq);
                        parts = [];
                } else if (type === 'change') handlers.onChange(payload.changes, seq);
                else if (type === 'error') return;

                if (at) at = { epoch: payload.epoch ?? at.epoch, revision: seq };
                spanMs = 0;
                handlers.onState('live');
        }

        function connect() {
                window.clearTimeout(timer);
                if (isSessionMissing()) {
                        timer = window.setTimeout(connect, sessionLookMs);
                        return;
                }
                const url = apiUrl('/stream');
                url.protocol = url.protocol.replace('http', 'ws');
                parts = [];
                socket = new WebSocket(url, 'confer.v1');
                socket.onopen = subscribe;
                socket.onmessage = ({ data }) => take(JSON.parse(data));
                socket.onclose = comeBack;
        }

        /** A browser does not say why a stream was refused. Asking who we are does: a session that is over is told so. */
        function comeBack() {
                if (isOver) return;
                handlers.onState('lost');
                if (spanMs > 0 && !isSessionMissing()) getMe().catch(() => {});
                timer = window.setTimeout(connect, Math.random() * spanMs);
                spanMs = Math.min(Math.max(spanMs * 2, spanFirstMs), spanMaxMs);
        }

        /** The network is back, so that nobody has to wait for the end of a span. */
        function hurry() {
                if (socket?.readyState === WebSocket.CLOSED) connect();
        }

        handlers.onState('connecting');
        connect();
        window.addEventListener('online', hurry);
        return () => {
                isOver = true;
                window.clearTimeout(timer);
                window.removeEventListener('online', hurry);
                if (socket) closeQuietly(socket);
        };
}
