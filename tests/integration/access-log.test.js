// The access log: one line of JSON for each request, and never a secret or a content in it.
'use strict';

const assert = require('node:assert/strict');
const fs = require('node:fs');
const path = require('node:path');
const { describe, test } = require('node:test');
const { basic, configPath, root } = require('../lib/client.js');
const { password, temporaryDirectory, useConferd } = require('../lib/conferd.js');
const { exchange } = require('../lib/raw.js');
const { until } = require('../lib/waiting.js');

const file = path.join(temporaryDirectory(), 'access.log');

/** The lines so far, once there are @count of them. */
async function lines(count) {
  const read = () => (fs.existsSync(file) ? fs.readFileSync(file, 'utf8') : '').split('\n').slice(0, -1);
  await until(() => read().length >= count, `${count} lines are in the access log`);
  return read().map((line) => JSON.parse(line));
}

const tells = (line, value) => Object.values(line).some((each) => each === value);

describe('The access log', () => {
  const server = useConferd({ args: ['--access-log', file] });
  const { api } = server;
  let count = 0;

  test('Each request is one line of JSON with method, path and status', async () => {
    const requests = [
      ['POST', `${root}/namespaces`, { body: { name: 'logged' }, status: 201 }],
      [
        'PUT',
        configPath('logged', 'k'),
        { body: { content: 'the-secret-content', comment: 'the-comment', publish: true }, status: 201 },
      ],
      ['GET', configPath('logged', 'k'), { status: 200 }],
      ['GET', configPath('logged', 'absent'), { status: 404 }],
      ['GET', `${root}/me`, { auth: 'Bearer the-wrong-token', status: 401 }],
      ['GET', '/healthz', { auth: null, status: 200 }],
    ];
    for (const [method, target, options] of requests) await api.request(method, target, options);
    count += requests.length;
    const log = await lines(count);
    assert.equal(log.length, count);
    requests.forEach(([method, target, { status }], i) => {
      for (const value of [method, target, status])
        assert.ok(tells(log[i], value), `${JSON.stringify(log[i])} tells ${value}`);
    });
  });

  test('Whatever is in a request, a line stays one line of JSON', async () => {
    const hostile = ['%22%0a%7b', '%00', '%0d%0aX', '"quoted"', "'", '\\', '%e4', '<x>', '%f0%9f%98%80'];
    for (const name of hostile) {
      await exchange(
        server.origin,
        `GET /${name} HTTP/1.1\r\nHost: x\r\nUser-Agent: "\\\t${name}\r\nReferer: ${name}\r\nConnection: close\r\n\r\n`,
      );
    }
    await api.status();
    count += hostile.length + 1;
    const log = await until(async () => {
      const all = await lines(1);
      return all.some((line) => tells(line, `${root}/status`)) && all;
    }, 'the last request is logged');
    assert.ok(log.length <= count);
    count = log.length;
  });

  test('No token, password, cookie, comment or content is in it', async () => {
    const { headers, data } = await api.post(
      `${root}/login`,
      { username: 'admin', password },
      { auth: null },
    );
    const cookie = headers['set-cookie'][0].split(';')[0];
    await api.get(`${root}/me`, { auth: null, headers: { cookie } });
    await api.get(`${root}/me`, { auth: basic('admin', password) });
    await api.request('POST', `${root}/logout`, {
      auth: null,
      headers: { cookie, origin: server.origin, 'x-confer-csrf': data.csrf },
    });
    await api.get(`${root}/namespaces/logged/configs`, { query: { q: 'the-secret-content' } });
    await api.get(`${root}/me?token=${server.token}`, { status: 400 });
    await lines(count + 6);
    const text = fs.readFileSync(file, 'utf8') + server.stderr + server.stdout;
    const secrets = [
      server.token,
      password,
      Buffer.from(`admin:${password}`).toString('base64'),
      cookie.split('=')[1],
      data.csrf,
      'the-secret-content',
      'the-comment',
      'the-wrong-token',
    ];
    for (const secret of secrets) assert.ok(!text.includes(secret), `"${secret.slice(0, 8)}…" is in the log`);
  });

  test('It shows nobody else who asks for what', () => {
    assert.equal(fs.statSync(file).mode & 0o027, 0);
  });

  test('It is continued after a restart', async () => {
    const before = fs.readFileSync(file, 'utf8');
    await server.restart();
    await api.status();
    await lines(before.split('\n').length);
    assert.ok(fs.readFileSync(file, 'utf8').startsWith(before));
  });
});

describe('The access log on the standard output', () => {
  const server = useConferd({ args: ['--access-log', '-'] });

  test('It follows the line that the server is ready', async () => {
    await server.api.status();
    const [ready, line] = await until(() => {
      const all = server.stdout.split('\n').slice(0, -1);
      return all.length > 1 && all;
    }, 'a request is logged');
    assert.match(ready, /^conferd is ready on /);
    assert.ok(tells(JSON.parse(line), `${root}/status`));
  });
});
