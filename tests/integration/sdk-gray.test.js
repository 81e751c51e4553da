// Gray releases in the SDK: what an instance and a request see, with a scripted peer and with the real server.
'use strict';

const assert = require('node:assert/strict');
const fs = require('node:fs');
const path = require('node:path');
const { describe, test } = require('node:test');
const { configPath } = require('../lib/client.js');
const { temporaryDirectory, useConferd } = require('../lib/conferd.js');
const { ModelServer, grayOf, smallStore } = require('../lib/model-server.js');
const { Peer } = require('../lib/peer.js');
const { startProbe } = require('../lib/probe.js');
const { inParallel, until } = require('../lib/waiting.js');

const namespace = 'prod.acme';
const vectors = path.join(__dirname, '..', 'data', 'gray-vectors.json');

const forRing = (ring, version = 9) => ({ match: { ring: [ring] }, split: [{ version, weight: 100 }] });
const grayFor = (ring) => grayOf([forRing(ring)], { 9: 'nine' });

async function startPeer(t, store, options) {
  const peer = await new Peer((connection) => store.serve(connection), options).start();
  t.after(() => peer.finish());
  return peer;
}

/** Until then, a listener that is told late hears the next value alone. */
const untilToldFirst = (probe, keys, client = 0) =>
  until(async () => {
    const heard = (await probe.heard(1, client))[namespace];
    return keys.every((key) => heard?.[key]);
  }, `${keys.length} are told a first time`);

async function startAll(t, { store = smallStore(), ...options } = {}) {
  const peer = await startPeer(t, store);
  const probe = startProbe(t, { server: peer.origin, namespace, instance: 'i-1', tag: 'ring=canary', ...options });
  await probe.untilState('connected');
  if (options.listen !== 'none') await untilToldFirst(probe, Object.keys(store.effective(namespace)));
  const send = (frame) => peer.connections.at(-1).send(frame);
  return { store, peer, probe, send };
}

const resultsOf = (peer) =>
  peer.connections.flatMap(({ messages }) =>
    messages.filter(({ type }) => type === 'ack').flatMap(({ payload }) => payload.results),
  );
const lastResult = (peer, key) => resultsOf(peer).filter((result) => result.key === key).at(-1);
const contentOf = async (probe, key) => (await probe.get(namespace, key)).value.content;
const told = (probe, key) => probe.changes(key).map((change) => change.new.content);

/** Waits until a change that was sent last has come through. */
const untilRevision = (probe, store) =>
  until(async () => (await probe.state()).revision === store.revision, `revision ${store.revision}`);

describe('What an instance sees', () => {
  test('An arm that its tags choose, which says where it comes from', async (t) => {
    const { store, peer, probe, send } = await startAll(t);
    send(store.setGray(namespace, 'a', grayFor('canary')));
    await until(async () => (await contentOf(probe, 'a')) === 'nine', 'the arm');
    const { value } = await probe.get(namespace, 'a');
    assert.deepEqual(
      { ...value, age_ms: 0 },
      {
        namespace, key: 'a', version: 9, revision: store.revision, gray: true, rule: 0, format: 'text',
        sha256: value.content_sha256, content_sha256: value.sha256, size: 4, origin: 'server', age_ms: 0,
        updated_by: 'user:gray', comment: 'a few first', updated_at_ms: Date.parse('2026-02-01T00:00:00Z'),
        content: 'nine',
      },
    );
    const other = (await probe.dump())[namespace].b;
    assert.deepEqual([other.gray, other.rule], [false, null]);
    await until(() => lastResult(peer, 'a')?.version === 9, 'the acknowledgement of the arm');
  });

  test('What moves nobody here is told to nobody here', async (t) => {
    const { store, peer, probe, send } = await startAll(t);
    await until(() => lastResult(peer, 'a')?.version === 1, 'the acknowledgement of the first');
    const n = resultsOf(peer).length;
    send(store.setGray(namespace, 'a', grayFor('beta')));
    send(store.setGray(namespace, 'a', grayOf([forRing('beta')], { 9: 'nine' }, { salt: 'other' })));
    send(store.setGray(namespace, 'a', null));
    send(store.put(namespace, 'b', 'behind them'));
    await until(() => lastResult(peer, 'b')?.version === 2, 'what was sent behind them');
    assert.deepEqual(told(probe, 'a'), ['first']);
    assert.equal(resultsOf(peer).length, n + 1);
  });

  test('Promotion of the version that it has is no change, and the end of another is one', async (t) => {
    const { store, probe, send } = await startAll(t);
    send(store.setGray(namespace, 'a', grayFor('canary')));
    await until(() => told(probe, 'a').length === 2, 'the arm');
    send(store.put(namespace, 'a', 'nine', { version: 9 }));
    await untilRevision(probe, store);
    const { value } = await probe.get(namespace, 'a');
    assert.deepEqual([value.version, value.gray, value.revision], [9, false, store.revision]);
    send(store.setGray(namespace, 'a', grayOf([forRing('canary', 8)], { 8: 'eight' })));
    await until(() => told(probe, 'a').length === 3, 'another arm');
    send(store.setGray(namespace, 'a', null));
    await until(() => told(probe, 'a').length === 4, 'its end');
    assert.deepEqual(told(probe, 'a'), ['first', 'nine', 'eight', 'nine']);
  });

  test('A refusal of the arm is told as long as the arm is seen', async (t) => {
    const { store, peer, probe, send } = await startAll(t);
    await probe.command('refuse 1 cannot use it');
    send(store.setGray(namespace, 'a', grayFor('canary')));
    await until(() => lastResult(peer, 'a')?.ok === false, 'the refusal');
    send(store.setGray(namespace, 'a', grayFor('canary')));
    send(store.put(namespace, 'b', 'behind it'));
    await until(() => lastResult(peer, 'b')?.version === 2, 'what was sent behind it');
    peer.connections.at(-1).cut();
    await until(
      () => peer.connections.length === 2 && peer.connections[1].messages.some(({ type }) => type === 'ack'),
      'the acknowledgements of the next connection',
    );
    const refusal = { namespace, key: 'a', version: 9, ok: false, error: 'cannot use it' };
    assert.deepEqual(resultsOf(peer).filter(({ key, version }) => key === 'a' && version === 9), [refusal, refusal]);
  });

  test('The same from the cache file, when no server answers', async (t) => {
    const cache = path.join(temporaryDirectory(), 'cache');
    const store = smallStore();
    const rules = [{ match: { ring: ['beta'] }, split: [{ version: 7, weight: 100 }] }, {
      split: [{ version: 8, weight: 33.333 }, { version: 9, weight: 33.333 }],
    }];
    const contents = { 7: 'seven', 8: 'eight', 9: 'nine' };
    for (let i = 0; i < 30; i++) {
      store.put(namespace, `k${i}`, 'stable');
      store.setGray(namespace, `k${i}`, grayOf(rules, contents, { salt: `salt ${i}` }));
    }
    const seen = async (probe) =>
      Object.values((await probe.dump())[namespace]).map(({ key, version, gray, rule, content, comment }) => ({
        key, version, gray, rule, content, comment,
      })).sort((x, y) => (x.key < y.key ? -1 : 1));

    const { peer, probe } = await startAll(t, { store, cache });
    const online = await seen(probe);
    await probe.finish();
    await peer.stop();
    assert.deepEqual(new Set(online.map(({ content }) => content)), new Set(['by everybody', 'first', 'second', 'stable', 'eight', 'nine']));

    const offline = startProbe(t, { server: peer.origin, namespace, instance: 'i-1', tag: 'ring=canary', cache });
    await offline.waitReady(0);
    assert.deepEqual(await seen(offline), online);
    assert.equal((await offline.dump())[namespace].k0.origin, 'cache');
    await offline.setTag('ring', 'beta');
    assert.equal(await contentOf(offline, 'k0'), 'seven');
  });

  test('The stable version, where the rules cannot be read; and the log says so', async (t) => {
    const { store, probe, send } = await startAll(t, { log: true });
    send(store.setGray(namespace, 'a', grayOf([{ match: { ring: { like: 'c*' } }, split: [{ version: 9, weight: 100 }] }], { 9: 'nine' })));
    await untilRevision(probe, store);
    assert.equal(await contentOf(probe, 'a'), 'first');
    await probe.untilEvent(({ level, message }) => level === 'warning' && /prod\.acme\/a .*like/.test(message), 'the warning');
    send(store.setGray(namespace, 'a', grayFor('canary')));
    await until(async () => (await contentOf(probe, 'a')) === 'nine', 'rules that can be read');
  });

  test('What it saw, where a gray version is damaged; and all is asked for again', async (t) => {
    const { store, peer, probe, send } = await startAll(t);
    const gray = grayFor('canary');
    send(store.fork().setGray(namespace, 'a', { ...gray, versions: { 9: { ...gray.versions[9], content: 'ten' } } }));
    store.setGray(namespace, 'a', gray);
    await until(() => told(probe, 'a').at(-1) === 'nine', 'what is right');
    const [, again] = peer.connections;
    assert.equal(again.messages.find(({ type }) => type === 'subscribe').payload.namespaces[0].since ?? 0, 0);
    assert.deepEqual(told(probe, 'a'), ['first', 'nine']);
  });
});

describe('Other tags at run time', () => {
  test('They change what is seen, and the server is told', async (t) => {
    const { store, peer, probe, send } = await startAll(t);
    send(store.setGray(namespace, 'a', grayFor('beta')));
    await untilRevision(probe, store);
    assert.equal((await probe.setTag('ring', 'beta')).error, 'OK');
    assert.equal(await contentOf(probe, 'a'), 'nine');
    await until(() => told(probe, 'a').length === 2, 'the change');
    const { messages } = peer.connections[0];
    const subscribes = () => messages.filter(({ type }) => type === 'subscribe').map(({ payload }) => payload);
    await until(() => subscribes().length === 2, 'the other subscribe');
    const [first, second] = subscribes();
    assert.deepEqual(second.instance, { ...first.instance, tags: { ring: 'beta' } });
    assert.deepEqual(second.namespaces, []);
    await until(() => lastResult(peer, 'a')?.version === 9, 'its acknowledgement');

    await probe.setTag('ring');
    await until(() => lastResult(peer, 'a')?.version === 1, 'the acknowledgement of the stable version');
    assert.deepEqual(told(probe, 'a'), ['first', 'nine', 'first']);
    assert.equal((await probe.setTag('Ring', 'x')).error, 'INVALID');
  });

  test('A listener may set them', async (t) => {
    const { store, probe, send } = await startAll(t);
    send(store.setGray(namespace, 'b', grayFor('beta')));
    await untilRevision(probe, store);
    await probe.command('within set_tag ring beta');
    send(store.put(namespace, 'a', 'next'));
    await until(() => told(probe, 'b').at(-1) === 'nine', 'the other version of the other config');
  });

  test('While changes come and others read, all comes out right', async (t) => {
    const { store, probe, send } = await startAll(t, { quiet: true });
    const rings = ['canary', 'beta', 'none'];
    for (let i = 0; i < 200; i++) {
      const ring = rings[i % 2];
      send(store.setGray(namespace, 'a', i % 5 ? grayFor(ring) : null));
      void probe.setTag('ring', rings[i % 3]);
    }
    await probe.setTag('ring', 'beta');
    send(store.setGray(namespace, 'a', grayFor('beta')));
    await untilRevision(probe, store);
    assert.equal(await contentOf(probe, 'a'), 'nine');
    await until(async () => (await probe.heard())[namespace]?.a?.content === 'nine', 'the last of it');
  });
});

describe('What a request sees', () => {
  test('A context of its own, beside the instance', async (t) => {
    const { store, probe, send } = await startAll(t);
    send(store.setGray(namespace, 'a', grayFor('canary')));
    await untilRevision(probe, store);
    assert.equal((await probe.getFor(namespace, 'a', {})).value.content, 'first');
    assert.equal((await probe.getFor(namespace, 'a', { unit: 'i-1' })).value.content, 'first');
    const { value } = await probe.getFor(namespace, 'a', { unit: 'u', tags: { ring: 'canary' } });
    assert.deepEqual([value.content, value.gray, value.rule], ['nine', true, 0]);
    assert.equal((await probe.getFor(namespace, 'none', {})).error, 'NOT_FOUND');
    assert.equal((await probe.getFor(namespace, 'a', { tags: { 'A b': '' } })).error, 'INVALID');
  });

  test('Every published vector', { skip: !fs.existsSync(vectors) }, async (t) => {
    const { cases } = JSON.parse(fs.readFileSync(vectors, 'utf8'));
    const store = new ModelServer();
    cases.forEach(({ salt, rules, stable }, i) => {
      const named = rules.flatMap(({ split }) => split.map(({ version }) => [version, `version ${version}`]));
      store.put(namespace, `case-${i}`, `version ${stable}`, {
        version: stable,
        gray: grayOf(rules, Object.fromEntries(named), { salt }),
      });
    });
    assert.ok(cases.length >= 2000, `${cases.length} vectors`);
    const { probe } = await startAll(t, { store, listen: 'none' });
    await probe.waitReady();
    const answers = await probe.getForAll(
      cases.map(({ unit, tags }, i) => [namespace, `case-${i}`, { unit: unit ?? null, tags: tags ?? {} }]),
    );
    cases.forEach(({ name, expected: { version, gray, rule } }, i) =>
      assert.deepEqual(answers[i], [version, gray, gray ? rule : null], `${i}: ${name}`),
    );
  });
});

// One client for each case: an instance is what it says it is from its first connection on.
test('An instance sees what a request of its unit and tags sees', async (t) => {
  const store = new ModelServer();
  for (let i = 0; i < 100; i++) {
    store.put(namespace, `k${i}`, 'stable');
    store.setGray(namespace, `k${i}`, grayOf([{ match: { ring: ['canary'] }, split: [{ version: 9, weight: 50 }] }], { 9: 'nine' }, { salt: `${i}` }));
  }
  const { probe } = await startAll(t, { store, clients: 3, listen: 'none' });
  for (let client = 0; client < 3; client++) await probe.waitReady(30000, client);
  for (let client = 0; client < 3; client++) {
    const held = (await probe.dump(client))[namespace];
    const answers = await probe.getForAll(
      Object.keys(held).map((key) => [namespace, key, { unit: `i-1-${client}`, tags: { ring: 'canary' } }]),
      (client + 1) % 3,
    );
    assert.deepEqual(Object.values(held).map(({ version, gray, rule }) => [version, gray, rule]), answers);
    const n = answers.filter(([, gray]) => gray).length;
    assert.ok(n > 20 && n < 80, `${n} of 100`);
  }
});

describe('With the real server', () => {
  const server = useConferd({ args: ['--threads', '2'], keepPort: true });
  const { api } = server;
  const grayPath = (key, ...rest) => configPath(namespace, key, 'gray', ...rest);

  async function publishFirst(key, ...contents) {
    for (const [i, content] of contents.entries()) await api.save(namespace, key, content, { publish: i === 0 });
  }

  async function start(t, key, options = {}) {
    await api.createNamespaces(namespace).catch(() => {});
    await publishFirst(key, 'one', 'two', 'three');
    const { origin, token } = server;
    const probe = startProbe(t, { server: origin, token, namespace, listen: `${namespace}/${key}`, ...options });
    for (let i = 0; i < (options.clients ?? 1); i++) {
      await probe.untilState('connected', i);
      await untilToldFirst(probe, [key], i);
    }
    return probe;
  }

  const counts = ({ connected, applied, refused }) => [connected, applied, refused];
  const untilCounts = (key, stable, ...arms) =>
    until(async () => {
      const { instances } = (await api.get(grayPath(key))).data;
      return JSON.stringify([instances.stable, ...instances.arms].map(counts)) === JSON.stringify([stable, ...arms]);
    }, `${JSON.stringify([stable, ...arms])} instances`);

  test('Set, changed by tags, refused, and withdrawn', async (t) => {
    const probe = await start(t, 'life', { tag: 'ring=canary' });
    await api.put(grayPath('life'), { rules: [forRing('canary', 2)] });
    await untilCounts('life', [0, 0, 0], [1, 1, 0]);
    const { value } = await probe.get(namespace, 'life');
    const stored = (await api.get(grayPath('life'))).data;
    assert.deepEqual(
      [value.version, value.gray, value.rule, value.revision, value.updated_by, value.updated_at_ms],
      [2, true, 0, stored.revision, stored.updated_by, Date.parse(stored.updated_at)],
    );

    await probe.setTag('ring', 'beta');
    await untilCounts('life', [1, 1, 0], [0, 0, 0]);
    await probe.command('refuse 1 not this one');
    await api.put(grayPath('life'), { rules: [forRing('beta', 3)] });
    await untilCounts('life', [0, 0, 0], [1, 0, 1]);
    await api.put(grayPath('life'), { rules: [forRing('beta', 3), forRing('canary', 2)] });
    await untilCounts('life', [0, 0, 0], [1, 0, 1], [0, 0, 0]);
    assert.deepEqual(told(probe, 'life'), ['one', 'two', 'one', 'three']);

    await api.delete(grayPath('life'));
    await until(() => told(probe, 'life').at(-1) === 'one', 'the stable version');
    assert.equal((await probe.get(namespace, 'life')).value.gray, false);
  });

  test('By weight, exactly those see it that a request finds; and its promotion reaches the others alone', async (t) => {
    const clients = 20;
    const probe = await start(t, 'weight', { clients, instance: 'w' });
    const contents = () =>
      inParallel(clients, 4, async (i) => (await probe.command(`get ${namespace} weight`, i)).value.content);
    await api.put(grayPath('weight'), { salt: 's', rules: [{ split: [{ version: 2, weight: 40 }] }] });
    const expected = await inParallel(clients, 4, async (i) =>
      (await api.post(configPath(namespace, 'weight', 'evaluate'), { unit: `w-${i}` })).data.gray ? 'two' : 'one');
    const n = expected.filter((content) => content === 'two').length;
    assert.ok(n > 0 && n < clients, `${n} of ${clients}`);
    await until(async () => JSON.stringify(await contents()) === JSON.stringify(expected), 'those that are chosen');
    await untilCounts('weight', [clients - n, clients - n, 0], [n, n, 0]);
    const changesOf = (client) => probe.changes('weight').filter((change) => change.client === client);
    for (let i = 0; i < clients; i++) assert.equal(changesOf(i).length, expected[i] === 'two' ? 2 : 1, `client ${i}`);

    await api.post(grayPath('weight', 'promote'), {});
    await until(async () => (await contents()).every((content) => content === 'two'), 'all have it');
    await until(() => probe.changes('weight').length === 2 * clients, 'all are told');
    for (let i = 0; i < clients; i++) assert.deepEqual(changesOf(i).map(({ new: { content } }) => content), ['one', 'two']);
  });

  test('A restart of the server changes nothing for who has it', async (t) => {
    const probe = await start(t, 'restart', { tag: 'ring=canary' });
    await api.put(grayPath('restart'), { rules: [forRing('canary', 2)] });
    await until(() => told(probe, 'restart').at(-1) === 'two', 'the arm');
    await server.restart();
    await probe.untilState('connected');
    await untilCounts('restart', [0, 0, 0], [1, 1, 0]);
    assert.deepEqual(told(probe, 'restart'), ['one', 'two']);
    assert.equal(await contentOf(probe, 'restart'), 'two');
  });
});
