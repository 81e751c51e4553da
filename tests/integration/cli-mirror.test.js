// confer mirror: what it asks of the server, what it prints, how it fails.
'use strict';

const assert = require('node:assert/strict');
const { describe, test } = require('node:test');
const { codes, useConfer } = require('../lib/confer.js');
const { Endpoint } = require('../lib/endpoint.js');
const { readMirror, untilMirror, useMirrors } = require('../lib/mirrors.js');
const { Etcd, Redis, expectedInRedis, untilMirrored } = require('../lib/targets.js');
const { until } = require('../lib/waiting.js');

const { usage, notFound, noAccess } = codes;

describe('confer mirror', () => {
  const redis = new Redis();
  const sink = new Endpoint();
  const refused = new Set();
  sink.answer = (changes) => (changes.some(({ key }) => refused.has(key)) ? 422 : 200);
  const server = useMirrors([redis, sink], () => ({
    'redis-main': { kind: 'redis', endpoints: redis.endpoint },
    sink: { kind: 'http', endpoints: sink.url, namespace: 'prod' },
  }));
  const { api } = server;
  const confer = useConfer(server);
  const mirror = (...args) => confer.run('mirror', ...args);
  const cells = (lines) => lines.map((line) => line.split(/ {2,}/));
  const forPeople = (time) => time.replace('T', ' ').replace(/\..*/, '');
  const letters = async () => (await confer.json('mirror', 'dead-letters', 'sink')).items;

  test('They are listed and shown, and what is programmed for is the data of the server', async () => {
    await api.createNamespaces('prod', 'other');
    await api.publish('prod', 'a', '1');
    await untilMirrored(api, redis, expectedInRedis);
    for (const name of ['redis-main', 'sink'])
      await untilMirror(api, name, ({ state, waiting, revision }) => state === 'running' && waiting === 0 && revision, 'it rests');

    const { items } = (await api.get('/api/v1/mirrors')).data;
    const [heading, ...rows] = cells((await mirror()).lines);
    assert.deepEqual(heading, ['MIRROR', 'KIND', 'STATE', 'REVISION', 'WAITING', 'DEAD LETTERS', 'LAST SUCCESS', 'ERROR']);
    assert.deepEqual(rows, items.map(({ name, kind, revision, last_success_at }) => [
      name, kind, 'running', String(revision), '0', '0', forPeople(last_success_at), '-',
    ]));
    assert.deepEqual(await confer.json('mirror', 'list'), { items, election: null });

    const sinkNow = await readMirror(api, 'sink');
    assert.deepEqual(await confer.json('mirror', 'show', 'sink'), sinkNow);
    assert.deepEqual(cells((await mirror('show', 'sink')).lines), [
      ['MIRROR', 'sink'], ['kind', 'http'], ['namespace', 'prod'], ['key', '{namespace}:{key}'], ['state', 'running'], ['error', '-'],
      ['retry_at', '-'], ['revision', String(sinkNow.revision)], ['waiting', '0'], ['dead_letters', '0'],
      ['last_success_at', forPeople(sinkNow.last_success_at)], ['compared_at', forPeople(sinkNow.comparison.time)],
      ['comparison', `keys ${sinkNow.comparison.keys}, missing 0, stale ${sinkNow.comparison.stale}, foreign 0, repaired ${sinkNow.comparison.repaired}, pruned 0`],
    ]);
  });

  test('A comparison is asked for', async () => {
    redis.run('DEL', 'prod:a');
    assert.equal((await mirror('resync', 'redis-main')).stdout, 'redis-main: a full comparison begins\n');
    await untilMirrored(api, redis, expectedInRedis);
    assert.equal((await mirror('resync', 'redis-main', '--quiet')).stdout, '');
    assert.equal((await confer.json('mirror', 'resync', 'redis-main')).name, 'redis-main');
  });

  test('Dead letters are listed, tried again and dropped', async () => {
    assert.equal((await mirror('dead-letters', 'sink')).stdout, '');
    for (const key of ['bad-1', 'bad-2', 'bad-3']) {
      refused.add(key);
      await api.publish('prod', key, key);
    }
    await until(async () => (await letters()).length === 3, 'all are put aside');
    const [{ namespace, key, revision, attempts, first_at, last_at, problem }] = await letters();
    const [heading, row] = cells((await mirror('dead-letters', 'sink')).lines);
    assert.deepEqual(heading, ['NAMESPACE', 'KEY', 'REVISION', 'ATTEMPTS', 'FIRST', 'LAST', 'PROBLEM']);
    assert.deepEqual(row, [namespace, key, String(revision), String(attempts), forPeople(first_at), forPeople(last_at), problem]);

    refused.delete('bad-1');
    assert.equal((await mirror('retry', 'sink', 'prod', 'bad-1')).stdout, 'sink: dead letters tried again: 1\n');
    await until(async () => (await letters()).length === 2, 'one is delivered');
    assert.equal((await mirror('drop', 'sink', 'prod', 'bad-2')).stdout, 'sink: dead letters dropped: 1\n');
    assert.deepEqual((await letters()).map((letter) => letter.key), ['bad-3']);
    refused.clear();
    assert.deepEqual(await confer.json('mirror', 'retry', 'sink'), { dead_letters: 1 });
    await until(async () => (await letters()).length === 0, 'none is left');
    assert.equal((await mirror('drop', 'sink')).stdout, 'sink: dead letters dropped: 0\n');
    assert.equal(sink.sentOf('bad-2').length, 0);

    const audit = await confer.json('audit', '--action', 'mirror.retry');
    assert.deepEqual(audit.items.map((entry) => entry.key), [null, 'bad-1']);
  });

  test('What is not there, and what cannot be meant', async () => {
    const fails = (code, line, ...args) => confer.fails(code, line, ['mirror', ...args]);
    await fails(notFound, /there is no mirror 'nobody'/, 'show', 'nobody');
    await fails(notFound, /there is no mirror 'nobody'/, 'resync', 'nobody');
    await fails(notFound, /there is no mirror 'nobody'/, 'dead-letters', 'nobody');
    await fails(notFound, /no dead letter of 'a' in namespace 'prod'/, 'retry', 'sink', 'prod', 'a');
    await fails(notFound, /no dead letter of 'a' in namespace 'prod'/, 'drop', 'sink', 'prod', 'a');
    await fails(usage, /an argument is missing: confer mirror show MIRROR/, 'show');
    await fails(usage, /\.\. is no name of a mirror/, 'show', '..');
    await fails(usage, /a dead letter is named by namespace and key/, 'drop', 'sink', 'prod');
    await fails(usage, /Prod is no namespace/, 'retry', 'sink', 'Prod', 'a');
    await fails(usage, /is one argument too many: confer mirror drop MIRROR \[NS KEY\]/, 'drop', 'sink', 'prod', 'a', 'b');
    await confer.fails(noAccess, /./, ['mirror'], { env: { CONFER_TOKEN: 'wrong' } });
  });
});

describe('confer mirror, of servers that elect who works', () => {
  const etcd = new Etcd();
  const server = useMirrors([etcd], () => ({
    leader: { kind: 'election', endpoints: etcd.endpoint, ttl_ms: '2 s' },
    main: { kind: 'etcd', endpoints: etcd.endpoint },
  }));
  const confer = useConfer(server);

  test('It says who leads', async () => {
    await untilMirror(server.api, 'main', ({ state }) => state === 'running', 'it runs');
    const last = async () => (await confer.run('mirror')).lines.at(-1);
    assert.match(await last(), /^This server leads, as \S+:\d+ 127\.0\.0\.1:\d+\.$/);
    const held = etcd.contents('/confer-election/')['/confer-election/leader'];
    assert.equal(`This server leads, as ${held.replace(/ \S+$/, '')}.`, await last());

    await etcd.stop();
    await untilMirror(server.api, 'main', ({ state }) => state === 'standby', 'it stands by');
    const { lines } = await confer.run('mirror');
    assert.equal(lines.at(-2), 'Nobody is known to lead, and this server stands by.');
    assert.match(lines.at(-1), /^The election cannot go on: http:/);
  });
});
