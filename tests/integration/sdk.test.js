// The SDK with the real server: what the README promises of a client's life, and who may see what.
'use strict';

const assert = require('node:assert/strict');
const fs = require('node:fs');
const path = require('node:path');
const { after, describe, test } = require('node:test');
const { configPath, root } = require('../lib/client.js');
const { Conferd, temporaryDirectory, useConferd } = require('../lib/conferd.js');
const { Probe, startProbe } = require('../lib/probe.js');
const { until } = require('../lib/waiting.js');

/** What an application in @namespace must hold, as the REST API tells it. */
async function served(api, namespace) {
  const segments = namespace.split('.');
  const values = {};
  for (let n = 1; n <= segments.length; n++) {
    const name = segments.slice(0, n).join('.');
    const answer = await api.get(`${root}/namespaces/${name}/configs`, { query: { limit: 1000 }, status: 'any' });
    for (const { key, version } of answer.status === 200 ? answer.data.items : [])
      if (version !== null) values[key] = await api.read(name, key);
  }
  return values;
}

const holdsAll = async (probe, api, namespace, options) =>
  probe.untilHolds(namespace, await served(api, namespace), options);

describe('The life of a client', () => {
  const server = new Conferd({ keepPort: true });
  const { api } = server;
  const namespace = 'prod.acme.orders';
  const cache = path.join(temporaryDirectory(), 'cache');
  const options = () => ({ server: `http://${server.address}`, token: server.token, namespace, cache });
  let probe;
  let expected;
  after(async () => {
    await probe?.finish();
    await server.finish();
  });

  test('It starts, and holds what is published, its own and inherited', async () => {
    await server.start();
    await api.createNamespaces('prod', namespace);
    await api.publish('prod', 'limits.json', '{"rate": 100}');
    await api.publish(namespace, 'greeting', 'hello');
    probe = new Probe(options());
    assert.equal((await probe.waitReady()).error, 'OK');
    await holdsAll(probe, api, namespace);
    assert.equal((await probe.get(namespace, 'limits.json')).value.namespace, 'prod');
  });

  test('What is published is told at once', async () => {
    await api.publish(namespace, 'greeting', 'good morning');
    await probe.untilEvent(({ key, kind, new: now }) => key === 'greeting' && kind === 'updated' && now.content === 'good morning', 'it is told');
    await api.publish(namespace, 'limits.json', '{"rate": 7}');
    await holdsAll(probe, api, namespace);
    await api.delete(configPath(namespace, 'limits.json'));
    await holdsAll(probe, api, namespace);
    await api.post(`${configPath(namespace, 'greeting')}/rollback`, {});
    await holdsAll(probe, api, namespace);
    assert.equal((await probe.get(namespace, 'greeting')).value.content, 'hello');
    assert.equal((await probe.state()).revision, await api.revision());
    expected = await served(api, namespace);
  });

  test('The server is killed: the values stay, and are said to be old', async () => {
    await server.kill();
    await probe.untilState('reconnecting');
    const { value } = await probe.get(namespace, 'greeting');
    assert.equal(value.content, 'hello');
    await until(async () => (await probe.get(namespace, 'greeting')).value.age_ms > 0, 'the value has an age');
    assert.ok((await probe.state()).age_ms >= 0);
    assert.equal((await probe.state()).error, 'NETWORK');
  });

  test('Started without a server, it starts from its file', async () => {
    await probe.finish();
    assert.equal(fs.statSync(cache).mode & 0o777, 0o600);
    probe = new Probe(options());
    assert.equal((await probe.waitReady()).error, 'OK');
    const { value } = await probe.get(namespace, 'greeting');
    assert.deepEqual([value.content, value.origin], ['hello', 'cache']);
    assert.ok(value.age_ms > 0);
    await probe.untilHolds(namespace, expected);
    assert.notEqual((await probe.state()).state, 'connected');
  });

  test('The server comes back: it catches up by itself', async () => {
    const before = probe.changes().length;
    await server.start();
    await probe.untilState('connected');
    await holdsAll(probe, api, namespace);
    assert.equal((await probe.get(namespace, 'greeting')).value.origin, 'server');
    assert.equal(probe.changes().length, before, 'what the file held was right, so nothing is told again');
    await api.publish(namespace, 'greeting', 'good evening');
    await holdsAll(probe, api, namespace);
  });

  test('Killed by a power failure, it starts from what it had', async () => {
    expected = await served(api, namespace);
    await until(() => fs.readFileSync(cache).includes('good evening'), 'the file is written');
    await probe.kill();
    await server.kill();
    probe = new Probe(options());
    await probe.waitReady();
    await probe.untilHolds(namespace, expected);
    await server.start();
    await holdsAll(probe, api, namespace);
  });
});

describe('What a client asks for', () => {
  const server = useConferd();
  const { api } = server;
  const startOne = (t, options) => startProbe(t, { server: server.origin, token: server.token, ...options });

  test('Single keys, with what they inherit, and nothing else', async (t) => {
    await api.createNamespaces('keys', 'keys.sub');
    for (const key of ['a', 'b', 'c']) await api.publish('keys', key, `${key} of keys`);
    await api.publish('keys.sub', 'b', 'b of sub');
    const probe = startOne(t, { key: ['keys.sub/a', 'keys.sub/b'] });
    const expected = { a: await api.read('keys', 'a'), b: await api.read('keys.sub', 'b') };
    await probe.untilHolds('keys.sub', expected);
    await api.publish('keys', 'c', 'unasked');
    await api.publish('keys.sub', 'c', 'unasked');
    await api.delete(configPath('keys.sub', 'b'));
    await probe.untilHolds('keys.sub', { ...expected, b: await api.read('keys', 'b') });
    assert.equal(probe.changes('c').length, 0);
    assert.equal((await probe.get('keys.sub', 'c')).error, 'INVALID');
  });

  test('Several namespaces, one of which does not exist yet', async (t) => {
    await api.createNamespaces('one', 'two');
    await api.publish('one', 'k', '1');
    await api.publish('two', 'k', '2');
    const probe = startOne(t, { namespace: ['one', 'two', 'three'] });
    await holdsAll(probe, api, 'one');
    await holdsAll(probe, api, 'two');
    await api.createNamespaces('three');
    await api.transaction([
      { op: 'put', namespace: 'one', key: 'k', content: '1!', publish: true },
      { op: 'put', namespace: 'three', key: 'k', content: '3!', publish: true },
    ]);
    for (const namespace of ['one', 'two', 'three']) await holdsAll(probe, api, namespace);
  });

  test('A namespace that is deleted with all that is in it', async (t) => {
    await api.createNamespaces('brief', 'brief.life');
    await api.publish('brief', 'a', 'inherited');
    await api.publish('brief.life', 'a', 'own');
    await api.publish('brief.life', 'b', 'own');
    const probe = startOne(t, { namespace: 'brief.life' });
    await holdsAll(probe, api, 'brief.life');
    await api.delete(`${root}/namespaces/brief.life`, { query: { recursive: 'true' } });
    await holdsAll(probe, api, 'brief.life');
    await api.delete(`${root}/namespaces/brief`, { query: { recursive: 'true' } });
    await probe.untilHolds('brief.life', {});
  });

  test('Contents of every kind arrive as they were saved', async (t) => {
    await api.createNamespaces('contents');
    const contents = ['', ' ', '\n', '"\\/\b\f\r\t', '\u{1F600}ä', '\ufeffbom', '\u2028', 'x'.repeat(900), '\u0001\u001f\u007f'];
    const probe = startOne(t, { namespace: 'contents' });
    for (const [i, content] of contents.entries()) await api.publish('contents', `k${i}`, content);
    await api.publish('contents', 'large', 'ü'.repeat(500000));
    await holdsAll(probe, api, 'contents');
    for (const [i, content] of contents.entries())
      assert.equal((await probe.get('contents', `k${i}`)).value.content, content);
  });
});

describe('What operators see', () => {
  const server = useConferd();
  const { api } = server;

  test('An instance with its tags, what it has applied, and what it refuses', async (t) => {
    await api.createNamespaces('prod');
    await api.publish('prod', 'colour', 'blue');
    await api.publish('prod', 'size', 'large');
    const probe = startProbe(t, {
      server: server.origin, token: server.token, namespace: 'prod', instance: 'shop-1', app: 'shop', tag: 'ring=canary',
    });
    const shown = async () => {
      const items = await api.walk(`${root}/instances`, { namespace: 'prod' });
      return items.find(({ id }) => id === 'shop-1');
    };
    await holdsAll(probe, api, 'prod');
    await until(async () => (await shown()).results.filter(({ ok }) => ok).length === 2, 'all listeners have had both');
    await probe.command('refuse 1 there is no mauve paint');
    await api.publish('prod', 'colour', 'mauve');

    const instance = await until(async () => {
      const found = await shown();
      return found?.results.some(({ ok }) => !ok) && found.results.some(({ ok }) => ok) && found;
    }, 'the refusal is shown');
    assert.deepEqual([instance.app, instance.tags], ['shop', { ring: 'canary' }]);
    const results = Object.fromEntries(instance.results.map((result) => [result.key, result]));
    assert.deepEqual([results.size.version, results.size.ok], [1, true]);
    assert.deepEqual(
      [results.colour.version, results.colour.ok, results.colour.error],
      [2, false, 'there is no mauve paint'],
    );

    await api.publish('prod', 'colour', 'red');
    await until(async () => (await shown()).results.every(({ ok }) => ok), 'the refusal is over');
    await probe.finish();
    await until(async () => !(await shown()), 'it is gone');
  });
});

describe('Who may read', () => {
  const server = useConferd();
  const { api } = server;

  test('A wrong token: UNAUTHENTICATED, and what the file holds stays', async (t) => {
    await api.createNamespaces('prod');
    await api.publish('prod', 'k', 'v');
    const cache = path.join(temporaryDirectory(), 'cache');
    const right = startProbe(t, { server: server.origin, token: server.token, namespace: 'prod', cache });
    await holdsAll(right, api, 'prod');
    await right.finish();

    const wrong = startProbe(t, { server: server.origin, token: 'nonsense', namespace: 'prod', cache });
    await until(async () => (await wrong.state()).error === 'UNAUTHENTICATED', 'it is refused');
    assert.equal((await wrong.get('prod', 'k')).value.content, 'v');
    const none = startProbe(t, { server: server.origin, namespace: 'prod' });
    await until(async () => (await none.state()).error === 'UNAUTHENTICATED', 'it is refused');
    assert.equal((await none.waitReady(0)).error, 'TIMEOUT');
    assert.equal((await none.get('prod', 'k')).error, 'NOT_READY');
  });
});

describe('Several servers', () => {
  const a = new Conferd({ keepPort: true });
  const b = new Conferd({ keepPort: true, data: a.data, token: a.token });
  after(async () => {
    await a.finish();
    await b.finish();
  });

  test('When one is gone, the other serves, and back again', async (t) => {
    await a.start();
    await a.api.createNamespaces('prod');
    await a.api.publish('prod', 'k', '0');
    const [first] = [a.origin];
    await a.kill();
    await b.start();
    const probe = startProbe(t, { server: [first, b.origin], token: a.token, namespace: 'prod' });
    for (let i = 1; i <= 6; i++) {
      const [now, next] = i % 2 ? [b, a] : [a, b];
      await now.api.publish('prod', 'k', `${i}`);
      await holdsAll(probe, now.api, 'prod');
      await now.kill();
      await probe.untilState('reconnecting');
      await next.start();
    }
    await holdsAll(probe, b.api, 'prod');
    assert.ok(probe.changes().every(({ kind }) => kind !== 'removed'));
  });
});

describe('Many clients', () => {
  const server = useConferd();
  const { api } = server;

  test('Several in one process do not touch each other', async (t) => {
    await api.createNamespaces('prod');
    for (let i = 0; i < 20; i++) await api.publish('prod', `k${i}`, `content ${i}`);
    const probe = startProbe(t, { server: server.origin, token: server.token, namespace: 'prod', clients: 20, quiet: true });
    for (let i = 0; i < 100; i++) {
      await api.publish('prod', `k${i % 20}`, `content ${i} again`);
      if (i % 10 === 5) await probe.command('restart', i % 20);
      if (i % 30 === 7) await probe.command('stop', 19);
    }
    for (let client = 0; client < 19; client++) await holdsAll(probe, api, 'prod', { client, listener: 1 });
  });
});
