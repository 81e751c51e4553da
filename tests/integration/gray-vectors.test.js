// The published vectors of gray releases, asked of the real server and of the SDK.
'use strict';

const assert = require('node:assert/strict');
const { before, describe, test } = require('node:test');
const { configPath } = require('../lib/client.js');
const { useConferd } = require('../lib/conferd.js');
const { askEvaluate, askGet, askSdk, readVectors, saveVersions, seen } = require('../lib/gray-askers.js');
const { startProbe } = require('../lib/probe.js');
const { inParallel } = require('../lib/waiting.js');

const namespace = 'prod';
const nVersions = 8; // The vectors name no others.
const width = 8;

const { cases, refused } = readVectors();

/** Cases of the same gray release share a config: `{KEY: {salt, rules, stable}}`; each case learns its `key`. */
function configsOf(all) {
  const configs = new Map();
  for (const one of all) {
    const { salt, rules, stable } = one;
    const identity = JSON.stringify([salt, rules, stable]);
    if (!configs.has(identity)) configs.set(identity, { key: `config-${configs.size}`, salt, rules, stable });
    one.key = configs.get(identity).key;
  }
  return [...configs.values()];
}

/** Compares what was found for each case; tells the first few that are otherwise. */
function assertAgreed(found, expectedOf) {
  const wrong = cases
    .map((one, i) => ({ name: one.name, found: found[i], expected: expectedOf(one.expected), ...one }))
    .filter((one) => JSON.stringify(one.found) !== JSON.stringify(expectedOf(one.expected)));
  assert.deepEqual(wrong.slice(0, 5), [], `${wrong.length} of ${cases.length} are otherwise`);
}

describe('The vectors of gray releases', () => {
  const server = useConferd();
  const { api } = server;
  const configs = configsOf(cases);

  before(async () => {
    await api.createNamespaces(namespace);
    const stables = Object.fromEntries(configs.map(({ key, stable }) => [key, stable]));
    await saveVersions(api, namespace, { ...stables, refused: 1, plain: 3 }, nVersions);
  });

  test('Each gray release is taken, and shown as it was set', async () => {
    await inParallel(configs.length, width, async (i) => {
      const { key, salt, rules, stable } = configs[i];
      const { data } = await api.put(configPath(namespace, key, 'gray'), { salt, rules });
      assert.deepEqual([data.salt, data.rules, data.stable], [salt, rules, stable]);
    });
  });

  test('POST …/evaluate says what they expect', async () => {
    const found = await inParallel(cases.length, width, (i) => askEvaluate(api, namespace, cases[i].key, cases[i]));
    assertAgreed(found, (expected) => expected);
  });

  test('GET with an instance and its tags gives what they expect', async () => {
    const found = await inParallel(cases.length, width, (i) => askGet(api, namespace, cases[i].key, cases[i]));
    assertAgreed(found, seen);
  });

  test('The SDK gives what they expect', async (t) => {
    const probe = startProbe(t, { server: server.origin, token: server.token, namespace });
    assert.equal((await probe.waitReady()).error, 'OK');
    assertAgreed(await askSdk(probe, namespace, cases), seen);
  });

  test('What is refused is refused with the path of the fault, and changes nothing', async () => {
    const revision = await api.revision();
    const path = configPath(namespace, 'refused', 'gray');
    const found = await inParallel(refused.length, width, async (i) => {
      const { status, reason, details } = await api.put(path, { rules: refused[i].rules }, { status: 'any', badRequest: true });
      return { ...refused[i], field: details?.[0].field, reason, status };
    });
    const wrong = found.filter(
      ({ field, reason, status }, i) => status !== 400 || reason !== 'invalid_field' || field !== refused[i].field,
    );
    const shown = wrong.map(({ name, field, reason, status }) => ({ name, field, reason, status }));
    assert.deepEqual(shown.slice(0, 5), [], `${wrong.length} of ${refused.length} are otherwise`);
    await api.get(path, { status: 404, reason: 'gray_not_found' });
    assert.equal(await api.revision(), revision);
  });

  test('A version that does not exist is refused too', async () => {
    const rules = [{ split: [{ version: 1, weight: 1 }, { version: nVersions + 1, weight: 1 }] }];
    const path = configPath(namespace, 'refused', 'gray');
    await api.put(path, { rules }, { status: 400, reason: 'invalid_field', field: 'rules[0].split[1].version' });
    await api.get(path, { status: 404, reason: 'gray_not_found' });
  });

  test('A salt is 1 to 256 bytes', async () => {
    const rules = [{ split: [{ version: 1, weight: 1 }] }];
    const path = configPath(namespace, 'refused', 'gray');
    for (const salt of ['', 'x'.repeat(257), 'é'.repeat(129)])
      await api.put(path, { rules, salt }, { status: 400, reason: 'invalid_field', field: 'salt' });
    await api.get(path, { status: 404, reason: 'gray_not_found' });
  });

  test('Without a gray release all get the stable version', async () => {
    const asker = { unit: 'unit-1', tags: { ring: 'canary' } };
    const expected = { version: 3, gray: false, rule: null, bucket: null, reason: 'no_gray_release' };
    assert.deepEqual(await askEvaluate(api, namespace, 'plain', asker), expected);
    assert.deepEqual(await askGet(api, namespace, 'plain', asker), seen(expected));
  });
});
