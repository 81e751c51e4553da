// A server of confer.v1 that follows a script and may do anything wrong: it makes its handshakes and frames by hand, on
// a bare socket.
'use strict';

const assert = require('node:assert/strict');
const crypto = require('node:crypto');
const net = require('node:net');
const tls = require('node:tls');
const { checkClientFrame } = require('./frames.js');

const acceptGuid = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';

/** The operation codes of WebSocket frames. */
const opcodes = { continuation: 0, text: 1, binary: 2, close: 8, ping: 9, pong: 10 };

/** One frame, unmasked, as a server sends it. `length` overrides what the header says. */
function encodeFrame(payload, { opcode = opcodes.text, fin = true, reserved = 0, length } = {}) {
  const size = length ?? payload.length;
  const first = (fin ? 0x80 : 0) | (reserved << 4) | opcode;
  let head;

  if (size < 126) {
    head = Buffer.from([first, size]);
  } else if (size < 65536) {
    head = Buffer.from([first, 126, size >> 8, size & 0xff]);
  } else {
    head = Buffer.alloc(10);
    head[0] = first;
    head[1] = 127;
    head.writeBigUInt64BE(BigInt(size), 2);
  }
  return Buffer.concat([head, payload]);
}

/** The first frame in @bytes, or null when it is not all there: `{opcode, fin, payload, size}`. */
function takeFrame(bytes) {
  if (bytes.length < 2) return null;
  let at = 2;
  let length = bytes[1] & 0x7f;
  const isMasked = (bytes[1] & 0x80) !== 0;

  if (length === 126) {
    if (bytes.length < 4) return null;
    length = bytes.readUInt16BE(2);
    at = 4;
  } else if (length === 127) {
    if (bytes.length < 10) return null;
    length = Number(bytes.readBigUInt64BE(2));
    at = 10;
  }
  const mask = isMasked ? bytes.subarray(at, at + 4) : null;
  if (isMasked) at += 4;
  if (bytes.length < at + length) return null;

  const payload = Buffer.from(bytes.subarray(at, at + length));
  if (mask) for (let i = 0; i < length; i++) payload[i] ^= mask[i % 4];
  return { opcode: bytes[0] & 0x0f, fin: (bytes[0] & 0x80) !== 0, isMasked, payload, size: at + length };
}

/** One connection, as a script sees it. Whatever waits resolves with null when the connection is over. */
class Connection {
  constructor(socket, number) {
    this.socket = socket;
    this.number = number; // counted from 0
    this.sent = 0;
    this.cutAt = Infinity; // how many bytes leave before the connection is cut
    this.answersPings = true;
    this.messages = []; // of the client, all of them
    this.breaches = []; // of the protocol, by the client
    this.closeCode = null; // of the client's close frame
    this.isOver = false;
    this.unread = [];
    this.waiting = [];
    this.input = Buffer.alloc(0);
    this.parts = [];

    socket.setNoDelay(true);
    socket.on('data', (bytes) => this.take(bytes));
    socket.on('error', () => {}); // the client's resets are part of the play
    this.over = new Promise((resolve) => {
      socket.on('close', () => {
        this.isOver = true;
        for (const wake of this.waiting.splice(0)) wake(null);
        resolve();
      });
    });
  }

  take(bytes) {
    this.input = Buffer.concat([this.input, bytes]);
    if (!this.request && !this.takeRequest()) return;
    for (let frame; (frame = takeFrame(this.input)); ) {
      this.input = this.input.subarray(frame.size);
      this.takeFrame(frame);
    }
  }

  takeRequest() {
    const end = this.input.indexOf('\r\n\r\n');
    if (end < 0) return false;

    const [line, ...lines] = this.input.subarray(0, end).toString('latin1').split('\r\n');
    const [method, target] = line.split(' ');
    const headers = Object.fromEntries(
      lines.map((text) => [
        text.slice(0, text.indexOf(':')).toLowerCase(),
        text.slice(text.indexOf(':') + 1).trim(),
      ]),
    );
    this.request = { method, target, headers };
    this.input = this.input.subarray(end + 4);
    this.deliver(this.request);
    return true;
  }

  takeFrame({ opcode, fin, isMasked, payload }) {
    if (!isMasked) this.breaches.push('a frame of a client is not masked');
    if (opcode === opcodes.ping && this.answersPings) {
      this.write(encodeFrame(payload, { opcode: opcodes.pong }));
    } else if (opcode === opcodes.close) {
      this.closeCode = payload.length >= 2 ? payload.readUInt16BE(0) : 1005;
    } else if (opcode === opcodes.text || opcode === opcodes.continuation) {
      this.parts.push(payload);
      if (!fin) return;
      const message = JSON.parse(Buffer.concat(this.parts.splice(0)).toString('utf8'));
      this.messages.push(message);
      this.breaches.push(...checkClientFrame(message).map((breach) => `${breach}: ${JSON.stringify(message)}`));
      this.deliver(message);
    }
  }

  deliver(what) {
    const wake = this.waiting.shift();
    if (wake) wake(what);
    else this.unread.push(what);
  }

  /** The next that comes: first the request, then messages. */
  next() {
    if (this.unread.length) return Promise.resolve(this.unread.shift());
    if (this.isOver) return Promise.resolve(null);
    return new Promise((resolve) => this.waiting.push(resolve));
  }

  /** The next message of this type; others are passed over. */
  async nextOf(type) {
    for (;;) {
      const message = await this.next();
      if (!message || message.type === type) return message;
    }
  }

  /** Everything that goes out goes through here, so that it can be cut at any byte. */
  write(bytes) {
    if (this.isOver || this.socket.destroyed) return;
    const room = this.cutAt - this.sent;
    const isCut = bytes.length >= room;
    const part = isCut ? bytes.subarray(0, room) : bytes;
    this.sent += part.length;
    if (!isCut) this.socket.write(part);
    else this.socket.end(part, () => this.socket.destroy());
  }

  /** Answers the upgrade. */
  accept({ protocol = 'confer.v1', key = this.request.headers['sec-websocket-key'], extra = '' } = {}) {
    const digest = crypto.createHash('sha1').update(key + acceptGuid).digest('base64');
    const chosen = protocol === null ? '' : `Sec-WebSocket-Protocol: ${protocol}\r\n`;
    this.write(
      Buffer.from(
        'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n' +
          `Sec-WebSocket-Accept: ${digest}\r\n${chosen}${extra}\r\n`,
      ),
    );
  }

  /** Answers the upgrade with anything else. */
  refuse(status, headers = {}, body = '') {
    const lines = Object.entries({ 'content-length': Buffer.byteLength(body), ...headers });
    const head = lines.map(([name, value]) => `${name}: ${value}\r\n`).join('');
    this.write(Buffer.from(`HTTP/1.1 ${status} Whatever\r\n${head}connection: close\r\n\r\n${body}`));
    this.socket.end();
  }

  /** A frame of the protocol, in so many WebSocket fragments. */
  send(frame, { fragments = 1 } = {}) {
    this.sendText(typeof frame === 'string' ? frame : JSON.stringify(frame), { fragments });
  }

  /** Frames that leave in one piece, so that the client gets all of them or none. */
  sendTogether(frames) {
    this.write(Buffer.concat(frames.map((frame) => encodeFrame(Buffer.from(JSON.stringify(frame))))));
  }

  sendText(text, { fragments = 1 } = {}) {
    const bytes = Buffer.from(text);
    const step = Math.max(1, Math.ceil(bytes.length / fragments));

    for (let at = 0; at === 0 || at < bytes.length; at += step)
      this.write(
        encodeFrame(bytes.subarray(at, at + step), {
          opcode: at === 0 ? opcodes.text : opcodes.continuation,
          fin: at + step >= bytes.length,
        }),
      );
  }

  ping(payload = '') {
    this.write(encodeFrame(Buffer.from(payload), { opcode: opcodes.ping }));
  }

  close(code, reason = '') {
    const payload = Buffer.concat([Buffer.from([code >> 8, code & 0xff]), Buffer.from(reason)]);
    this.write(encodeFrame(payload, { opcode: opcodes.close }));
    this.socket.end();
  }

  cut() {
    this.socket.destroy();
  }
}

class Peer {
  /**
   * @script: called for each connection, async; a connection whose script ends stays open
   * @options: `tls`, what tls.createServer() takes; `port`, to listen where another peer did
   */
  constructor(script, options = {}) {
    this.script = script;
    this.options = options;
    this.connections = [];
    this.failures = [];
  }

  async start() {
    const onSocket = (socket) => this.play(socket);
    this.server = this.options.tls
      ? tls.createServer(this.options.tls, onSocket)
      : net.createServer({ allowHalfOpen: false }, onSocket);
    this.server.on('tlsClientError', () => {});
    await new Promise((resolve, reject) => {
      this.server.once('error', reject);
      this.server.listen(this.options.port ?? 0, '127.0.0.1', resolve);
    });
    this.port = this.server.address().port;
    this.origin = `${this.options.tls ? 'https' : 'http'}://127.0.0.1:${this.port}`;
    return this;
  }

  play(socket) {
    const connection = new Connection(socket, this.connections.length);
    this.connections.push(connection);
    Promise.resolve(this.script(connection, this)).catch((error) => this.failures.push(error));
  }

  /** Cuts every connection, and takes no new ones. */
  async stop() {
    const closed = new Promise((resolve) => this.server.close(resolve));
    for (const connection of this.connections) connection.cut();
    await closed;
  }

  /** For after a test: stops it, and fails when a script did, or when a client broke the protocol. */
  async finish() {
    if (this.server.listening) await this.stop();
    if (this.failures.length) throw this.failures[0];
    assert.deepEqual(this.connections.flatMap(({ breaches }) => breaches), []);
  }
}

/** Starts a peer that ends with the test. */
async function startPeer(t, script, options) {
  const peer = await new Peer(script, options).start();
  t.after(() => peer.finish());
  return peer;
}

module.exports = { Connection, encodeFrame, opcodes, Peer, startPeer, takeFrame };
