// Access: nothing goes without credentials but what is listed, and a browser cannot be talked into anything.
'use strict';

const assert = require('node:assert/strict');
const { describe, test } = require('node:test');
const { basic, configPath, namespacePath, root } = require('../lib/client.js');
const { password, useConferd } = require('../lib/conferd.js');
const openapi = require('../lib/openapi.js');

// The whole list. A path that joins it is a decision.
const open = ['GET /healthz', 'GET /readyz', 'GET /metrics', 'GET /openapi.yaml', `POST ${root}/login`];

const rules = [{ split: [{ version: 1, weight: 0 }] }];
const bodies = {
  [`POST ${root}/namespaces`]: { name: 'never' },
  [`PATCH ${root}/namespaces/{namespace}`]: { description: 'never' },
  [`PUT ${root}/namespaces/{namespace}/configs/{key}`]: { content: 'never' },
  [`PUT ${root}/namespaces/{namespace}/configs/{key}/gray`]: { rules },
  [`POST ${root}/namespaces/{namespace}/configs/{key}/gray/preview`]: { rules },
  [`POST ${root}/namespaces/{namespace}/configs/{key}/check`]: { content: 'never' },
  [`PUT ${root}/namespaces/{namespace}/schemas/{key}`]: { namespace: 'ns', key: 'k' },
  [`POST ${root}/transactions`]: { operations: [{ op: 'put', namespace: 'ns', key: 'k', content: 'never' }] },
  [`POST ${root}/login`]: { username: 'admin', password: 'never' },
};

/** A path of the template, whose names need not exist. */
const pathOf = (template, namespace) =>
  Object.entries({ namespace, key: 'k', version: '1', mirror: 'm', ingest: 'i' }).reduce((path, [name, value]) => path.replace(`{${name}}`, value), template);

const operations = openapi.operations().map(({ method, template }) => {
  const path = pathOf(template, 'ns');
  return { name: `${method} ${template}`, method, path, body: bodies[`${method} ${template}`] };
});
const closed = operations.filter(({ name }) => !open.includes(name));

describe('Credentials', () => {
  const server = useConferd();
  const { api } = server;

  const wrong = {
    'no credentials': null,
    'a wrong token': `Bearer ${'0'.repeat(64)}`,
    'an empty token': 'Bearer ',
    'a token without a scheme': 'x'.repeat(64),
    'an unknown scheme': 'Digest username="admin"',
  };

  test('There is something to protect', async () => {
    await api.createNamespaces('ns');
    await api.publish('ns', 'k', 'secret content');
    assert.equal(
      closed.length + open.length,
      operations.length,
      'the list of open paths is one of real paths',
    );
  });

  for (const { name, method, path, body } of closed) {
    test(`${name} needs credentials`, async () => {
      const before = await api.status();
      for (const [what, auth] of Object.entries(wrong)) {
        const answer = await api.request(method, path, {
          body,
          auth,
          badRequest: true, // what it lacks is told to those alone who may know
          status: 401,
          reason: 'unauthenticated',
        });
        assert.doesNotMatch(answer.text, /secret content/, what);
        if (method === 'GET') await api.head(path, { auth, badRequest: true, status: 401 });
      }
      assert.deepEqual(await api.status(), before);
    });
  }

  test('Tokens that are nearly right are wrong', async () => {
    const { token } = server;
    const near = [
      token.slice(0, -1),
      `${token}0`,
      token.toUpperCase(),
      token.replace(/.$/, (c) => (c === '0' ? '1' : '0')),
      ` ${token}`.repeat(2),
      `${token},${token}`,
    ];
    for (const guess of near.filter((each) => each !== token)) {
      await api.get(`${root}/me`, { auth: `Bearer ${guess}`, status: 401, reason: 'unauthenticated' });
    }
  });

  test('The scheme of a token is written in any case', async () => {
    for (const scheme of ['Bearer', 'bearer', 'BEARER'])
      await api.get(`${root}/me`, { auth: `${scheme} ${server.token}`, status: 200 });
  });

  test('What is open is answered without credentials, and with wrong ones too', async () => {
    for (const path of ['/healthz', '/readyz', '/metrics', '/openapi.yaml']) {
      for (const auth of [null, 'Bearer wrong']) {
        await api.get(path, { auth, status: 200 });
        await api.head(path, { auth, status: 200 });
      }
    }
  });

  test('Without credentials nobody learns what exists', async () => {
    const there = await api.get(configPath('ns', 'k'), { auth: null, status: 401 });
    for (const path of [configPath('ns', 'absent'), configPath('absent', 'k'), namespacePath('absent')]) {
      assert.equal((await api.get(path, { auth: null, status: 401 })).text, there.text);
    }
    await api.get(`${root}/no/such/path`, { auth: null, status: 401, badRequest: true });
    await api.get(`${root}/no/such/path`, { status: 404, reason: 'not_found', badRequest: true });
    await api.get('/no/such/path', { auth: null, status: 404, reason: 'not_found', badRequest: true });
  });

  test('Name and password go as Basic, for tools', async () => {
    const { data } = await api.get(`${root}/me`, { auth: basic('admin', password) });
    assert.deepEqual(data, {
      username: 'admin',
      roles: [{ namespace: '*', role: 'admin' }],
      csrf: null,
      expires_at: null,
    });
    const saved = await api.save('ns', 'by-password', 'x', {}, { auth: basic('admin', password) });
    assert.equal(saved.updated_by, 'user:admin');
  });

  test('Basic credentials that are wrong or broken are refused', async () => {
    const cases = [
      basic('admin', `${password}x`),
      basic('root', password),
      basic('Admin', password),
      basic('admin', ''),
      basic('', password),
      'Basic',
      'Basic ',
      'Basic !!!',
      `Basic ${Buffer.from('admin').toString('base64')}`,
      `Basic ${Buffer.from([0xff, 0xfe, 0x3a, 0x80]).toString('base64')}`,
    ];
    for (const auth of cases) {
      const { status } = await api.get(`${root}/me`, { auth, status: 'any' });
      assert.ok([401, 429].includes(status), `${auth} is answered ${status}`);
    }
  });

  test('The admin token says who it is, too', async () => {
    const { data } = await api.get(`${root}/me`);
    assert.deepEqual(data, {
      username: 'admin',
      roles: [{ namespace: '*', role: 'admin' }],
      csrf: null,
      expires_at: null,
    });
    assert.equal((await api.request('POST', `${root}/logout`)).data, null, 'and needs no session to end');
  });
});

describe('Sessions', () => {
  const server = useConferd();
  const { api } = server;

  async function login() {
    const { headers, data } = await api.post(
      `${root}/login`,
      { username: 'admin', password },
      { auth: null },
    );
    const cookie = headers['set-cookie'][0].split(';')[0];
    return { cookie, csrf: data.csrf, data, header: headers['set-cookie'][0] };
  }

  /** Options of a request that a page of this server would make. */
  const from = (session, more = {}) => ({
    auth: null,
    headers: { cookie: session.cookie, 'x-confer-csrf': session.csrf, origin: server.origin, ...more },
  });

  test("A login opens a session that only a browser's own requests carry", async () => {
    const { data, header } = await login();
    assert.deepEqual(Object.keys(data), ['username', 'roles', 'csrf', 'expires_at']);
    assert.equal(data.username, 'admin');
    assert.ok(data.expires_at > (await api.status()).started_at);
    for (const attribute of [/; HttpOnly(;|$)/, /; SameSite=Strict(;|$)/, /; Path=\/(;|$)/])
      assert.match(header, attribute);
  });

  test('Each login has a session of its own', async () => {
    const [a, b] = [await login(), await login()];
    assert.notEqual(a.cookie, b.cookie);
    assert.notEqual(a.csrf, b.csrf);
  });

  test('A session reads with the cookie alone', async () => {
    const session = await login();
    const options = { auth: null, headers: { cookie: session.cookie } };
    const { data } = await api.get(`${root}/me`, options);
    assert.equal(data.csrf, session.csrf);
    assert.equal(data.username, 'admin');
    await api.get(`${root}/namespaces`, options);
    await api.get(`${root}/me`, {
      auth: null,
      headers: { cookie: `theme=dark; ${session.cookie}; lang=de` },
    });
  });

  test('A session writes with cookie, CSRF value and origin only', async () => {
    const session = await login();
    const other = await login();
    await api.post(`${root}/namespaces`, { name: 'by-session' }, from(session));
    const put = (headers, options) =>
      api.put(
        configPath('by-session', 'k'),
        { content: `${Math.random()}` },
        { ...from(session, headers), ...options },
      );
    assert.equal((await put({})).data.updated_by, 'user:admin');

    const before = await api.status();
    for (const [what, headers] of Object.entries({
      'no CSRF value': { 'x-confer-csrf': undefined },
      'an empty CSRF value': { 'x-confer-csrf': '' },
      'a wrong CSRF value': { 'x-confer-csrf': session.csrf.split('').reverse().join('') },
      'a CSRF value cut short': { 'x-confer-csrf': session.csrf.slice(0, -1) },
      "another session's CSRF value": { 'x-confer-csrf': other.csrf },
      'no origin': { origin: undefined },
      'a foreign origin': { origin: 'http://evil.example' },
      'an origin on another port': { origin: 'http://127.0.0.1:1' },
      'an origin that begins right': { origin: `${server.origin}.evil.example` },
      'an origin that ends right': { origin: `http://evil.example/${server.origin}` },
      'the null origin': { origin: 'null' },
      'an empty origin': { origin: '' },
    })) {
      const defined = Object.entries({ ...from(session).headers, ...headers }).filter(
        ([, value]) => value !== undefined,
      );
      const answer = await api.put(
        configPath('by-session', 'k'),
        { content: 'x' },
        { auth: null, headers: Object.fromEntries(defined), status: 'any' },
      );
      assert.deepEqual([answer.status, answer.reason], [403, 'csrf_failed'], what);
    }
    assert.deepEqual(await api.status(), before);
  });

  test('Every unsafe method needs the CSRF value', async () => {
    const session = await login();
    const before = await api.status();
    const unsafe = openapi
      .operations()
      .filter(({ method, template }) => method !== 'GET' && template !== `${root}/login`);
    for (const { method, template } of unsafe) {
      const path = pathOf(template, 'by-session');
      const body = bodies[`${method} ${template}`];
      await api.request(method, path, {
        body,
        auth: null,
        headers: { cookie: session.cookie, origin: server.origin },
        status: 403,
        reason: 'csrf_failed',
      });
    }
    assert.deepEqual(await api.status(), before);
    await api.get(`${root}/me`, { auth: null, headers: { cookie: session.cookie } });
  });

  test('A foreign origin is refused with a password too, and with a right one all goes', async () => {
    const auth = basic('admin', password);
    await api.put(
      configPath('by-session', 'k'),
      { content: 'x' },
      { auth, headers: { origin: 'http://evil.example' }, status: 403, reason: 'csrf_failed' },
    );
    await api.put(
      configPath('by-session', 'k'),
      { content: 'x' },
      { auth, headers: { origin: server.origin } },
    );
    await api.put(configPath('by-session', 'k'), { content: 'y' }, { auth });
  });

  test('After a logout the cookie is worth nothing', async () => {
    const session = await login();
    const other = await login();
    const { headers } = await api.request('POST', `${root}/logout`, from(session));
    assert.match(headers['set-cookie'][0], /^confer_session=;/);
    await api.get(`${root}/me`, { auth: null, headers: { cookie: session.cookie }, status: 401 });
    await api.request('POST', `${root}/logout`, { ...from(session), status: 401 });
    await api.get(`${root}/me`, { auth: null, headers: { cookie: other.cookie } });
  });

  test('Cookies that are no session are refused', async () => {
    const { cookie } = await login();
    for (const bad of [
      'confer_session=',
      'confer_session',
      'confer_session=x',
      `${cookie}x`,
      cookie.slice(0, -1),
      `x${cookie}`,
      `confer_session="${cookie.split('=')[1]}`,
      cookie.toUpperCase(),
      `other=${cookie}`,
      'confer_session=' + 'A'.repeat(4000),
      ';;;=;',
    ]) {
      await api.get(`${root}/me`, { auth: null, headers: { cookie: bad }, status: 401 });
    }
  });

  test('A wrong login says nothing about which part was wrong', async () => {
    const attempt = (username, guess) =>
      api.post(
        `${root}/login`,
        { username, password: guess },
        { auth: null, status: 401, reason: 'unauthenticated' },
      );
    const answers = [await attempt('admin', 'wrong password'), await attempt('nobody', password)];
    assert.equal(answers[0].text, answers[1].text);
    assert.ok(answers.every(({ headers }) => !headers['set-cookie']));
  });

  test('A login with a body that is none is refused', async () => {
    for (const [body, reason, field] of [
      [{ username: 'admin' }, 'invalid_field', 'password'],
      [{ password }, 'invalid_field', 'username'],
      [{ username: 7, password }, 'invalid_field', 'username'],
      [{ username: 'admin', password: null }, 'invalid_field', 'password'],
      [{ username: 'admin', password, remember: true }, 'unknown_field', 'remember'],
      ['[]', 'malformed_body', undefined],
      ['', undefined, undefined],
    ]) {
      await api.post(`${root}/login`, body, { auth: null, status: 400, reason, field });
    }
  });
});

describe('Guessing passwords', () => {
  const { api } = useConferd();
  const guess = (options) =>
    api.post(`${root}/login`, { username: 'admin', password: 'a guess' }, { auth: null, ...options });

  test('Who guesses is shut out after ten wrong passwords, with a right one too', async () => {
    for (let i = 0; i < 10; i++) await guess({ status: 401, reason: 'unauthenticated' });
    const shut = { status: 429, reason: 'too_many_requests' };
    await guess(shut);
    await api.post(`${root}/login`, { username: 'admin', password }, { auth: null, ...shut });
    await api.get(`${root}/me`, { auth: basic('admin', password), ...shut });
  });

  test('Tokens are not touched by it', async () => {
    await api.get(`${root}/me`, { status: 200 });
    await api.get(`${root}/me`, { auth: 'Bearer wrong', status: 401 });
    await api.get('/healthz', { auth: null, status: 200 });
  });
});
