// A client of the change stream that checks every frame, in both directions, against schema/push.schema.json; and one of
// server-sent events.
'use strict';

const assert = require('node:assert/strict');
const http = require('node:http');
const WebSocket = require('ws');
const push = require('./push.js');
const { until } = require('./waiting.js');

const path = '/api/v1/stream';

class StreamClient {
  /** @server: a Conferd; `{token, headers, protocol}` differ from what the server takes where a test wants so. */
  constructor(server, { token = server.token, headers = {}, protocol = 'confer.v1' } = {}) {
    const authorization = token ? { authorization: `Bearer ${token}` } : {};

    this.frames = [];
    this.pings = 0;
    this.socket = new WebSocket(`${server.origin.replace('http', 'ws')}${path}`, protocol, {
      headers: { ...authorization, ...headers },
      perMessageDeflate: false,
    });
    this.socket.on('message', (data, isBinary) => this.take(data, isBinary));
    this.socket.on('ping', () => this.pings++);
    this.closed = new Promise((resolve) => {
      this.socket.on('close', (code, reason) => {
        this.closeCode = code;
        resolve({ code, reason: reason.toString() });
      });
    });
    this.opened = new Promise((resolve, reject) => {
      this.socket.on('open', () => resolve(this));
      this.socket.on('error', reject);
    });
    this.opened.catch(() => {});
  }

  static open(server, options) {
    return new StreamClient(server, options).opened;
  }

  take(data, isBinary) {
    const frame = JSON.parse(data.toString('utf8'));
    const faults = isBinary ? ['it is binary'] : push.serverFaults(frame);

    this.frames.push(faults.length ? { type: 'wrong', faults, frame } : frame);
  }

  /** Sends a frame that keeps to the schema. */
  send(type, payload) {
    const frame = { seq: 0, type, payload };
    assert.deepEqual(push.clientFaults(frame), [], 'the test sends what the schema forbids');
    this.socket.send(JSON.stringify(frame));
  }

  /** @names: names of namespaces, or `{name, keys, since}`. */
  subscribe(names, { epoch, instance } = {}) {
    const namespaces = names.map((name) => (typeof name === 'string' ? { name } : name));
    this.send('subscribe', { namespaces, ...(epoch && { epoch }), ...(instance && { instance }) });
  }

  /** The next frame that was not asked for yet. */
  async next(type) {
    await until(() => this.frames.length > 0 || this.closeCode, `a frame of type ${type || 'any'}`);
    const frame = this.frames.shift();
    assert.ok(frame, `the stream was closed with ${this.closeCode} instead of a ${type}`);
    if (type) assert.equal(frame.type, type, JSON.stringify(frame).slice(0, 400));
    return frame;
  }

  /** A whole snapshot: `{seq, epoch, namespaces: {name: {key: release}}}`. */
  async snapshot() {
    const whole = { namespaces: {}, n: 0 };
    for (;;) {
      const { seq, payload } = await this.next('snapshot');
      if (whole.seq === undefined) whole.seq = seq;
      assert.equal(seq, whole.seq, 'all frames of a snapshot are of one revision');
      whole.n++;
      whole.epoch = payload.epoch;
      for (const { namespace, releases } of payload.namespaces) {
        const keys = (whole.namespaces[namespace] ||= {});
        for (const release of releases) {
          assert.ok(!keys[release.key], `${release.key} is there twice`);
          keys[release.key] = release;
        }
      }
      if (!payload.more) return whole;
    }
  }

  /**
   * Shows that nothing else is on its way: what is sent now is answered in order, so a pong comes after all that the
   * server had queued before.
   */
  async silence() {
    await new Promise((resolve) => {
      this.socket.once('pong', resolve);
      this.socket.ping();
    });
    assert.deepEqual(this.frames, []);
  }

  async close() {
    this.socket.close();
    return this.closed;
  }
}

/** Follows a stream's frames into a copy of what it says: `{"namespace key": content}`. */
class Replica {
  constructor() {
    this.contents = new Map();
    this.revision = 0;
    this.partial = null;
  }

  apply({ type, seq, payload }) {
    if (type === 'snapshot') this.applySnapshot(seq, payload);
    else if (type === 'change') this.applyChange(seq, payload);
    else assert.fail(JSON.stringify({ type, payload }).slice(0, 400));
  }

  applySnapshot(seq, { namespaces, more }) {
    if (!this.partial || this.partial.seq !== seq) this.partial = { seq, contents: new Map() };
    for (const { namespace, releases } of namespaces)
      for (const { key, content } of releases) this.partial.contents.set(`${namespace} ${key}`, content);
    if (more) return;

    assert.ok(seq >= this.revision, `a snapshot goes back from ${this.revision} to ${seq}`);
    this.contents = this.partial.contents;
    this.revision = seq;
    this.partial = null;
  }

  applyChange(seq, { changes }) {
    assert.ok(seq > this.revision, `a change goes back from ${this.revision} to ${seq}`);
    assert.ok(!this.partial, 'a change comes in the middle of a snapshot');
    for (const { namespace, releases, deleted } of changes) {
      for (const { key, content } of releases) this.contents.set(`${namespace} ${key}`, content);
      for (const key of deleted) this.contents.delete(`${namespace} ${key}`);
    }
    this.revision = seq;
  }
}

/** Server-sent events of /changes: `{events, closed, response, destroy()}`; each event `{event, id, data}`. */
async function openEvents(server, query, { headers = {}, token = server.token } = {}) {
  const url = new URL(`${server.origin}/api/v1/changes?${new URLSearchParams(query)}`);
  const request = http.get(url, {
    agent: false,
    headers: { authorization: `Bearer ${token}`, accept: 'text/event-stream', ...headers },
  });
  const response = await new Promise((resolve, reject) => {
    request.on('response', resolve);
    request.on('error', reject);
  });
  const stream = { events: [], comments: 0, response, destroy: () => request.destroy() };
  let text = '';

  response.setEncoding('utf8');
  response.on('data', (chunk) => {
    const parts = (text += chunk).split('\n\n');
    text = parts.pop();
    for (const part of parts) {
      if (part.startsWith(':')) stream.comments++;
      else stream.events.push(parseEvent(part));
    }
  });
  stream.closed = new Promise((resolve) => {
    response.on('error', () => resolve('cut'));
    response.on('end', () => resolve('ended'));
  });
  return stream;
}

function parseEvent(text) {
  const fields = Object.fromEntries(
    text.split('\n').map((line) => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 2)]),
  );
  return { event: fields.event, id: fields.id && Number(fields.id), data: JSON.parse(fields.data) };
}

/** The value of a metric, by its line up to the value. */
async function metric(server, series) {
  const { text } = await server.api.get('/metrics');
  const line = text.split('\n').find((at) => at.startsWith(`${series} `));
  assert.ok(line, series);
  return Number(line.slice(series.length + 1));
}

module.exports = { Replica, StreamClient, metric, openEvents, path };
