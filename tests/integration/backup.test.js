// Backups: taken from a running store, put back under a new epoch.
'use strict';

const assert = require('node:assert/strict');
const fs = require('node:fs');
const path = require('node:path');
const { after, describe, test } = require('node:test');
const { configPath, root } = require('../lib/client.js');
const { Conferd, runConferd, temporaryDirectory } = require('../lib/conferd.js');
const { until } = require('../lib/waiting.js');

const run = async (option, file, data) => runConferd([option, file, '--data', data]);

async function succeeds(option, file, data) {
  const { code, stdout, stderr } = await run(option, file, data);
  assert.equal(code, 0, stdout + stderr);
}

async function fails(option, file, data, message) {
  const { code, stdout, stderr } = await run(option, file, data);
  assert.equal(code, 1, stdout + stderr);
  assert.match(stderr, message);
}

async function verify(data) {
  const { code, stdout, stderr } = await runConferd(['--verify', '--data', data]);
  assert.equal(code, 0, stdout + stderr);
}

describe('A backup', () => {
  const server = new Conferd();
  const { api } = server;
  const directory = temporaryDirectory();
  const file = path.join(directory, 'backup.db');
  const restored = new Conferd({ token: server.token });
  let status;
  after(async () => {
    await server.finish();
    await restored.finish();
  });

  test('It is taken while 8 writers write, and disturbs none of them', async () => {
    await server.start();
    await api.createNamespaces('ns');
    const before = [];
    let isDone = false;
    const writer = async (i) => {
      for (let n = 1; !isDone; n++) {
        const pair = [`a${i}`, `b${i}`].map((key) => ({
          op: 'put',
          namespace: 'ns',
          key,
          content: `${n} ${'x'.repeat(3000)}`,
          publish: true,
        }));
        await api.transaction(pair);
        before[i] = n;
      }
    };
    const writers = Array.from({ length: 8 }, (_, i) => writer(i));
    let atStart;
    try {
      await until(() => before.filter((n) => n > 10).length === 8, 'all have written');
      atStart = [...before];
      status = await api.status();
      await succeeds('--backup', file, server.data);
    } finally {
      isDone = true;
      await Promise.all(writers);
    }

    await succeeds('--restore', file, restored.data);
    await verify(restored.data);
    await restored.start();
    for (let i = 0; i < 8; i++) {
      const [a, b] = [await restored.api.read('ns', `a${i}`), await restored.api.read('ns', `b${i}`)];
      assert.equal(a.content, b.content, 'a transaction is in it whole or not at all');
      const n = parseInt(a.content, 10);
      assert.ok(n >= atStart[i], 'what was acknowledged before it is in it');
      assert.equal(a.version, n);
      const versions = await restored.api.walk(configPath('ns', `a${i}`, 'versions'), { content: 'false' });
      assert.equal(versions.length, n);
    }
  });

  test('A restored store has another epoch, and goes on from its revision', async () => {
    const now = await restored.api.status();
    assert.notEqual(now.epoch, status.epoch);
    assert.ok(now.revision >= status.revision);
    const { revision } = await restored.api.publish('ns', 'new', 'x');
    assert.ok(revision > now.revision);
    await restored.restart();
    assert.equal((await restored.api.status()).epoch, now.epoch, 'the epoch is then kept');
    await restored.stop();
    await verify(restored.data);
  });

  test('The store that was backed up is as it was', async () => {
    assert.equal((await api.status()).epoch, status.epoch);
    await server.stop();
    await verify(server.data);
  });

  test('A backup does not overwrite a file, and is nothing without a store', async () => {
    const content = fs.readFileSync(file);
    await fails('--backup', file, server.data, /backup\.db/);
    assert.ok(fs.readFileSync(file).equals(content));
    const nowhere = path.join(directory, 'nowhere');
    await fails('--backup', path.join(directory, 'never.db'), nowhere, /nowhere/);
    await fails('--backup', path.join(nowhere, 'backup.db'), server.data, /nowhere/);
    assert.ok(!fs.existsSync(nowhere));
    assert.ok(!fs.existsSync(path.join(directory, 'never.db')));
  });

  test('A backup of a stopped store is one, too', async () => {
    await succeeds('--backup', path.join(directory, 'stopped.db'), server.data);
    const other = path.join(directory, 'other');
    await succeeds('--restore', path.join(directory, 'stopped.db'), other);
    await verify(other);
  });

  test('A backup shows nobody else what is in it', () => {
    assert.equal(fs.statSync(file).mode & 0o077, 0);
  });
});

describe('Restoring', () => {
  const server = new Conferd();
  const { api } = server;
  const directory = temporaryDirectory();
  const file = path.join(directory, 'backup.db');
  after(() => server.finish());

  test('A store that is there is replaced, and kept beside', async () => {
    await server.start();
    await api.createNamespaces('ns');
    await api.publish('ns', 'k', 'the content before');
    await succeeds('--backup', file, server.data);
    await api.publish('ns', 'k', 'the content after');
    const { epoch } = await api.status();
    await fails('--restore', file, server.data, /using|running|lock/i);
    assert.equal((await api.read('ns', 'k')).content, 'the content after', 'never under a running server');
    await server.stop();

    await succeeds('--restore', file, server.data);
    await server.start();
    assert.equal((await api.read('ns', 'k')).content, 'the content before');
    assert.equal((await api.walk(configPath('ns', 'k', 'versions'))).length, 1);
    assert.notEqual((await api.status()).epoch, epoch);
    assert.ok((await api.walk(`${root}/audit`)).length > 0);
    await server.stop();

    const kept = path.join(directory, 'kept');
    fs.mkdirSync(kept);
    for (const name of fs
      .readdirSync(server.data)
      .filter((each) => each.startsWith('confer.db.before-restore'))) {
      fs.copyFileSync(path.join(server.data, name), path.join(kept, name.replace('.before-restore', '')));
    }
    const old = new Conferd({ data: kept });
    await old.start();
    assert.equal((await old.api.read('ns', 'k')).content, 'the content after', 'the old store is whole');
    await old.stop();
  });

  test('What was kept is never overwritten', async () => {
    const kept = path.join(server.data, 'confer.db.before-restore');
    const content = fs.readFileSync(kept);
    await fails('--restore', file, server.data, /before-restore/);
    assert.ok(fs.readFileSync(kept).equals(content));
  });

  test('What is no backup, or a damaged one, is refused, and the store stays', async () => {
    const kept = path.join(server.data, 'confer.db.before-restore');
    for (const name of fs.readdirSync(server.data))
      if (name.startsWith('confer.db.before-restore')) fs.rmSync(path.join(server.data, name));
    const text = path.join(directory, 'text');
    fs.writeFileSync(text, 'no database\n'.repeat(1000));
    const damaged = path.join(directory, 'damaged.db');
    const bytes = fs.readFileSync(file);
    bytes.write('X', bytes.indexOf('the content before'));
    fs.writeFileSync(damaged, bytes);

    await fails('--restore', text, server.data, /text/);
    await fails('--restore', damaged, server.data, /damaged\.db|k\b/);
    await fails('--restore', path.join(directory, 'absent.db'), server.data, /absent\.db/);
    assert.ok(!fs.existsSync(kept));
    await server.start();
    assert.equal((await api.read('ns', 'k')).content, 'the content before');
  });
});
