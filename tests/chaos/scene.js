// Chaos: many clients in several processes follow a server that is killed again and again while it is written to. Some
// keep their cache on a full disk, some live with a clock that is stepped, one process is killed and one is stopped for a
// while. In the end every value of every client is compared with the server's.
'use strict';

const assert = require('node:assert/strict');
const fs = require('node:fs');
const path = require('node:path');
const { setTimeout: pause } = require('node:timers/promises');
const { configPath, root } = require('../lib/client.js');
const { Conferd, program, temporaryDirectory } = require('../lib/conferd.js');
const { mountSmall, unmount } = require('../lib/mount.js');
const { Probe } = require('../lib/probe.js');
const { Random } = require('../lib/random.js');
const { inParallel, until } = require('../lib/waiting.js');

const sizes = {
  long: { clients: 300, processes: 10, publishes: 3000, kills: 10, keys: 40 },
  short: { clients: 30, processes: 5, publishes: 200, kills: 2, keys: 10 },
};

const nTenants = 5;
const nWriters = 8;
const convergenceMs = 180000;
const lostConnection = /ECONNRESET|ECONNREFUSED|EPIPE|socket hang up/;

const tenantOf = (i) => `prod.t${i % nTenants}`;

const hasThreadSanitizer = fs.readFileSync(program).includes('__tsan_init');

/** libfaketime, which makes a process see another time of day; null where it is not installed. */
function findFaketime() {
  for (const directory of ['/usr/lib', '/usr/lib64', ...fs.readdirSync('/usr/lib').map((name) => `/usr/lib/${name}`)]) {
    const file = path.join(directory, 'faketime', 'libfaketime.so.1');
    if (fs.existsSync(file)) return file;
  }
  return null;
}

/** A clock that a test steps: the time of day of the processes that run with `env`. The monotonic clock stays true. */
class Clock {
  constructor(library) {
    this.file = path.join(temporaryDirectory(), 'time');
    this.set('+0');
    this.env = {
      LD_PRELOAD: library,
      ASAN_OPTIONS: `${process.env.ASAN_OPTIONS ?? ''}:verify_asan_link_order=0`,
      FAKETIME_TIMESTAMP_FILE: this.file,
      FAKETIME_NO_CACHE: '1',
      FAKETIME_DONT_FAKE_MONOTONIC: '1',
      FAKETIME_FORCE_MONOTONIC_FIX: '0', // or timed waits on the monotonic clock return at once
    };
  }

  set(offset) {
    fs.writeFileSync(`${this.file}.new`, `${offset}\n`);
    fs.renameSync(`${this.file}.new`, this.file);
  }
}

/** A directory on which nothing more can be written; null where this user may not mount. */
function fullDirectory() {
  const directory = mountSmall('1m');
  if (!directory) return null;
  const fd = fs.openSync(path.join(directory, 'ballast'), 'w');
  try {
    for (;;) fs.writeSync(fd, Buffer.alloc(4096));
  } catch (error) {
    assert.equal(error.code, 'ENOSPC');
  } finally {
    fs.closeSync(fd);
  }
  return directory;
}

class Scene {
  constructor(size, { tell = () => {}, random = new Random() } = {}) {
    Object.assign(this, sizes[size], { tell, random });
    this.server = new Conferd({ keepPort: true, args: ['--head-log-max-rows', '100'] });
    this.written = 0;
    this.outages = 0;
  }

  async run() {
    const { server } = this;
    await server.start();
    try {
      await this.prepare();
      this.startProbes();
      await Promise.all([this.write(), this.disturb()]);
      await this.compare();
    } finally {
      await this.finish();
    }
  }

  async prepare() {
    const { api } = this.server;
    const names = ['prod', ...Array.from({ length: nTenants }, (_, i) => tenantOf(i))];
    await api.createNamespaces(...names);
    this.names = names;
    for (const name of names) await this.publish(name, 0);
  }

  publish(name, serial) {
    const key = `key-${this.random.integer(0, this.keys - 1)}`;
    const content = `${serial} of ${name} ${'x'.repeat(this.random.pick([0, 10, 300, 5000]))}`;
    return this.server.api.put(configPath(name, key), { content, publish: true });
  }

  startProbes() {
    const library = hasThreadSanitizer ? null : findFaketime();
    this.clock = library && new Clock(library);
    this.full = fullDirectory();
    this.tell(this.clock ? 'one process has a clock that is stepped' : 'no clock is stepped: libfaketime is not installed, or has races that ThreadSanitizer tells');
    this.tell(this.full ? 'one process has its caches on a full disk' : 'no disk is full: this user may not mount');

    this.groups = Array.from({ length: this.processes }, (_, i) => ({
      namespace: tenantOf(i),
      clients: Math.floor(this.clients / this.processes),
      options: {
        server: `http://${this.server.address}`,
        token: this.server.token,
        namespace: tenantOf(i),
        instance: `chaos-${i}`,
        clients: Math.floor(this.clients / this.processes),
        cache: path.join(i === 1 && this.full ? this.full : temporaryDirectory(), `cache-${i}`),
        backoff: '5,200,60000',
        application: i % 3 === 2,
        quiet: true,
        env: i === 2 && this.clock ? this.clock.env : {},
      },
    }));
    for (const group of this.groups) group.probe = new Probe(group.options);
  }

  /** One write of whatever kind; false when the server was not there for it. */
  async writeOnce(serial) {
    const { api } = this.server;
    const { random } = this;
    const name = random.pick(this.names);
    const key = `key-${random.integer(0, this.keys - 1)}`;
    const kind = random.integer(1, 100);
    const any = { status: 'any' };

    try {
      if (kind <= 80) await this.publish(name, serial);
      else if (kind <= 88) await api.delete(configPath(name, key), any);
      else if (kind <= 93) await api.post(`${configPath(name, key)}/rollback`, {}, any);
      else {
        const put = (namespace) => ({ op: 'put', namespace, key, content: `${serial}`, publish: true });
        await api.post(`${root}/transactions`, { operations: this.names.map(put) }, any);
      }
      return true;
    } catch (error) {
      if (lostConnection.test(`${error.code} ${error.message}`)) return false;
      throw error;
    }
  }

  async write() {
    await inParallel(this.publishes, nWriters, async (serial) => {
      await until(async () => !this.isDown && this.writeOnce(serial), 'a write succeeds');
      this.written++;
    });
  }

  /** Waits until so many writes, counted in parts of all, are done. */
  untilWritten(part) {
    return until(() => this.written >= part * this.publishes, `${part} of all is written`, convergenceMs);
  }

  async disturb() {
    const offsets = ['+3d', '-400d', '+10y', '-1h', '+0'];
    for (let i = 1; i <= this.kills; i++) {
      const part = i / (this.kills + 1);
      await this.untilWritten(part);
      this.clock?.set(offsets[i % offsets.length]);
      await this.killServer();
      if (i === 1) this.groups[3].probe.pause();
      if (i === 2) this.groups[3].probe.resume();
      if (i === Math.ceil(this.kills / 2)) await this.killProbe(this.groups[4]);
    }
    this.clock?.set('+0');
  }

  async killServer() {
    this.isDown = true;
    await this.server.kill();
    await pause(this.random.integer(0, 300));
    await this.server.start();
    this.isDown = false;
    this.outages++;
    this.tell(`the server was killed for the ${this.outages}. time, after ${this.written} writes`);
  }

  /** Its caches are what the next one begins with. */
  async killProbe(group) {
    await group.probe.kill();
    group.probe = new Probe(group.options);
  }

  /** What a client of @namespace must hold: of each key the nearest on the way up. */
  async served(namespace) {
    const { api } = this.server;
    const values = {};
    for (const name of ['prod', namespace])
      for (const { key, version } of await api.walk(`${root}/namespaces/${name}/configs`, { limit: 1000 }))
        if (version !== null) values[key] = await api.read(name, key);
    return values;
  }

  async compare() {
    const { revision } = await this.server.api.status();
    this.tell(`${this.written} writes and ${this.outages} kills; the server is at revision ${revision}`);
    this.values = 0;
    for (const group of this.groups) {
      const expected = await this.served(group.namespace);
      for (let client = 0; client < group.clients; client++) {
        await group.probe.untilHolds(group.namespace, expected, { client, limitMs: convergenceMs });
        assert.equal((await group.probe.state(client)).state, 'connected');
        this.values += Object.keys(expected).length;
      }
    }
    this.tell(`${this.clients} clients hold ${this.values} values, and every one is the server's`);
    this.assertFullStayedFull();
  }

  /** What was meant to fail has failed: nothing whole was written where nothing fits. */
  assertFullStayedFull() {
    if (!this.full) return;
    const caches = fs.readdirSync(this.full).filter((name) => name.startsWith('cache'));
    for (const name of caches)
      assert.equal(fs.statSync(path.join(this.full, name)).size, 0, `${name} was written to a full disk`);
  }

  async finish() {
    try {
      for (const { probe } of this.groups ?? []) {
        probe.resume();
        await probe.finish();
      }
    } finally {
      await this.server.finish();
      if (this.full) unmount(this.full);
    }
  }
}

module.exports = { Scene };
