// The SDK against a peer that answers wrongly: refusals, lies, rubbish, breaches of the protocol. The client says what is
// wrong, keeps what it has, and recovers by itself when the server is right again.
'use strict';

const assert = require('node:assert/strict');
const path = require('node:path');
const { describe, test } = require('node:test');
const { temporaryDirectory } = require('../lib/conferd.js');
const { sha256, smallStore } = require('../lib/model-server.js');
const { Peer, encodeFrame, opcodes, startPeer } = require('../lib/peer.js');
const { startProbe } = require('../lib/probe.js');
const { until } = require('../lib/waiting.js');

const namespace = 'prod.acme';

const holdsAll = (probe, store) => probe.untilHolds(namespace, store.effective(namespace));

describe('Upgrades that fail', () => {
  /**
   * refusedThenServed() - the server is right once, then @wrong, then right again
   *
   * The client must keep its values and say @error meanwhile, and recover.
   */
  async function refusedThenServed(t, wrong, error) {
    const store = smallStore();
    let isWrong = false;
    const peer = await startPeer(t, async (connection) => {
      if (!isWrong) return store.serve(connection);
      if (await connection.next()) await wrong(connection);
    });
    const probe = startProbe(t, { server: peer.origin, namespace });
    await holdsAll(probe, store);

    isWrong = true;
    peer.connections[0].cut();
    await until(async () => (await probe.state()).error === error, `the client says ${error}`);
    assert.equal((await probe.state()).state, 'reconnecting');
    await holdsAll(probe, store);
    store.put(namespace, 'a', 'meanwhile');
    isWrong = false;
    await holdsAll(probe, store);
    assert.deepEqual((await probe.state()).error, 'OK');
    assert.ok(probe.changes().every(({ kind }) => kind !== 'removed'));
  }

  for (const [what, wrong, error] of [
    ['401', (connection) => connection.refuse(401), 'UNAUTHENTICATED'],
    ['403', (connection) => connection.refuse(403), 'FORBIDDEN'],
    ['404', (connection) => connection.refuse(404), 'PROTOCOL'],
    ['500', (connection) => connection.refuse(500, {}, 'oh dear'), 'NETWORK'],
    ['503', (connection) => connection.refuse(503, { 'retry-after': '1' }), 'NETWORK'],
    ['200 with a page', (connection) => connection.refuse(200, {}, '<html>'), 'PROTOCOL'],
    [
      'a redirect, which is not followed',
      (connection) => connection.refuse(302, { location: 'http://127.0.0.1:1/elsewhere' }),
      'PROTOCOL',
    ],
    ['a wrong accept key', (connection) => connection.accept({ key: 'bm90IHRoaXMga2V5IQ==' }), 'PROTOCOL'],
    ['another sub-protocol', (connection) => connection.accept({ protocol: 'confer.v9' }), 'PROTOCOL'],
    [
      'no HTTP at all, and the end',
      (connection) => {
        connection.write(Buffer.from('220 mail.example ESMTP\r\n'));
        connection.socket.end();
      },
      'NETWORK',
    ],
    ['a connection that is reset', (connection) => connection.socket.resetAndDestroy(), 'NETWORK'],
    ['a connection that is closed', (connection) => connection.socket.end(), 'NETWORK'],
  ])
    test(`${what}: ${error}`, (t) => refusedThenServed(t, wrong, error));

  test('Nobody listens: NETWORK, and the client comes when somebody does', async (t) => {
    const store = smallStore();
    const peer = await startPeer(t, (connection) => store.serve(connection));
    const probe = startProbe(t, { server: peer.origin, namespace });
    await holdsAll(probe, store);
    await peer.stop();
    await until(async () => (await probe.state()).error === 'NETWORK', 'the client says NETWORK');
    store.put(namespace, 'b', 'meanwhile');
    const again = await new Peer((connection) => store.serve(connection), { port: peer.port }).start();
    t.after(() => again.finish());
    await holdsAll(probe, store);
  });
});

describe('Error frames', () => {
  for (const [code, reason, error] of [
    [401, 'unauthenticated', 'UNAUTHENTICATED'],
    [403, 'forbidden', 'FORBIDDEN'],
  ])
    test(`${code} to the subscription: ${error}, and no value`, async (t) => {
      const store = smallStore();
      let isRefusing = true;
      const peer = await startPeer(t, async (connection) => {
        if (!isRefusing) return store.serve(connection);
        if (!(await connection.next())) return;
        connection.accept();
        await connection.nextOf('subscribe');
        connection.send({ seq: 0, type: 'error', payload: { code, reason, message: 'no' } });
      });
      const probe = startProbe(t, { server: peer.origin, namespace });
      await until(async () => (await probe.state()).error === error, `the client says ${error}`);
      assert.equal((await probe.waitReady(0)).error, 'TIMEOUT');
      assert.equal((await probe.get(namespace, 'a')).error, 'NOT_READY');
      isRefusing = false;
      for (const connection of peer.connections) connection.cut();
      await holdsAll(probe, store);
    });
});

describe('Breaches of the protocol', () => {
  const text = (value) => (connection) => connection.sendText(typeof value === 'string' ? value : JSON.stringify(value));
  const frame = (payload, options) => (connection) => connection.write(encodeFrame(Buffer.from(payload), options));
  const change = (releases, rest = {}) =>
    text({ seq: 100, type: 'change', payload: { changes: [{ namespace, releases, deleted: [], ...rest }] } });
  const good = {
    key: 'a', version: 9, revision: 100, format: 'text', content: 'wrong', sha256: sha256('wrong'),
    updated_at: '2026-01-31T09:05:00.000Z', updated_by: 'x', comment: '', gray: null,
  };

  const breaches = {
    'text that is no JSON': text('{"seq": 4, "type": "change", "payload": {"changes": ['),
    'an empty text': text(''),
    'a list': text([]),
    'null': text(null),
    'JSON a thousand levels deep': text('['.repeat(1000) + ']'.repeat(1000)),
    'an object of another shape': text({ hello: 'world' }),
    'a type that is none': text({ seq: 0, type: 'dance', payload: {} }),
    'no payload': text({ seq: 9, type: 'change' }),
    'a payload of the wrong type': text({ seq: 9, type: 'change', payload: 7 }),
    'a negative revision': text({ seq: -1, type: 'change', payload: { changes: [] } }),
    'a revision that is no integer': text({ seq: 1e300, type: 'change', payload: { changes: [] } }),
    'a client\'s frame': text({ seq: 0, type: 'unsubscribe', payload: { namespaces: [namespace] } }),
    'a release without a key': change([{ ...good, key: undefined }]),
    'a release with a wrong key': change([{ ...good, key: '../etc/passwd' }]),
    'a release of version 0': change([{ ...good, version: 0 }]),
    'a release with a negative revision': change([{ ...good, revision: -5 }]),
    'a release without content': change([{ ...good, content: undefined }]),
    'a release whose content is a number': change([{ ...good, content: 7 }]),
    'a release of an unknown format': change([{ ...good, format: 'cobol' }]),
    'a release whose hash is no hash': change([{ ...good, sha256: 'x'.repeat(64) }]),
    'a release whose hash is of another content': change([{ ...good, sha256: sha256('else') }]),
    'a change of a wrong namespace': change([good], { namespace: 'Prod..x' }),
    'a change that nobody asked for': change([good], { namespace: 'other' }),
    'a deletion of what is no key': change([], { deleted: [7] }),
    'a deletion of what is not there': change([], { deleted: ['nothing'] }),
    'a deletion of another namespace\'s': change([], { namespace: 'other', deleted: ['a', 'b'] }),
    'a binary message': frame('{}', { opcode: opcodes.binary }),
    'text that is no UTF-8': frame([0x22, 0xc3, 0x28, 0x22]),
    'an unknown operation code': frame('x', { opcode: 5 }),
    'a reserved bit': frame('x', { reserved: 4 }),
    'a continuation of nothing': frame('x', { opcode: opcodes.continuation }),
    'a ping that is too long': frame('x'.repeat(200), { opcode: opcodes.ping }),
    'a close of one byte': frame('x', { opcode: opcodes.close }),
    'a frame of 2^62 bytes': frame('x', { length: 2 ** 62 }),
    'a frame of 1 GiB': frame('x', { length: 2 ** 30 }),
    'rubbish': (connection) => connection.write(Buffer.from(Array.from({ length: 1000 }, (_, i) => (i * 7919) % 256))),
  };

  for (const [what, breach] of Object.entries(breaches))
    test(`${what[0].toUpperCase()}${what.slice(1)}: nothing is lost, and the client goes on`, async (t) => {
      const store = smallStore();
      const peer = await startPeer(t, (connection) => store.serve(connection));
      const probe = startProbe(t, { server: peer.origin, namespace });
      await holdsAll(probe, store);
      const before = probe.changes().length;

      breach(peer.connections[0]);
      peer.connections[0].ping();
      // Either the client has passed it over, or it comes again.
      const answered = new Promise((resolve) => {
        const [connection] = peer.connections;
        connection.socket.on('data', resolve);
        connection.socket.on('close', resolve);
      });
      await answered;
      await holdsAll(probe, store);
      assert.equal(probe.changes().length, before, 'nothing of it was told');

      store.revision = 1000; // past all that was said: a server's revisions only grow
      peer.connections.at(-1).cut();
      store.put(namespace, 'a', 'what is true');
      await holdsAll(probe, store);
    });

  for (const code of [1000, 1001, 1002, 1003, 1007, 1008, 1009, 1011, 1012, 1013, 3000, 4999])
    test(`Closed with ${code}: it comes again`, async (t) => {
      const store = smallStore();
      const peer = await startPeer(t, (connection) => store.serve(connection));
      const probe = startProbe(t, { server: peer.origin, namespace });
      await holdsAll(probe, store);
      store.put(namespace, 'a', 'meanwhile');
      peer.connections[0].close(code, 'as it happens');
      await holdsAll(probe, store);
    });

  test('Members that are unknown are passed over', async (t) => {
    const store = smallStore();
    const peer = await startPeer(t, (connection) => store.serve(connection));
    const probe = startProbe(t, { server: peer.origin, namespace });
    await holdsAll(probe, store);
    const sent = store.put(namespace, 'a', 'with more', { colour: 'blue' });
    peer.connections[0].send({ ...sent, payload: { ...sent.payload, more_to_come: [1] }, extra: true });
    await holdsAll(probe, store);
    assert.equal(peer.connections.length, 1);
  });
});

describe('Frames out of order', () => {
  async function connected(t) {
    const store = smallStore();
    const peer = await startPeer(t, (connection) => store.serve(connection));
    const probe = startProbe(t, { server: peer.origin, namespace });
    await holdsAll(probe, store);
    return { store, peer, probe, connection: peer.connections[0] };
  }

  test('A frame that is repeated is told once', async (t) => {
    const { store, probe, connection } = await connected(t);
    const frame = store.put(namespace, 'a', 'again and again');
    for (let i = 0; i < 20; i++) connection.send(frame);
    connection.send(store.delete(namespace, 'b'));
    for (let i = 0; i < 20; i++) connection.send(frame);
    await holdsAll(probe, store);
    assert.equal(probe.changes('a').length, 2);
  });

  test('An old frame of a config does not undo a newer one', async (t) => {
    const { store, peer, probe, connection } = await connected(t);
    const frames = [1, 2, 3].map((i) => store.put(namespace, 'a', `content ${i}`));
    connection.sendTogether(frames.reverse());
    await holdsAll(probe, store);
    peer.connections.at(-1).cut();
    await holdsAll(probe, store);
  });

  test('Changes of several configs that change places are none the less all applied', async (t) => {
    const { store, peer, probe, connection } = await connected(t);
    const frames = [
      store.put(namespace, 'x', 'one'),
      store.delete(namespace, 'b'),
      store.put('prod', 'y', 'two'),
      store.put(namespace, 'z', 'three'),
    ];
    connection.sendTogether(frames.reverse());
    await holdsAll(probe, store);
    peer.connections.at(-1).cut();
    await holdsAll(probe, store);
  });

  test('What such a change was lost in is not taken for whole after a restart', async (t) => {
    const store = smallStore();
    let isGone = false;
    const peer = await startPeer(t, (connection) => (isGone ? connection.cut() : store.serve(connection)));
    const cache = path.join(temporaryDirectory(), 'cache');
    const probe = startProbe(t, { server: peer.origin, namespace, cache });
    await holdsAll(probe, store);
    isGone = true;
    peer.connections[0].sendTogether([store.put(namespace, 'x', 'one'), store.put(namespace, 'y', 'two')].reverse());
    await probe.untilState('reconnecting');
    await probe.finish();
    isGone = false;
    const again = startProbe(t, { server: peer.origin, namespace, cache });
    await holdsAll(again, store);
  });

  test('An old deletion does not remove what was published after it', async (t) => {
    const { store, peer, probe, connection } = await connected(t);
    const deletion = store.delete(namespace, 'a');
    connection.sendTogether([store.put(namespace, 'a', 'back again'), deletion]);
    await holdsAll(probe, store);
    peer.connections.at(-1).cut();
    await holdsAll(probe, store);
    assert.equal((await probe.get(namespace, 'a')).value.content, 'back again');
  });

  test('A server whose revisions go back is not followed', async (t) => {
    const store = smallStore();
    const past = store.fork();
    let isPast = false;
    const peer = await startPeer(t, async (connection) => {
      if (!isPast) return store.serve(connection);
      if (!(await connection.next())) return;
      connection.accept();
      const { payload } = (await connection.nextOf('subscribe')) ?? {};
      if (payload) for (const frame of past.snapshotFrames([namespace])) connection.send(frame);
    });
    const probe = startProbe(t, { server: peer.origin, namespace });
    await holdsAll(probe, store);
    peer.connections[0].send(store.put(namespace, 'a', 'newer'));
    peer.connections[0].send(store.put(namespace, 'c', 'newest'));
    await holdsAll(probe, store);

    isPast = true;
    peer.connections[0].cut();
    await until(() => peer.connections[1]?.messages.length, 'it is served the past');
    await peer.connections[1].next();
    await holdsAll(probe, store);
    isPast = false;
    store.put(namespace, 'a', 'and on');
    peer.connections.at(-1).cut();
    await holdsAll(probe, store);
    const revisions = probe.changes('a').map(({ new: value }) => value.revision);
    assert.deepEqual(revisions, [...revisions].sort((a, b) => a - b));
  });

  test('Another epoch is followed in full, also to lower revisions', async (t) => {
    const store = smallStore();
    const peer = await startPeer(t, (connection) => store.serve(connection));
    const probe = startProbe(t, { server: peer.origin, namespace, allowed: /revision/ });
    for (let i = 0; i < 50; i++) store.put(namespace, 'a', `content ${i}`);
    await holdsAll(probe, store);
    const before = (await probe.state()).revision;

    const restored = smallStore();
    restored.put(namespace, 'a', 'of the restored store');
    Object.assign(store, {
      epoch: restored.epoch, revision: restored.revision, namespaces: restored.namespaces,
      versions: restored.versions, tail: restored.tail,
    });
    peer.connections[0].cut();
    await holdsAll(probe, store);
    assert.ok((await probe.state()).revision < before);
    peer.connections.at(-1).send(store.put(namespace, 'b', 'and on'));
    await holdsAll(probe, store);
  });
});
