// Of several servers that take in from one etcd another comes to lead, with a store of a while ago.
'use strict';

const assert = require('node:assert/strict');
const { after, before, test } = require('node:test');
const { Conferd } = require('../lib/conferd.js');
const { mirrorsFile, readMirror, untilMirror } = require('../lib/mirrors.js');
const { untilIngest } = require('../lib/ingests.js');
const { Etcd, Redis } = require('../lib/targets.js');
const { until } = require('../lib/waiting.js');

const etcd = new Etcd();
const redis = new Redis();
const [old, other] = [new Conferd(), new Conferd()];
const put = (value) => etcd.run('put', '/tenants/t1', value);
const untilHeld = (value) => until(() => redis.run('GET', 'tenant:t1:config') === value, `Redis holds ${value}`);

before(async () => {
  await Promise.all([etcd.start(), redis.start()]);
  for (const server of [old, other])
    server.args = mirrorsFile({
      leader: { kind: 'election', endpoints: etcd.endpoint, ttl_ms: '2 s' },
      tenants: { kind: 'ingest', endpoints: etcd.endpoint, from: '/tenants/{id}', namespace: 'tenants.{id}', key: 'config' },
      cache: { kind: 'redis', endpoints: redis.endpoint, namespace: 'tenants', key: 'tenant:{below}:{key}' },
    });
});
after(async () => {
  for (const server of [old, other]) await server.finish();
  await Promise.all([etcd.stop(), redis.stop()]);
});

test('Its mirrors begin when it has taken in what it missed, whatever it was asked for meanwhile', async () => {
  await old.start();
  put('1');
  await untilHeld('1');
  await old.stop();
  await other.start();
  put('2');
  await untilHeld('2');

  await old.start();
  await untilIngest(old.api, 'tenants', ({ state }) => state === 'standby', 'it stands by');
  await old.api.post('/api/v1/ingests/tenants/resync');
  await other.kill();
  const { comparison } = await untilMirror(old.api, 'cache', ({ state, comparison }) => state === 'running' && comparison, 'it works');
  assert.deepEqual([comparison.missing, comparison.stale], [0, 0], 'it had nothing old to write');
  assert.equal((await old.api.read('tenants.t1', 'config')).content, '2');
  assert.equal((await readMirror(old.api, 'cache')).comparison.keys, 1);
  put('3');
  await untilHeld('3');
});
