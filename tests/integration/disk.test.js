// When the disk is full, read-only, damaged or somebody else's: a clear message, and nothing acknowledged is lost.
'use strict';

const assert = require('node:assert/strict');
const fs = require('node:fs');
const path = require('node:path');
const { after, describe, test } = require('node:test');
const { configPath, namespacePath } = require('../lib/client.js');
const { Conferd, runConferd, temporaryDirectory } = require('../lib/conferd.js');
const { mountSmall, protect, unmount } = require('../lib/mount.js');
const store = require('../lib/store.js');
const { until } = require('../lib/waiting.js');

const mib = 1024 * 1024;

/** A stopped store with a few configs; returns its directory. */
async function makeStore() {
  const server = await new Conferd().start();
  await server.api.createNamespaces('ns');
  for (let i = 0; i < 50; i++)
    await server.api.publish('ns', `k${i}`, `the content of config number ${i}, ${'x'.repeat(2000)}`);
  await server.stop();
  return server.data;
}

/** Starts conferd on @data, which must end it with a message. */
async function assertRefusesToStart(data, message) {
  const { code, stdout, stderr } = await runConferd(['--listen', '127.0.0.1:0', '--data', data], {
    CONFER_ADMIN_PASSWORD: 'long enough',
  });
  assert.ok(code > 0, `status ${code}: ${stderr}`);
  assert.match(stderr, message);
  assert.doesNotMatch(stdout, /ready/);
}

async function assertVerifyFinds(data, message) {
  const { code, stdout, stderr } = await runConferd(['--verify', '--data', data]);
  assert.equal(code, 1, stdout + stderr);
  assert.match(stdout + stderr, message);
}

const mounted = mountSmall('24m');
const noMount = mounted ? false : 'this user may not mount';

describe('A full disk', { skip: noMount }, () => {
  const server = new Conferd({ data: path.join(mounted || '', 'data'), args: ['--wal-max-bytes', '4 MiB'] });
  const { api } = server;
  const ballast = path.join(mounted || '', 'ballast');
  const acknowledged = [];
  after(async () => {
    await server.finish();
    unmount(mounted);
  });

  async function assertAllThere() {
    for (const { key, content } of acknowledged)
      assert.ok((await api.read('ns', key)).content === content, key);
  }

  test('It is answered 503 storage_failed, once nothing fits any more', async () => {
    fs.writeFileSync(ballast, Buffer.alloc(6 * mib));
    await server.start();
    await api.createNamespaces('ns');
    let refused;
    for (let i = 0; !refused; i++) {
      assert.ok(i < 200, 'a disk of 24 MiB does not take 60 MB');
      const content = `${i} ${'x'.repeat(300000)}`;
      const answer = await api.put(configPath('ns', `k${i}`), { content, publish: true }, { status: 'any' });
      if (answer.status === 201) acknowledged.push({ key: `k${i}`, content });
      else refused = answer;
    }
    assert.deepEqual([refused.status, refused.reason], [503, 'storage_failed']);
    assert.ok(acknowledged.length > 10);
  });

  test('Reading goes on, and the refused write has changed nothing', async () => {
    await assertAllThere();
    assert.equal((await api.walk(namespacePath('ns', 'configs'))).length, acknowledged.length);
    assert.equal((await api.walk(configPath('ns', 'k0', 'versions'))).length, 1);
    assert.equal((await api.get('/healthz', { auth: null })).text, 'ok\n');
    assert.ok(server.isRunning);
  });

  test('Many writers at once are all refused or all kept, and none is left without an answer', async () => {
    const attempts = Array.from({ length: 32 }, (_, i) => ({
      key: `parallel${i}`,
      content: `${i} ${'x'.repeat(300000)}`,
    }));
    const answers = await Promise.all(
      attempts.map(({ key, content }) =>
        api.put(configPath('ns', key), { content, publish: true }, { status: 'any' }),
      ),
    );
    answers.forEach(({ status, reason }, i) => {
      if (status === 201) acknowledged.push(attempts[i]);
      else assert.deepEqual([status, reason], [503, 'storage_failed']);
    });
    assert.ok(answers.some(({ status }) => status === 503));
    await assertAllThere();
  });

  test('The message says what is wrong', () => {
    assert.match(server.stderr, /full|space|storage|disk/i);
  });

  test('When there is room again, writing goes on without a restart', async () => {
    fs.rmSync(ballast);
    const content = 'there is room again';
    await until(async () => {
      const { status } = await api.put(
        configPath('ns', 'again'),
        { content, publish: true },
        { status: 'any' },
      );
      return status < 300;
    }, 'a write succeeds');
    acknowledged.push({ key: 'again', content });
    await assertAllThere();
  });

  test('All that was acknowledged survives kill -9, and the store is whole', async () => {
    await server.kill();
    const { code, stdout, stderr } = await runConferd(['--verify', '--data', server.data]);
    assert.equal(code, 0, stdout + stderr);
    await server.start();
    await assertAllThere();
  });
});

describe('A read-only data directory', () => {
  test(
    'An existing store on a read-only disk stops the start with a message',
    { skip: noMount },
    async () => {
      const directory = mountSmall('24m');
      try {
        fs.cpSync(await makeStore(), path.join(directory, 'data'), { recursive: true });
        assert.ok(protect(directory));
        await assertRefusesToStart(
          path.join(directory, 'data'),
          /data.*(read-only|cannot|permission)|(read-only|cannot|permission).*data/i,
        );
      } finally {
        unmount(directory);
      }
    },
  );

  const isRoot = process.getuid() === 0 && 'root may write anywhere';
  test('A store that this user may not write to stops the start with a message', { skip: isRoot }, async () => {
    const data = await makeStore();
    for (const name of fs.readdirSync(data)) fs.chmodSync(path.join(data, name), 0o400);
    fs.chmodSync(data, 0o500);
    try {
      await assertRefusesToStart(data, /permission denied/i);
    } finally {
      fs.chmodSync(data, 0o700);
    }
  });

  test('A path that is no directory, or cannot become one, stops the start with a message', async () => {
    const directory = temporaryDirectory();
    const file = path.join(directory, 'file');
    fs.writeFileSync(file, 'x');
    await assertRefusesToStart(file, new RegExp(file));
    await assertRefusesToStart(path.join(file, 'below'), new RegExp(file));
    await assertRefusesToStart('/proc/no/such/place', /\/proc\/no/);
  });
});

describe('A damaged database file', () => {
  const damage = (data, change) => {
    const file = store.databaseOf(data);
    fs.writeFileSync(file, change(fs.readFileSync(file)));
  };

  test('A file that is no database stops the start with a message', async () => {
    const data = await makeStore();
    damage(data, () => Buffer.from('this is no database\n'.repeat(1000)));
    await assertRefusesToStart(data, /confer\.db/);
    await assertVerifyFinds(data, /confer\.db/);
  });

  test('A header that is overwritten stops the start with a message', async () => {
    const data = await makeStore();
    damage(data, (bytes) => Buffer.concat([Buffer.alloc(100, 0xff), bytes.subarray(100)]));
    await assertRefusesToStart(data, /confer\.db/);
    await assertVerifyFinds(data, /confer\.db/);
  });

  test('A file that is cut in half is found', async () => {
    const data = await makeStore();
    damage(data, (bytes) => bytes.subarray(0, Math.floor(bytes.length / 8192) * 4096));
    await assertVerifyFinds(data, /./);
    await assertRefusesToStart(data, /confer\.db/);
  });

  test('A database of another program stops the start with a message', { skip: store.skip }, async () => {
    const data = temporaryDirectory();
    store.sqlite([store.databaseOf(data)], 'CREATE TABLE theirs (x); INSERT INTO theirs VALUES (1);');
    await assertRefusesToStart(data, /confer\.db/);
    assert.match(store.sqlite([store.databaseOf(data)], 'SELECT x FROM theirs'), /^1$/m, 'and is left alone');
  });

  test('A store of a newer version stops the start with a message', { skip: store.skip }, async () => {
    const data = await makeStore();
    store.alter(data, 'PRAGMA user_version = 999;');
    await assertRefusesToStart(data, /999|newer/);
  });

  test('A content with one changed byte is found, and named', async () => {
    const data = await makeStore();
    damage(data, (bytes) => {
      const at = bytes.indexOf('the content of config number 7,');
      assert.ok(at > 0);
      bytes[at] = 'T'.charCodeAt(0);
      return bytes;
    });
    await assertVerifyFinds(data, /k7\b/);
  });

  for (const [what, sql, message] of [
    [
      'An audit entry that was altered',
      "DROP TRIGGER audit_is_append_only_update; UPDATE audit SET actor = 'user:nobody' WHERE id = 20;",
      /\b20\b/,
    ],
    [
      'An audit entry that was removed',
      'DROP TRIGGER audit_is_append_only_delete; DELETE FROM audit WHERE id = 20;',
      /\b(20|21)\b/,
    ],
    [
      'The newest audit entry, removed',
      'DROP TRIGGER audit_is_append_only_delete; DELETE FROM audit WHERE id = (SELECT max(id) FROM audit);',
      /audit/,
    ],
    [
      'A version that was removed',
      "PRAGMA foreign_keys = OFF; DELETE FROM versions WHERE config_id = (SELECT id FROM configs WHERE key = 'k7');",
      /./,
    ],
    [
      'A release that points nowhere',
      "UPDATE releases SET version = 77 WHERE config_id = (SELECT id FROM configs WHERE key = 'k7');",
      /k7\b/,
    ],
    ["A revision beyond the store's", 'UPDATE versions SET revision = 100000 WHERE id = 7;', /./],
  ]) {
    test(`${what} is found`, { skip: store.skip }, async () => {
      const data = await makeStore();
      store.alter(data, sql);
      await assertVerifyFinds(data, message);
    });
  }

  test('The audit cannot be altered by accident', { skip: store.skip }, async () => {
    const data = await makeStore();
    assert.throws(
      () => store.alter(data, "UPDATE audit SET actor = 'user:nobody' WHERE id = 20;"),
      /append-only/,
    );
    assert.throws(() => store.alter(data, 'DELETE FROM audit WHERE id = 20;'), /append-only/);
    const { code } = await runConferd(['--verify', '--data', data]);
    assert.equal(code, 0);
  });

  test('A store that is not there is not verified, and not made', async () => {
    const data = path.join(temporaryDirectory(), 'nothing');
    const { code, stderr } = await runConferd(['--verify', '--data', data]);
    assert.ok(code > 0);
    assert.match(stderr, new RegExp(data));
    assert.ok(!fs.existsSync(data));
  });
});

describe('Two servers on one directory', () => {
  const server = new Conferd();
  after(() => server.finish());

  test('The second one ends at once with a message, and the first goes on', async () => {
    await server.start();
    await server.api.createNamespaces('ns');
    await assertRefusesToStart(server.data, new RegExp(server.data));
    await server.api.publish('ns', 'k', 'v');
    assert.equal((await server.api.read('ns', 'k')).content, 'v');
  });

  test('After kill -9 the directory is free again', async () => {
    await server.kill();
    await server.start();
    assert.equal((await server.api.read('ns', 'k')).content, 'v');
  });
});
