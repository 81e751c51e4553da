// The process that holds the subscribers of one server (receiver/main.c), and the namespaces that they subscribe to.
'use strict';

const fs = require('node:fs');
const path = require('node:path');
const readline = require('node:readline');
const { median } = require('./figures.js');
const { must } = require('./http.js');
const { launch, paths, token } = require('./program.js');

const namespace = 'bench.orders';
const contentBytes = 300;

// What conferd is started with, so that it takes 10,000 subscribers and some more.
const subscriberFlags = ['--connections-max', '12000', '--stream-connections-max', '12000'];

// The namespace of the subscribers, with `more` configs of 1 KiB beside the one that changes, and the one that nobody subscribes to.
async function makeNamespaces(url, more = 0) {
  for (const name of [namespace, `${namespace}-quiet`]) {
    await must(url, 'POST', '/api/v1/namespaces', { token, body: JSON.stringify({ name }) });
    await must(url, 'PUT', `/api/v1/namespaces/${name}/configs/limits.txt`, {
      token,
      body: JSON.stringify({ content: 'x'.repeat(contentBytes), format: 'text', publish: true }),
    });
  }
  for (let i = 0; i < more; i++) {
    await must(url, 'PUT', `/api/v1/namespaces/${namespace}/configs/more-${i}.txt`, {
      token,
      body: JSON.stringify({ content: 'x'.repeat(1024), format: 'text', publish: true }),
    });
  }
}

class Receiver {
  // protocol: confer, bare, etcd or redis
  constructor(work, protocol, server, { cpu, frameBytes, isAcking } = {}) {
    const command = [
      paths.receiver, '--protocol', protocol, '--port', new URL(server.url).port, '--pid', String(server.pid), '--namespace', namespace,
    ];
    if (protocol === 'confer') command.push('--token', token);
    if (frameBytes) command.push('--frame-bytes', String(frameBytes));
    if (isAcking) command.push('--ack');
    this.server = server;
    this.log = path.join(work, `receiver-${protocol}.log`);
    this.child = launch('the receiver', command, { cpu, log: this.log, stdin: 'pipe' });
    this.child.stdin.on('error', () => {}); // its end is told below
    this.ended = new Promise((resolve) => this.child.once('close', (code, signal) => resolve(code ?? signal)));
    this.lines = readline.createInterface({ input: this.child.stdout })[Symbol.asyncIterator]();
  }

  async command(text) {
    this.child.stdin.write(`${text}\n`);
    const { value, done } = await this.lines.next();
    if (!done) return JSON.parse(value);
    const code = await this.ended;
    throw new Error(`"${text}" to ${this.server.name}: the receiver ended with ${code}: ${fs.readFileSync(this.log, 'utf8').slice(-1000)}`);
  }

  // Resolves when all n are current.
  connect(n, { isResuming = false } = {}) {
    return this.command(`connect ${n} ${isResuming ? 'resume' : 'fresh'}`);
  }

  publish(n) {
    return this.command(`publish ${n}`);
  }

  // Goes on with a server that was started again on the same port.
  async follow(server) {
    this.server = server;
    await this.command(`server ${server.pid}`);
  }

  // Resolves to how many connections the server had closed before.
  async disconnect() {
    return (await this.command('disconnect')).lost;
  }

  async stop() {
    this.child.stdin.end();
    const code = await this.ended;
    if (code !== 0) throw new Error(`the receiver ended with ${code}, see ${this.log}`);
  }
}

// One turn: n subscribers, two publishes to warm up, then those that count; all gone afterwards. Times in ms.
async function deliver(work, protocol, server, { subscribers, publishes, ...options }) {
  const receiver = new Receiver(work, protocol, server, options);
  await receiver.connect(subscribers);
  await server.calm();
  await receiver.publish(2);
  const samples = await receiver.publish(publishes);
  const lost = await receiver.disconnect();
  await receiver.stop();
  await server.calm();
  if (lost > 0) throw new Error(`${server.name} closed ${lost} subscribers`);

  const ms = (name) => median(samples[`${name}_us`]) / 1000;
  return {
    messageBytes: samples.message_bytes,
    quietMs: ms('quiet'),
    firstMs: ms('first') - ms('quiet'),
    lastMs: ms('last') - ms('quiet'),
    totalMs: ms('last'),
    cpuUs: median(samples.cpu_us),
  };
}

module.exports = { Receiver, deliver, makeNamespaces, subscriberFlags };
