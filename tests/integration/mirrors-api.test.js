// The REST API of mirrors: how they are, comparing in full, dead letters, what goes into the audit.
'use strict';

const assert = require('node:assert/strict');
const { describe, test } = require('node:test');
const { useConferd } = require('../lib/conferd.js');
const { Endpoint } = require('../lib/endpoint.js');
const { readMirror, resync, untilMirror, useMirrors } = require('../lib/mirrors.js');
const { metric } = require('../lib/stream.js');
const { Redis, expectedInRedis, untilMirrored } = require('../lib/targets.js');
const { until } = require('../lib/waiting.js');

const place = '/api/v1/mirrors';

/** The audit's entries about mirrors, oldest first, without what is the same in all. */
async function audited(api) {
  const { items } = (await api.get('/api/v1/audit', { query: { limit: 1000 } })).data;
  return items
    .filter(({ action }) => action.startsWith('mirror.'))
    .map(({ action, namespace, key, outcome, details }) => ({ action, namespace, key, outcome, details }))
    .reverse();
}

describe('A server without mirrors', () => {
  const { api } = useConferd();

  test('It lists none, and knows none', async () => {
    assert.deepEqual((await api.get(place)).data, { items: [], election: null });
    await api.get(`${place}/redis-main`, { status: 404, reason: 'mirror_not_found' });
    assert.doesNotMatch((await api.get('/metrics')).text, /confer_mirror/);
  });
});

describe('Mirrors', () => {
  const redis = new Redis();
  const sink = new Endpoint();
  const server = useMirrors([redis, sink], () => ({
    'redis-main': { kind: 'redis', endpoints: redis.endpoint, namespace: 'prod', key: 'prod:{below}:{key}', prune: true },
    sink: { kind: 'http', endpoints: sink.url },
  }));
  const { api } = server;

  test('They are listed in the order of the file, and read one by one', async () => {
    await api.createNamespaces('prod', 'other');
    const { revision } = await api.publish('prod', 'a', '1');
    await untilMirror(api, 'redis-main', (mirror) => mirror.state === 'running' && mirror.revision === revision, 'it is there');
    await untilMirror(api, 'sink', (mirror) => mirror.state === 'running' && mirror.revision === revision, 'it is there');

    const { items } = (await api.get(place)).data;
    assert.deepEqual(items.map(({ name, kind, namespace, key }) => [name, kind, namespace, key]), [
      ['redis-main', 'redis', 'prod', 'prod:{below}:{key}'],
      ['sink', 'http', null, '{namespace}:{key}'],
    ]);
    for (const item of items) {
      const { comparison, last_success_at, ...rest } = item;
      assert.deepEqual(await readMirror(api, item.name), item);
      assert.deepEqual(
        { ...rest, name: '', kind: '', namespace: '', key: '' },
        { name: '', kind: '', namespace: '', key: '', state: 'running', error: null, retry_at: null, revision, waiting: 0, dead_letters: 0 },
      );
      assert.ok(last_success_at <= new Date().toISOString() && comparison.time <= new Date().toISOString());
    }
  });

  test('Names that are not', async () => {
    for (const name of ['nobody', 'redis-mai', 'a%2Fb'])
      for (const [method, rest] of [
        ['GET', ''], ['POST', '/resync'], ['GET', '/dead-letters'], ['POST', '/dead-letters/retry'], ['POST', '/dead-letters/drop'],
      ])
        await api.request(method, `${place}/${name}${rest}`, { status: 404, reason: 'mirror_not_found', badRequest: true });
  });

  test('A comparison that is asked for finds what differs', async () => {
    await api.publish('prod', 'b', '2');
    await api.publish('prod', 'c', '3');
    await untilMirror(api, 'redis-main', ({ waiting }) => waiting === 0, 'all is there');
    redis.run('DEL', 'prod::a');
    redis.run('SET', 'prod::b', 'changed');
    redis.run('SET', 'prod::stranger', 'x');
    redis.run('SET', 'elsewhere', 'x');
    const { time, ...found } = await resync(api, 'redis-main');
    assert.ok(time);
    assert.deepEqual(found, { keys: 3, missing: 1, stale: 1, foreign: 1, repaired: 2, pruned: 1 });
    redis.run('DEL', 'elsewhere');
    assert.deepEqual(redis.contents(), { 'prod::a': '1', 'prod::b': '2', 'prod::c': '3' });
    assert.equal(await metric(server, 'confer_mirror_drift_total{mirror="redis-main",what="stale"}'), 1);
  });

  test('A target that cannot be read is sent everything', async () => {
    const before = sink.sentOf('a').length;
    const { keys, stale, repaired } = await resync(api, 'sink');
    assert.deepEqual({ keys, stale, repaired }, { keys: 3, stale: 3, repaired: 3 });
    assert.equal(sink.sentOf('a').length, before + 1);
  });

  test('Comparisons that were asked for are in the audit, and refused ones', async () => {
    const { length } = await audited(api);
    await api.post(`${place}/sink/resync`);
    await api.post(`${place}/sink/resync`, undefined, { status: 401, auth: null });
    assert.deepEqual((await audited(api)).slice(length), [
      { action: 'mirror.resync', namespace: null, key: null, outcome: 'ok', details: { mirror: 'sink' } },
      {
        action: 'mirror.resync', namespace: null, key: null, outcome: 'denied',
        details: { status: 401, reason: 'unauthenticated', count: 1 },
      },
    ]);
  });

  test('A body where none is expected, and parameters that are not', async () => {
    await api.post(`${place}/sink/resync`, { now: true }, { status: 400, reason: 'malformed_body' });
    await api.get(`${place}?limit=1`, { status: 400, reason: 'unknown_parameter' });
    await api.get(`${place}/sink/dead-letters?limit=0`, { status: 400, reason: 'invalid_parameter' });
  });
});

describe('Dead letters', () => {
  const target = new Endpoint();
  const refused = new Set();
  target.answer = (changes) => (changes.some(({ key }) => refused.has(key)) ? 422 : 200);
  const server = useMirrors([target], () => ({ sink: { kind: 'http', endpoints: target.url } }));
  const { api } = server;
  const letters = () => api.walk(`${place}/sink/dead-letters`, { limit: 1 });
  const keys = async () => (await letters()).map(({ key }) => key);
  const untilLetters = (...expected) =>
    until(async () => JSON.stringify(await keys()) === JSON.stringify(expected), `the dead letters are ${expected}`);
  const ask = async (what, body, options) => (await api.post(`${place}/sink/dead-letters/${what}`, body, options)).data;

  test('What the target refuses is put aside, and nothing else', async () => {
    await api.createNamespaces('prod');
    for (const key of ['bad-1', 'bad-2', 'bad-3']) refused.add(key);
    const operations = ['bad-1', 'good-1', 'bad-2', 'good-2'].map((key) => ({ op: 'put', namespace: 'prod', key, content: key, publish: true }));
    const { revision } = await api.transaction(operations);
    await untilLetters('bad-1', 'bad-2');
    assert.equal(target.sentOf('good-1').length, 1);
    assert.equal(target.sentOf('good-2').length, 1);

    const [{ problem, first_at, last_at, ...rest }] = await letters();
    assert.deepEqual(rest, { namespace: 'prod', key: 'bad-1', revision, attempts: 1 });
    assert.match(problem, /422/);
    assert.ok(first_at <= last_at);
    await untilMirror(api, 'sink', (mirror) => mirror.state === 'running' && mirror.dead_letters === 2, 'it goes on');
    assert.equal(await metric(server, 'confer_mirror_dead_letters{mirror="sink"}'), 2);
  });

  test('They outlive a restart', async () => {
    await server.restart();
    assert.deepEqual(await keys(), ['bad-1', 'bad-2']);
    await untilMirror(api, 'sink', (mirror) => mirror.dead_letters === 2, 'it remembers');
  });

  test('Requests that name none', async () => {
    const none = { status: 404, reason: 'dead_letter_not_found' };
    for (const what of ['retry', 'drop']) {
      await ask(what, { namespace: 'prod', key: 'good-1' }, none);
      await ask(what, { namespace: 'other', key: 'bad-1' }, none);
      await ask(what, { namespace: 'prod' }, { status: 400, reason: 'invalid_field', field: 'key' });
      await ask(what, { key: 'bad-1' }, { status: 400, reason: 'invalid_field', field: 'namespace' });
      await ask(what, { name: 'bad-1' }, { status: 400, reason: 'unknown_field', field: 'name' });
    }
    assert.deepEqual(await audited(api), []);
  });

  test('One that is tried again in vain stays, with one attempt more', async () => {
    assert.deepEqual(await ask('retry', { namespace: 'prod', key: 'bad-2' }), { dead_letters: 1 });
    await until(async () => (await letters()).find(({ key }) => key === 'bad-2').attempts === 2, 'it was tried');
    await untilMirror(api, 'sink', (mirror) => mirror.dead_letters === 2, 'both are there');
  });

  test('One is tried again, and delivered', async () => {
    refused.delete('bad-1');
    assert.deepEqual(await ask('retry', { namespace: 'prod', key: 'bad-1' }), { dead_letters: 1 });
    await untilLetters('bad-2');
    assert.deepEqual(target.sentOf('bad-1').map(({ content }) => content), ['bad-1']);
  });

  test('All are tried again', async () => {
    await api.publish('prod', 'bad-3', '1');
    await untilLetters('bad-2', 'bad-3');
    refused.delete('bad-2');
    refused.delete('bad-3');
    assert.deepEqual(await ask('retry'), { dead_letters: 2 });
    await untilLetters();
    assert.deepEqual(await ask('retry', {}), { dead_letters: 0 });
    assert.deepEqual(await ask('drop'), { dead_letters: 0 });
  });

  test('What was dropped is neither listed nor sent until the config changes', async () => {
    for (const key of ['bad-1', 'bad-2', 'bad-3']) refused.add(key);
    for (const key of refused) await api.publish('prod', key, 'again');
    await untilLetters('bad-1', 'bad-2', 'bad-3');
    assert.deepEqual(await ask('drop', { namespace: 'prod', key: 'bad-3' }), { dead_letters: 1 });
    assert.deepEqual(await keys(), ['bad-1', 'bad-2']);
    assert.deepEqual(await ask('drop'), { dead_letters: 2 });
    assert.deepEqual(await keys(), []);
    await ask('retry', { namespace: 'prod', key: 'bad-3' }, { status: 404, reason: 'dead_letter_not_found' });

    refused.clear();
    await untilMirror(api, 'sink', (mirror) => mirror.dead_letters === 0, 'it knows');
    await resync(api, 'sink');
    await server.restart();
    await resync(api, 'sink');
    assert.ok(!target.sentOf('bad-3').some(({ content }) => content === 'again'));
    await api.publish('prod', 'bad-3', 'anew');
    await until(() => target.sentOf('bad-3').some(({ content }) => content === 'anew'), 'the change is sent');
  });

  test('What was done is in the audit, with how many there were', async () => {
    const entry = (action, key, count) => ({
      action, namespace: key ? 'prod' : null, key, outcome: 'ok', details: { mirror: 'sink', dead_letters: count },
    });
    assert.deepEqual((await audited(api)).filter(({ action }) => action !== 'mirror.resync'), [
      entry('mirror.retry', 'bad-2', 1),
      entry('mirror.retry', 'bad-1', 1),
      entry('mirror.retry', null, 2),
      entry('mirror.drop', 'bad-3', 1),
      entry('mirror.drop', null, 2),
    ]);
  });
});

describe('A mirror without the rights', () => {
  const redis = new Redis();
  const server = useMirrors([redis], () => {
    redis.run('ACL', 'SETUSER', 'mirror', 'on', '>secret', '~prod:*', '&*', '+@all', '-set');
    return { 'redis-main': { kind: 'redis', endpoints: redis.endpoint, user: 'mirror', password: 'secret' } };
  });
  const { api } = server;

  test('It is denied, says why, and goes on at once when it is asked to', async () => {
    await api.createNamespaces('prod');
    await api.publish('prod', 'a', '1');
    const { error } = await untilMirror(api, 'redis-main', ({ state }) => state === 'denied', 'it is denied');
    assert.match(error, /right/);
    assert.doesNotMatch(JSON.stringify((await api.get(place)).data) + server.stderr, /secret/);

    redis.run('ACL', 'SETUSER', 'mirror', '+set');
    await resync(api, 'redis-main');
    await untilMirrored(api, redis, expectedInRedis);
    assert.deepEqual((await api.get(`${place}/redis-main/dead-letters`)).data, { items: [], cursor: null });
  });
});
