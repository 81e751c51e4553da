// The audit: who did what, in order, and who tried in vain.
'use strict';

const assert = require('node:assert/strict');
const { describe, test } = require('node:test');
const { basic, configPath, namespacePath, root } = require('../lib/client.js');
const { password, useConferd } = require('../lib/conferd.js');
const { inParallel, until } = require('../lib/waiting.js');

const audit = `${root}/audit`;

describe('What was done', () => {
  const { api } = useConferd();
  const entries = (query) => api.walk(audit, query);

  test('Each action leaves one entry that says everything', async () => {
    await api.post(`${root}/namespaces`, { name: 'acts', description: 'x' });
    await api.patch(namespacePath('acts'), { description: 'y' });
    await api.save('acts', 'k', 'one', { comment: 'saved' });
    await api.publish('acts', 'k', 'two', { comment: 'saved and published' });
    await api.post(configPath('acts', 'k', 'publish'), { version: 1, comment: 'published' });
    await api.post(configPath('acts', 'k', 'rollback'), { to: 2, comment: 'rolled back' });
    await api.delete(configPath('acts', 'k'));
    await api.save('acts', 'l', 'x');
    const last = (await api.delete(namespacePath('acts'), { query: { recursive: 'true' } })).data;

    const list = (await entries({ namespace: 'acts' })).reverse();
    const told = list.map(({ action, key, version, comment }) => [action, key, version, comment || null]);
    const ofDelete = told.splice(8);
    assert.deepEqual(told, [
      ['namespace.create', null, null, null],
      ['namespace.update', null, null, null],
      ['config.save', 'k', 1, 'saved'],
      ['config.publish', 'k', 2, 'saved and published'],
      ['config.publish', 'k', 1, 'published'],
      ['config.rollback', 'k', 2, 'rolled back'],
      ['config.delete', 'k', 2, null],
      ['config.save', 'l', 1, null],
    ]);
    assert.ok(ofDelete.some(([action]) => action === 'namespace.delete'));
    assert.ok(ofDelete.every(([action]) => ['namespace.delete', 'config.delete'].includes(action)));

    for (const entry of list) {
      assert.deepEqual(Object.keys(entry), [
        'id', 'time', 'actor', 'address', 'action', 'namespace', 'key', 'version', 'revision', 'outcome',
        'comment', 'details', 'hash',
      ]);
      assert.deepEqual(
        [entry.actor, entry.address, entry.namespace, entry.outcome],
        ['user:admin', '127.0.0.1', 'acts', 'ok'],
      );
    }
    const revisions = list.map(({ revision }) => revision);
    assert.deepEqual(
      revisions.slice(0, 9),
      Array.from({ length: 9 }, (_, i) => revisions[0] + i),
    );
    assert.equal(revisions[revisions.length - 1], last.revision);
  });

  test('Entries are numbered without a gap, newest first, and each has a hash of its own', async () => {
    const list = await entries({ limit: 3 });
    assert.deepEqual(
      list.map(({ id }) => id),
      Array.from({ length: list.length }, (_, i) => list.length - i),
    );
    assert.equal(new Set(list.map(({ hash }) => hash)).size, list.length);
    const times = list.map(({ time }) => time);
    assert.deepEqual(times, [...times].sort().reverse());
  });

  test("A transaction's operations are one entry each, with one revision", async () => {
    await api.createNamespaces('trans');
    const { revision } = await api.transaction([
      { op: 'put', namespace: 'trans', key: 'a', content: '1' },
      { op: 'put', namespace: 'trans', key: 'b', content: '1', publish: true, comment: 'mine' },
      { op: 'put', namespace: 'trans', key: 'a', content: '1' },
      { op: 'delete', namespace: 'trans', key: 'b' },
    ]);
    const list = (await entries({ namespace: 'trans' })).reverse().slice(1);
    assert.deepEqual(
      list.map(({ action, key, version }) => [action, key, version]),
      [
        ['config.save', 'a', 1],
        ['config.publish', 'b', 1],
        ['config.delete', 'b', 1],
      ],
    );
    assert.ok(list.every((entry) => entry.revision === revision));
  });

  test('What changed nothing, or was refused for other reasons than rights, leaves no entry', async () => {
    await api.createNamespaces('quiet');
    await api.publish('quiet', 'k', 'x');
    const before = (await entries())[0].id;
    await api.publish('quiet', 'k', 'x');
    await api.save('quiet', 'k', 'x');
    await api.post(configPath('quiet', 'k', 'publish'), {});
    await api.post(`${root}/namespaces`, { name: 'quiet' }, { status: 409 });
    await api.post(`${root}/namespaces`, { name: 'Quiet' }, { status: 400 });
    await api.put(configPath('quiet', 'k.json'), { content: '{' }, { status: 422 });
    await api.put(
      configPath('quiet', 'k'),
      { content: 'y' },
      { headers: { 'If-Match': '"9"' }, status: 412 },
    );
    await api.delete(configPath('quiet', 'absent'), { status: 404 });
    await api.read('quiet', 'k');
    await api.get(`${root}/nowhere`, { status: 404, badRequest: true });
    assert.equal((await entries())[0].id, before);
  });

  test('Filters hold exactly, a namespace with all below it, and all of them together', async () => {
    await api.createNamespaces('f', 'f.a', 'f.a.b', 'fa', 'f-a');
    for (const namespace of ['f', 'f.a', 'f.a.b', 'fa', 'f-a']) {
      await api.save(namespace, 'k', 'x');
      await api.publish(namespace, 'k2', 'x');
    }
    const places = async (query) =>
      [...new Set((await entries(query)).map(({ namespace }) => namespace))].sort();
    assert.deepEqual(await places({ namespace: 'f' }), ['f', 'f.a', 'f.a.b']);
    assert.deepEqual(await places({ namespace: 'f.a' }), ['f.a', 'f.a.b']);
    assert.deepEqual(await places({ namespace: 'f.a.b' }), ['f.a.b']);
    assert.deepEqual(await places({ namespace: 'f.a.b.c' }), []);

    const saves = await entries({ namespace: 'f', key: 'k' });
    assert.ok(
      saves.length === 3 && saves.every(({ key, action }) => key === 'k' && action === 'config.save'),
    );
    assert.equal((await entries({ namespace: 'f', action: 'config.publish' })).length, 3);
    assert.equal((await entries({ namespace: 'f', action: 'config' })).length, 0);
    assert.equal((await entries({ namespace: 'f', action: 'config.publish', key: 'k' })).length, 0);
    assert.equal((await entries({ namespace: 'f', actor: 'user:admin' })).length, 9);
    assert.equal((await entries({ namespace: 'f', actor: 'admin' })).length, 0);
    assert.equal((await entries({ namespace: 'f', actor: 'user:ADMIN' })).length, 0);
    assert.equal((await entries({ actor: "' OR 1=1 --" })).length, 0);
    assert.equal((await entries({ namespace: 'f', limit: 2 })).length, 9, 'in pages, too');
  });

  test('since is inclusive and until exclusive', async () => {
    const list = await entries();
    const { time } = list[Math.floor(list.length / 2)];
    const at = list.filter((entry) => entry.time === time).length;
    const younger = list.filter((entry) => entry.time > time).length;
    const older = list.filter((entry) => entry.time < time).length;
    assert.equal((await entries({ since: time })).length, younger + at);
    assert.equal((await entries({ until: time })).length, older);
    assert.equal((await entries({ since: time, until: time })).length, 0);
    assert.equal((await entries({ since: time.replace('Z', '+00:00') })).length, younger + at);
    const shifted = new Date(Date.parse(time) + 2 * 3600 * 1000).toISOString().replace('Z', '+02:00');
    assert.equal((await entries({ since: shifted })).length, younger + at, 'another offset, the same moment');
    assert.equal(
      (await entries({ since: '2000-01-01T00:00:00Z' })).length,
      list.length,
      'milliseconds are not needed',
    );
    assert.equal((await entries({ since: '9999-12-31T23:59:59Z' })).length, 0);
  });

  test('Filters that mean nothing are refused', async () => {
    const cases = {
      since: [
        'yesterday', '2026-01-01', '2026-13-01T00:00:00Z', '2026-01-01T00:00:00', '', '1767225600',
        '2026-02-30T00:00:00Z',
      ],
      until: ['tomorrow', '2026-01-01T25:00:00Z'],
      namespace: ['', 'A', 'a..b', '*', '../x'],
      key: ['', '.x', 'a/b'],
      limit: ['0', '1001'],
      cursor: ['x', ''],
    };
    for (const [name, values] of Object.entries(cases)) {
      for (const value of values)
        await api.get(audit, {
          query: { [name]: value },
          status: 400,
          reason: 'invalid_parameter',
          field: name,
        });
    }
    await api.get(audit, {
      query: { outcome: 'denied' },
      status: 400,
      reason: 'unknown_parameter',
      field: 'outcome',
    });
  });

  test('Paging is not disturbed by new entries', async () => {
    const before = await entries();
    const walked = await api.walk(audit, { limit: 5 }, () => api.publish('quiet', 'k', `${Math.random()}`));
    assert.deepEqual(walked, before);
  });
});

describe('What was denied', () => {
  const server = useConferd();
  const { api } = server;
  let sent = 0;

  const denied = async () => (await api.walk(audit)).filter(({ outcome }) => outcome === 'denied');
  const total = (list) => list.reduce((sum, { details }) => sum + details.count, 0);

  /** All refusals in the audit, oldest first, once every one that was sent is counted. */
  const whenAllCounted = async () =>
    until(async () => {
      const list = await denied();
      assert.ok(total(list) <= sent, `${total(list)} refusals are counted, ${sent} were sent`);
      return total(list) === sent && list.reverse();
    }, `all ${sent} refusals are in the audit`);

  /** Sends one request that must be refused; returns its entry. */
  async function refusalOf(method, path, options) {
    const before = (await whenAllCounted()).length;
    await api.request(method, path, options);
    sent++;
    const list = await whenAllCounted();
    assert.equal(list.length, before + 1);
    return list[before];
  }

  test('A wrong token is audited under the action that was asked for', async () => {
    await api.createNamespaces('ns');
    const before = await api.revision();
    const wrong = { auth: 'Bearer wrong', status: 401, reason: 'unauthenticated' };
    const entry = await refusalOf('PUT', configPath('ns', 'k'), { body: { content: 'x' }, ...wrong });
    assert.deepEqual(
      [entry.actor, entry.address, entry.action, entry.namespace, entry.version, entry.revision],
      [null, '127.0.0.1', 'config.save', 'ns', null, null],
    );
    assert.deepEqual(entry.details, { status: 401, reason: 'unauthenticated', count: 1 });
    assert.equal(await api.revision(), before, 'an entry, but no change');

    for (const [method, path, body, action] of [
      ['DELETE', namespacePath('ns'), undefined, 'namespace.delete'],
      ['POST', configPath('ns', 'k', 'publish'), {}, 'config.publish'],
    ]) {
      assert.equal((await refusalOf(method, path, { body, ...wrong })).action, action);
    }
  });

  test('A failed login is audited, and so are login and logout', async () => {
    const body = { username: 'admin', password: 'wrong password' };
    const entry = await refusalOf('POST', `${root}/login`, { body, auth: null, status: 401 });
    assert.deepEqual(
      [entry.action, entry.details.status, entry.details.reason],
      ['login', 401, 'unauthenticated'],
    );

    const { headers, data } = await api.post(
      `${root}/login`,
      { username: 'admin', password },
      { auth: null },
    );
    const cookie = headers['set-cookie'][0].split(';')[0];
    const session = { cookie, 'x-confer-csrf': data.csrf, origin: server.origin };
    await api.request('POST', `${root}/logout`, { auth: null, headers: session });
    const ok = (await api.walk(audit)).filter(
      ({ action, outcome }) => ['login', 'logout'].includes(action) && outcome === 'ok',
    );
    assert.deepEqual(
      ok.map(({ action, actor }) => [action, actor]),
      [
        ['logout', 'user:admin'],
        ['login', 'user:admin'],
      ],
    );
    assert.ok(ok.every(({ address }) => address === '127.0.0.1'));
  });

  test('A request from a foreign page is audited as denied', async () => {
    const headers = { origin: 'http://evil.example' };
    const options = { auth: basic('admin', password), headers, status: 403, reason: 'csrf_failed' };
    const entry = await refusalOf('DELETE', configPath('ns', 'k'), options);
    assert.deepEqual(
      [entry.action, entry.details.status, entry.details.reason],
      ['config.delete', 403, 'csrf_failed'],
    );
  });

  test('Many refusals from one address become few entries, and none goes uncounted', async () => {
    const before = (await whenAllCounted()).length;
    const count = 500;
    await inParallel(count, 50, (i) =>
      api.post(configPath('ns', `k${i}`, 'rollback'), {}, { auth: 'Bearer wrong', status: 401 }),
    );
    sent += count;
    const added = (await whenAllCounted()).slice(before);
    assert.ok(added.length <= count / 10, `${added.length} entries for ${count} refusals`);
    assert.ok(added.every(({ action }) => action === 'config.rollback'));
  });

  test('Whoever asks is found by the address, and no entry is about what exists', async () => {
    const list = await whenAllCounted();
    assert.ok(
      list.every(
        ({ address, actor, revision, version }) =>
          address === '127.0.0.1' && !actor && revision === null && version === null,
      ),
    );
  });

  test('What is denied never shows the credentials', async () => {
    const secret = 'wrong-but-still-secret-0123456789';
    await refusalOf('GET', `${root}/me`, { auth: `Bearer ${secret}`, status: 401 });
    await refusalOf('GET', `${root}/me`, { auth: basic('admin', secret), status: 401 });
    await refusalOf('POST', `${root}/login`, {
      body: { username: 'admin', password: secret },
      auth: null,
      status: 401,
    });
    assert.doesNotMatch(JSON.stringify(await api.walk(audit)), new RegExp(secret));
    assert.doesNotMatch(server.stderr + server.stdout, new RegExp(secret));
  });

  test('What was counted when the server stops is written down', async () => {
    await whenAllCounted();
    for (let i = 0; i < 20; i++) await api.delete(namespacePath('ns'), { auth: 'Bearer wrong', status: 401 });
    sent += 20;
    await server.restart();
    assert.equal(total(await denied()), sent);
  });
});
