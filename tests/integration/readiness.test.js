// Never wipe: while a server cannot see its store yet it is not ready, and says so; it never says that nothing is there.
'use strict';

const assert = require('node:assert/strict');
const { spawn, spawnSync } = require('node:child_process');
const http = require('node:http');
const net = require('node:net');
const path = require('node:path');
const { test } = require('node:test');
const { configPath, root } = require('../lib/client.js');
const { Conferd } = require('../lib/conferd.js');
const { until } = require('../lib/waiting.js');

/** A port that nobody listens on. */
async function freePort() {
  const server = net.createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address();
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** Holds the database so that nobody else can even read it; returns how to let go. */
async function hold(database) {
  assert.equal(spawnSync('sqlite3', [database, 'PRAGMA journal_mode = DELETE']).status, 0);
  const holder = spawn('sqlite3', [database], { stdio: ['pipe', 'pipe', 'inherit'] });
  holder.stdin.write("BEGIN EXCLUSIVE; SELECT 'held';\n");
  await new Promise((resolve) => holder.stdout.once('data', resolve));
  return () => holder.stdin.end('COMMIT;\n');
}

/** The status and text of an answer, or null where nobody listens yet. */
function ask(port, target, options = {}) {
  return new Promise((resolve) => {
    const request = http.request({ port, path: target, agent: false, ...options }, (response) => {
      let text = '';
      response.on('data', (part) => (text += part));
      response.on('end', () => resolve({ status: response.statusCode, text }));
    });
    request.on('error', () => resolve(null));
    request.end(options.body);
  });
}

test('Until the store is loaded the server is up but not ready: 503, never 404', async (t) => {
  const server = new Conferd();
  t.after(() => server.finish());
  await server.start();
  await server.api.createNamespaces('ns');
  await server.api.publish('ns', 'key', 'value');
  await server.stop();

  const port = await freePort();
  const letGo = await hold(path.join(server.data, 'confer.db'));
  server.args = ['--listen', `127.0.0.1:${port}`];
  server.spawn({ listen: false });
  const authorization = { headers: { authorization: `Bearer ${server.token}` } };
  try {
    await until(async () => (await ask(port, '/healthz'))?.status === 200, 'the server is up');
    assert.equal((await ask(port, '/readyz')).status, 503);
    for (const target of [configPath('ns', 'key'), configPath('ns', 'none'), `${root}/status`, `${root}/audit`]) {
      const { status, text } = await ask(port, target, authorization);
      assert.equal(status, 503, text);
      assert.equal(JSON.parse(text).reason, 'not_ready');
    }
    const login = await ask(port, `${root}/login`, { method: 'POST', body: '{"username":"admin","password":"x"}' });
    assert.equal(login.status, 503, login.text);
  } finally {
    letGo();
  }

  await server.ready();
  assert.equal((await ask(port, '/readyz')).status, 200);
  assert.equal((await server.api.read('ns', 'key')).content, 'value');
});
