// The SDK against a scripted peer: whatever the network does, a client ends with the right values, its revisions never go
// back, and no listener misses the last value or is told a version twice. The probe watches the last two in every test.
'use strict';

const assert = require('node:assert/strict');
const { describe, test } = require('node:test');
const { ModelServer } = require('../lib/model-server.js');
const { startPeer } = require('../lib/peer.js');
const { startProbe } = require('../lib/probe.js');
const { Random } = require('../lib/random.js');
const { until } = require('../lib/waiting.js');

const namespace = 'prod.acme.orders';

/** A store with inherited, overridden and long contents. */
function someStore() {
  const store = new ModelServer();
  store.put('prod', 'limits', 'of everybody');
  store.put('prod', 'shared', 'by everybody');
  store.put('prod.acme', 'limits', 'of a tenant');
  store.put(namespace, 'own', 'ö'.repeat(50));
  store.commit([namespace, 'a', 'first'], [namespace, 'b', 'second'], ['prod', 'c', 'third']);
  return store;
}

const holdsAll = (probe, store, client = 0) =>
  probe.untilHolds(namespace, store.effective(namespace), { client });

/** Moves are told as values are: after the fact, in their order. */
async function isToldStates(probe, states) {
  await until(() => probe.states.length >= states.length, `${states.length} moves are told`);
  assert.deepEqual(probe.states, states);
}

describe('A right server', () => {
  test('The client says who it is and what it wants, and holds what it is sent', async (t) => {
    const store = someStore();
    const peer = await startPeer(t, (connection) => store.serve(connection));
    const probe = startProbe(t, {
      server: peer.origin, namespace, token: 'the-token', instance: 'one', app: 'shop', tag: ['ring=canary', 'zone=b'],
    });
    await holdsAll(probe, store);

    const { request, messages } = peer.connections[0];
    assert.equal(request.method, 'GET');
    assert.equal(request.target, '/api/v1/stream');
    assert.equal(request.headers.authorization, 'Bearer the-token');
    assert.equal(request.headers['sec-websocket-protocol'], 'confer.v1');
    assert.equal(request.headers['sec-websocket-version'], '13');
    const [{ seq, type, payload }] = messages;
    assert.deepEqual([seq, type], [0, 'subscribe']);
    const { instance } = payload;
    assert.deepEqual([instance.id, instance.app], ['one', 'shop']);
    assert.deepEqual(instance.tags, { ring: 'canary', zone: 'b' });
    assert.deepEqual(payload.namespaces.map(({ name, keys }) => [name, keys]), [[namespace, ['*']]]);
    assert.ok(!payload.epoch && !payload.namespaces[0].since, 'it knows nothing yet');

    await isToldStates(probe, ['connecting', 'connected']);
    const { state, error, revision, age_ms: age } = await probe.state();
    assert.deepEqual([state, error, revision, age], ['connected', 'OK', store.revision, 0]);
    assert.ok(probe.changes().every(({ kind }) => kind === 'initial'));
  });

  test('Each change is told once, with what it replaces, and acknowledged', async (t) => {
    const store = someStore();
    const peer = await startPeer(t, (connection) => store.serve(connection));
    const probe = startProbe(t, { server: peer.origin, namespace });
    await holdsAll(probe, store);
    const [connection] = peer.connections;

    connection.send(store.put(namespace, 'a', 'next'));
    await holdsAll(probe, store);
    connection.send(store.commit([namespace, 'limits', 'of one'], [namespace, 'b', null]));
    await holdsAll(probe, store);
    connection.send(store.delete(namespace, 'limits'));
    await holdsAll(probe, store);

    const told = probe.changes().filter(({ kind }) => kind !== 'initial');
    assert.deepEqual(
      told.map(({ key, kind, old, new: now }) => [key, kind, old?.content, now?.content]).sort(),
      [
        ['a', 'updated', 'first', 'next'],
        ['b', 'removed', 'second', undefined],
        ['limits', 'updated', 'of a tenant', 'of one'],
        ['limits', 'updated', 'of one', 'of a tenant'],
      ],
    );
    const acknowledged = () =>
      connection.messages.filter(({ type }) => type === 'ack').flatMap(({ payload }) => payload.results);
    await until(() => acknowledged().some(({ key, version, ok }) => key === 'a' && version === 2 && ok), 'the ack');
  });

  test('After a lost connection it goes on where it was, and "current" is no change', async (t) => {
    const store = someStore();
    const peer = await startPeer(t, (connection) => store.serve(connection));
    const probe = startProbe(t, { server: peer.origin, namespace });
    await holdsAll(probe, store);
    const before = probe.changes().length;

    peer.connections[0].cut();
    await until(() => peer.connections[1]?.messages.length, 'it comes back');
    const [{ payload }] = peer.connections[1].messages;
    assert.deepEqual([payload.epoch, payload.namespaces[0].since], [store.epoch, store.revision]);
    await probe.untilState('connected');
    await holdsAll(probe, store);
    assert.equal(probe.changes().length, before);
    await isToldStates(probe, ['connecting', 'connected', 'reconnecting', 'connected']);
  });

  test('The application runs its own listeners', async (t) => {
    const store = someStore();
    const peer = await startPeer(t, (connection) => store.serve(connection));
    const probe = startProbe(t, { server: peer.origin, namespace, application: true });
    await holdsAll(probe, store);
    for (let i = 0; i < 50; i++) peer.connections[0].send(store.put(namespace, `k${i % 7}`, `content ${i}`));
    peer.connections[0].cut();
    await holdsAll(probe, store);
    await until(() => probe.states.length >= 4, 'states are told this way too');
  });
});

describe('A connection that is cut', () => {
  /** Serves a first answer in two frames, then two changes, so that each kind of frame is cut. */
  async function serveAndChange(store, connection) {
    await store.serve(connection, { parts: 2 });
    connection.send(store.put(namespace, 'a', `at connection ${connection.number}`));
    connection.send(store.commit([namespace, 'b', `too, ${store.revision}`], [namespace, 'gone', null]));
    store.put(namespace, 'gone', 'for the next round');
  }

  /** How many bytes serveAndChange() sends to a client that knows nothing. */
  async function measureDialogue(t) {
    const store = someStore();
    store.put(namespace, 'gone', 'soon');
    let isOver = false;
    const peer = await startPeer(t, async (connection) => {
      await serveAndChange(store, connection);
      isOver = true;
    });
    startProbe(t, { server: peer.origin, namespace, quiet: true });
    await until(() => isOver, 'the dialogue is over');
    return peer.connections[0].sent;
  }

  test('Cut at every byte of the dialogue, a client that resumes ends with the right values', async (t) => {
    const n = await measureDialogue(t);
    const store = someStore();
    store.put(namespace, 'gone', 'soon');
    let bytes = 1;
    let isOver = false;
    const peer = await startPeer(t, async (connection) => {
      if (bytes > n) {
        isOver = true;
        return store.serve(connection);
      }
      // In turn: the client resumes; and it has to start from nothing, since the epoch is another.
      if (bytes % 2) store.epoch = `epoch-${bytes}`;
      connection.cutAt = bytes++;
      await serveAndChange(store, connection);
      connection.close(1012); // who resumes is sent less, so that its cut may lie beyond the end
    });
    const probe = startProbe(t, { server: peer.origin, namespace, quiet: true, allowed: /revision/ });
    await until(() => isOver, 'each byte had its turn, and the store rests', 180000);
    await holdsAll(probe, store);
    assert.ok(peer.connections.length >= n);
  });

  test('Cut at every byte of their first dialogue, clients that know nothing end with the right values', async (t) => {
    const n = await measureDialogue(t);
    const atOnce = 100;
    for (let from = 1; from <= n; from += atOnce) {
      const store = someStore();
      const peer = await startPeer(t, (connection) => {
        const bytes = from + connection.number;
        if (connection.number < atOnce && bytes <= n) connection.cutAt = bytes;
        return store.serve(connection, { parts: 2 });
      });
      const probe = startProbe(t, { server: peer.origin, namespace, quiet: true, clients: atOnce });
      for (let client = 0; client < atOnce; client++) await holdsAll(probe, store, client);
      assert.ok(peer.connections.length >= atOnce);
      await probe.finish();
      await peer.stop();
    }
  });
});

describe('Bytes that take their time', () => {
  test('One byte at a time is as good as all at once', async (t) => {
    const store = someStore();
    const peer = await startPeer(t, async (connection) => {
      const whole = [];
      connection.write = (bytes) => whole.push(...bytes);
      await connection.next();
      connection.accept();
      await drip(connection, whole);
      const subscribe = await connection.nextOf('subscribe');
      for (const frame of store.answer(subscribe, { parts: 3 })) connection.send(frame);
      await drip(connection, whole);
    });
    const probe = startProbe(t, { server: peer.origin, namespace });
    await holdsAll(probe, store);
    assert.equal(peer.connections.length, 1, 'in one connection');
  });

  /** Sends each byte by itself, and lets the loop turn between two, so that they leave one by one. */
  async function drip(connection, bytes) {
    for (const byte of bytes.splice(0)) {
      connection.socket.write(Buffer.from([byte]));
      await new Promise((resolve) => setImmediate(resolve));
    }
  }

  test('A frame in a hundred fragments, with pings between them, is one frame', async (t) => {
    const store = someStore();
    const { encodeFrame, opcodes } = require('../lib/peer.js');
    const peer = await startPeer(t, async (connection) => {
      await connection.next();
      connection.accept();
      const subscribe = await connection.nextOf('subscribe');
      const [frame] = store.answer(subscribe);
      const bytes = Buffer.from(JSON.stringify(frame));
      const step = Math.ceil(bytes.length / 100);
      for (let at = 0; at < bytes.length; at += step) {
        const opcode = at === 0 ? opcodes.text : opcodes.continuation;
        connection.write(encodeFrame(bytes.subarray(at, at + step), { opcode, fin: at + step >= bytes.length }));
        connection.ping(`${at}`);
      }
    });
    const probe = startProbe(t, { server: peer.origin, namespace });
    await holdsAll(probe, store);
    assert.equal(peer.connections.length, 1, 'in one connection');
  });

  test('A long content comes through, in one frame and in many', async (t) => {
    const store = someStore();
    store.put(namespace, 'long', 'x'.repeat(1024 * 1024));
    for (const fragments of [1, 50]) {
      const peer = await startPeer(t, (connection) => store.serve(connection, { fragments }));
      const probe = startProbe(t, { server: peer.origin, namespace, quiet: true });
      await holdsAll(probe, store);
      peer.connections[0].send(store.put(namespace, 'long', `${'y'.repeat(1024 * 1024)}ü`), { fragments });
      await holdsAll(probe, store);
      assert.equal(peer.connections.length, 1, 'in one connection');
    }
  });

  test('While an answer is under way, nothing is ready, and then all of it at once', async (t) => {
    const store = someStore();
    let goOn;
    const peer = await startPeer(t, async (connection) => {
      await connection.next();
      connection.accept();
      const frames = store.answer(await connection.nextOf('subscribe'), { parts: 4 });
      connection.send(frames[0]);
      await new Promise((resolve) => (goOn = resolve));
      for (const frame of frames.slice(1)) connection.send(frame);
    });
    const probe = startProbe(t, { server: peer.origin, namespace });
    await until(() => goOn, 'the first part is sent');
    assert.equal((await probe.waitReady(50)).error, 'TIMEOUT');
    assert.equal((await probe.get(namespace, 'a')).error, 'NOT_READY');
    assert.equal(probe.changes().length, 0);
    goOn();
    assert.equal((await probe.waitReady()).error, 'OK');
    await holdsAll(probe, store);
  });

  test('Reading does not wait for a server that is silent', async (t) => {
    const store = someStore();
    let isSilent = false;
    const peer = await startPeer(t, (connection) => (isSilent ? undefined : store.serve(connection)));
    const probe = startProbe(t, { server: peer.origin, namespace });
    await holdsAll(probe, store);
    isSilent = true;
    peer.connections[0].cut();
    await until(() => peer.connections.length > 1, 'it tries again');
    const { error, value } = await probe.get(namespace, 'a');
    assert.deepEqual([error, value.content], ['OK', 'first']);
    assert.equal((await probe.state()).state, 'reconnecting');
    await until(async () => (await probe.state()).age_ms > 0, 'it says that the values are old');
  });
});

describe('Half-open connections', { concurrency: true }, () => {
  const silenceMs = 45000;

  /** Serves at first; from then on the peer is @silent with each new connection until it is told otherwise. */
  async function survives(t, silent) {
    const store = someStore();
    const peer = await startPeer(t, (connection) => silent(connection, store));
    const probe = startProbe(t, { server: peer.origin, namespace, quiet: true });
    await holdsAll(probe, store);
    return { peer, probe, store };
  }

  test('A server that says no more, not even pongs, is given up after 45 s', async (t) => {
    const { peer, probe, store } = await survives(t, async (connection, store) => {
      await store.serve(connection);
      if (connection.number === 0) connection.answersPings = false;
    });
    store.put(namespace, 'a', 'meanwhile');
    await until(() => peer.connections.length > 1, 'it gives up', 3 * silenceMs);
    await holdsAll(probe, store);
  });

  test('A server that accepts and never answers the upgrade is given up', async (t) => {
    const { peer, probe, store } = await survives(t, (connection, store) =>
      connection.number === 1 ? undefined : store.serve(connection),
    );
    store.put(namespace, 'a', 'meanwhile');
    peer.connections[0].cut();
    await until(() => peer.connections.length > 2, 'it gives up', 3 * silenceMs);
    await holdsAll(probe, store);
  });

  test('A server that upgrades and never answers the subscription is given up', async (t) => {
    const { peer, probe, store } = await survives(t, async (connection, store) => {
      if (connection.number !== 1) return store.serve(connection);
      await connection.next();
      connection.answersPings = false;
      connection.accept();
    });
    store.put(namespace, 'a', 'meanwhile');
    peer.connections[0].cut();
    await until(() => peer.connections.length > 2, 'it gives up', 3 * silenceMs);
    await holdsAll(probe, store);
  });

  test('With another server at hand, the silent one is not the last word', async (t) => {
    const store = someStore();
    const silent = await startPeer(t, () => {});
    const right = await startPeer(t, (connection) => store.serve(connection));
    const probes = Array.from({ length: 4 }, () =>
      startProbe(t, { server: [silent.origin, right.origin], namespace, quiet: true }),
    );
    await Promise.all(
      probes.map((probe) => until(async () => (await probe.state()).state === 'connected', 'connected', 3 * silenceMs)),
    );
    for (const probe of probes) await holdsAll(probe, store);
  });

  test('A server that stops reading hinders nothing', async (t) => {
    const { peer, probe, store } = await survives(t, (connection, store) => store.serve(connection));
    peer.connections[0].socket.pause();
    for (let i = 0; i < 3000; i++) peer.connections[0].send(store.put(namespace, `k${i % 100}`, `content ${i}`));
    await holdsAll(probe, store);
    peer.connections[0].socket.resume();
    peer.connections[0].send(store.put(namespace, 'a', 'after it'));
    await holdsAll(probe, store);
  });
});

describe('Everything at random', () => {
  /** What a connection may suffer; each is given a connection that is subscribed, after some right frames. */
  const mischiefs = {
    cutSoon: (connection, random) => {
      connection.cutAt = connection.sent + random.integer(0, 200);
    },
    repeat: (connection, random, store, sent) => sent.length && connection.send(random.pick(sent)),
    swap: (connection, random, store) => {
      const [first, second] = [store.put(namespace, 'x', `${random.next()}`), store.put(namespace, 'y', `${random.next()}`)];
      // In one piece: of a frame that comes too late and is lost besides, nobody could know.
      connection.sendTogether([second, first]);
      connection.close(1012);
    },
    rubbish: (connection, random) => {
      connection.write(Buffer.from(Array.from({ length: random.integer(1, 100) }, () => random.integer(0, 255))));
    },
    rubbishText: (connection, random) => connection.sendText(random.pick(['', '{', '[]', 'null', '{"seq":-1}', '"x"'])),
    goBack: (connection, random, store, sent, past) => {
      for (const frame of past.snapshotFrames([namespace])) connection.send(frame);
    },
    emptySnapshot: (connection, random, store) =>
      connection.send({ seq: random.integer(0, 3), type: 'snapshot', payload: { epoch: store.epoch, namespaces: [], more: false } }),
    halfSnapshot: (connection, random, store) => {
      connection.send(store.snapshotFrames([namespace], { parts: 3 })[0]);
      connection.cut();
    },
    ping: (connection) => connection.ping('x'),
    close: (connection, random) => connection.close(random.pick([1000, 1001, 1008, 1011, 1012, 1013, 4000])),
    error: (connection) =>
      connection.send({ seq: 0, type: 'error', payload: { code: 503, reason: 'not_ready', message: 'not now' } }),
  };

  const rounds = 400;

  test(`${rounds} connections of every kind of mischief, and it ends with the right values`, async (t) => {
    const random = new Random();
    t.diagnostic(`CONFER_SEED=${random.seed}`);
    const store = someStore();
    const past = store.fork();
    let begun = 0;
    let over = 0; // only then does the store rest

    const peer = await startPeer(t, async (connection) => {
      if (begun >= rounds) return store.serve(connection);
      begun++;
      await suffer(connection);
      over++;
    });

    async function suffer(connection) {
      if (random.next() < 0.1) return connection.cut();
      await store.serve(connection, { parts: random.integer(1, 3), fragments: random.integer(1, 3) });
      const sent = [];
      for (let i = random.integer(0, 5); i > 0; i--) {
        const key = `k${random.integer(0, 5)}`;
        const where = random.pick(['prod', 'prod.acme', namespace]);
        const isThere = store.namespaces.get(where)?.has(key);
        const frame = isThere && random.next() < 0.3 ? store.delete(where, key) : store.put(where, key, `${random.next()}`);
        if (random.next() < 0.8) sent.push(frame);
        connection.send(frame);
      }
      const mischief = random.pick(Object.keys(mischiefs));
      mischiefs[mischief](connection, random, store, sent, past);
      // Whatever it was, the next connection comes when this one is over.
      if (mischief !== 'swap' && random.next() < 0.5) connection.cut();
      else connection.close(1012);
    }

    const probe = startProbe(t, { server: peer.origin, namespace, quiet: true });
    await until(() => over === rounds, 'all of them had their turn', 60000);
    await holdsAll(probe, store);
  });
});
