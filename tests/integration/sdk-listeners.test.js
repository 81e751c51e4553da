// Listeners of the SDK: order, coalescing, refusals, re-entry, and the end of listening, with a scripted peer.
'use strict';

const assert = require('node:assert/strict');
const { describe, test } = require('node:test');
const { smallStore } = require('../lib/model-server.js');
const { Peer } = require('../lib/peer.js');
const { startProbe } = require('../lib/probe.js');
const { until } = require('../lib/waiting.js');

const namespace = 'prod.acme';

async function startAll(t, options = {}) {
  const store = smallStore();
  const peer = await new Peer((connection) => store.serve(connection)).start();
  t.after(() => peer.finish());
  const probe = startProbe(t, { server: peer.origin, namespace, ...options });
  await probe.untilState('connected');
  const send = (frame) => peer.connections.at(-1).send(frame);
  return { store, peer, probe, send };
}

const holdsAll = (probe, store, options) => probe.untilHolds(namespace, store.effective(namespace), options);
const resultsOf = (peer) =>
  peer.connections.flatMap(({ messages }) =>
    messages.filter(({ type }) => type === 'ack').flatMap(({ payload }) => payload.results),
  );

for (const application of [false, true])
  describe(application ? 'Run by the application' : 'Run by the client', () => {
    test('Those of a key, of a namespace and of all are told what is theirs', async (t) => {
      const { store, probe, send } = await startAll(t, { application, listen: 'none' });
      assert.deepEqual((await probe.command('listen *')).error, 'OK');
      assert.deepEqual((await probe.command(`listen ${namespace}`)).error, 'OK');
      assert.deepEqual((await probe.command(`listen ${namespace} a`)).error, 'OK');
      assert.deepEqual((await probe.command('listen prod shared')).error, 'OK');
      send(store.put(namespace, 'a', 'next'));
      send(store.put('prod', 'shared', 'next'));
      await holdsAll(probe, store, { listener: 1 });
      await holdsAll(probe, store, { listener: 2 });
      await until(async () => (await probe.heard(3))[namespace]?.a?.content === 'next', 'the key alone');
      assert.deepEqual(Object.keys((await probe.heard(3))[namespace]), ['a']);
      await until(async () => (await probe.heard(4)).prod?.shared?.content === 'next', 'the ancestor');
    });

    test('A slow one is told the newest, and no version twice', async (t) => {
      const { store, probe, send } = await startAll(t, { application });
      await holdsAll(probe, store);
      await probe.command('slow 100');
      for (let i = 0; i < 500; i++) send(store.put(namespace, 'a', `content ${i}`));
      await until(async () => (await probe.get(namespace, 'a')).value.content === 'content 499', 'reading does not wait');
      await probe.command('slow 0');
      await holdsAll(probe, store);
      assert.ok(probe.changes('a').length < 250, `${probe.changes('a').length} calls for 500 changes`);
    });

    test('What goes and comes back between two calls is no change', async (t) => {
      const { store, probe, send } = await startAll(t, { application });
      await holdsAll(probe, store);
      await probe.command('slow 300');
      send(store.put(namespace, 'c', 'begin'));
      await until(() => probe.changes('c').length, 'the listener is busy');
      const { version } = store.effective(namespace).a;
      send(store.put(namespace, 'a', 'in between'));
      send(store.put(namespace, 'a', 'first', { version }));
      send(store.put(namespace, 'd', 'end'));
      await until(() => probe.changes('d').length, 'the last is told');
      await probe.command('slow 0');
      const told = probe.changes('a').map(({ new: value }) => value.version);
      assert.deepEqual(told, told.filter((each, i) => each !== told[i - 1]), 'the probe finds no version twice in a row');
    });

    test('A refusal goes to the server with its reason', async (t) => {
      const { store, peer, probe, send } = await startAll(t, { application });
      await holdsAll(probe, store);
      await probe.command('refuse 1 no "such" colour');
      send(store.put(namespace, 'a', 'mauve'));
      await until(() => resultsOf(peer).some(({ ok }) => !ok), 'the refusal is reported');
      const refused = resultsOf(peer).find(({ ok }) => !ok);
      assert.deepEqual(
        [refused.namespace, refused.key, refused.version, refused.error],
        [namespace, 'a', 2, 'no "such" colour'],
      );
      assert.equal((await probe.get(namespace, 'a')).value.content, 'mauve', 'it is what confer_get() answers');
      send(store.put(namespace, 'a', 'blue'));
      await until(() => resultsOf(peer).some(({ key, version, ok }) => key === 'a' && version === 3 && ok), 'a better one');
    });

    test('A reason that is too long is cut to 512 bytes, between characters', async (t) => {
      const { store, peer, probe, send } = await startAll(t, { application });
      await holdsAll(probe, store);
      await probe.command(`refuse 1 x${'ö'.repeat(600)}`);
      send(store.put(namespace, 'a', 'next'));
      await until(() => resultsOf(peer).some(({ ok }) => !ok), 'the refusal is reported');
      const { error } = resultsOf(peer).find(({ ok }) => !ok);
      assert.ok(Buffer.byteLength(error) <= 512 && Buffer.byteLength(error) >= 510, `${Buffer.byteLength(error)} bytes`);
      assert.match(error, /^xö+$/u);
    });

    test('After confer_unlisten() it is not called again, and the others are', async (t) => {
      const { store, probe, send } = await startAll(t, { application });
      const { listener } = await probe.command(`listen ${namespace} a`);
      await until(async () => (await probe.heard(listener))[namespace]?.a, 'it is told the first');
      assert.equal((await probe.command(`unlisten ${listener}`)).error, 'OK');
      assert.equal((await probe.command(`unlisten ${listener}`)).error, 'NOT_FOUND');
      send(store.put(namespace, 'a', 'unheard'));
      await holdsAll(probe, store);
      assert.equal((await probe.heard(listener))[namespace].a.content, 'first');
    });

    test('A listener that comes late is told what is known', async (t) => {
      const { store, probe } = await startAll(t, { application, listen: 'none' });
      const { listener } = await probe.command('listen *');
      await holdsAll(probe, store, { listener });
      assert.ok(probe.changes().every(({ kind }) => kind === 'initial'));
    });

    for (const [command, error] of [
      ['unlisten 1', 'OK'],
      [`listen ${namespace} b`, 'OK'],
      ['wait 1000', 'STATE'],
      ['stop', 'STATE'],
      ['dispatch', 'STATE'],
    ])
      test(`Inside of a listener, ${command.split(' ')[0]} is answered ${error}`, async (t) => {
        const { store, probe, send } = await startAll(t, { application });
        await holdsAll(probe, store);
        await probe.command(`within ${command}`);
        send(store.put(namespace, 'a', 'next'));
        const { answer } = await probe.untilEvent(({ event }) => event === 'within', 'the command was run');
        assert.equal(answer.error, error);
        send(store.put(namespace, 'b', 'after it'));
        await until(async () => (await probe.get(namespace, 'b')).value.content === 'after it', 'the client goes on');
        if (command.startsWith('unlisten')) assert.equal((await probe.heard(1))[namespace].b.content, 'second');
        else await holdsAll(probe, store);
      });

    test('After confer_client_stop() no listener runs, and values stay readable', async (t) => {
      const { store, probe, send } = await startAll(t, { application });
      await holdsAll(probe, store);
      await probe.command('slow 20');
      for (let i = 0; i < 20; i++) send(store.put(namespace, `k${i}`, `content ${i}`));
      assert.equal((await probe.command('stop')).error, 'OK');
      const told = probe.changes().length;
      assert.equal((await probe.get(namespace, 'a')).value.content, 'first');
      assert.deepEqual((await probe.state()).state, 'disconnected');
      assert.equal((await probe.command('stop')).error, 'OK', 'twice is fine');
      assert.equal((await probe.command('listen *')).error, 'CLOSED');
      assert.equal((await probe.waitReady(100)).error, 'CLOSED');
      assert.equal(probe.changes().length, told);
    });
  });

describe('Values', () => {
  const contents = {
    'app.json': '{"limits": [{"rate": 1.5, "burst": 20}], "on": true, "name": "süß", "big": 9007199254740993, "a/b": {"~": 1}}',
    number: ' 42\n',
    flag: 'true',
    words: 'no number',
  };

  async function startWithContents(t) {
    const { store, probe, send } = await startAll(t, { default: `${namespace}/fallback.json={"x": 7}` });
    send(store.commit(...Object.entries(contents).map(([key, content]) => [namespace, key, content, key.endsWith('json') ? { format: 'json' } : {}])));
    await until(async () => (await probe.get(namespace, 'flag')).value, 'the contents are there');
    return { store, probe };
  }

  test('Typed reading, with pointers and without', async (t) => {
    const { probe } = await startWithContents(t);
    const typed = async (text) => {
      const { error, value } = await probe.command(`typed ${text}`);
      return error === 'OK' ? value : error;
    };
    for (const [text, value] of [
      ['double NS app.json /limits/0/rate', 1.5],
      ['int64 NS app.json /limits/0/burst', 20],
      ['double NS app.json /limits/0/burst', 20],
      ['int64 NS app.json /limits/0/rate', 'TYPE'],
      ['bool NS app.json /on', true],
      ['string NS app.json /name', 'süß'],
      ['string NS app.json /on', 'TYPE'],
      ['int64 NS app.json /a~1b/~0', 1],
      ['int64 NS app.json /nothing', 'NOT_FOUND'],
      ['int64 NS app.json /limits/1', 'NOT_FOUND'],
      ['int64 NS app.json limits', 'INVALID'],
      ['int64 NS app.json /a~2b', 'INVALID'],
      ['string NS app.json', 'TYPE'],
      ['string NS words', 'no number'],
      ['int64 NS number', 42],
      ['bool NS flag', true],
      ['int64 NS words', 'TYPE'],
      ['int64 NS nowhere', 'NOT_FOUND'],
      ['int64 NS fallback.json /x', 7],
    ])
      assert.deepEqual(await typed(text.replace('NS', namespace)), value, text);
  });

  test('With a fallback for every reason why there is none', async (t) => {
    const { probe } = await startWithContents(t);
    const read = async (text) => (await probe.command(`fallback ${text.replace('NS', namespace)}`)).value;
    assert.equal(await read('int64 NS app.json 5 /limits/0/burst'), 20);
    assert.equal(await read('int64 NS app.json 5 /limits/0/rate'), 5);
    assert.equal(await read('string NS nowhere none'), 'none');
    assert.equal(await read('bool NS words true'), true);
    assert.equal(await read('double NS Not-A-Name 2.5'), 2.5);
  });

  test('Where a value is from, and names that are none', async (t) => {
    const { probe } = await startWithContents(t);
    const { value } = await probe.get(namespace, 'shared');
    assert.deepEqual([value.namespace, value.origin, value.age_ms], ['prod', 'server', 0]);
    const fallback = (await probe.get(namespace, 'fallback.json')).value;
    assert.deepEqual(
      [fallback.origin, fallback.version, fallback.revision, fallback.sha256, fallback.age_ms],
      ['default', 0, 0, '', -1],
    );
    assert.equal((await probe.get('other', 'a')).error, 'INVALID', 'not among those wanted');
    assert.equal((await probe.get('PROD', 'a')).error, 'INVALID');
    assert.equal((await probe.get(namespace, '.a')).error, 'INVALID');
    assert.equal((await probe.get('prod', 'a')).error, 'NOT_FOUND');
    assert.equal((await probe.command(`each ${namespace}`)).values.length, 3 + Object.keys(contents).length + 1);
  });

  test('Before anything is known, a default is there, and nothing else', async (t) => {
    const peer = await new Peer(() => {}).start();
    t.after(() => peer.finish());
    const probe = startProbe(t, { server: peer.origin, namespace, default: `${namespace}/x=given` });
    assert.equal((await probe.get(namespace, 'x')).value.content, 'given');
    assert.equal((await probe.get(namespace, 'y')).error, 'NOT_READY');
    assert.deepEqual([(await probe.state()).age_ms, (await probe.state()).revision], [-1, 0]);
  });
});
