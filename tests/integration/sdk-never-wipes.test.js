// Law 4: whatever the server, the network or the disk does, only an explicit deletion removes a config from a client.
'use strict';

const assert = require('node:assert/strict');
const fs = require('node:fs');
const path = require('node:path');
const { after, describe, test } = require('node:test');
const { configPath, root } = require('../lib/client.js');
const { Conferd, runConferd, temporaryDirectory } = require('../lib/conferd.js');
const { sha256, smallStore } = require('../lib/model-server.js');
const { mountSmall, protect, unmount } = require('../lib/mount.js');
const { startPeer } = require('../lib/peer.js');
const { startProbe } = require('../lib/probe.js');
const { until } = require('../lib/waiting.js');

const namespace = 'prod.acme';

const holdsAll = (probe, store) => probe.untilHolds(namespace, store.effective(namespace));

describe('Whatever the server says', () => {
  const frame = (type, seq, payload) => ({ seq, type, payload });
  const snapshot = (store, seq, rest = {}) =>
    frame('snapshot', seq, { epoch: store.epoch, namespaces: [], more: false, ...rest });
  const bare = (releases) => [{ namespace, releases }];
  const broken = (store) => {
    const [release] = store.snapshotFrames([namespace])[0].payload.namespaces[0].releases;
    return { ...release, revision: store.revision, version: 9, content: 'damaged on the way', sha256: sha256('right') };
  };

  /** What a server may answer to a subscription instead of what is true. None of it is an explicit deletion. */
  const answers = {
    'nothing, and the connection is lost': () => [],
    'a snapshot that holds nothing, and is older': (store) => [snapshot(store, 1)],
    'a snapshot that holds nothing, of revision 0': (store) => [snapshot(store, 0)],
    'a snapshot without an epoch': (store) => [snapshot(store, store.revision, { epoch: undefined })],
    'a snapshot with an empty epoch': (store) => [snapshot(store, store.revision, { epoch: '' })],
    'a snapshot without namespaces': (store) => [snapshot(store, store.revision, { namespaces: undefined })],
    'a snapshot that does not end': (store) => [snapshot(store, store.revision, { more: true })],
    'a snapshot that does not end, of another epoch': (store) => [snapshot(store, 50, { more: true, epoch: 'another' })],
    'a snapshot that holds a half, with more to come': (store) => store.snapshotFrames([namespace], { parts: 3 }).slice(0, 1),
    'a snapshot that is cut within a frame': (store) => [
      JSON.stringify(snapshot(store, store.revision)).slice(0, -5),
    ],
    'a snapshot with a damaged content': (store) => [
      snapshot(store, store.revision + 1, { namespaces: bare([broken(store)]) }),
    ],
    'a snapshot of another epoch with a damaged content': (store) => [
      snapshot(store, store.revision + 1, { epoch: 'another', namespaces: bare([broken(store)]) }),
    ],
    'a snapshot with a release that is none': (store) => [
      snapshot(store, store.revision + 1, { namespaces: bare([{ key: 'a' }]) }),
    ],
    'two snapshots of different epochs, mixed': (store) => [
      snapshot(store, store.revision + 1, { more: true }),
      snapshot(store, store.revision + 1, { epoch: 'another', more: true }),
    ],
    'current, of another epoch': () => [frame('current', 3, { epoch: 'another', namespaces: [namespace] })],
    'current, of nothing': (store) => [frame('current', store.revision, { epoch: store.epoch, namespaces: [] })],
    'an error: not ready': () => [frame('error', 0, { code: 503, reason: 'not_ready', message: 'wait' })],
    'an error: no right': () => [frame('error', 0, { code: 403, reason: 'forbidden', message: 'no' })],
    'an error: no such thing': () => [frame('error', 0, { code: 404, reason: 'not_found', message: 'gone' })],
    'a deletion that is older': () => [frame('change', 1, { changes: [{ namespace, releases: [], deleted: ['a', 'b'] }] })],
    'a change without a revision that deletes': () => [
      frame('change', 0, { changes: [{ namespace, releases: [], deleted: ['a', 'b'] }] }),
    ],
  };

  for (const [what, answer] of Object.entries(answers))
    test(`${what[0].toUpperCase()}${what.slice(1)}: nothing is removed`, async (t) => {
      const store = smallStore();
      let isWrong = false;
      let wrongs = 0;
      const peer = await startPeer(t, async (connection) => {
        if (!isWrong) return store.serve(connection);
        if (!(await connection.next())) return;
        connection.accept();
        if (!(await connection.nextOf('subscribe'))) return;
        for (const each of answer(store)) connection.send(each);
        connection.close(1012);
        await connection.over;
        wrongs++;
      });
      const cache = path.join(temporaryDirectory(), 'cache');
      const probe = startProbe(t, { server: peer.origin, namespace, cache });
      await holdsAll(probe, store);
      const before = probe.changes().length;

      isWrong = true;
      peer.connections[0].cut();
      await until(() => wrongs >= 3, 'it was answered wrongly');
      await holdsAll(probe, store);
      assert.equal(probe.changes().length, before, 'nothing was told');

      // What it would start with is whole, too.
      await probe.finish();
      const again = startProbe(t, { server: 'http://127.0.0.1:1', namespace, cache });
      assert.equal((await again.waitReady()).error, 'OK');
      await holdsAll(again, store);
      await again.finish();

      isWrong = false;
      store.put(namespace, 'a', 'and on');
      const last = startProbe(t, { server: peer.origin, namespace, cache });
      await holdsAll(last, store);
    });
});

describe('Whatever is deleted, with the real server', () => {
  const server = new Conferd({ keepPort: true });
  const { api } = server;
  after(() => server.finish());
  const start = (t, options) => startProbe(t, { server: `http://${server.address}`, token: server.token, namespace, ...options });

  async function publishAll() {
    await api.publish('prod', 'shared', 'by everybody');
    for (const key of ['a', 'b', 'c']) await api.publish(namespace, key, `content of ${key}`);
  }

  async function served() {
    const values = {};
    for (const name of ['prod', namespace]) {
      const list = await api.get(`${root}/namespaces/${name}/configs`, { status: 'any' });
      for (const { key, version } of list.status === 200 ? list.data.items : [])
        if (version !== null) values[key] = await api.read(name, key);
    }
    return values;
  }

  test('While the client is connected, it goes', async (t) => {
    await server.start();
    await api.createNamespaces('prod', namespace);
    await publishAll();
    const probe = start(t);
    await probe.untilHolds(namespace, await served());
    for (const key of ['a', 'b', 'c']) await api.delete(configPath(namespace, key));
    await api.delete(configPath('prod', 'shared'));
    await probe.untilHolds(namespace, {});
  });

  test('While the client was away, all of it, and the server has forgotten the changes: it goes', async (t) => {
    await publishAll();
    const cache = path.join(temporaryDirectory(), 'cache');
    const before = start(t, { cache });
    const all = await served();
    await before.untilHolds(namespace, all);
    await before.finish();

    for (const key of ['a', 'b', 'c']) await api.delete(configPath(namespace, key));
    await api.delete(configPath('prod', 'shared'));
    await server.kill();
    const probe = start(t, { cache });
    await probe.waitReady();
    await probe.untilHolds(namespace, all);
    await server.start();
    await probe.untilHolds(namespace, {});
  });

  test('A server that starts slowly, dies and comes back removes nothing', async (t) => {
    await publishAll();
    const probe = start(t);
    const all = await served();
    await probe.untilHolds(namespace, all);
    for (let i = 0; i < 5; i++) {
      await server.kill();
      server.spawn();
      server.isEnding = true;
      await server.kill();
      await probe.untilHolds(namespace, all);
      await server.start();
    }
    await probe.untilState('connected');
    await probe.untilHolds(namespace, all);
    assert.ok(probe.changes().every(({ kind }) => kind === 'initial'));
  });

  test('A backup that is put back is followed, into the past', async (t) => {
    const probe = start(t, { allowed: /revision/ });
    await probe.untilHolds(namespace, await served());
    const { epoch } = await api.status();
    const backup = path.join(temporaryDirectory(), 'backup.db');
    const { code, stderr } = await runConferd(['--backup', backup, '--data', server.data]);
    assert.equal(code, 0, stderr);
    await api.publish(namespace, 'a', 'after the backup');
    await api.publish(namespace, 'z', 'after the backup');
    await probe.untilHolds(namespace, await served());

    await server.stop();
    fs.rmSync(server.data, { recursive: true });
    const restored = await runConferd(['--restore', backup, '--data', server.data]);
    assert.equal(restored.code, 0, restored.stderr);
    await server.start();
    assert.notEqual((await api.status()).epoch, epoch);
    await probe.untilHolds(namespace, await served());
  });
});

describe('Whatever the disk does', () => {
  const unreachable = 'http://127.0.0.1:1';

  /** A cache file of a client that held all of @store; returns its path. */
  async function makeCache(t, store, directory = temporaryDirectory()) {
    const peer = await startPeer(t, (connection) => store.serve(connection));
    const cache = path.join(directory, 'cache');
    const probe = startProbe(t, { server: peer.origin, namespace, cache });
    await holdsAll(probe, store);
    await probe.finish();
    return cache;
  }

  /** Starts without a server; the client must hold all or nothing. Returns which. */
  async function startsWith(t, store, cache, options = {}) {
    const probe = startProbe(t, { server: unreachable, namespace, cache, ...options });
    const { error } = await probe.waitReady(300);
    if (error === 'OK') await holdsAll(probe, store);
    else assert.equal((await probe.get(namespace, 'a')).error, 'NOT_READY');
    await probe.finish();
    return error === 'OK';
  }

  const damages = {
    'an empty file': () => Buffer.alloc(0),
    'a file of another program': () => Buffer.from('PK\x03\x04 this is something else\n'.repeat(100)),
    'zeros of the same length': (bytes) => Buffer.alloc(bytes.length),
    'the first half': (bytes) => bytes.subarray(0, bytes.length / 2),
    'all but the last byte': (bytes) => bytes.subarray(0, -1),
    'one byte more': (bytes) => Buffer.concat([bytes, Buffer.from('x')]),
    'one bit of a content': (bytes) => {
      bytes[bytes.indexOf('first')] ^= 1;
      return bytes;
    },
    'the first byte': (bytes) => Buffer.concat([Buffer.from('x'), bytes.subarray(1)]),
    'itself, twice': (bytes) => Buffer.concat([bytes, bytes]),
  };
  for (const [what, damage] of Object.entries(damages))
    test(`Damaged (${what}): the file is not used, and made anew`, async (t) => {
      const store = smallStore();
      const cache = await makeCache(t, store);
      fs.writeFileSync(cache, damage(fs.readFileSync(cache)));
      assert.equal(await startsWith(t, store, cache), false);
      const peer = await startPeer(t, (connection) => store.serve(connection));
      const probe = startProbe(t, { server: peer.origin, namespace, cache });
      await holdsAll(probe, store);
      await probe.finish();
      assert.equal(await startsWith(t, store, cache), true);
    });

  test('Undamaged, it is used', async (t) => {
    const store = smallStore();
    assert.equal(await startsWith(t, store, await makeCache(t, store)), true);
  });

  test('A file of other namespaces is taken for what it has in common', async (t) => {
    const store = smallStore();
    const cache = await makeCache(t, store);
    const probe = startProbe(t, { server: unreachable, namespace: [namespace, 'elsewhere'], cache });
    await until(async () => (await probe.get(namespace, 'a')).error === 'OK', 'what is in common is there');
    await holdsAll(probe, store);
    assert.equal((await probe.waitReady(300)).error, 'TIMEOUT', 'of the other nothing is known');
    assert.equal((await probe.get('elsewhere', 'a')).error, 'NOT_READY');
  });

  test('A file that is too old is not used', async (t) => {
    const store = smallStore();
    const cache = await makeCache(t, store);
    assert.equal(await startsWith(t, store, cache, { cacheMaxAgeMs: 1 }), false);
    assert.equal(await startsWith(t, store, cache, { cacheMaxAgeMs: 3600000 }), true);
  });

  test('A directory that is not there, or in its place a directory, stops nothing', async (t) => {
    const store = smallStore();
    const peer = await startPeer(t, (connection) => store.serve(connection));
    for (const cache of [path.join(temporaryDirectory(), 'no', 'such', 'place'), temporaryDirectory()]) {
      const probe = startProbe(t, { server: peer.origin, namespace, cache });
      await holdsAll(probe, store);
      peer.connections.at(-1).send(store.put(namespace, 'a', `once more ${cache}`));
      await holdsAll(probe, store);
      await probe.finish();
    }
  });

  const noMount = () => {
    const directory = mountSmall('1m');
    if (directory) unmount(directory);
    return directory ? false : 'this user may not mount';
  };

  describe('A disk that is full or read-only', { skip: noMount() }, () => {
    function fill(directory) {
      const fd = fs.openSync(path.join(directory, 'ballast'), 'w');
      try {
        for (;;) fs.writeSync(fd, Buffer.alloc(4096));
      } catch (error) {
        assert.equal(error.code, 'ENOSPC');
      } finally {
        fs.closeSync(fd);
      }
    }

    test('Full: the client goes on, the old file stays whole, and is replaced when there is room', async (t) => {
      const directory = mountSmall('1m');
      t.after(() => unmount(directory));
      const store = smallStore();
      const cache = await makeCache(t, store, directory);
      const old = fs.readFileSync(cache);
      fill(directory);

      const peer = await startPeer(t, (connection) => store.serve(connection));
      const probe = startProbe(t, { server: peer.origin, namespace, cache });
      await probe.untilState('connected');
      await holdsAll(probe, store);
      peer.connections[0].send(store.put(namespace, 'a', 'x'.repeat(20000)));
      await holdsAll(probe, store);
      await probe.finish();
      assert.ok(fs.readFileSync(cache).equals(old), 'the old file is as it was');
      assert.deepEqual(fs.readdirSync(directory).sort(), ['ballast', 'cache'], 'nothing is left lying about');

      fs.rmSync(path.join(directory, 'ballast'));
      const again = startProbe(t, { server: peer.origin, namespace, cache });
      await holdsAll(again, store);
      await again.finish();
      assert.equal(await startsWith(t, store, cache), true);
    });

    test('Read-only: what it holds is used, and nothing stops', async (t) => {
      const directory = mountSmall('1m');
      t.after(() => unmount(directory));
      const store = smallStore();
      const cache = await makeCache(t, store, directory);
      assert.ok(protect(directory));
      assert.equal(await startsWith(t, store, cache), true);
      const peer = await startPeer(t, (connection) => store.serve(connection));
      const probe = startProbe(t, { server: peer.origin, namespace, cache });
      peer.connections[0]?.ping();
      store.put(namespace, 'a', 'next');
      peer.connections.at(-1)?.cut();
      await holdsAll(probe, store);
    });
  });
});
