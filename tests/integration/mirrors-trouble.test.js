// Mirrors through trouble: whatever happens to a target or to the server, publishing goes on, and in the end each target
// holds what is served, key by key, as its own tools tell it.
'use strict';

const assert = require('node:assert/strict');
const fs = require('node:fs');
const path = require('node:path');
const { describe, test } = require('node:test');
const { readMirror, untilMirror, useMirrors } = require('../lib/mirrors.js');
const { Random } = require('../lib/random.js');
const { Relay } = require('../lib/relay.js');
const { Etcd, Redis, expectedInEtcd, expectedInRedis, untilMirrored } = require('../lib/targets.js');
const { inParallel } = require('../lib/waiting.js');

const nKeys = 40;

/** Publishes, changes and deletes, none of which may fail; @round makes the contents of one call unlike another's. */
async function change(api, n, round) {
  await inParallel(n, 8, async (i) => {
    const key = `key-${(i * 7) % nKeys}`;
    if (i % 23 === 22) await api.delete(`/api/v1/namespaces/prod/configs/${key}`, { status: 'any' });
    else await api.publish('prod', key, JSON.stringify({ round, i, [`only-${i % 3}`]: 'x'.repeat(i % 50) }), { format: 'json' });
  });
}

describe('Targets in trouble', () => {
  const redis = new Redis();
  const etcd = new Etcd();
  const server = useMirrors([redis, etcd], () => ({
    'redis-main': { kind: 'redis', endpoints: redis.endpoint },
    'etcd-main': { kind: 'etcd', endpoints: etcd.endpoint },
  }));
  const { api } = server;
  const targets = { 'redis-main': redis, 'etcd-main': etcd };
  const bothHold = async () => {
    await untilMirrored(api, redis, expectedInRedis);
    await untilMirrored(api, etcd, expectedInEtcd);
  };

  test('All is there before the trouble', async () => {
    await api.createNamespaces('prod');
    await change(api, 100, 'first');
    await bothHold();
  });

  for (const [name, target] of Object.entries(targets)) {
    test(`${name}: killed, and started again with what it had`, async () => {
      const changing = change(api, 200, `killed ${name}`);
      await target.kill();
      await changing;
      await untilMirror(api, name, ({ state, error }) => state === 'waiting' && error, 'it says that nobody is there');
      await change(api, 20, `while ${name} is dead`);
      await target.start();
      await bothHold();
    });

    test(`${name}: frozen, and thawed`, async () => {
      const changing = change(api, 200, `frozen ${name}`);
      target.freeze();
      await changing;
      await untilMirror(api, name, ({ state }) => state === 'waiting', 'it has lost patience');
      await change(api, 20, `while ${name} is frozen`);
      target.thaw();
      await bothHold();
    });

    test(`${name}: started again empty`, async () => {
      await target.restartEmpty();
      await bothHold();
      assert.ok((await untilMirror(api, name, ({ comparison }) => comparison.missing > 0, 'it has found that all is missing')).comparison.repaired > 0);
    });

    test(`${name}: started again with what it held long ago`, async () => {
      const data = path.join(target.directory, 'data');
      const old = path.join(target.directory, 'old');
      await target.kill('SIGTERM');
      fs.cpSync(data, old, { recursive: true });
      await target.start();
      await change(api, 100, `after the copy of ${name}`);
      await bothHold();
      await target.kill();
      fs.rmSync(data, { recursive: true });
      fs.renameSync(old, data);
      await target.start();
      await bothHold();
    });
  }

  test('Redis is full', async () => {
    redis.run('CONFIG', 'SET', 'maxmemory', '1');
    await api.publish('prod', 'large', 'x'.repeat(1 << 20));
    await untilMirror(api, 'redis-main', ({ state, error }) => state === 'waiting' && /OOM|maxmemory/.test(error), 'it says so');
    await change(api, 20, 'while Redis is full');
    redis.run('CONFIG', 'SET', 'maxmemory', '0');
    await bothHold();
    assert.equal((await readMirror(api, 'redis-main')).dead_letters, 0);
  });

  test('The server is killed in the middle of its batches', async () => {
    for (let round = 0; round < 4; round++) {
      const changing = change(api, 200, `killed ${round}`).catch(() => {});
      await untilMirror(api, 'redis-main', ({ waiting }) => waiting > 0, 'something waits').catch(() => {});
      await server.kill();
      await changing;
      await server.start();
    }
    await change(api, 20, 'after the last start');
    await bothHold();
  });
});

describe('Wires that are cut in the middle of a batch', () => {
  const redis = new Redis();
  const etcd = new Etcd();
  const random = new Random();
  const wires = {
    redis: new Relay(() => redis.endpoint),
    etcd: new Relay(() => etcd.endpoint.replace('http://', '')),
  };
  const server = useMirrors([redis, etcd, ...Object.values(wires)], () => ({
    'redis-main': { kind: 'redis', endpoints: wires.redis.endpoint },
    'etcd-main': { kind: 'etcd', endpoints: `http://${wires.etcd.endpoint}` },
  }));
  const { api } = server;

  test(`Each target ends with what is served (seed ${random.seed})`, async () => {
    await api.createNamespaces('prod');
    for (const wire of Object.values(wires)) wire.cutAfter = () => random.integer(2000, 20000);
    for (let round = 0; round < 5; round++) await change(api, 150, round);
    for (const wire of Object.values(wires)) wire.cutAfter = null;
    await untilMirrored(api, redis, expectedInRedis);
    await untilMirrored(api, etcd, expectedInEtcd);
  });
});

describe('More changes than the outbox keeps', () => {
  const redis = new Redis();
  const server = useMirrors(
    [redis],
    () => ({ 'redis-main': { kind: 'redis', endpoints: redis.endpoint, compare_interval_ms: '300 ms' } }),
    { args: ['--outbox-max-rows', '1000'] },
  );
  const { api } = server;

  test('The mirror compares in full, and misses none', async () => {
    await api.createNamespaces('prod');
    await untilMirror(api, 'redis-main', ({ state }) => state === 'running', 'it is there');
    await redis.kill();
    await inParallel(48, 4, (i) => api.transaction(Array.from({ length: 128 }, (_, j) => ({
      op: 'put', namespace: 'prod', key: `key-${i * 128 + j}`, content: `${i} ${j}`, publish: true,
    }))));
    await redis.start();
    await untilMirrored(api, redis, expectedInRedis);
    assert.match(server.stderr, / mirror\.gap /);
  });

  test('Without a change and without a request, too, it compares every now and then', async () => {
    redis.run('SET', 'prod:key-7', 'somebody wrote this');
    redis.run('DEL', 'prod:key-8');
    await untilMirrored(api, redis, expectedInRedis);
  });
});

describe('etcd is full', () => {
  const etcd = new Etcd('--quota-backend-bytes', String(4 << 20));
  const server = useMirrors([etcd], () => ({ 'etcd-main': { kind: 'etcd', endpoints: etcd.endpoint } }));
  const { api } = server;

  test('The mirror waits, and goes on when there is room again', async () => {
    await api.createNamespaces('prod');
    await untilMirror(api, 'etcd-main', ({ state }) => state === 'running', 'it is there');
    const publish = (i) => api.publish('prod', 'same', `${i}`.repeat(1).padEnd(900000, 'x'));
    for (let i = 0; i < 12; i++) await publish(i);
    await untilMirror(api, 'etcd-main', ({ state, error }) => state === 'waiting' && /space/.test(error), 'it says so');
    const { header: { revision } } = JSON.parse(etcd.run('get', 'x', '-w', 'json'));
    etcd.run('compact', String(revision));
    etcd.run('defrag');
    etcd.run('alarm', 'disarm');
    await api.publish('prod', 'after', 'there is room again');
    await untilMirrored(api, etcd, expectedInEtcd);
    assert.equal((await readMirror(api, 'etcd-main')).dead_letters, 0);
  });
});
