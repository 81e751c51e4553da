// Gray releases in mirrors of their own: in a real etcd under a prefix of their own, and in a real Redis.
'use strict';

const assert = require('node:assert/strict');
const { describe, test } = require('node:test');
const { isDeepStrictEqual } = require('node:util');
const { configPath } = require('../lib/client.js');
const { GrayConfig, oneArm, steps } = require('../lib/ramp.js');
const { resync, untilMirror, useMirrors } = require('../lib/mirrors.js');
const { Etcd, Redis, expectedInEtcd, untilMirrored } = require('../lib/targets.js');
const { until } = require('../lib/waiting.js');

const etcd = new Etcd();
const redis = new Redis();

describe('Mirrors of gray releases', () => {
  const server = useMirrors([etcd, redis], () => ({
    stable: { kind: 'etcd', endpoints: etcd.endpoint },
    gray: { kind: 'etcd', endpoints: etcd.endpoint, value: 'gray', key: '/confer-gray/{namespace_path}/{key}', prune: true },
    'gray-redis': { kind: 'redis', endpoints: redis.endpoint, value: 'gray', key: 'gray:{namespace}:{key}' },
  }));
  const { api } = server;
  const etcdKey = (config) => `/confer-gray/${config.namespace.replaceAll('.', '/')}/${config.key}`;
  const redisKey = (config) => `gray:${config.namespace}:${config.key}`;
  const one = new GrayConfig(server, 'prod', 'one');
  const two = new GrayConfig(server, 'prod.acme', 'two.json');

  /** The gray release of a config as the API shows it, and what its versions hold. */
  async function documentOf(config) {
    const gray = await config.get();
    if (gray === null) return null;
    delete gray.instances; // Who follows it changes without a change of it.
    const versions = {};
    for (const { version } of gray.rules.flatMap(({ split }) => split)) {
      const { format, content, sha256 } = (await api.get(config.path('versions', version))).data;
      versions[version] = { format, content, sha256 };
    }
    return { ...gray, versions };
  }

  /** Waits until both targets hold the gray releases that run, and nothing else; returns them by config. */
  async function untilHeld() {
    const documents = [];
    for (const config of [one, two]) documents.push([config, await documentOf(config)]);
    const expected = (keyOf) => Object.fromEntries(
      documents.filter(([, document]) => document !== null).map(([config, document]) => [keyOf(config), document]),
    );
    const parsed = (contents) => Object.fromEntries(Object.entries(contents).map(([key, text]) => [key, JSON.parse(text)]));
    for (const [contents, keyOf] of [[() => etcd.contents('/confer-gray/'), etcdKey], [() => redis.contents(), redisKey]]) {
      let held;
      await until(() => {
        held = parsed(contents());
        return isDeepStrictEqual(held, expected(keyOf));
      }, 'the gray releases are there').catch(() => assert.deepEqual(held, expected(keyOf)));
    }
    await untilMirrored(api, etcd, expectedInEtcd);
    return documents.map(([, document]) => document);
  }

  test('One that is set is there, with what its versions hold', async () => {
    await api.createNamespaces('prod', 'prod.acme');
    await one.make('stable', 'candidate "quoted"\n', 'another');
    await api.publish('prod.acme', 'two.json', '{"a": 1}', { format: 'json' });
    await api.save('prod.acme', 'two.json', '{"a": 2}', { format: 'json' });
    await one.set({ rules: [{ match: { ring: ['canary'] }, split: [{ version: 2, weight: 10 }, { version: 3, weight: 5.5 }] }] });
    const [document, none] = await untilHeld();
    assert.deepEqual(Object.keys(document.versions), ['2', '3']);
    assert.equal(document.versions[2].content, 'candidate "quoted"\n');
    assert.equal(none, null);
  });

  test('One with a plan, moved by people', async () => {
    await two.set({ rules: oneArm(2), plan: { steps: steps(['1h', 1], ['1h', 50], ['1h', 100]) } });
    const [, set] = await untilHeld();
    assert.equal(set.ramp.step, 0);
    await two.post('pause');
    const [, paused] = await untilHeld();
    assert.deepEqual([paused.ramp.state, paused.ramp.next_at], ['paused', null]);
    assert.ok(paused.revision > set.revision);
    await two.post('resume');
    await untilHeld();
  });

  test('New rules, and what is published below them', async () => {
    await one.set({ rules: oneArm(3, 20) });
    assert.deepEqual(Object.keys((await untilHeld())[0].versions), ['3']);
    await api.post(configPath('prod', 'one', 'publish'), { version: 2 });
    assert.equal((await untilHeld())[0].stable, 2);
  });

  test('One that a ramp moves and promotes', async () => {
    await two.abort();
    assert.equal((await untilHeld())[1], null);
    await two.set({ rules: oneArm(2), plan: { steps: steps(['200ms', 10], ['1h', 50]) } });
    await two.untilStep(1);
    assert.equal((await untilHeld())[1].rules[0].split[0].weight, 50);
    await two.set({ rules: oneArm(2), plan: { steps: steps(['200ms', 10], ['200ms', 100]), promote: true } });
    await two.untilGone();
    assert.equal((await untilHeld())[1], null);
  });

  test('Promoted, aborted, rolled back with its end, deleted: each takes the key away', async () => {
    await one.post('promote');
    assert.equal((await untilHeld())[0], null);
    await one.set({ rules: oneArm(2, 20) });
    assert.notEqual((await untilHeld())[0], null);
    await one.abort();
    assert.equal((await untilHeld())[0], null);
    await one.set({ rules: oneArm(2, 20) });
    await untilHeld();
    await api.post(configPath('prod', 'one', 'rollback'), { to: 1, end_gray: true });
    assert.equal((await untilHeld())[0], null);
    await one.set({ rules: oneArm(2, 20) });
    await untilHeld();
    await api.delete(configPath('prod', 'one'));
    await until(() => Object.keys(etcd.contents('/confer-gray/')).length === 0 && Object.keys(redis.contents()).length === 0, 'both are gone');
  });

  test('A namespace that is deleted takes those in it along', async () => {
    await two.set({ rules: oneArm(1, 20) });
    await untilHeld();
    await api.delete('/api/v1/namespaces/prod.acme?recursive=true');
    await until(() => Object.keys(etcd.contents('/confer-gray/')).length === 0, 'it is gone');
  });

  test('A comparison knows that where none runs there is no key', async () => {
    await api.post(configPath('prod', 'one', 'publish'), { version: 1 });
    await one.set({ rules: oneArm(2, 20) });
    await api.publish('prod', 'none', 'without a gray release');
    await until(() => Object.keys(etcd.contents('/confer-gray/')).length === 1, 'it is there');
    await untilMirror(api, 'gray', ({ state, waiting }) => state === 'running' && waiting === 0, 'it rests');
    etcd.run('put', '/confer-gray/prod/none', '{}');
    etcd.run('put', '/confer-gray/prod/nobody', '{}');
    etcd.run('del', '/confer-gray/prod/one');
    const { missing, stale, foreign, repaired, pruned } = await resync(api, 'gray');
    assert.deepEqual({ missing, stale, foreign, repaired, pruned }, { missing: 1, stale: 1, foreign: 1, repaired: 2, pruned: 1 });
    assert.deepEqual(Object.keys(etcd.contents('/confer-gray/')), ['/confer-gray/prod/one']);
    assert.deepEqual(JSON.parse(etcd.contents('/confer-gray/')['/confer-gray/prod/one']), await documentOf(one));
    const again = await resync(api, 'gray');
    assert.deepEqual([again.missing, again.stale, again.foreign], [0, 0, 0]);
  });
});
