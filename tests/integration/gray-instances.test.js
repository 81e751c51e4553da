// A gray release and those who are connected: how many each arm has, who applied and who refused, and who would change.
'use strict';

const assert = require('node:assert/strict');
const { after, describe, test } = require('node:test');
const { useConferd } = require('../lib/conferd.js');
const { bucket, grayPath, oneArm, publishFirst, unitsBetween } = require('../lib/gray.js');
const { StreamClient, openEvents } = require('../lib/stream.js');
const { inParallel, until } = require('../lib/waiting.js');

describe('Gray releases and instances', () => {
  const server = useConferd({ args: ['--threads', '2'] });
  const { api } = server;
  const open = new Set();
  after(() => Promise.all([...open].map((stream) => stream.close())));

  const gray = async (namespace, key = 'k') => (await api.get(grayPath(namespace, key))).data;
  const preview = async (namespace, body, query = {}) =>
    (await api.post(grayPath(namespace, 'k', 'preview'), body, { query })).data;

  async function start(namespace, rules, salt = 'salt') {
    await api.createNamespaces(namespace);
    await publishFirst(api, namespace, 'k', ['one', 'two', 'three']);
    if (rules) await api.put(grayPath(namespace, 'k'), { rules, salt });
  }

  /** An instance that follows @names. */
  async function connect(id, names, tags = {}, app = 'orders') {
    const stream = await StreamClient.open(server);
    open.add(stream);
    stream.subscribe(names, { instance: { id, app, sdk: 'test/1', tags } });
    await stream.snapshot();
    return stream;
  }

  async function leave(...streams) {
    for (const stream of streams) {
      open.delete(stream);
      await stream.close();
    }
  }

  const ack = (stream, namespace, version, error, key = 'k') =>
    stream.send('ack', { results: [{ namespace, key, version, ok: !error, error: error || null }] });
  const counts = ({ connected, applied, refused }) => [connected, applied, refused];

  test('Each arm counts those whom it chooses, and what they made of its version', async () => {
    await start('count', [
      { match: { ring: ['canary'] }, split: [{ version: 2, weight: 100 }] },
      { split: [{ version: 2, weight: 10 }, { version: 3, weight: 10 }] },
    ]);
    const units = Array.from({ length: 400 }, (_, i) => `i${i}`);
    const second = unitsBetween('salt', 0, 10000, units).slice(0, 3);
    const third = unitsBetween('salt', 10000, 20000, units).slice(0, 2);
    const others = unitsBetween('salt', 20000, 100000, units).slice(0, 4);
    const canaries = await inParallel(2, 2, (i) => connect(`canary-${i}`, ['count'], { ring: 'canary' }));
    const streams = {};
    for (const id of [...second, ...third, ...others]) streams[id] = await connect(id, ['count']);

    ack(canaries[0], 'count', 2);
    ack(streams[second[0]], 'count', 2);
    ack(streams[second[1]], 'count', 2, 'no such limit');
    ack(streams[second[2]], 'count', 1); // another version than it is to have
    ack(streams[third[0]], 'count', 2, 'too new'); // likewise
    ack(streams[third[1]], 'count', 3, 'even newer');
    ack(streams[others[0]], 'count', 1, 'never liked it');
    ack(streams[others[1]], 'count', 1);
    await until(async () => (await gray('count')).instances.stable.applied === 1, 'the last result');

    const { instances } = await until(async () => {
      const found = await gray('count');
      return found.instances.refusals.length === 3 && found;
    }, 'all results');
    assert.equal(instances.total, 11);
    assert.equal(instances.stable.version, 1);
    assert.deepEqual(counts(instances.stable), [4, 1, 1]);
    assert.deepEqual(
      instances.arms.map((arm) => [arm.rule, arm.arm, arm.version, ...counts(arm)]),
      [
        [0, 0, 2, 2, 1, 0],
        [1, 0, 2, 3, 1, 1],
        [1, 1, 3, 2, 0, 1],
      ],
    );
    assert.deepEqual(instances.refusals, [
      { id: second[1], version: 2, error: 'no such limit' },
      { id: third[1], version: 3, error: 'even newer' },
      { id: others[0], version: 1, error: 'never liked it' },
    ]);

    ack(streams[second[1]], 'count', 2);
    await until(async () => (await gray('count')).instances.arms[1].applied === 2, 'the newer result counts');
    await leave(canaries[1]);
    await until(async () => (await gray('count')).instances.arms[0].connected === 1, 'who has left does not count');
    await leave(canaries[0], ...Object.values(streams));
  });

  test('What an instance gets by inheritance counts, and what hides it does not', async () => {
    await start('org', oneArm(2, 100));
    await api.createNamespaces('org.own');
    await api.publish('org.own', 'k', 'own');
    const streams = [
      await connect('direct', ['org']),
      await connect('inherits', ['org.tenant.app']),
      await connect('hidden', ['org.own.app']),
      await connect('both', ['org.own', 'org.other']),
      await connect('key', [{ name: 'org', keys: ['k', 'l'] }]),
      await connect('other-key', [{ name: 'org', keys: ['l'] }]),
      await connect('below-key', [{ name: 'org.tenant', keys: ['k'] }]),
      await connect('elsewhere', ['count']),
    ];
    assert.equal((await gray('org')).instances.total, 5);
    assert.deepEqual(
      (await preview('org', { rules: oneArm(3, 100) })).items.map(({ id }) => id),
      ['direct', 'inherits', 'both', 'key', 'below-key'],
    );
    await leave(...streams);
  });

  test('Who only polls, or reads an event stream, or did not say who it is, does not count', async () => {
    await start('nameless', oneArm(2, 100));
    const events = await openEvents(server, { namespace: 'nameless' });
    const nameless = await StreamClient.open(server);
    open.add(nameless);
    nameless.subscribe(['nameless']);
    await nameless.snapshot();
    const named = await connect('named', ['nameless']);
    assert.equal((await gray('nameless')).instances.total, 1);
    events.destroy();
    await leave(nameless, named);
  });

  test('A preview tells who would change, from what to what and why', async () => {
    await start('before');
    const ids = Array.from({ length: 40 }, (_, i) => `p${i}`);
    const streams = [];
    for (const id of ids) streams.push(await connect(id, ['before'], { ring: id === 'p7' ? 'canary' : 'main' }));
    const rules = [
      { match: { ring: ['canary'] }, split: [{ version: 3, weight: 100 }] },
      { split: [{ version: 2, weight: 25 }] },
    ];
    const first = await preview('before', { rules });
    assert.match(first.salt, /^[0-9a-f]{16}$/);
    const expected = (salt) =>
      ids.flatMap((id) => {
        const rule = id === 'p7' ? 0 : 1;
        const at = bucket(salt, id);
        if (rule === 1 && at >= 25000) return [];
        return [{ id, app: 'orders', address: '127.0.0.1', from: 1, to: rule ? 2 : 3, rule, bucket: at }];
      });
    assert.deepEqual(first, { salt: first.salt, instances: 40, changing: expected(first.salt).length, items: expected(first.salt) });
    assert.deepEqual((await preview('before', { rules, salt: 'a' })).items, expected('a'));
    const cut = await preview('before', { rules, salt: 'a' }, { limit: 2 });
    assert.deepEqual([cut.changing, cut.items], [expected('a').length, expected('a').slice(0, 2)]);
    await api.get(grayPath('before', 'k'), { status: 404 });

    await api.put(grayPath('before', 'k'), { rules, salt: 'a' });
    const same = await preview('before', { rules });
    assert.deepEqual(same, { salt: 'a', instances: 40, changing: 0, items: [] });
    const none = await preview('before', { rules: [{ match: { x: ['y'] }, split: [{ version: 2, weight: 1 }] }] });
    assert.deepEqual(
      none.items.map(({ id, from, to, rule, bucket: at }) => [id, from, to, rule, at]),
      expected('a').map(({ id, to }) => [id, to, 1, null, null]),
    );
    await leave(...streams);
  });

  test('Many instances are listed in the order of connecting, up to 100 refusals', async () => {
    await start('crowd', oneArm(2, 100));
    const n = 120;
    const streams = [];
    for (let i = 0; i < n; i++) streams.push(await connect(`c${i}`, ['crowd']));
    for (const [i, stream] of streams.entries()) ack(stream, 'crowd', 2, `error ${i}`);
    const { instances } = await until(async () => {
      const found = await gray('crowd');
      return found.instances.arms[0].refused === n && found;
    }, 'all have refused');
    assert.deepEqual(instances.refusals, Array.from({ length: 100 }, (_, i) => ({ id: `c${i}`, version: 2, error: `error ${i}` })));
    const items = (await preview('crowd', { rules: oneArm(3, 100) }, { limit: 1000 })).items;
    assert.deepEqual(items.map(({ id }) => id), Array.from({ length: n }, (_, i) => `c${i}`));
    await leave(...streams);
  });

  test('Those who follow are sent the gray release, and its end', async () => {
    await start('wire');
    const stream = await connect('w', ['wire']);
    const release = async () => {
      const { seq, payload } = await stream.next('change');
      assert.equal(payload.changes[0].releases.length, 1);
      return { seq, ...payload.changes[0].releases[0] };
    };
    const rules = [{ match: { a: { cidr: '10.0.0.0/8' } }, split: [{ version: 3, weight: 0.5 }, { version: 2, weight: 1 }] }];
    const { data } = await api.put(grayPath('wire', 'k'), { rules, comment: 'go' });
    const set = await release();
    assert.deepEqual([set.seq, set.revision, set.version, set.content], [data.revision, data.revision, 1, 'one']);
    const { salt, versions, ...rest } = set.gray;
    assert.deepEqual(rest, { rules, updated_at: data.updated_at, updated_by: 'user:admin', comment: 'go' });
    assert.equal(salt, data.salt);
    assert.deepEqual(Object.entries(versions).map(([number, { format, content }]) => [number, format, content]), [['2', 'text', 'two'], ['3', 'text', 'three']]);
    await api.publish('wire', 'k', 'four');
    const moved = await release();
    assert.deepEqual([moved.version, moved.gray], [4, set.gray]);
    await api.post(grayPath('wire', 'k', 'promote'), { version: 2 });
    const promoted = await release();
    assert.deepEqual([promoted.version, promoted.content, promoted.gray], [2, 'two', null]);
    await api.put(grayPath('wire', 'k'), { rules: oneArm(3, 1) });
    assert.ok((await release()).gray);
    await api.delete(grayPath('wire', 'k'));
    const ended = await release();
    assert.deepEqual([ended.version, ended.gray], [2, null]);
    await stream.silence();
    await leave(stream);
  });
});
