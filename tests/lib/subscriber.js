// A subscriber of the stream by hand, on a bare socket, so that it can stop reading.
'use strict';

const assert = require('node:assert/strict');
const crypto = require('node:crypto');
const net = require('node:net');
const { opcodes, takeFrame } = require('./peer.js');

/** A frame as a client sends it: masked. */
function encodeMasked(payload, opcode = opcodes.text) {
  assert.ok(payload.length < 65536);
  const mask = crypto.randomBytes(4);
  const size = payload.length;
  const head = size < 126 ? [0x80 | opcode, 0x80 | size] : [0x80 | opcode, 0x80 | 126, size >> 8, size & 0xff];
  return Buffer.concat([Buffer.from(head), mask, payload.map((byte, i) => byte ^ mask[i % 4])]);
}

class Subscriber {
  /** @onFrame is given each frame of the protocol, and its size in bytes. */
  constructor(origin, token, onFrame) {
    this.onFrame = onFrame;
    this.input = [];
    this.inputSize = 0;
    this.parts = [];
    this.isUpgraded = false;
    const { hostname, port, host } = new URL(origin);
    this.socket = net.connect({ host: hostname, port: Number(port) });
    this.socket.on('data', (bytes) => this.take(bytes));
    this.socket.on('error', () => {});
    this.closed = new Promise((resolve) => this.socket.on('close', resolve)).then(() => {
      this.isClosed = true;
    });
    this.socket.write(
      `GET /api/v1/stream HTTP/1.1\r\nHost: ${host}\r\nAuthorization: Bearer ${token}\r\nUpgrade: websocket\r\n` +
        'Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Protocol: confer.v1\r\n' +
        `Sec-WebSocket-Key: ${crypto.randomBytes(16).toString('base64')}\r\n\r\n`,
    );
  }

  subscribe(namespaces, { id = 'subscriber', epoch } = {}) {
    this.send({
      seq: 0,
      type: 'subscribe',
      payload: {
        instance: { id, app: '', tags: {}, sdk: 'test' },
        namespaces: namespaces.map((namespace) => ({ keys: ['*'], since: 0, ...namespace })),
        ...(epoch ? { epoch } : {}),
      },
    });
  }

  send(frame) {
    this.socket.write(encodeMasked(Buffer.from(JSON.stringify(frame))));
  }

  /** Takes out every frame that is whole. */
  take(bytes) {
    this.input.push(bytes);
    this.inputSize += bytes.length;
    let input = Buffer.concat(this.input);
    if (!this.isUpgraded) {
      const end = input.indexOf('\r\n\r\n');
      if (end >= 0) {
        assert.match(input.subarray(0, end).toString('latin1'), /^HTTP\/1\.1 101 /);
        this.isUpgraded = true;
        input = input.subarray(end + 4);
      }
    }
    if (this.isUpgraded)
      for (let frame; (frame = takeFrame(input)); ) {
        input = input.subarray(frame.size);
        this.takeFrame(frame);
      }
    this.input = [input];
    this.inputSize = input.length;
  }

  takeFrame({ opcode, fin, payload }) {
    if (opcode === opcodes.ping) this.socket.write(encodeMasked(payload, opcodes.pong));
    if (opcode !== opcodes.text && opcode !== opcodes.continuation) return;
    this.parts.push(payload);
    if (!fin) return;
    const bytes = Buffer.concat(this.parts.splice(0));
    this.onFrame(JSON.parse(bytes.toString('utf8')), bytes.length);
  }

  pause() {
    this.socket.pause();
  }

  resume() {
    this.socket.resume();
  }

  close() {
    this.socket.destroy();
  }
}

/** A subscriber's copy of what is in scope, made of the frames; it fails when they contradict the protocol. */
class Copy {
  constructor() {
    this.values = new Map(); // "namespace key" -> release
    this.revision = 0;
    this.snapshots = 0;
    this.changes = 0;
  }

  apply({ seq, type, payload }) {
    if (type === 'snapshot') this.applySnapshot(seq, payload);
    if (type === 'change') this.applyChange(seq, payload);
  }

  applySnapshot(seq, { namespaces, more }) {
    assert.ok(seq >= this.revision, `a snapshot of ${seq} after ${this.revision}`);
    this.pending ??= new Map();
    for (const { namespace, releases } of namespaces)
      for (const release of releases) this.pending.set(`${namespace} ${release.key}`, release);
    if (more) return;
    this.values = this.pending;
    this.pending = undefined;
    this.revision = seq;
    this.snapshots++;
  }

  applyChange(seq, { changes }) {
    assert.ok(!this.pending, 'no change comes amid a snapshot');
    assert.ok(seq > this.revision, `a change of ${seq} after ${this.revision}`);
    for (const { namespace, releases, deleted } of changes) {
      for (const release of releases) this.values.set(`${namespace} ${release.key}`, release);
      for (const key of deleted) this.values.delete(`${namespace} ${key}`);
    }
    this.revision = seq;
    this.changes++;
  }
}

module.exports = { Copy, Subscriber };
