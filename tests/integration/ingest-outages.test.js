// What etcd, the server and the wire between them go through while keys are taken in: nothing is lost, nothing is done
// twice, and nothing is deleted that etcd did not delete.
'use strict';

const assert = require('node:assert/strict');
const fs = require('node:fs');
const path = require('node:path');
const { after, before, describe, test } = require('node:test');
const { setTimeout: pause } = require('node:timers/promises');
const { Relay } = require('../lib/relay.js');
const { Etcd } = require('../lib/targets.js');
const {
  contentOf, put, putAll, readIngest, revisionOf, untilIngest, untilRunning, untilTakenIn, useIngests, versionsOf,
} = require('../lib/ingests.js');
const { inParallel, until } = require('../lib/waiting.js');

const tenants = (etcd, more = {}) => ({
  kind: 'ingest', endpoints: etcd.endpoint, from: '/tenants/{id}', namespace: 'tenants.{id}', key: 'config', ...more,
});
const contents = (versions) => versions.map(({ content }) => content);
const compact = (etcd) => etcd.run('compact', String(revisionOf(etcd)));

describe('A server that is stopped meanwhile', () => {
  const etcd = new Etcd();
  const server = useIngests(etcd, () => ({ tenants: tenants(etcd) }));
  const { api } = server;
  const fullReads = async () => Number(/confer_ingest_full_reads_total\{.*\} (\d+)/.exec((await api.get('/metrics')).text)[1]);

  test('It takes in each change that it has missed, once, without reading in full', async () => {
    await put(etcd, '/tenants/t1', '1');
    await put(etcd, '/tenants/t2', '1');
    await untilTakenIn(api, 'tenants', etcd);
    await server.stop();
    for (const value of ['2', '3', '4']) await put(etcd, '/tenants/t1', value);
    etcd.run('del', '/tenants/t2');
    await put(etcd, '/tenants/t3', '1');
    await server.start();
    await untilTakenIn(api, 'tenants', etcd);
    assert.deepEqual(contents(await versionsOf(api, 'tenants.t1', 'config')), ['1', '2', '3', '4']);
    assert.equal(await contentOf(api, 'tenants.t2', 'config'), undefined);
    assert.equal(await contentOf(api, 'tenants.t3', 'config'), '1');
    assert.equal(await fullReads(), 0);
  });

  test('Nothing happens at a restart without changes', async () => {
    const revision = await api.revision();
    await server.restart();
    await untilTakenIn(api, 'tenants', etcd);
    assert.equal(await api.revision(), revision);
  });

  test('Where etcd was compacted, it reads in full: newest values, and what is gone is deleted', async () => {
    await put(etcd, '/tenants/keep', '1');
    await put(etcd, '/tenants/gone', '1');
    await untilTakenIn(api, 'tenants', etcd);
    await server.stop();
    for (const value of ['5', '6']) await put(etcd, '/tenants/t1', value);
    etcd.run('del', '/tenants/gone');
    compact(etcd);
    await server.start();
    await untilTakenIn(api, 'tenants', etcd);
    assert.deepEqual(contents(await versionsOf(api, 'tenants.t1', 'config')), ['1', '2', '3', '4', '6']);
    assert.equal(await contentOf(api, 'tenants.gone', 'config'), undefined);
    assert.equal(await contentOf(api, 'tenants.keep', 'config'), '1');
    assert.equal(await fullReads(), 1);
    assert.equal((await versionsOf(api, 'tenants.keep', 'config')).length, 1);
  });

  test('A full read that somebody asks for finds nothing to do', async () => {
    const revision = await api.revision();
    const before = (await readIngest(api, 'tenants')).full_read.time;
    await api.post('/api/v1/ingests/tenants/resync');
    const { full_read: read } = await untilIngest(api, 'tenants', (ingest) => ingest.full_read.time !== before, 'it has read');
    assert.equal(read.keys, 3);
    assert.equal(await api.revision(), revision);
  });
});

describe('Etcd that goes and comes', () => {
  const etcd = new Etcd();
  const server = useIngests(etcd, () => ({ tenants: tenants(etcd) }));
  const { api } = server;
  let n = 0;
  const works = async () => {
    const value = String(++n);
    await put(etcd, '/tenants/probe', value);
    await untilTakenIn(api, 'tenants', etcd);
    assert.equal(await contentOf(api, 'tenants.probe', 'config'), value);
  };

  test('Killed, and started again', async () => {
    await works();
    await etcd.kill();
    await untilIngest(api, 'tenants', ({ state, error }) => state === 'waiting' && error, 'it is away');
    await etcd.start();
    await works();
    assert.equal(server.stderr.split('ingest.down').length, 2, 'it is told once');
  });

  test('Frozen: it is taken to be down; thawed it goes on', async () => {
    etcd.freeze();
    await untilIngest(api, 'tenants', ({ state }) => state === 'waiting', 'it does not answer');
    etcd.thaw();
    await works();
  });

  test('Idle for longer than any time of waiting, it is not taken to be dead', async () => {
    const connected = () => server.stderr.split('ingest.connected').length;
    const before = connected();
    await pause(3000);
    assert.equal((await readIngest(api, 'tenants')).state, 'running');
    assert.equal(connected(), before);
    await works();
  });

  test('Older data: what is there is taken in, nothing is deleted', async () => {
    const data = path.join(etcd.directory, 'data');
    const copy = path.join(etcd.directory, 'copy');
    await put(etcd, '/tenants/old', '1');
    await untilTakenIn(api, 'tenants', etcd);
    await etcd.kill();
    fs.cpSync(data, copy, { recursive: true });
    await etcd.start();
    await put(etcd, '/tenants/old', '2');
    await put(etcd, '/tenants/young', '1');
    await untilTakenIn(api, 'tenants', etcd);
    await etcd.kill();
    fs.rmSync(data, { recursive: true });
    fs.renameSync(copy, data);
    await etcd.start();
    await untilIngest(api, 'tenants', ({ state, left }) => state === 'running' && left === 1, 'one key is left');
    assert.equal(await contentOf(api, 'tenants.young', 'config'), '1');
    assert.equal(await contentOf(api, 'tenants.old', 'config'), '1');
    assert.match(server.stderr, /ingest.lost/);
    await works();
  });

  test('Emptied: nothing is deleted; what comes is taken in, and what is deleted then is deleted', async () => {
    await etcd.restartEmpty();
    const left = await untilIngest(api, 'tenants', (ingest) => ingest.state === 'running' && ingest.left >= 3, 'keys are left');
    assert.equal(left.quarantined, 0);
    for (const id of ['old', 'young', 'probe']) assert.notEqual(await contentOf(api, `tenants.${id}`, 'config'), undefined);
    await works();
    await put(etcd, '/tenants/old', '7');
    await untilTakenIn(api, 'tenants', etcd);
    assert.equal(await contentOf(api, 'tenants.old', 'config'), '7');
    etcd.run('del', '/tenants/old');
    await untilTakenIn(api, 'tenants', etcd);
    assert.equal(await contentOf(api, 'tenants.old', 'config'), undefined);
  });

  test('Emptied, and further on than before when it is seen again: that is found nonetheless', async () => {
    const { revision } = await readIngest(api, 'tenants');
    await server.stop();
    await etcd.restartEmpty();
    for (let i = 0; i < revision + 5; i++) await put(etcd, '/tenants/probe', String(1000 + i));
    await server.start();
    await untilTakenIn(api, 'tenants', etcd);
    assert.equal(await contentOf(api, 'tenants.young', 'config'), '1');
    assert.match(server.stderr, /ingest.lost/);
    compact(etcd);
    await api.post('/api/v1/ingests/tenants/resync');
    await works();
    assert.equal(await contentOf(api, 'tenants.young', 'config'), '1', 'nor is it deleted by a full read');
  });
});

describe('A wire that is cut again and again', () => {
  const etcd = new Etcd();
  const relay = new Relay(() => etcd.endpoint.slice('http://'.length));
  before(() => relay.start());
  const server = useIngests(etcd, () => ({ tenants: tenants(etcd, { endpoints: `http://${relay.endpoint}` }) }));
  const { api } = server;
  after(() => relay.stop());

  test('Each change is taken in once, in order', async () => {
    await untilRunning(api, 'tenants');
    let isOver = false;
    const cutting = (async () => {
      while (!isOver) {
        await pause(150);
        for (const pair of relay.pairs) for (const end of pair) end.destroy();
      }
    })();
    const values = Array.from({ length: 400 }, (_, i) => String(i));
    for (const value of values) await put(etcd, '/tenants/t1', value);
    isOver = true;
    await cutting;
    await untilTakenIn(api, 'tenants', etcd);
    assert.deepEqual(contents(await versionsOf(api, 'tenants.t1', 'config')), values);
  });
});

describe('A server that is killed in the middle of a stream of changes', () => {
  const etcd = new Etcd();
  const server = useIngests(etcd, () => ({ tenants: tenants(etcd, { batch_max: 20 }) }));
  const { api } = server;
  const ids = Array.from({ length: 20 }, (_, i) => `t${i}`);
  const rounds = 200;

  test('Each revision of each key is one version, in order', async () => {
    let isOver = false;
    await untilRunning(api, 'tenants'); // What is there before is read as it is then.
    const killing = (async () => {
      for (let i = 0; !isOver && i < 8; i++) {
        await pause(300 + 150 * i);
        await server.kill();
        await server.start();
      }
    })();
    for (let round = 0; round < rounds; round++)
      await inParallel(ids.length, 10, (i) => put(etcd, `/tenants/${ids[i]}`, String(round)));
    isOver = true;
    await killing;
    await untilTakenIn(api, 'tenants', etcd);

    const expected = Array.from({ length: rounds }, (_, round) => String(round));
    for (const id of ids) {
      const versions = await versionsOf(api, `tenants.${id}`, 'config');
      assert.deepEqual(contents(versions), expected, id);
      const revisions = versions.map(({ comment }) => Number(/mod_revision (\d+)$/.exec(comment)[1]));
      assert.deepEqual(revisions, [...revisions].sort((a, b) => a - b));
    }
  });
});

describe('Thousands of keys', () => {
  const etcd = new Etcd();
  const server = useIngests(etcd, () => ({ tenants: tenants(etcd) }));
  const { api } = server;
  const n = 5000;

  test('They are read in full; those that are gone after a compaction are found among them', async (t) => {
    await untilRunning(api, 'tenants');
    await server.stop();
    await putAll(etcd, Array.from({ length: n }, (_, i) => [`/tenants/k${i}`, `{"n": ${i}}`]));
    compact(etcd);
    const began = Date.now();
    await server.start();
    await untilTakenIn(api, 'tenants', etcd);
    t.diagnostic(`${n} keys were read in ${Date.now() - began} ms, the start of the server included`);
    assert.equal((await readIngest(api, 'tenants')).full_read.keys, n);
    assert.equal(await contentOf(api, 'tenants.k4999', 'config'), '{"n": 4999}');

    await server.stop();
    etcd.run('del', '--prefix', '/tenants/k1');
    compact(etcd);
    await server.start();
    await untilTakenIn(api, 'tenants', etcd);
    const served = await Promise.all(['k1', 'k10', 'k1999', 'k2', 'k4999'].map((id) => contentOf(api, `tenants.${id}`, 'config')));
    assert.deepEqual(served, [undefined, undefined, undefined, '{"n": 2}', '{"n": 4999}']);
    assert.equal((await api.status()).configs, n - 1111);
  });

  test('A compaction to the very revision of a deletion does not hide it', async () => {
    await server.stop();
    etcd.run('del', '/tenants/k2');
    compact(etcd);
    await server.start();
    await untilTakenIn(api, 'tenants', etcd);
    assert.equal(await contentOf(api, 'tenants.k2', 'config'), undefined);
  });
});

describe('A compaction in the middle of a full read', () => {
  const etcd = new Etcd();
  const relay = new Relay(() => new URL(etcd.endpoint).host);
  before(() => relay.start());
  const server = useIngests(etcd, () => ({ tenants: tenants(etcd, { endpoints: `http://${relay.endpoint}`, timeout_ms: '30 s' }) }));
  const { api } = server;
  after(() => relay.stop());
  const n = 4000;

  /** Holds the answer to the second page: the first has said of which revision all are. */
  function holdReading() {
    let nPages = 0;
    relay.server.on('connection', (socket) => socket.on('data', (data) => {
      if (data.includes('"limit":') && ++nPages === 2) relay.hold();
    }));
  }

  test('It begins anew, and nothing of the first attempt is left', async () => {
    await untilRunning(api, 'tenants');
    await server.stop();
    await putAll(etcd, Array.from({ length: n }, (_, i) => [`/tenants/k${i}`, `{"n": ${i}}`]));
    compact(etcd);

    holdReading();
    await server.start();
    await until(() => relay.isHeld, 'it is reading');
    await put(etcd, '/tenants/k0', '"changed"');
    etcd.run('del', '/tenants/k1');
    compact(etcd);
    relay.release();

    await untilTakenIn(api, 'tenants', etcd);
    assert.match(server.stderr, /etcd was compacted while it was read/);
    assert.deepEqual(contents(await versionsOf(api, 'tenants.k0', 'config')).at(-1), '"changed"');
    assert.equal(await contentOf(api, 'tenants.k1', 'config'), undefined);
    assert.equal((await api.status()).configs, n - 1);
    assert.equal((await readIngest(api, 'tenants')).full_read.keys, n - 1);
  });
});

describe('Much at once', () => {
  const etcd = new Etcd();
  const server = useIngests(etcd, () => ({ tenants: tenants(etcd) }));
  const { api } = server;
  const value = (n) => JSON.stringify({ n, text: 'x'.repeat(100000) });
  const ids = Array.from({ length: 240 }, (_, i) => `k${i}`);
  const change = (n) => putAll(etcd, ids.map((id) => [`/tenants/${id}`, value(n)]), 8);
  const heldBy = async () => new Set(await Promise.all(ids.map(async (id) => JSON.parse(await contentOf(api, `tenants.${id}`, 'config')).n)));

  test('Pages that are too large come in smaller ones', async () => {
    await untilRunning(api, 'tenants');
    await server.stop();
    await change(1);
    compact(etcd);
    await server.start();
    await untilTakenIn(api, 'tenants', etcd);
    assert.deepEqual(await heldBy(), new Set([1]));
  });

  test('What a watch has to tell comes in pieces, and each transaction is one change all the same', async () => {
    await server.stop();
    await change(2);
    await change(3);
    await server.start();
    await untilTakenIn(api, 'tenants', etcd);
    assert.deepEqual(await heldBy(), new Set([3]));
    for (const id of ['k0', 'k119', 'k239'])
      assert.deepEqual((await versionsOf(api, `tenants.${id}`, 'config')).map(({ content }) => JSON.parse(content).n), [1, 2, 3]);
    const revisions = await Promise.all(ids.slice(0, 8).map(async (id) => (await api.read(`tenants.${id}`, 'config')).revision));
    assert.equal(new Set(revisions).size, 1);
  });
});
