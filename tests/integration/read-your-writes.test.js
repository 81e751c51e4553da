// Law 3: when a write is answered, every later read on any connection, and so on any thread, sees it.
'use strict';

const assert = require('node:assert/strict');
const { describe, test } = require('node:test');
const { configPath, namespacePath, root } = require('../lib/client.js');
const { useConferd } = require('../lib/conferd.js');

const threads = 4;
const readers = 32; // The kernel deals connections out to the threads: all 32 miss one of 4 once in 10,000 runs.

describe('Read your writes', () => {
  const { api } = useConferd({ args: ['--threads', String(threads)] });
  const clients = Array.from({ length: readers }, () => api.another({ connections: 1 }));
  let turn = 0;

  /** The next @n connections, so that all of them come round. */
  const next = (n) => Array.from({ length: n }, () => clients[turn++ % readers]);

  test('There are several threads, and connections enough for all of them', async () => {
    assert.equal((await api.status()).threads, threads);
    await api.createNamespaces('rw', 'rw.child');
    await Promise.all(clients.map((client) => client.status()));
  });

  test('2000 publishes are each seen at once on other connections', async () => {
    for (let i = 1; i <= 2000; i++) {
      const written = await api.publish('rw', 'k', `${i}`);
      const seen = await Promise.all(next(4).map((client) => client.read('rw', 'k')));
      for (const read of seen) assert.deepEqual({ ...read, created: true }, written);
    }
  });

  test('The past does not come back while others write: 8 writers, each looking at the others', async () => {
    const newest = Array(8).fill(0);
    const writer = async (me) => {
      for (let i = 1; i <= 150; i++) {
        const { revision } = await clients[me].publish('rw', `w${me}`, `${i}`);
        newest[me] = revision;
        const other = (me + i) % 8;
        const known = newest[other];
        if (!known) continue;
        const { revision: seen } = await clients[8 + ((me * 3 + i) % (readers - 8))].read('rw', `w${other}`);
        assert.ok(seen >= known, `revision ${seen} of w${other} is read after ${known} was answered`);
      }
    };
    await Promise.all(newest.map((_, me) => writer(me)));
  });

  test('A connection never sees a revision go back', async () => {
    let isDone = false;
    const watch = async (client) => {
      let last = 0;
      while (!isDone) {
        const { revision } = await client.read('rw', 'steady');
        assert.ok(revision >= last, `${revision} after ${last}`);
        last = revision;
      }
    };
    await api.publish('rw', 'steady', 'first');
    const watchers = next(8).map(watch);
    for (let i = 0; i < 200; i++) await api.publish('rw', 'steady', `${i}`);
    isDone = true;
    await Promise.all(watchers);
  });

  test('Everything that a write does is seen at once: lists, history, audit, deletes, rollbacks, namespaces', async () => {
    for (let i = 0; i < 60; i++) {
      const namespace = `n${i}`;
      const [a, b, c, d] = next(4);
      await a.createNamespaces(namespace);
      assert.equal((await b.get(namespacePath(namespace))).data.name, namespace);
      await c.publish(namespace, 'k', 'one');
      assert.equal((await d.get(namespacePath(namespace, 'configs'))).data.items.length, 1);
      const { version } = await d.publish(namespace, 'k', 'two');
      assert.equal((await a.walk(configPath(namespace, 'k', 'versions')))[0].version, version);
      await a.post(configPath(namespace, 'k', 'rollback'), {});
      assert.equal((await b.read(namespace, 'k')).content, 'one');
      assert.equal((await c.walk(configPath(namespace, 'k', 'releases'))).length, 3);
      await b.delete(configPath(namespace, 'k'));
      await c.get(configPath(namespace, 'k'), { status: 404 });
      await d.get(configPath(namespace, 'k'), { status: 404 });
      assert.equal(
        (await d.get(`${root}/audit`, { query: { namespace, limit: 1 } })).data.items[0].action,
        'config.delete',
      );
      await c.delete(namespacePath(namespace));
      await a.get(namespacePath(namespace), { status: 404 });
    }
  });

  test('What is inherited is as fresh as what is not', async () => {
    for (let i = 0; i < 300; i++) {
      await api.publish('rw', 'inherited', `${i}`);
      for (const read of await Promise.all(next(3).map((client) => client.read('rw.child', 'inherited'))))
        assert.equal(read.content, `${i}`);
    }
  });

  test('A 304 is never an old truth', async () => {
    for (let i = 0; i < 200; i++) {
      const [a, b] = next(2);
      const { headers } = await a.get(configPath('rw', 'k'));
      await api.publish('rw', 'k', `fresh ${i}`);
      await b.get(configPath('rw', 'k'), { headers: { 'If-None-Match': headers.etag }, status: 200 });
    }
  });

  test('The status is never behind a write', async () => {
    for (let i = 0; i < 200; i++) {
      const { revision } = await api.publish('rw', 'k', `status ${i}`);
      for (const status of await Promise.all(next(2).map((client) => client.status())))
        assert.ok(status.revision >= revision);
    }
  });
});
