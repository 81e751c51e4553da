// A wire to a target that can be cut: what comes to its port goes on to another, until somebody cuts it.
'use strict';

const net = require('node:net');

class Relay {
  /** @target: returns "127.0.0.1:PORT" */
  constructor(target) {
    this.target = target;
    this.pairs = new Set();
    this.cutAfter = null; // Bytes of a connection, after which it is cut.
    this.isHeld = false;
  }

  /** Nothing gets through any more, in either direction, and nobody is told: what is sent waits. */
  hold() {
    this.isHeld = true;
    for (const pair of this.pairs) for (const end of pair) end.pause();
  }

  /** What has waited goes on. */
  release() {
    this.isHeld = false;
    for (const pair of this.pairs) for (const end of pair) end.resume();
  }

  async start() {
    this.server = net.createServer((socket) => this.connect(socket));
    await new Promise((resolve) => {
      this.server.listen(0, '127.0.0.1', resolve);
    });
    return this;
  }

  get endpoint() {
    return `127.0.0.1:${this.server.address().port}`;
  }

  connect(socket) {
    const [host, port] = this.target().split(':');
    const other = net.connect(Number(port), host);
    const pair = [socket, other];
    let bytes = 0;
    const cut = () => {
      this.pairs.delete(pair);
      for (const end of pair) end.destroy();
    };
    this.pairs.add(pair);
    for (const end of pair) end.on('error', cut).on('close', cut);
    const limit = this.cutAfter?.();
    socket.on('data', (data) => {
      bytes += data.length;
      if (limit === undefined || bytes < limit) return other.write(data);
      other.write(data.subarray(0, Math.max(0, data.length - (bytes - limit))), cut);
      return undefined;
    });
    other.on('data', (data) => socket.write(data));
    if (this.isHeld) for (const end of pair) end.pause();
  }

  async stop() {
    for (const pair of this.pairs) for (const end of pair) end.destroy();
    await new Promise((resolve) => {
      this.server.close(resolve);
    });
  }
}

module.exports = { Relay };
