// Keys of a real etcd become configs: every kind of change, what cannot be taken in, and what etcd and the server go
// through meanwhile.
'use strict';

const assert = require('node:assert/strict');
const { describe, test } = require('node:test');
const { runConferd, temporaryDirectory } = require('../lib/conferd.js');
const { mirrorsFile } = require('../lib/mirrors.js');
const { Etcd } = require('../lib/targets.js');
const {
  contentOf, put, quarantineOf, readIngest, transact, untilIngest, untilRunning, untilTakenIn, useIngests, versionsOf,
} = require('../lib/ingests.js');
const { until } = require('../lib/waiting.js');

const tenants = (etcd, more = {}) => ({
  kind: 'ingest', endpoints: etcd.endpoint, from: '/tenants/{id}', namespace: 'tenants.{id}', key: 'config', ...more,
});
const contents = (versions) => versions.map(({ content }) => content);
const root = '/api/v1/ingests/tenants';

describe('Keys of etcd', () => {
  const etcd = new Etcd();
  const server = useIngests(etcd, () => ({ tenants: tenants(etcd) }));
  const { api } = server;
  const settled = () => untilTakenIn(api, 'tenants', etcd);

  test('A put makes a config, with its namespace, published, by whom and from where', async () => {
    await untilRunning(api, 'tenants');
    const revision = await put(etcd, '/tenants/t1', '{"rate_limit": 100}');
    await settled();
    const config = await api.read('tenants.t1', 'config');
    assert.equal(config.content, '{"rate_limit": 100}');
    assert.equal(config.format, 'json');
    assert.equal(config.updated_by, 'system:ingest');
    assert.equal(config.comment, `from etcd: /tenants/t1, mod_revision ${revision}`);
  });

  test('A change makes a version, the same once more makes none', async () => {
    for (const limit of [1, 2, 2, 3]) await put(etcd, '/tenants/t2', `{"rate_limit": ${limit}}`);
    await settled();
    assert.deepEqual(contents(await versionsOf(api, 'tenants.t2', 'config')), [1, 2, 3].map((limit) => `{"rate_limit": ${limit}}`));
  });

  test('A transaction of several keys is one change of the store', async () => {
    transact(etcd, [['/tenants/a1', '1'], ['/tenants/a2', '2'], ['/tenants/a3', '3']]);
    await settled();
    const revisions = await Promise.all(['a1', 'a2', 'a3'].map(async (id) => (await api.read(`tenants.${id}`, 'config')).revision));
    assert.equal(new Set(revisions).size, 1);
  });

  test('A deletion deletes the config, and a put afterwards brings it back', async () => {
    await put(etcd, '/tenants/t3', '1');
    await settled();
    etcd.run('del', '/tenants/t3');
    await settled();
    assert.equal(await contentOf(api, 'tenants.t3', 'config'), undefined);
    await put(etcd, '/tenants/t3', '1');
    await settled();
    assert.equal(await contentOf(api, 'tenants.t3', 'config'), '1');
  });

  test('A deletion of what somebody has deleted already, or never was taken in, is nothing', async () => {
    await put(etcd, '/tenants/t4', '1');
    await settled();
    await api.delete('/api/v1/namespaces/tenants.t4/configs/config');
    etcd.run('del', '/tenants/t4');
    await settled();
    await api.createNamespaces('tenants.own');
    await api.publish('tenants.own', 'config', '{}', { format: 'json' });
    await put(etcd, '/tenants/own', '{');
    etcd.run('del', '/tenants/own');
    await settled();
    assert.equal(await contentOf(api, 'tenants.own', 'config'), '{}', 'what no key has made is left');
    assert.deepEqual(await quarantineOf(api, 'tenants'), []);
  });

  test('What is not of the pattern is ignored and counted', async () => {
    const { ignored } = await readIngest(api, 'tenants');
    await put(etcd, '/tenants/a/b', '1');
    await put(etcd, '/tenants/', '1');
    await put(etcd, '/tenants/t5', '5');
    await settled();
    assert.equal((await readIngest(api, 'tenants')).ignored, ignored + 2);
  });

  test('What the config serves is not published again, whatever was saved since', async () => {
    await put(etcd, '/tenants/t6', '1');
    await settled();
    await api.save('tenants.t6', 'config', '2', { format: 'json' });
    await put(etcd, '/tenants/t6', '1');
    await settled();
    assert.deepEqual(contents(await versionsOf(api, 'tenants.t6', 'config')), ['1', '2']);
  });

  test('Keys and values of any size that fits', async () => {
    const large = JSON.stringify({ text: 'x'.repeat(900000) });
    await put(etcd, '/tenants/large', large);
    await settled();
    assert.equal(await contentOf(api, 'tenants.large', 'config'), large);
  });
});

describe('What cannot be taken in', () => {
  const etcd = new Etcd();
  const server = useIngests(etcd, () => ({ tenants: tenants(etcd) }));
  const { api } = server;
  const settled = () => untilTakenIn(api, 'tenants', etcd);
  const listed = async () => (await quarantineOf(api, 'tenants')).map(({ etcd_key: key }) => key).sort();

  test('Content that is none is put aside; the config stays what it was; a good value heals it', async () => {
    await put(etcd, '/tenants/t1', '1');
    const revision = await put(etcd, '/tenants/t1', '{"rate_limit": ');
    await settled();
    const [key, ...others] = await quarantineOf(api, 'tenants');
    assert.deepEqual(others, []);
    assert.equal(key.etcd_key, '/tenants/t1');
    assert.equal(key.namespace, 'tenants.t1');
    assert.equal(key.key, 'config');
    assert.equal(key.mod_revision, revision);
    assert.equal(key.attempts, 1);
    assert.match(key.problem, /^line 1, column \d+: /);
    assert.equal(await contentOf(api, 'tenants.t1', 'config'), '1');
    assert.equal((await readIngest(api, 'tenants')).quarantined, 1);

    await put(etcd, '/tenants/t1', '2');
    await settled();
    assert.deepEqual(await listed(), []);
    assert.equal(await contentOf(api, 'tenants.t1', 'config'), '2');
    await untilIngest(api, 'tenants', ({ quarantined }) => quarantined === 0, 'none is quarantined');
  });

  test('So are names that are none, and values that are too large', async () => {
    await put(etcd, '/tenants/Not A Name', '1');
    await put(etcd, '/tenants/huge', JSON.stringify('x'.repeat(1100000)));
    await settled();
    const [name, huge] = (await quarantineOf(api, 'tenants')).sort((a, b) => (a.etcd_key < b.etcd_key ? -1 : 1));
    assert.deepEqual([name.namespace, name.key], [null, null]);
    assert.match(name.problem, /is no name of a namespace/);
    assert.match(huge.problem, /1100002 bytes/);
    etcd.run('del', '/tenants/huge');
    etcd.run('del', '/tenants/Not A Name');
    await settled();
    assert.deepEqual(await listed(), []);
  });

  test('One is tried again, or all: in vain there is one more attempt', async () => {
    await put(etcd, '/tenants/b1', '{');
    await put(etcd, '/tenants/b2', '{');
    await settled();
    assert.deepEqual((await api.post(`${root}/quarantine/retry`, { etcd_key: '/tenants/b1' })).data, { keys: 1 });
    const attempts = async () => Object.fromEntries((await quarantineOf(api, 'tenants')).map((key) => [key.etcd_key, key.attempts]));
    await until(async () => (await attempts())['/tenants/b1'] === 2, 'it was tried once more');
    assert.equal((await attempts())['/tenants/b2'], 1);
    assert.deepEqual((await api.post(`${root}/quarantine/retry`)).data, { keys: 2 });
    await until(async () => (await attempts())['/tenants/b2'] === 2, 'all were tried');
    await api.post(`${root}/quarantine/retry`, { etcd_key: '/tenants/none' }, { status: 404, reason: 'quarantined_key_not_found' });
  });

  test('One is dropped: it is listed no more, until it changes', async () => {
    assert.deepEqual((await api.post(`${root}/quarantine/drop`, { etcd_key: '/tenants/b1' })).data, { keys: 1 });
    assert.deepEqual(await listed(), ['/tenants/b2']);
    await untilIngest(api, 'tenants', ({ quarantined }) => quarantined === 1, 'one is left');
    await server.restart();
    await untilRunning(api, 'tenants');
    assert.deepEqual(await listed(), ['/tenants/b2']);
    await put(etcd, '/tenants/b1', '{{');
    await settled();
    assert.deepEqual(await listed(), ['/tenants/b1', '/tenants/b2']);
  });

  test('What a person has asked for is in the audit', async () => {
    await api.post(`${root}/resync`);
    const entries = await api.walk('/api/v1/audit', { limit: 1000 });
    const details = (action) => entries.filter((entry) => entry.action === action).map((entry) => entry.details);
    assert.deepEqual(details('ingest.resync'), [{ ingest: 'tenants' }]);
    assert.deepEqual(details('ingest.drop'), [{ ingest: 'tenants', etcd_key: '/tenants/b1', keys: 1 }]);
    assert.deepEqual(details('ingest.retry'), [
      { ingest: 'tenants', etcd_key: null, keys: 2 }, { ingest: 'tenants', etcd_key: '/tenants/b1', keys: 1 },
    ]);
  });

  test('There is no other ingest', async () => {
    for (const path of ['', '/quarantine']) await api.get(`/api/v1/ingests/nobody${path}`, { status: 404, reason: 'ingest_not_found' });
    await api.post('/api/v1/ingests/nobody/resync', undefined, { status: 404, reason: 'ingest_not_found' });
    assert.deepEqual((await api.get('/api/v1/ingests')).data.items.map(({ name }) => name), ['tenants']);
  });
});

describe('Mirrors in the same etcd', () => {
  const etcd = new Etcd();
  const server = useIngests(etcd, () => ({
    all: { kind: 'ingest', endpoints: etcd.endpoint, from: '/all/{path...}', namespace: 'all.{path}', key: 'config' },
    back: { kind: 'etcd', endpoints: etcd.endpoint, namespace: 'all', key: '/all/mirror/{below}/{key}', lock_key: '/all/lock' },
  }));
  const { api } = server;

  test('What a mirror wrote is not taken in, nor are its locks', async () => {
    await untilRunning(api, 'all');
    await put(etcd, '/all/a', '1');
    await until(() => etcd.contents('/all/')['/all/mirror/a/config'] === '1', 'the mirror has it');
    await put(etcd, '/all/b', '2');
    await untilTakenIn(api, 'all', etcd);
    const { ignored, quarantined } = await untilIngest(api, 'all', (ingest) => ingest.ignored >= 2, 'two keys are passed over');
    assert.ok(ignored >= 2);
    assert.equal(quarantined, 0);
    assert.deepEqual((await api.walk('/api/v1/namespaces')).map(({ name }) => name), ['all.a', 'all.b']);
  });

  test('An ingest of nothing else is refused at the start, and both are named', async () => {
    const [, file] = mirrorsFile({
      writer: { kind: 'etcd', endpoints: etcd.endpoint, key: '/x/{namespace_path}/{key}' },
      reader: { kind: 'ingest', endpoints: etcd.endpoint, from: '/x/y/{id}', namespace: '{id}', key: 'k' },
    });
    const { code, stderr } = await runConferd(['--data', temporaryDirectory(), '--listen', '127.0.0.1:0', '--mirrors', file]);
    assert.equal(code, 1);
    assert.match(stderr, /ingest reader, from: the mirror writer writes all of these keys/);
  });

  test('A pattern that is wrong is refused with its place in the file', async () => {
    const [, file] = mirrorsFile({
      reader: { kind: 'ingest', endpoints: etcd.endpoint, from: '/x/{id}', namespace: 'n', key: 'k' },
    });
    const { code, stderr } = await runConferd(['--data', temporaryDirectory(), '--listen', '127.0.0.1:0', '--mirrors', file]);
    assert.equal(code, 1);
    assert.match(stderr, /mirrors.yaml:1: reader\.from: two keys of etcd could make the same config/);
  });
});

describe('Patterns, formats and passwords', () => {
  const etcd = new Etcd();
  const server = useIngests(etcd, () => ({
    apps: {
      kind: 'ingest', endpoints: etcd.endpoint, from: '/apps/{app...}/{file}', namespace: '{app}', key: '{file}', format: 'yaml',
      user: 'reader', password: 'sesame',
    },
  }));
  const { api } = server;

  test('Segments are namespaces, and the format is that of the ingest', async () => {
    await untilRunning(api, 'apps');
    await put(etcd, '/apps/prod/shop/limits.yml', 'max: 5');
    await put(etcd, '/apps/prod/shop/broken.yml', 'max: [5');
    await untilTakenIn(api, 'apps', etcd);
    const { content, format } = await api.read('prod.shop', 'limits.yml');
    assert.deepEqual({ content, format }, { content: 'max: 5', format: 'yaml' });
    assert.deepEqual((await quarantineOf(api, 'apps')).map(({ etcd_key: key }) => key), ['/apps/prod/shop/broken.yml']);
  });

  test('Where etcd asks who is there, the user reads the prefix and no more', async () => {
    for (const command of [
      ['user', 'add', 'root:root'], ['user', 'grant-role', 'root', 'root'], ['role', 'add', 'apps'],
      ['role', 'grant-permission', 'apps', '--prefix=true', 'read', '/apps/'], ['user', 'add', 'reader:sesame'],
      ['user', 'grant-role', 'reader', 'apps'], ['auth', 'enable'],
    ]) etcd.run(...command);
    await server.restart();
    await untilRunning(api, 'apps');
    etcd.run('--user=root:root', 'put', '/apps/prod/shop/limits.yml', 'max: 6');
    await until(async () => await contentOf(api, 'prod.shop', 'limits.yml') === 'max: 6', 'it is taken in');
    etcd.run('--user=root:root', 'role', 'revoke-permission', 'apps', '--prefix=true', '/apps/');
    const { error } = await untilIngest(api, 'apps', ({ state }) => state === 'denied', 'a person has to do something');
    assert.match(error, /permission denied/);
    etcd.run('--user=root:root', 'role', 'grant-permission', 'apps', '--prefix=true', 'read', '/apps/');
    etcd.run('--user=root:root', 'put', '/apps/prod/shop/limits.yml', 'max: 7');
    await api.post('/api/v1/ingests/apps/resync');
    await until(async () => await contentOf(api, 'prod.shop', 'limits.yml') === 'max: 7', 'it goes on');
  });
});

describe('A pattern that is changed', () => {
  const etcd = new Etcd();
  const server = useIngests(etcd, () => ({ tenants: tenants(etcd) }));
  const { api } = server;

  test('All is taken in anew, and what was is left', async () => {
    await put(etcd, '/tenants/t1', '1');
    await untilTakenIn(api, 'tenants', etcd);
    await server.stop();
    server.args = mirrorsFile({ tenants: tenants(etcd, { namespace: 'other.{id}' }) });
    await server.start();
    await untilTakenIn(api, 'tenants', etcd);
    assert.equal(await contentOf(api, 'other.t1', 'config'), '1');
    assert.equal(await contentOf(api, 'tenants.t1', 'config'), '1');
    etcd.run('del', '/tenants/t1');
    await untilTakenIn(api, 'tenants', etcd);
    assert.equal(await contentOf(api, 'other.t1', 'config'), undefined);
    assert.equal(await contentOf(api, 'tenants.t1', 'config'), '1');
  });
});
