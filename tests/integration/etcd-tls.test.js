// Etcd by TLS, and by several ways: mirrors, ingests and elections go the same one (server/mirror/http_link.h).
'use strict';

const assert = require('node:assert/strict');
const { after, before, describe, test } = require('node:test');
const { Authority, skip } = require('../lib/certificates.js');
const { contentOf, untilIngest, useIngests } = require('../lib/ingests.js');
const { untilMirror, useMirrors } = require('../lib/mirrors.js');
const { Relay } = require('../lib/relay.js');
const { SecureEtcd } = require('../lib/secure-etcd.js');
const { Etcd, expectedInEtcd, freePorts, untilMirrored } = require('../lib/targets.js');
const { until } = require('../lib/waiting.js');

/** What goes both ways, and who leads. @way: endpoints and what else it takes to get there */
const everything = (way) => ({
  leader: { kind: 'election', ttl_ms: '2 s', ...way },
  out: { kind: 'etcd', ...way },
  in: { kind: 'ingest', from: '/tenants/{id}', namespace: 'tenants.{id}', key: 'config', ...way },
});

/** Something goes to etcd, and something comes from it; @words tell it from what went before. */
async function goBothWays(api, etcd, words) {
  const text = JSON.stringify(words);
  await api.publish('prod', 'greeting', text);
  etcd.run('put', '/tenants/t1', text);
  await until(async () => (await contentOf(api, 'tenants.t1', 'config')) === text, 'it is taken in');
  await untilMirrored(api, etcd, expectedInEtcd);
}

const leads = async (api) => (await api.get('/api/v1/mirrors')).data.election.leader;

describe('TLS, with a certificate of our own', { skip }, () => {
  const etcd = new SecureEtcd();
  before(() => etcd.useAuthority(new Authority()));
  const server = useMirrors([etcd], () => everything({ endpoints: etcd.endpoint, ...etcd.credentials }));
  const { api } = server;

  test('One leads, mirrors and takes in', async () => {
    await api.createNamespaces('prod');
    await until(() => leads(api), 'it leads');
    await goBothWays(api, etcd, 'by TLS');
  });

  test('It goes on when etcd comes again', async () => {
    await etcd.kill();
    await api.publish('prod', 'meanwhile', 'said to nobody');
    await etcd.start();
    await goBothWays(api, etcd, 'by TLS again');
  });
});

describe('TLS that is not to be trusted', { skip }, () => {
  const etcd = new SecureEtcd();
  const elsewhere = new SecureEtcd();
  before(() => {
    etcd.useAuthority(new Authority());
    elsewhere.useAuthority(new Authority(), 'DNS:elsewhere.example');
  });
  const cases = {
    unknown: () => ({ endpoints: etcd.endpoint, ...etcd.credentials, ca_file: '' }),
    stranger: () => ({ endpoints: etcd.endpoint, ...etcd.credentials, ca_file: new Authority('A stranger').certificate }),
    name: () => ({ endpoints: elsewhere.endpoint, ...elsewhere.credentials }),
    nobody: () => ({ endpoints: etcd.endpoint, ca_file: etcd.authority.certificate }),
  };
  const server = useMirrors([etcd, elsewhere], () => Object.fromEntries(Object.entries(cases).flatMap(([name, way], i) => [
    [`out-${name}`, { kind: 'etcd', key: `/confer/${name}/{namespace_path}/{key}`, lock_key: `/lock/${name}`, ...way() }],
    [`in-${name}`, { kind: 'ingest', from: `/tenants-${i}/{id}`, namespace: 'tenants.{id}', key: 'config', ...way() }],
  ])));
  const { api } = server;
  const reasons = {
    unknown: /issuer certificate/,
    stranger: /issuer certificate/,
    name: /name matches target host name/,
    nobody: /alert (bad )?certificate/,
  };

  test('There is something to write, and something to read', async () => {
    await api.createNamespaces('prod');
    await api.publish('prod', 'secret', 'for nobody');
    Object.keys(cases).forEach((_, i) => [etcd, elsewhere].forEach((target) => target.run('put', `/tenants-${i}/t1`, '1')));
  });

  for (const name of Object.keys(cases)) {
    test(`${name}: nothing goes there, nothing comes from there, and it says why`, async () => {
      const isDenied = ({ state }) => state === 'denied';
      const mirror = await untilMirror(api, `out-${name}`, isDenied, 'it is denied');
      const ingest = await untilIngest(api, `in-${name}`, isDenied, 'it is denied');
      for (const { error } of [mirror, ingest]) assert.match(error, reasons[name]);
    });
  }

  test('Nothing was written, and nothing was read', async () => {
    for (const target of [etcd, elsewhere]) assert.equal(target.run('get', '--prefix', '/confer', '--keys-only').trim(), '');
    assert.equal(await contentOf(api, 'tenants.t1', 'config'), undefined);
  });
});

describe('Several endpoints', () => {
  const etcd = new Etcd();
  const relays = [1, 2].map(() => new Relay(() => new URL(etcd.endpoint).host));
  let dead;
  before(async () => {
    [dead] = await freePorts(1);
    for (const relay of relays) await relay.start();
  });
  const server = useIngests(etcd, () => everything({
    endpoints: [`http://127.0.0.1:${dead}`, ...relays.map(({ endpoint }) => `http://${endpoint}`)],
  }));
  const { api } = server;
  after(() => Promise.all(relays.map((relay) => relay.stop().catch(() => {}))));

  test('Where nobody is the next one is tried', async () => {
    await api.createNamespaces('prod');
    await until(() => leads(api), 'it leads');
    await goBothWays(api, etcd, 'by the second');
    assert.ok(relays[0].pairs.size > 0);
  });

  test('When a way is gone it goes by another', async () => {
    await relays[0].stop();
    await goBothWays(api, etcd, 'by the third');
    assert.ok(relays[1].pairs.size > 0);
    await until(() => leads(api), 'it leads');
  });
});
