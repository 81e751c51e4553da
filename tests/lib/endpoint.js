// What a mirror of the kind http writes to: it answers as the test says, and remembers what it was sent.
'use strict';

const http = require('node:http');

class Endpoint {
  constructor() {
    this.changes = []; // All that were sent and taken, in order.
    this.answer = () => 200; // The status for a list of changes, or a promise of it.
  }

  async start() {
    this.server = http.createServer((request, response) => this.serve(request, response));
    await new Promise((resolve) => {
      this.server.listen(this.port ?? 0, '127.0.0.1', resolve);
    });
    this.port = this.server.address().port;
    return this;
  }

  get url() {
    return `http://127.0.0.1:${this.port}/`;
  }

  async serve(request, response) {
    const chunks = [];
    for await (const chunk of request) chunks.push(chunk);
    const { changes } = JSON.parse(Buffer.concat(chunks).toString('utf8'));
    const status = await this.answer(changes);
    if (status === 200) this.changes.push(...changes);
    response.writeHead(status).end();
  }

  /** What it was sent of a config. */
  sentOf(key) {
    return this.changes.filter((change) => change.key === key);
  }

  async stop() {
    this.server.closeAllConnections();
    await new Promise((resolve) => {
      this.server.close(resolve);
    });
  }
}

module.exports = { Endpoint };
