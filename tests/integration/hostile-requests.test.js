// Requests that nobody well-meaning sends. Each is refused in words or cut off, none changes anything, none hurts.
'use strict';

const assert = require('node:assert/strict');
const { before, describe, test } = require('node:test');
const { configPath, namespacePath, root } = require('../lib/client.js');
const { useConferd } = require('../lib/conferd.js');
const { connect, exchange, receive, takeAnswers } = require('../lib/raw.js');
const { inParallel } = require('../lib/waiting.js');

const encodeAll = (text) =>
  [...Buffer.from(text)].map((byte) => `%${byte.toString(16).padStart(2, '0')}`).join('');

/** A server with one config, and what proves that it was left as it was. */
function useTarget() {
  const server = useConferd({ args: ['--threads', '2'] });
  const { api } = server;

  before(async () => {
    await api.createNamespaces('ns');
    await api.publish('ns', 'k', 'untouched');
  });

  /** Runs @attack, then checks that the server lives and that nothing changed. */
  async function unharmed(attack) {
    const status = await api.status();
    const result = await attack();
    assert.deepEqual(await api.status(), status);
    assert.equal((await api.read('ns', 'k')).content, 'untouched');
    return result;
  }

  const credentials = () =>
    `Host: ${new URL(server.origin).host}\r\nAuthorization: Bearer ${server.token}\r\n`;
  return { server, api, unharmed, credentials };
}

const names = [
  '.', '..', '...', '.hidden', 'a/b', '/', '//', 'a\\b', 'a b', ' ', 'a\n', 'a\r\nX: y', 'a\u0000', '\u0000',
  'ä', '😀', 'а', 'a%', '%', '%2e%2e', 'a?b', 'a#b', 'a;b', "a'b", 'a"b', 'a<b', 'a,b', '$(id)', '`id`',
  '{a}', 'a*', 'a|b', 'a&b', 'a=b', '~', '!', '(a)', '[a]', '\u202e', '\ufeff', 'a\u00a0',
];

describe('Hostile names', () => {
  const { server, api, unharmed, credentials } = useTarget();

  for (const name of [...names, 'k'.repeat(256), 'k'.repeat(5000)]) {
    test(`The key ${JSON.stringify(name.slice(0, 20))} is refused on every path`, () =>
      unharmed(async () => {
        const path = `${namespacePath('ns')}/configs/${encodeAll(name)}`;
        for (const [method, tail, body] of [
          ['GET', ''],
          ['PUT', '', { content: 'x', publish: true }],
          ['DELETE', ''],
          ['GET', '/versions'],
          ['GET', '/versions/1'],
          ['GET', '/diff'],
          ['GET', '/releases'],
          ['POST', '/publish', {}],
          ['POST', '/rollback', {}],
        ]) {
          const answer = await api.request(method, path + tail, { body, status: 'any', badRequest: true });
          const said = `${method} ${path}${tail}: ${answer.status} ${answer.text}`;
          assert.ok([400, 404, 405].includes(answer.status), said);
          if (answer.status === 400) assert.equal(answer.reason, 'invalid_name', said);
        }
        const operations = [{ op: 'put', namespace: 'ns', key: name, content: 'x' }];
        await api.post(
          `${root}/transactions`,
          { operations },
          { status: 400, reason: 'invalid_name', field: 'operations[0].key' },
        );
      }));
  }

  for (const name of [...names, 'NS', 'ns.', '.ns', 'ns..k', 'a.b.c.d.e', 'n'.repeat(64), 'n'.repeat(5000)]) {
    test(`The namespace ${JSON.stringify(name.slice(0, 20))} is refused on every path`, () =>
      unharmed(async () => {
        const path = `${root}/namespaces/${encodeAll(name)}`;
        for (const [method, tail, body] of [
          ['GET', ''],
          ['PATCH', '', { description: 'x' }],
          ['DELETE', '?recursive=true'],
          ['GET', '/configs'],
          ['GET', '/configs?inherit=true'],
          ['GET', '/configs/k'],
          ['PUT', '/configs/k', { content: 'x' }],
          ['DELETE', '/configs/k'],
          ['POST', '/configs/k/publish', {}],
        ]) {
          const answer = await api.request(method, path + tail, { body, status: 'any', badRequest: true });
          const said = `${method} ${path}${tail}: ${answer.status} ${answer.text}`;
          assert.ok([400, 404, 405].includes(answer.status), said);
          if (answer.status === 400) assert.equal(answer.reason, 'invalid_name', said);
        }
        await api.post(
          `${root}/namespaces`,
          { name },
          { status: 400, reason: 'invalid_name', field: 'name' },
        );
      }));
  }

  test('A slash in percent signs is part of the name, and so refused; it is not a path', () =>
    unharmed(async () => {
      for (const path of [
        `${namespacePath('ns')}/configs/k%2Fversions`,
        `${namespacePath('ns')}/configs/k%2fpublish`,
        `${namespacePath('ns')}%2Fconfigs%2Fk`,
        `${namespacePath('ns')}/configs%2Fk`,
      ]) {
        for (const method of ['GET', 'POST', 'DELETE']) {
          const answer = await api.request(method, path, { status: 'any', badRequest: true });
          assert.ok(
            [400, 404, 405].includes(answer.status),
            `${method} ${path}: ${answer.status} ${answer.text}`,
          );
        }
      }
    }));

  test('Percent signs that mean nothing are refused', () =>
    unharmed(async () => {
      for (const key of ['%', '%2', '%zz', 'k%', 'k%4', '%u0041', '%%41', 'k%0', '%c0%ae', '%ff']) {
        const { status } = await api.get(`${namespacePath('ns')}/configs/${key}`, {
          status: 'any',
          badRequest: true,
        });
        assert.ok([400, 404].includes(status), `${key}: ${status}`);
      }
      for (const query of ['limit=%', 'limit=%3', 'prefix=%zz', '%=1', 'limit=1&%6cimit=2']) {
        await api.get(`${namespacePath('ns')}/configs?${query}`, { status: 400 });
      }
    }));

  test('Nothing outside the API is reached by climbing', () =>
    unharmed(async () => {
      for (const target of [
        '/../../../../etc/passwd', '/..%2f..%2f..%2fetc%2fpasswd', '/%2e%2e/%2e%2e/etc/passwd',
        '/....//....//etc/passwd', '/api/v1/../../../etc/passwd', '/openapi.yaml/../../etc/passwd',
        '/openapi.yaml%00.html', '//etc/passwd', '/./etc/passwd',
        '/api/v1/namespaces/ns/configs/../../../../../../etc/passwd', '/\\..\\..\\etc\\passwd',
        '/data/admin-password', '/confer.db', '/admin-password', 'http://127.0.0.1/admin-password',
      ]) {
        const [answer] = await exchange(
          server.origin,
          `GET ${target} HTTP/1.1\r\n${credentials()}Connection: close\r\n\r\n`,
        );
        assert.ok(!answer || [400, 404].includes(answer.status), `${target}: ${answer && answer.status}`);
        if (answer) assert.doesNotMatch(answer.body.toString(), /root:|SQLite format/);
      }
    }));

  test('Paths that are nearly right are no paths', () =>
    unharmed(async () => {
      for (const path of [
        '/api', '/api/', '/api/v1', '/api/v1/', '/api/v2/namespaces', '/API/V1/namespaces',
        '/api/v1/Namespaces', '/api/v1/namespace', '/api/v1/namespaces/ns/config/k',
        '/api/v1/namespaces/ns/configs/k/version', '/api/v1/namespaces/ns/configs/k/versions/1/2',
        '/api/v1/namespaces/ns/configs/k/gray/x/y', '/api/v1/status/', '/healthz/', '/healthzz', '/metrics/x',
        '/openapi.yml', '/api/v1/namespaces//configs',
      ]) {
        const answer = await api.get(path, { status: 'any', badRequest: true });
        assert.ok([400, 404].includes(answer.status), `${path}: ${answer.status}`);
      }
    }));

  test('A method that a path does not have is refused, and what it has is said', () =>
    unharmed(async () => {
      for (const [method, path, allow] of [
        ['POST', configPath('ns', 'k'), ['DELETE', 'GET', 'HEAD', 'PUT']],
        ['PATCH', configPath('ns', 'k'), ['DELETE', 'GET', 'HEAD', 'PUT']],
        ['PUT', namespacePath('ns'), ['DELETE', 'GET', 'HEAD', 'PATCH']],
        ['DELETE', `${root}/namespaces`, ['GET', 'HEAD', 'POST']],
        ['GET', `${root}/transactions`, ['POST']],
        ['GET', configPath('ns', 'k', 'publish'), ['POST']],
        ['PUT', `${root}/status`, ['GET', 'HEAD']],
        ['GET', `${root}/login`, ['POST']],
        ['OPTIONS', configPath('ns', 'k'), ['DELETE', 'GET', 'HEAD', 'PUT']],
        ['POST', '/healthz', ['GET', 'HEAD']],
        ['DELETE', '/openapi.yaml', ['GET', 'HEAD']],
      ]) {
        const { headers } = await api.request(method, path, {
          status: 405,
          reason: 'method_not_allowed',
          badRequest: true,
        });
        assert.deepEqual(headers.allow.split(', ').sort(), allow, `${method} ${path}`);
      }
      for (const method of ['TRACE', 'BREW', 'get', 'GETT', 'PROPFIND', 'X'.repeat(100)]) {
        const [answer] = await exchange(
          server.origin,
          `${method} ${configPath('ns', 'k')} HTTP/1.1\r\n${credentials()}Connection: close\r\n\r\n`,
        );
        assert.ok(
          !answer || [400, 405, 501].includes(answer.status),
          `${method}: ${answer && answer.status}`,
        );
      }
    }));

  test('Unknown and repeated query parameters are refused everywhere', () =>
    unharmed(async () => {
      for (const [method, path, body] of [
        ['GET', `${root}/namespaces`],
        ['GET', namespacePath('ns')],
        ['GET', configPath('ns', 'k')],
        ['GET', namespacePath('ns', 'configs')],
        ['GET', configPath('ns', 'k', 'versions')],
        ['GET', configPath('ns', 'k', 'versions', 1)],
        ['GET', configPath('ns', 'k', 'diff')],
        ['GET', configPath('ns', 'k', 'releases')],
        ['GET', `${root}/audit`],
        ['GET', `${root}/status`],
        ['GET', `${root}/me`],
        ['PUT', configPath('ns', 'k'), { content: 'x', publish: true }],
        ['DELETE', configPath('ns', 'k')],
        ['DELETE', namespacePath('ns')],
        ['POST', configPath('ns', 'k', 'publish'), {}],
        ['POST', configPath('ns', 'k', 'rollback'), {}],
        ['POST', `${root}/namespaces`, { name: 'x' }],
        ['POST', `${root}/transactions`, { operations: [{ op: 'delete', namespace: 'ns', key: 'k' }] }],
      ]) {
        await api.request(method, `${path}?surprise=1`, {
          body,
          status: 400,
          reason: 'unknown_parameter',
          field: 'surprise',
        });
        await api.request(method, `${path}?=1`, { body, status: 400, reason: 'unknown_parameter' });
      }
      await api.get(`${root}/namespaces?limit=5&limit=6`, {
        status: 400,
        reason: 'invalid_parameter',
        field: 'limit',
      });
      await api.get(`${root}/namespaces?${Array.from({ length: 500 }, (_, i) => `p${i}=1`).join('&')}`, {
        status: 400,
      });
    }));
});

describe('Hostile bodies', () => {
  const { server, api, unharmed, credentials } = useTarget();
  const path = configPath('ns', 'k');

  const broken = {
    nothing: '',
    blanks: '  \n',
    'a bare word': 'hello',
    'an array': '[]',
    'a string': '"x"',
    'a number': '7',
    null: 'null',
    true: 'true',
    'an open object': '{"content": "x"',
    'an open string': '{"content": "x',
    'a trailing comma': '{"content": "x",}',
    'two objects': '{"content":"x"}{"content":"y"}',
    'text behind it': '{"content": "x"} x',
    'single quotes': "{'content': 'x'}",
    'a comment': '{"content": "x" /* y */}',
    'a duplicate': '{"content": "x", "content": "x"}',
    'a duplicate in disguise': '{"content": "x", "\\u0063ontent": "y"}',
    'a raw line break': '{"content": "x\ny"}',
    'a raw control character': '{"content": "\u0001"}',
    'a bad escape': '{"content": "\\x41"}',
    'half an escape': '{"content": "\\u00"}',
    NaN: '{"content": NaN}',
    'a raw NUL': '{"content": "x\u0000"}',
    'a NUL behind it': '{"content": "x"}\u0000',
    'form data': 'content=x&publish=true',
    XML: '<content>x</content>',
    'UTF-16': Buffer.from('{"content": "x"}', 'utf16le'),
    'random bytes': Buffer.from(Array.from({ length: 256 }, (_, i) => i)),
    'deep arrays': `{"content": ${'['.repeat(100000)}${']'.repeat(100000)}}`,
    'deep objects': '{"content":'.repeat(100000),
    'endless brackets': '['.repeat(1000000),
  };
  for (const [what, body] of Object.entries(broken)) {
    test(`A body that is ${what} is refused`, () =>
      unharmed(async () => {
        const { reason } = await api.put(path, body, { status: 400 });
        assert.ok(['malformed_body', 'invalid_field'].includes(reason), reason);
        await api.post(`${root}/transactions`, body, { status: 400 });
      }));
  }

  const wrong = [
    [{}, 'invalid_field', 'content'],
    [{ content: null }, 'invalid_field', 'content'],
    [{ content: 7 }, 'invalid_field', 'content'],
    [{ content: true }, 'invalid_field', 'content'],
    [{ content: ['x'] }, 'invalid_field', 'content'],
    [{ content: { a: 1 } }, 'invalid_field', 'content'],
    [{ content: 'x', format: 'ini' }, 'invalid_field', 'format'],
    [{ content: 'x', format: '' }, 'invalid_field', 'format'],
    [{ content: 'x', format: null }, 'invalid_field', 'format'],
    [{ content: 'x', format: 5 }, 'invalid_field', 'format'],
    [{ content: 'x', comment: 5 }, 'invalid_field', 'comment'],
    [{ content: 'x', comment: null }, 'invalid_field', 'comment'],
    [{ content: 'x', publish: 'true' }, 'invalid_field', 'publish'],
    [{ content: 'x', publish: 1 }, 'invalid_field', 'publish'],
    [{ content: 'x', publish: null }, 'invalid_field', 'publish'],
    [{ content: 'x', version: 1 }, 'unknown_field', 'version'],
    [{ content: 'x', Content: 'y' }, 'unknown_field', 'Content'],
    [{ content: 'x', '': 1 }, 'unknown_field', undefined],
    [{ content: 'x', __proto__x: 1 }, 'unknown_field', '__proto__x'],
    [{ content: 'x', expect_version: 1 }, 'unknown_field', 'expect_version'],
    [{ content: 'x', ['y'.repeat(100000)]: 1 }, 'unknown_field', undefined],
    [{ content: 'x', 'a\u0000b': 1 }, undefined, undefined],
    [{ content: 'x', '"\n\\': 1 }, 'unknown_field', undefined],
    [{ content: 'x', '😀': 1 }, 'unknown_field', undefined],
  ];
  for (const [body, reason, field] of wrong) {
    test(`The body ${JSON.stringify(body).slice(0, 40)} is refused`, () =>
      unharmed(() => api.put(path, body, { status: 400, reason, field })));
  }

  test('A body with a hundred thousand members is refused', () =>
    unharmed(async () => {
      const members = Object.fromEntries(Array.from({ length: 100000 }, (_, i) => [`m${i}`, i]));
      await api.put(path, members, { status: 400, reason: 'unknown_field' });
    }));

  test('A body in chunks is read like any other, whatever the chunks', () =>
    unharmed(async () => {
      const text = Buffer.from(JSON.stringify({ content: 'untouched', publish: true }));
      for (const size of [1, 2, 7, 1000]) {
        const parts = [
          `PUT ${path} HTTP/1.1\r\n${credentials()}Transfer-Encoding: chunked\r\nConnection: close\r\n\r\n`,
        ];
        for (let at = 0; at < text.length; at += size) {
          const chunk = text.subarray(at, at + size);
          parts.push(
            Buffer.concat([Buffer.from(`${chunk.length.toString(16)}\r\n`), chunk, Buffer.from('\r\n')]),
          );
        }
        parts.push('0\r\n\r\n');
        const [answer] = await exchange(server.origin, parts);
        assert.equal(answer.status, 200, answer.body.toString());
        assert.equal(JSON.parse(answer.body).data.created, false);
      }
    }));

  test('A request that comes byte by byte is read like any other', () =>
    unharmed(async () => {
      const request = `GET ${path} HTTP/1.1\r\n${credentials()}Connection: close\r\n\r\n`;
      const [answer] = await exchange(server.origin, [...request]);
      assert.equal(answer.status, 200);
      assert.equal(JSON.parse(answer.body).data.content, 'untouched');
    }));

  test('Chunks that are none, and lengths that lie, are refused or cut off', () =>
    unharmed(async () => {
      const head = `PUT ${path} HTTP/1.1\r\n${credentials()}Connection: close\r\n`;
      const body = '{"content":"x","publish":true}';
      for (const request of [
        `${head}Transfer-Encoding: chunked\r\n\r\nzz\r\n${body}\r\n0\r\n\r\n`,
        `${head}Transfer-Encoding: chunked\r\n\r\n-5\r\n${body}\r\n0\r\n\r\n`,
        `${head}Transfer-Encoding: chunked\r\n\r\nffffffffffffffffff\r\n${body}\r\n0\r\n\r\n`,
        `${head}Transfer-Encoding: gzip\r\n\r\n${body}`,
        `${head}Content-Length: -1\r\n\r\n${body}`,
        `${head}Content-Length: abc\r\n\r\n${body}`,
        `${head}Content-Length: 99999999999999999999999\r\n\r\n${body}`,
        `${head}Content-Length: 18446744073709551615\r\n\r\n${body}`,
        `${head}Content-Length: 5\r\n\r\n${body}`,
        `${head}\r\n${body}`,
      ]) {
        const connection = await connect(server.origin);
        connection.socket.write(request);
        connection.socket.end();
        const [answer] = takeAnswers(await connection.closed);
        connection.socket.destroy();
        assert.ok(
          !answer || (answer.status >= 400 && answer.status < 500) || answer.status === 501,
          `${request.slice(0, 300)}: ${answer && answer.status}`,
        );
      }
    }));

  test('A request that two servers would read differently is not taken as two', () =>
    unharmed(async () => {
      const smuggled = `DELETE ${path} HTTP/1.1\r\n${credentials()}\r\n`;
      for (const head of [
        `Content-Length: ${smuggled.length}\r\nTransfer-Encoding: chunked\r\n`,
        `Transfer-Encoding: chunked\r\nContent-Length: ${smuggled.length + 5}\r\n`,
        `Content-Length: 0\r\nContent-Length: ${smuggled.length}\r\n`,
      ]) {
        const connection = await connect(server.origin);
        connection.socket.write(`POST ${root}/logout HTTP/1.1\r\n${head}Host: x\r\n\r\n0\r\n\r\n`);
        connection.socket.end();
        const answers = takeAnswers(await connection.closed);
        connection.socket.destroy();
        assert.ok(
          answers.every(({ status }) => status >= 400),
          answers.map(({ status }) => status).join(),
        );
      }
    }));

  test('A body beyond the limit is refused before it is all there, or at least after', () =>
    unharmed(async () => {
      for (const size of [33 * 1024 * 1024, 2 ** 31, 2 ** 40]) {
        const connection = await connect(server.origin);
        connection.socket.write(`PUT ${path} HTTP/1.1\r\n${credentials()}Content-Length: ${size}\r\n\r\n`);
        const filler = Buffer.alloc(1024 * 1024, 0x20);
        for (
          let sent = 0;
          sent < Math.min(size, 34 * 1024 * 1024) &&
          connection.socket.writable &&
          !takeAnswers(connection.received()).length;
          sent += filler.length
        ) {
          await new Promise((resolve) => connection.socket.write(filler, resolve));
        }
        const [answer] = takeAnswers(await receive(connection, (all) => takeAnswers(all).length));
        connection.socket.destroy();
        if (answer) {
          assert.equal(answer.status, 413);
          assert.equal(JSON.parse(answer.body).reason, 'body_too_large');
        } else {
          assert.ok(size > 33 * 1024 * 1024 || connection.socket.destroyed, 'cut off');
        }
      }
    }));

  test('A body beyond the limit in chunks is refused too', () =>
    unharmed(async () => {
      const connection = await connect(server.origin);
      connection.socket.write(`PUT ${path} HTTP/1.1\r\n${credentials()}Transfer-Encoding: chunked\r\n\r\n`);
      const chunk = Buffer.concat([
        Buffer.from('100000\r\n'),
        Buffer.alloc(1024 * 1024, 0x20),
        Buffer.from('\r\n'),
      ]);
      for (let i = 0; i < 34 && connection.socket.writable && !connection.received().length; i++) {
        await new Promise((resolve) => connection.socket.write(chunk, resolve));
      }
      connection.socket.write('0\r\n\r\n');
      const [answer] = takeAnswers(await receive(connection, (all) => takeAnswers(all).length));
      connection.socket.destroy();
      if (answer) assert.equal(answer.status, 413);
    }));

  test('The Content-Type of a request is not looked at', () =>
    unharmed(async () => {
      for (const type of [
        'text/plain', 'application/x-www-form-urlencoded', 'nonsense', 'application/json; charset=latin1',
      ]) {
        await api.put(
          path,
          { content: 'untouched', publish: true },
          { headers: { 'Content-Type': type }, status: 200 },
        );
      }
    }));

  test('A body where none is expected changes nothing', () =>
    unharmed(async () => {
      for (const body of ['{}', 'x', '{"a":1}', 'x'.repeat(100000)]) {
        for (const method of ['GET', 'DELETE'])
          await api.request(method, path, { body, status: 400, reason: 'malformed_body' });
      }
    }));
});

describe('Hostile connections', () => {
  const { server, api, unharmed, credentials } = useTarget();
  const path = configPath('ns', 'k');
  const get = () => `GET ${path} HTTP/1.1\r\n${credentials()}\r\n`;

  test('What is no HTTP is refused or cut off', () =>
    unharmed(async () => {
      for (const bytes of [
        '\r\n\r\n\r\n\r\n',
        'hello\r\n\r\n',
        'GET\r\n\r\n',
        'GET /\r\n\r\n',
        'GET /x HTTP/9.9\r\n\r\n',
        'GET /x FTP/1.1\r\n\r\n',
        ' GET /x HTTP/1.1\r\n\r\n',
        'GET /x HTTP/1.1\nHost: x\n\n',
        'GET /x HTTP/1.1\r\nHost x\r\n\r\n',
        'GET /x HTTP/1.1\r\n: x\r\n\r\n',
        'GET /x HTTP/1.1\r\nHost: x\u0000y\r\n\r\n',
        'GET /x HTTP/1.1\r\nHo st: x\r\n\r\n',
        'GET /x HTTP/1.1\r\n Host: x\r\n\r\n',
        'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n',
        Buffer.from([0x16, 0x03, 0x01, 0x02, 0x00, 0x01, 0x00]),
        Buffer.alloc(5000, 0xff),
        Buffer.alloc(5000),
        'GET /x HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n',
        'GET /x HTTP/1.1\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\nHost: x\r\n\r\n',
        'OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n',
        'CONNECT example.com:443 HTTP/1.1\r\nHost: x\r\n\r\n',
        'GET http://[ HTTP/1.1\r\nHost: x\r\n\r\n',
      ]) {
        const connection = await connect(server.origin);
        connection.socket.write(bytes);
        connection.socket.end();
        for (const { status } of takeAnswers(await connection.closed)) {
          assert.ok(
            (status >= 400 && status < 500) || status === 501 || status === 505,
            `${JSON.stringify(bytes.toString().slice(0, 80))}: ${status}`,
          );
        }
        connection.socket.destroy();
      }
    }));

  test('Headers that are too large or too many are refused', () =>
    unharmed(async () => {
      const large = await exchange(
        server.origin,
        `GET ${path} HTTP/1.1\r\n${credentials()}X-Large: ${'x'.repeat(20000)}\r\n\r\n`,
      );
      if (large.length) assert.equal(large[0].status, 431);
      const huge = await exchange(
        server.origin,
        `GET ${path} HTTP/1.1\r\n${credentials()}X-Huge: ${'x'.repeat(2000000)}\r\n\r\n`,
      );
      if (huge.length) assert.ok(huge[0].status >= 400);
      const many = await exchange(
        server.origin,
        `GET ${path} HTTP/1.1\r\n${credentials()}${'X: y\r\n'.repeat(1500)}\r\n`,
      );
      if (many.length) assert.ok(many[0].status >= 400 || many[0].status === 200);
      const long = await exchange(
        server.origin,
        `GET /${'x'.repeat(100000)} HTTP/1.1\r\n${credentials()}\r\n`,
      );
      if (long.length) assert.ok(long[0].status >= 400);
      const fine = await exchange(
        server.origin,
        `GET ${path} HTTP/1.1\r\n${credentials()}X-Fine: ${'x'.repeat(4000)}\r\n\r\n`,
      );
      assert.equal(fine[0].status, 200);
    }));

  test('A refusal for large headers comes in the envelope', () =>
    unharmed(async () => {
      await api.get(path, {
        headers: { 'X-Large': 'x'.repeat(16384) },
        status: 431,
        reason: 'headers_too_large',
      });
    }));

  test('Half a request, and then nothing, hurts nobody', () =>
    unharmed(async () => {
      const body = JSON.stringify({ content: 'never', publish: true });
      const put = `PUT ${path} HTTP/1.1\r\n${credentials()}Content-Length: ${body.length}\r\n\r\n${body}`;
      const cuts = Array.from({ length: 40 }, (_, i) => Math.floor(((put.length - 1) * (i + 1)) / 41));
      await inParallel(cuts.length, 10, async (i) => {
        const connection = await connect(server.origin);
        await new Promise((resolve) => connection.socket.write(put.slice(0, cuts[i]), resolve));
        if (i % 2) connection.socket.destroy();
        else
          connection.socket.resetAndDestroy
            ? connection.socket.resetAndDestroy()
            : connection.socket.destroy();
      });
    }));

  test('Clients that leave before the answer hurt nobody', async () => {
    await api.createNamespaces('leavers');
    const large = 'x'.repeat(500000);
    await api.publish('leavers', 'large', large);
    await inParallel(60, 20, async (i) => {
      const connection = await connect(server.origin);
      const body = JSON.stringify({ content: `${i}`, publish: true });
      const requests = [
        `GET ${configPath('leavers', 'large')} HTTP/1.1\r\n${credentials()}\r\n`.repeat(20),
        `PUT ${configPath('leavers', 'k')} HTTP/1.1\r\n${credentials()}Content-Length: ${body.length}\r\n\r\n${body}`,
        `GET ${configPath('leavers', 'large', 'versions')} HTTP/1.1\r\n${credentials()}\r\n`,
      ];
      await new Promise((resolve) => connection.socket.write(requests[i % 3], resolve));
      connection.socket.destroy();
    });
    assert.equal((await api.read('leavers', 'large')).content, large);
    const versions = await api.get(configPath('leavers', 'k', 'versions'), { status: 'any' });
    if (versions.status === 200) {
      const numbers = versions.data.items.map(({ version }) => version);
      assert.deepEqual(
        numbers,
        Array.from({ length: numbers.length }, (_, i) => numbers.length - i),
      );
    }
  });

  test('Requests in a pipeline are answered in order', () =>
    unharmed(async () => {
      const requests = Array.from({ length: 50 }, (_, i) =>
        i % 3 === 1
          ? `GET ${namespacePath('ns', 'configs')} HTTP/1.1\r\n${credentials()}\r\n`
          : i % 3 === 2
            ? `GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n`
            : get(),
      );
      const answers = await exchange(server.origin, requests.join(''), 50);
      assert.equal(answers.length, 50);
      answers.forEach(({ status, body }, i) => {
        assert.equal(status, 200);
        if (i % 3 === 2) assert.equal(body.toString(), 'ok\n');
        else assert.equal('items' in JSON.parse(body).data, i % 3 === 1, `answer ${i}`);
      });
    }));

  test('Writes in a pipeline are done in order, and a read behind a write sees it', async () => {
    await api.createNamespaces('pipeline');
    const target = configPath('pipeline', 'k');
    const requests = Array.from({ length: 20 }, (_, i) => {
      const body = JSON.stringify({ content: `${i}`, publish: true });
      return `PUT ${target} HTTP/1.1\r\n${credentials()}Content-Length: ${body.length}\r\n\r\n${body}GET ${target} HTTP/1.1\r\n${credentials()}\r\n`;
    });
    const answers = await exchange(server.origin, requests.join(''), 40);
    const contents = answers.map(({ body }) => JSON.parse(body).data.content);
    assert.deepEqual(
      contents,
      Array.from({ length: 40 }, (_, i) => `${Math.floor(i / 2)}`),
    );
  });

  test('Expect: 100-continue is answered, with the go-ahead or with the end', async () => {
    await api.createNamespaces('expecting');
    const body = JSON.stringify({ content: 'expected', publish: true });
    const connection = await connect(server.origin);
    connection.socket.write(
      `PUT ${configPath('expecting', 'k')} HTTP/1.1\r\n${credentials()}Content-Length: ${body.length}\r\nExpect: 100-continue\r\n\r\n`,
    );
    const [first] = takeAnswers(await receive(connection, (all) => takeAnswers(all).length));
    if (first.status === 100) {
      connection.socket.write(body);
      const [, second] = takeAnswers(await receive(connection, (all) => takeAnswers(all).length > 1));
      assert.equal(second.status, 201);
      assert.equal((await api.read('expecting', 'k')).content, 'expected');
    } else {
      assert.equal(first.status, 417);
    }
    connection.socket.destroy();
  });

  test('HTTP/1.0 is answered, and the connection closed', () =>
    unharmed(async () => {
      const connection = await connect(server.origin);
      connection.socket.write(`GET ${path} HTTP/1.0\r\n${credentials()}\r\n`);
      const [answer] = takeAnswers(await connection.closed);
      assert.equal(answer.status, 200);
      connection.socket.destroy();
    }));

  test('Hundreds of idle and half-open connections do not keep others out', async () => {
    const idle = await inParallel(400, 50, async (i) => {
      const connection = await connect(server.origin);
      if (i % 2) connection.socket.write(`GET ${path} HTTP/1.1\r\nHost: x\r\nX-Slow: `);
      return connection;
    });
    try {
      await unharmed(async () => {
        for (let i = 0; i < 20; i++) {
          const fresh = api.another({ connections: 1 });
          await fresh.get(path);
          fresh.close();
        }
      });
    } finally {
      for (const { socket } of idle) socket.destroy();
    }
  });
});
