// A subscriber that does not read, under many publishes: it costs the server at most its limit, delays nobody, and has
// the right values when it reads again. One is a client of the SDK whose process is stopped, one a bare socket.
'use strict';

const assert = require('node:assert/strict');
const fs = require('node:fs');
const { setTimeout: pause } = require('node:timers/promises');
const { Conferd, program } = require('../lib/conferd.js');
const { Probe } = require('../lib/probe.js');
const { Copy, Subscriber } = require('../lib/subscriber.js');
const { inParallel, until } = require('../lib/waiting.js');

const sizes = {
  long: { publishes: 20000, stoppedMs: 30000 },
  short: { publishes: 1500, stoppedMs: 0 },
};

const kib = 1024;
const contentBytes = 4 * kib;
const nKeys = 100;
const nWriters = 8;
const nStopped = 2;
const queueMaxBytes = 512 * kib;
const tailMaxBytes = 64 * kib;
const writeMaxBytes = 256 * kib; // What is on its way into a socket is no longer in its queue.
const convergenceMs = 120000;

/** Freed memory comes back at once, and can be told from what is used, only without sanitizers. */
const isPlain = !fs.readFileSync(program).includes('__asan_init') && !fs.readFileSync(program).includes('__tsan_init');
const slackBytes = 4 * kib * kib; // of the allocator, and of SQLite's pages

class SlowScene {
  constructor(size, { tell = () => {} } = {}) {
    Object.assign(this, sizes[size], { tell });
    // Frames of the tail are kept in any case; a short one leaves those that wait for somebody.
    this.server = new Conferd({
      args: ['--stream-queue-max-bytes', `${queueMaxBytes}`, '--stream-tail-max-bytes', `${tailMaxBytes}`],
    });
    this.published = 0;
  }

  async run() {
    await this.server.start();
    try {
      await this.prepare();
      const first = this.serverBytes();
      await this.publishMany(); // what the same publishes cost without anybody slow
      const before = this.serverBytes();
      await this.stopReading();
      const publishing = Promise.all([this.publishUntilDropped(), pause(this.stoppedMs)]);
      await Promise.all([publishing, this.watchQueues(publishing)]);
      await this.assertNobodyWaited();
      await this.assertCosts(first, before);
      await this.readAgain();
    } finally {
      await this.finish();
    }
  }

  async prepare() {
    const { server } = this;
    await server.api.createNamespaces('prod');
    for (let i = 0; i < nKeys; i++) await this.publish(i);
    const probe = (instance) =>
      new Probe({ server: server.origin, token: server.token, namespace: 'prod', instance, quiet: true });
    this.probes = { stopped: probe('stopped'), lively: probe('lively') };
    this.copies = { paused: new Copy(), reading: new Copy() };
    this.subscribers = {};
    for (const [name, copy] of Object.entries(this.copies)) {
      const subscriber = new Subscriber(server.origin, server.token, (frame) => copy.apply(frame));
      subscriber.subscribe([{ name: 'prod' }], { id: name });
      this.subscribers[name] = subscriber;
      await until(() => copy.snapshots === 1, `${name} has its snapshot`);
    }
    for (const each of Object.values(this.probes)) await each.untilState('connected');
  }

  publish(i) {
    const content = `${this.published} `.padEnd(contentBytes, 'x');
    return this.server.api.publish('prod', `key-${i % nKeys}`, content);
  }

  async publishMany() {
    await inParallel(this.publishes, nWriters, async (i) => {
      await this.publish(i);
      this.published++;
    });
  }

  /** As many again as it takes: how much the kernel's buffers of a connection hold is for it to say. */
  async publishUntilDropped() {
    const before = this.published;
    do {
      assert.ok(this.published - before < 20 * this.publishes, 'the queues of both overflow at some time');
      await this.publishMany();
    } while ((await this.dropped()) < nStopped);
    this.publishedMeanwhile = this.published - before;
  }

  /** Queues that overflowed since the two stopped reading. */
  async dropped() {
    return (await this.metric('confer_stream_overflows_total')) - this.droppedBefore;
  }

  async stopReading() {
    const revision = await this.server.api.revision();
    for (const copy of Object.values(this.copies))
      await until(() => copy.revision === revision, 'everybody is up to date');
    this.copies.reading.changes = 0;
    this.subscribers.paused.pause();
    this.probes.stopped.pause();
    this.droppedBefore = await this.metric('confer_stream_overflows_total');
  }

  /** Looks again and again at what waits for subscribers, and keeps the most, until @work is over. */
  async watchQueues(work) {
    let isOver = false;
    const end = () => (isOver = true);
    work.then(end, end);
    this.queuedMost = 0;
    while (!isOver) {
      this.queuedMost = Math.max(this.queuedMost, await this.metric('confer_stream_memory_bytes'));
      await pause(20);
    }
  }

  /** Everybody else has every single change, as soon as the last is published. */
  async assertNobodyWaited() {
    const revision = await this.server.api.revision();
    await until(() => this.copies.reading.revision === revision, 'the reading subscriber is there');
    assert.equal(this.copies.reading.changes, this.publishedMeanwhile, 'with each change by itself');
    assert.equal(this.copies.reading.snapshots, 1, 'and nothing in its place');
    await this.probes.lively.untilHolds('prod', await this.served());
    assert.ok(this.copies.paused.revision < revision, 'the paused subscriber is behind');
  }

  async assertCosts(first, before) {
    const dropped = await this.dropped();
    const after = this.serverBytes();
    const mib = (bytes) => `${(bytes / kib / kib).toFixed(1)} MiB`;
    this.tell(
      `two stopped subscribers under ${this.publishedMeanwhile} publishes of ${contentBytes} bytes: ${mib(this.queuedMost)} queued at most, ` +
        `${dropped} queues dropped; resident memory grew by ${mib(after - before)} to ${mib(after)}, ` +
        `and by ${mib(before - first)} under ${this.publishes} with nobody slow`,
    );
    assert.ok(dropped >= nStopped, 'the overflows are counted');
    if (isPlain && this.stoppedMs > 0)
      assert.ok(after - before <= 2 * (queueMaxBytes + writeMaxBytes) + slackBytes, 'two slow subscribers cost no more than their limit');
    assert.ok(this.queuedMost <= 2 * (queueMaxBytes + writeMaxBytes) + tailMaxBytes, `${this.queuedMost} bytes for two subscribers`);
  }

  async readAgain() {
    this.subscribers.paused.resume();
    this.probes.stopped.resume();
    const revision = await this.server.api.revision();
    const served = await this.served();
    await this.probes.stopped.untilHolds('prod', served, { limitMs: convergenceMs });
    await until(() => this.copies.paused.revision === revision || this.subscribers.paused.isClosed, 'it catches up', convergenceMs);
    const held = Object.fromEntries([...this.copies.paused.values.values()].map(({ key, content }) => [key, content]));
    assert.deepEqual(held, Object.fromEntries(Object.values(served).map(({ key, content }) => [key, content])));
    assert.ok(this.copies.paused.snapshots > 1, 'by a snapshot');
    this.tell(`the paused one caught up by a snapshot, after ${this.copies.paused.changes} changes`);
  }

  async served() {
    const values = {};
    for (let i = 0; i < nKeys; i++) values[`key-${i}`] = await this.server.api.read('prod', `key-${i}`);
    return values;
  }

  async metric(name) {
    const { text } = await this.server.api.get('/metrics');
    const match = new RegExp(`^${name}(?:{[^}]*})? (\\d+)`, 'm').exec(text);
    assert.ok(match, `there is a metric ${name}`);
    return Number(match[1]);
  }

  /** Resident memory of the server. */
  serverBytes() {
    const status = fs.readFileSync(`/proc/${this.server.child.pid}/status`, 'utf8');
    return Number(/^VmRSS:\s+(\d+) kB/m.exec(status)[1]) * kib;
  }

  async finish() {
    for (const subscriber of Object.values(this.subscribers ?? {})) subscriber.close();
    try {
      for (const probe of Object.values(this.probes ?? {})) {
        probe.resume();
        await probe.finish();
      }
    } finally {
      await this.server.finish();
    }
  }
}

module.exports = { SlowScene };
