// Starting, stopping, starting again.
'use strict';

const assert = require('node:assert/strict');
const fs = require('node:fs');
const path = require('node:path');
const { after, describe, test } = require('node:test');
const { basic, configPath, namespacePath, root } = require('../lib/client.js');
const { Conferd, password, useConferd } = require('../lib/conferd.js');
const { connect } = require('../lib/raw.js');

/** Everything that a server tells of its store. */
async function dump(api) {
  const namespaces = await api.walk(`${root}/namespaces`);
  const configs = [];
  for (const { name } of namespaces)
    configs.push(...(await api.walk(namespacePath(name, 'configs'), { content: 'true', deleted: 'true' })));
  const histories = [];
  for (const { namespace, key } of configs) {
    histories.push(
      await api.walk(configPath(namespace, key, 'versions')),
      await api.walk(configPath(namespace, key, 'releases')),
    );
  }
  const { epoch, revision } = await api.status();
  return { namespaces, configs, histories, audit: await api.walk(`${root}/audit`), epoch, revision };
}

describe('The first start', () => {
  const server = new Conferd({ env: { CONFER_ADMIN_PASSWORD: undefined } });
  const file = path.join(server.data, 'admin-password');
  after(() => server.finish());
  let printed;

  test('It prints the password once, and writes it to a file for nobody else', async () => {
    await server.start();
    const match = /^The admin password is (\S+) \(also in (.*)\)$/m.exec(server.stdout);
    assert.ok(match, server.stdout);
    printed = match[1];
    assert.ok(printed.length >= 12);
    assert.equal(path.resolve(match[2]), path.resolve(file));
    assert.equal(fs.readFileSync(file, 'utf8').trim(), printed);
    assert.equal(fs.statSync(file).mode & 0o777, 0o600);
    assert.doesNotMatch(server.stderr, new RegExp(printed));
    assert.equal(
      (await server.api.get(`${root}/me`, { auth: basic('admin', printed) })).data.username,
      'admin',
    );
  });

  test('The directory is for nobody else', () => {
    assert.equal(fs.statSync(server.data).mode & 0o077, 0);
  });

  test('The next start prints none, and the password is the same', async () => {
    await server.restart();
    assert.doesNotMatch(server.stdout, /password/i);
    await server.api.get(`${root}/me`, { auth: basic('admin', printed), status: 200 });
  });

  test('A password in the environment wins, at every start', async () => {
    await server.stop();
    server.env.CONFER_ADMIN_PASSWORD = 'from the environment';
    await server.start();
    assert.doesNotMatch(server.stdout, /password/i);
    await server.api.get(`${root}/me`, { auth: basic('admin', 'from the environment'), status: 200 });
    await server.api.get(`${root}/me`, { auth: basic('admin', printed), status: 401 });
  });

  test('Another start makes another password', async () => {
    const other = new Conferd({ env: { CONFER_ADMIN_PASSWORD: undefined } });
    await other.start();
    assert.notEqual(/admin password is (\S+)/.exec(other.stdout)[1], printed);
    await other.stop();
  });

  test('With a password in the environment no file is written', async () => {
    const other = new Conferd();
    await other.start();
    assert.doesNotMatch(other.stdout, /password/i);
    assert.ok(!fs.existsSync(path.join(other.data, 'admin-password')));
    assert.match(other.stdout, /^conferd is ready on http:\/\/127\.0\.0\.1:\d+\n$/, 'one line, and no other');
    await other.stop();
  });
});

describe('Stopping', () => {
  const patience = ['--stop-timeout-ms', '1 min']; // for machines that are slower than what the default is made for
  const server = useConferd({ args: patience });
  const { api } = server;

  test('A restart keeps everything', async () => {
    await api.createNamespaces('ns', 'ns.child', 'gone');
    for (let i = 0; i < 30; i++) await api.publish('ns', `k${i % 7}`, `${i}`, { comment: `number ${i}` });
    await api.save('ns.child', 'draft', 'x');
    await api.post(configPath('ns', 'k1', 'rollback'), {});
    await api.delete(configPath('ns', 'k2'));
    await api.publish('gone', 'k', 'x');
    await api.delete(namespacePath('gone'), { query: { recursive: 'true' } });
    const before = await dump(api);
    await server.restart();
    assert.deepEqual(await dump(api), before);
    await server.kill();
    await server.start();
    assert.deepEqual(await dump(api), before, 'kill -9 does, too');
    assert.equal((await api.publish('ns', 'k0', 'next')).revision, before.revision + 1);
  });

  for (const signal of ['SIGTERM', 'SIGINT']) {
    test(`${signal} lets requests that are under way come to their end`, async () => {
      // A login hashes for long, one after the other: when the first is answered, the others wait inside the server.
      const login = () => api.post(`${root}/login`, { username: 'admin', password }, { auth: null });
      const logins = Array.from({ length: 5 }, login);
      await Promise.any(logins);
      server.isEnding = true;
      server.child.kill(signal);
      for (const { status, data } of await Promise.all(logins)) {
        assert.equal(status, 200);
        assert.ok(data.csrf);
      }
      assert.deepEqual(await server.end(), { code: 0, signal: null });
      await assert.rejects(api.status(), /ECONNREFUSED/);
      await server.start();
    });
  }

  test('Idle connections do not hold it up, and what hangs only as long as it is told', async () => {
    await server.stop();
    server.args = ['--stop-timeout-ms', '200 ms'];
    await server.start();
    const idle = await connect(server.origin);
    const half = await connect(server.origin);
    half.socket.write(`PUT ${configPath('ns', 'half')} HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{`);
    await api.status();
    await server.stop();
    for (const { socket } of [idle, half]) socket.destroy();
    server.args = patience;
    await server.start();
  });

  test('A stop under 16 writers loses nothing that was answered', async () => {
    const acknowledged = [];
    let isStopping = false;
    const writer = async (i) => {
      const client = api.another({ connections: 1 });
      for (let n = 1; ; n++) {
        try {
          const { version } = await client.publish('ns', `busy${i}`, `${n}`);
          acknowledged.push([`busy${i}`, version, `${n}`]);
        } catch (error) {
          assert.match(
            `${error.code} ${error.message}`,
            /ECONNRESET|ECONNREFUSED|EPIPE|hang up|the server is stopping/,
          );
          assert.ok(isStopping);
          return;
        }
        if (acknowledged.length === 300) {
          isStopping = true;
          server.isEnding = true;
          server.child.kill('SIGTERM');
        }
      }
    };
    await Promise.all(Array.from({ length: 16 }, (_, i) => writer(i)));
    assert.deepEqual(await server.end(), { code: 0, signal: null });
    await server.start();
    for (const [key, version, content] of acknowledged) {
      assert.equal((await api.read('ns', key, { version })).content, content);
    }
  });

  test('Whoever asks is told whether it is ready', async () => {
    assert.equal((await api.get('/readyz', { auth: null })).text, 'ready\n');
    assert.equal((await api.get('/healthz', { auth: null })).text, 'ok\n');
  });
});
