// Who is connected, and what each did with what it got.
'use strict';

const assert = require('node:assert/strict');
const { describe, test } = require('node:test');
const { root } = require('../lib/client.js');
const { useConferd } = require('../lib/conferd.js');
const { StreamClient } = require('../lib/stream.js');
const { inParallel, until } = require('../lib/waiting.js');

const path = `${root}/instances`;

describe('Instances', () => {
  const server = useConferd({ args: ['--threads', '2'] });
  const { api } = server;
  const list = async (query = {}) => (await api.get(path, { query })).data.items;
  const ids = async (query) => (await list(query)).map(({ id }) => id);

  async function connect(id, names) {
    const stream = await StreamClient.open(server);
    stream.subscribe(names, { instance: { id, app: 'orders', sdk: 'test/1', tags: { ring: 'canary', 'x.y': 'ü"' } } });
    await stream.snapshot();
    return stream;
  }

  test('Each is there as it says of itself, from its subscription to its end', async () => {
    await api.createNamespaces('prod', 'prod.acme', 'other');
    await api.publish('prod.acme', 'k', 'one');
    const { revision } = await api.status();
    const before = Date.now();
    const silent = await StreamClient.open(server);
    const stream = await connect('one', [{ name: 'prod.acme', keys: ['l', 'k'] }]);
    const [item, ...others] = await list();
    assert.deepEqual(others, []);
    assert.ok(Date.parse(item.connected_at) >= before - 1);
    assert.deepEqual(item, {
      id: 'one',
      app: 'orders',
      tags: { ring: 'canary', 'x.y': 'ü"' },
      sdk: 'test/1',
      address: '127.0.0.1',
      connected_at: item.connected_at,
      revision,
      namespaces: [{ name: 'prod.acme', keys: ['k', 'l'] }],
      results: [],
    });
    await silent.close();
    await stream.close();
    await until(async () => (await list()).length === 0, 'it is gone');
  });

  test('What it applied or refused is told, the newest result of each config', async () => {
    const stream = await connect('acks', ['prod.acme']);
    const result = (version, error) => ({
      namespace: 'prod.acme', key: 'k', version, ok: !error, error: error || null,
    });
    stream.send('ack', {
      results: [
        result(1),
        { namespace: 'prod.acme', key: 'absent', version: 1, ok: true, error: null },
        { namespace: 'other', key: 'k', version: 1, ok: true, error: null },
      ],
    });
    await until(async () => (await list())[0].results.length > 0, 'the result');
    assert.deepEqual((await list())[0].results, [result(1)]);
    const { revision } = await api.publish('prod.acme', 'k', 'two');
    await stream.next('change');
    stream.send('ack', { results: [result(2, 'line 3: no such limit')] });
    await until(async () => (await list())[0].results[0].version === 2, 'the newer result');
    const [item] = await list({ namespace: 'prod.acme', key: 'k' });
    assert.deepEqual([item.revision, item.results], [revision, [result(2, 'line 3: no such limit')]]);
    assert.deepEqual((await list({ namespace: 'prod' }))[0].results, []);
    await stream.close();
    await until(async () => (await list()).length === 0, 'it is gone');
  });

  test('A later subscribe that asks for nothing changes the tags, and has no answer', async () => {
    const stream = await connect('tagged', [{ name: 'prod.acme', keys: ['k'] }]);
    const [before] = await list();
    stream.subscribe([], { instance: { id: 'tagged', app: 'orders', sdk: 'test/1', tags: { ring: 'beta' } } });
    await until(async () => (await list())[0].tags.ring === 'beta', 'the other tags');
    assert.deepEqual(await list(), [{ ...before, tags: { ring: 'beta' } }]);
    stream.subscribe([]);
    const { revision } = await api.publish('prod.acme', 'k', 'three');
    assert.equal((await stream.next('change')).seq, revision);
    assert.deepEqual((await list())[0].tags, { ring: 'beta' });
    await stream.close();
    await until(async () => (await list()).length === 0, 'it is gone');
  });

  test('A namespace and a key choose those who get it', async () => {
    const streams = [
      await connect('all', ['prod']),
      await connect('below', ['prod.acme.orders']),
      await connect('some', [{ name: 'prod.acme', keys: ['k'] }]),
      await connect('other', ['other']),
    ];
    assert.deepEqual(await ids(), ['all', 'below', 'some', 'other']);
    assert.deepEqual(await ids({ namespace: 'prod' }), ['all', 'below', 'some']);
    assert.deepEqual(await ids({ namespace: 'prod.acme' }), ['below', 'some']);
    assert.deepEqual(await ids({ namespace: 'prod', key: 'l' }), ['all', 'below']);
    assert.deepEqual(await ids({ namespace: 'prod', key: 'k' }), ['all', 'below', 'some']);
    assert.deepEqual(await ids({ namespace: 'nowhere' }), []);
    for (const stream of streams) await stream.close();
    await until(async () => (await list()).length === 0, 'all are gone');
  });

  test('Pages over all threads show everybody once, in the order of connecting', async () => {
    const names = Array.from({ length: 23 }, (_, i) => `i${i}`);
    const streams = [];
    for (const name of names) streams.push(await connect(name, ['prod']));
    for (const limit of [1, 5, 22, 23, 24]) {
      const seen = await api.walk(path, { limit });
      assert.deepEqual(
        seen.map(({ id }) => id),
        names,
        `limit ${limit}`,
      );
    }
    await inParallel(streams.length, 8, (i) => streams[i].close());
  });

  test('What is asked wrongly is refused', async () => {
    const cases = [
      [{ namespace: 'A' }, 'namespace'],
      [{ namespace: 'a', key: '.x' }, 'key'],
      [{ key: 'x' }, 'key'],
      [{ limit: 0 }, 'limit'],
      [{ cursor: 'x' }, 'cursor'],
      [{ cursor: 'MA' }, 'cursor'],
    ];
    for (const [query, field] of cases)
      await api.get(path, { query, status: 400, reason: 'invalid_parameter', field });
    await api.get(path, { auth: null, status: 401 });
    await api.head(path);
  });
});
