// Mirrors: every kind of change arrives in a real Redis and a real etcd.
'use strict';

const assert = require('node:assert/strict');
const { describe, test } = require('node:test');
const { configPath } = require('../lib/client.js');
const { readMirror, resync, untilMirror, useMirrors } = require('../lib/mirrors.js');
const { Etcd, Redis, expectedInEtcd, expectedInRedis, untilMirrored } = require('../lib/targets.js');
const { GrayConfig, oneArm } = require('../lib/ramp.js');
const { metric } = require('../lib/stream.js');
const { inParallel, until } = require('../lib/waiting.js');

const redis = new Redis();
const etcd = new Etcd();

describe('Mirrors of all configs', () => {
  const server = useMirrors([redis, etcd], () => ({
    'redis-main': { kind: 'redis', endpoints: redis.endpoint, channel: 'confer' },
    'etcd-main': { kind: 'etcd', endpoints: etcd.endpoint },
  }));
  const { api } = server;
  const bothHold = async () => {
    await untilMirrored(api, etcd, expectedInEtcd);
    return untilMirrored(api, redis, expectedInRedis);
  };
  const put = (namespace, key, content, format) => api.publish(namespace, key, content, { format });

  test('What is published is there, byte for byte', async () => {
    await api.createNamespaces('prod', 'prod.acme', 'prod.acme.orders');
    await put('prod', 'limits.json', '{"rate": 100, "nested": {"a": [1, "x"]}, "text": "ümlaut\\n", "none": null}', 'json');
    await put('prod', 'app.yaml', 'a: 1\r\nb: 2', 'yaml');
    await put('prod.acme', 'motd', '\ufeffBOM, "quotes", \\ and 😀\n', 'text');
    await put('prod.acme.orders', 'list.json', '[1, 2, 3]', 'json');
    await put('prod.acme.orders', 'empty', '', 'text');
    const held = await bothHold();
    assert.deepEqual(held['prod:limits.json'], { rate: '100', nested: '{"a":[1,"x"]}', text: 'ümlaut\n', none: 'null' });
    assert.equal(Object.keys(held).length, 5);
  });

  test('Members that are gone from an object are gone from its Hash', async () => {
    await put('prod', 'limits.json', '{"rate": 50, "burst": 5}', 'json');
    assert.deepEqual((await bothHold())['prod:limits.json'], { rate: '50', burst: '5' });
  });

  test('A config that becomes something else than an object, and one again', async () => {
    await put('prod', 'limits.json', 'no object any more', 'text');
    assert.equal((await bothHold())['prod:limits.json'], 'no object any more');
    await put('prod', 'limits.json', '{"a": true}', 'json');
    assert.deepEqual((await bothHold())['prod:limits.json'], { a: 'true' });
    await put('prod', 'limits.json', '{}', 'json');
    assert.equal((await bothHold())['prod:limits.json'], undefined);
  });

  test('Rollbacks, deletes, revivals, transactions, deleted namespaces', async () => {
    await api.post(configPath('prod', 'limits.json', 'rollback'), { to: 1 });
    await bothHold();
    await api.delete(configPath('prod', 'motd-that-is-not'), { status: 404 });
    await api.delete(configPath('prod', 'app.yaml'));
    assert.equal((await bothHold())['prod:app.yaml'], undefined);
    await api.post(configPath('prod', 'app.yaml', 'publish'), { version: 1 });
    await bothHold();
    await api.transaction([
      { op: 'put', namespace: 'prod', key: 'one', content: '1', publish: true },
      { op: 'put', namespace: 'prod.acme', key: 'two', content: '2', publish: true },
      { op: 'delete', namespace: 'prod', key: 'app.yaml' },
    ]);
    await bothHold();
    await api.delete('/api/v1/namespaces/prod.acme.orders?recursive=true');
    const held = await bothHold();
    assert.deepEqual(Object.keys(held).filter((key) => key.startsWith('prod.acme.orders:')), []);
  });

  test('What is only saved is not there, nor is what a gray release gives to some', async () => {
    await api.save('prod', 'draft', 'not yet');
    const config = await new GrayConfig(server, 'prod', 'gray').make('stable', 'candidate');
    await config.set({ rules: oneArm(2, 50) });
    const held = await bothHold();
    assert.equal(held['prod:draft'], undefined);
    assert.equal(held['prod:gray'], 'stable');
    await config.post('promote');
    assert.equal((await bothHold())['prod:gray'], 'candidate');
  });

  test('Hundreds of changes to few keys end as the last of each', async () => {
    await inParallel(400, 32, (i) => put('prod', `hot-${i % 8}`, JSON.stringify({ i, [`only-${i % 5}`]: 1 }), 'json'));
    await bothHold();
  });

  test('A content of one MiB', async () => {
    await put('prod', 'large', 'x'.repeat(1 << 20), 'text');
    await bothHold();
  });

  test('Its state, and what it has counted', async () => {
    for (const name of ['redis-main', 'etcd-main']) {
      const mirror = await untilMirror(api, name, ({ state, waiting }) => state === 'running' && waiting === 0, 'it has come to an end');
      assert.equal(mirror.revision, await api.revision());
      assert.equal(mirror.dead_letters, 0);
      assert.equal(mirror.error, null);
      assert.ok(await metric(server, `confer_mirror_events_total{mirror="${name}",op="put"}`) > 10);
      assert.ok(await metric(server, `confer_mirror_events_total{mirror="${name}",op="delete"}`) > 2);
      assert.ok(await metric(server, `confer_mirror_latency_seconds_count{mirror="${name}"}`) > 10);
      assert.equal(await metric(server, `confer_mirror_backlog_rows{mirror="${name}"}`), 0);
    }
    assert.deepEqual((await api.get('/api/v1/mirrors')).data.items.map(({ name }) => name).sort(), ['etcd-main', 'redis-main']);
  });

  test('A comparison finds what is missing, stale and foreign, repairs the former and leaves the latter', async () => {
    redis.run('DEL', 'prod:one');
    redis.run('SET', 'prod:gray', 'somebody wrote this');
    redis.run('HSET', 'prod:limits.json', 'more', 'than there should be');
    redis.run('SET', 'prod:app.yaml', 'deleted long ago, and back');
    redis.run('SET', 'theirs', 'x');
    etcd.run('del', '/confer/prod/one');
    etcd.run('put', '/confer/prod/gray', 'somebody wrote this');
    etcd.run('put', '/confer/theirs', 'x');
    const { time, ...found } = await resync(api, 'redis-main');
    assert.ok(Date.parse(time));
    assert.deepEqual({ ...found, keys: 0 }, { keys: 0, missing: 1, stale: 3, foreign: 1, repaired: 4, pruned: 0 });
    const { missing, stale, foreign, repaired } = await resync(api, 'etcd-main');
    assert.deepEqual({ missing, stale, foreign, repaired }, { missing: 1, stale: 1, foreign: 1, repaired: 2 });
    assert.equal(redis.run('GET', 'theirs'), 'x');
    redis.run('DEL', 'theirs');
    etcd.run('del', '/confer/theirs');
    await bothHold();
    assert.equal((await resync(api, 'redis-main')).stale, 0);
  });

  test('A server that starts again goes on where it was', async () => {
    await server.stop();
    redis.run('DEL', 'prod:one');
    await server.start();
    await bothHold();
    await put('prod', 'one', 'after the start', 'text');
    await bothHold();
    assert.ok((await readMirror(api, 'redis-main')).comparison.missing <= 1);
    await until(async () => (await readMirror(api, 'redis-main')).waiting === 0, 'nothing waits');
  });
});

describe('A mirror of a part, with keys of its own', () => {
  const own = new Redis();
  const server = useMirrors([own], () => ({
    tenants: {
      kind: 'redis', endpoints: own.endpoint, namespace: 'tenants', key: 'tenant:{below}:{key}', prune: true, workers: 3,
    },
    documents: { kind: 'redis', endpoints: own.endpoint, database: 1, value: 'document', key: '{{{namespace}}}/{key}' },
  }));
  const { api } = server;

  test('A store without a config removes nothing', async () => {
    await untilMirror(api, 'tenants', ({ comparison }) => comparison, 'it has compared once');
    own.run('SET', 'tenant:t9:config', 'of the store that this one was taken for');
    const { foreign, pruned } = await resync(api, 'tenants');
    assert.deepEqual({ foreign, pruned }, { foreign: 1, pruned: 0 });
    own.run('DEL', 'tenant:t9:config');
  });

  test('It holds what is in its namespace and below, and what is foreign is removed', async () => {
    await api.createNamespaces('tenants', 'tenants.t1', 'tenants.t2', 'tenantsother', 'prod');
    for (let i = 0; i < 30; i++) await api.createNamespaces(`tenants.n${i}`);
    await inParallel(30, 8, (i) => api.publish(`tenants.n${i}`, 'config', `{"i": ${i}}`, { format: 'json' }));
    await api.publish('tenants.t1', 'config', '{"rate_limit": 100}', { format: 'json' });
    await api.publish('tenantsother', 'config', 'not here');
    await api.publish('prod', 'config', 'nor here');
    const expected = () => ({
      'tenant:t1:config': { rate_limit: '100' },
      ...Object.fromEntries(Array.from({ length: 30 }, (_, i) => [`tenant:n${i}:config`, { i: String(i) }])),
    });
    await untilMirrored(api, own, expected);
    own.run('SET', 'tenant:gone:config', 'foreign');
    own.run('SET', 'elsewhere', 'not under the prefix');
    const { foreign, pruned } = await resync(api, 'tenants');
    assert.deepEqual({ foreign, pruned }, { foreign: 1, pruned: 1 });
    await untilMirrored(api, own, () => ({ ...expected(), elsewhere: 'not under the prefix' }));
  });

  test('Documents tell where they come from', async () => {
    const document = await until(() => JSON.parse(own.run('-n', '1', 'GET', '{tenants.t1}/config')), 'it is there');
    assert.deepEqual(document, await api.read('tenants.t1', 'config'));
  });
});
