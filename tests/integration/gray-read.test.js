// Reading with a gray release on top: GET with instance and tags, its tags and raw contents, and what explains it.
'use strict';

const assert = require('node:assert/strict');
const { describe, test } = require('node:test');
const { configPath, root } = require('../lib/client.js');
const { useConferd } = require('../lib/conferd.js');
const { bucket, grayPath, oneArm, publishFirst, unitsBetween } = require('../lib/gray.js');

const units = Array.from({ length: 2000 }, (_, i) => `unit-${i}`);

describe('Reading with a gray release', () => {
  const { api } = useConferd();
  const get = (namespace, query, options = {}) => api.get(configPath(namespace, 'k'), { query, ...options });
  const evaluate = async (namespace, body) => (await api.post(configPath(namespace, 'k', 'evaluate'), body)).data;

  async function start(namespace, rules, salt = 'salt') {
    await api.createNamespaces(namespace);
    await publishFirst(api, namespace, 'k', ['one', 'two', 'three']);
    return (await api.put(grayPath(namespace, 'k'), { rules, salt, comment: 'gray' })).data;
  }

  test('An instance gets what its arm serves, and is told which rule chose it', async () => {
    const gray = await start('arm', [
      { match: { ring: ['canary'] }, split: [{ version: 2, weight: 100 }] },
      { split: [{ version: 2, weight: 5 }, { version: 3, weight: 5 }] },
    ]);
    const stable = await api.read('arm', 'k');
    const versions = (await api.get(configPath('arm', 'k', 'versions'))).data.items;
    const expected = (version, rule) => {
      const { format, content, sha256 } = versions.find((saved) => saved.version === version);
      const { revision, updated_at: at, updated_by: by } = gray;
      return { namespace: 'arm', key: 'k', version, revision, format, content, sha256, updated_at: at, updated_by: by, comment: 'gray', gray: true, rule };
    };

    const [second] = unitsBetween('salt', 0, 5000, units);
    const [third] = unitsBetween('salt', 5000, 10000, units);
    const [other] = unitsBetween('salt', 10000, 100000, units);
    assert.deepEqual((await get('arm', { instance: second })).data, expected(2, 1));
    assert.deepEqual((await get('arm', { instance: third })).data, expected(3, 1));
    assert.deepEqual((await get('arm', { instance: other })).data, stable);
    assert.deepEqual((await get('arm', { instance: other, tag: 'ring:canary' })).data, expected(2, 0));
    assert.deepEqual((await get('arm', { tag: ['app:x', 'ring:canary'] })).data, expected(2, 0));
    assert.deepEqual((await get('arm', { tag: 'ring:stable' })).data, stable);
    assert.deepEqual((await get('arm', { instance: '' })).data, stable);
    assert.deepEqual((await get('arm', {})).data, stable);
  });

  test('A rule with two digits is told as well', async () => {
    const rules = Array.from({ length: 64 }, (_, i) => ({ match: { n: [`${i}`] }, split: [{ version: 2, weight: 100 }] }));
    await start('digits', rules);
    for (const n of [0, 9, 10, 63]) assert.equal((await get('digits', { tag: `n:${n}` })).data.rule, n);
  });

  test('Everybody falls where the specification says, by GET and by evaluate', async () => {
    await start('slices', [{ split: [{ version: 2, weight: 12.345 }, { version: 3, weight: 50 }] }], 'grün');
    for (const unit of units.slice(0, 300)) {
      const at = bucket('grün', unit);
      const [version, reason] = at < 12345 ? [2, 'arm'] : at < 62345 ? [3, 'arm'] : [1, 'outside_split'];
      const { data } = await get('slices', { instance: unit });
      assert.deepEqual([data.version, data.gray ?? false], [version, reason === 'arm'], unit);
      assert.deepEqual(await evaluate('slices', { unit }), { version, gray: reason === 'arm', rule: 0, bucket: at, reason });
    }
  });

  test('Evaluating says why', async () => {
    await start('why', [
      { match: { ring: ['canary'] }, split: [{ version: 2, weight: 100 }] },
      { match: { region: { prefix: 'eu-' } }, split: [{ version: 1, weight: 100 }] },
      { match: { region: { exists: true } }, split: [{ version: 3, weight: 99.999 }] },
    ]);
    const verdict = (version, gray, rule, at, reason) => ({ version, gray, rule, bucket: at, reason });
    assert.deepEqual(await evaluate('why', {}), verdict(1, false, null, null, 'no_match'));
    assert.deepEqual(await evaluate('why', undefined), verdict(1, false, null, null, 'no_match'));
    assert.deepEqual(await evaluate('why', { tags: { ring: 'canary' } }), verdict(2, true, 0, null, 'arm'));
    const unit = unitsBetween('salt', 0, 99999, units)[0];
    assert.deepEqual(await evaluate('why', { unit, tags: { ring: 'canary' } }), verdict(2, true, 0, bucket('salt', unit), 'arm'));
    assert.deepEqual(await evaluate('why', { tags: { region: 'eu-1' } }), verdict(1, true, 1, null, 'arm'), 'an arm chose what is in force');
    assert.deepEqual(await evaluate('why', { tags: { region: 'us' } }), verdict(1, false, 2, null, 'no_unit'));
    assert.deepEqual(await evaluate('why', { unit: '', tags: { region: 'us' } }), verdict(1, false, 2, null, 'no_unit'));
    assert.deepEqual(await evaluate('why', { unit, tags: { region: 'us' } }), verdict(3, true, 2, bucket('salt', unit), 'arm'));
    await api.delete(grayPath('why', 'k'));
    assert.deepEqual(await evaluate('why', { unit }), verdict(1, false, null, null, 'no_gray_release'));
  });

  test('An arm that serves what is in force bears the gray release all the same', async () => {
    await start('same', oneArm(1, 100));
    const { data } = await get('same', { instance: 'x' });
    assert.deepEqual([data.version, data.gray, data.rule, data.comment], [1, true, 0, 'gray']);
  });

  test('An empty instance is evaluated without a unit; with neither instance nor tag nothing is', async () => {
    await start('nobody', oneArm(2, 100));
    assert.deepEqual((await get('nobody', { instance: '' })).data.rule, 0);
    assert.deepEqual((await get('nobody', {})).data, await api.read('nobody', 'k'));
    assert.equal((await get('nobody', {})).data.version, 1);
  });

  test('Each has a tag of its own, and is answered 304 by that alone', async () => {
    await start('etag', [{ match: { ring: ['canary'] }, split: [{ version: 2, weight: 100 }] }]);
    const stable = (await get('etag', { tag: 'ring:no' })).headers.etag;
    const gray = (await get('etag', { tag: 'ring:canary' })).headers.etag;
    assert.notEqual(stable, gray);
    assert.equal((await get('etag', {})).headers.etag, stable);
    const held = (tag) => ({ headers: { 'if-none-match': tag }, status: 'any' });
    const same = await get('etag', { tag: 'ring:canary' }, held(gray));
    assert.deepEqual([same.status, same.headers.etag, same.bytes.length], [304, gray, 0]);
    assert.equal((await get('etag', { tag: 'ring:canary' }, held(stable))).status, 200);
    assert.equal((await get('etag', { tag: 'ring:no' }, held(gray))).status, 200);
    assert.equal((await get('etag', { tag: 'ring:no' }, held(stable))).status, 304);

    await api.put(grayPath('etag', 'k'), { rules: [{ match: { ring: ['canary'] }, split: [{ version: 3, weight: 100 }] }] });
    const next = await get('etag', { tag: 'ring:canary' }, held(gray));
    assert.deepEqual([next.status, next.data.content], [200, 'three']);
    await api.delete(grayPath('etag', 'k'));
    const back = await get('etag', { tag: 'ring:canary' }, held(next.headers.etag));
    assert.deepEqual([back.status, back.data.content], [200, 'one']);
    assert.equal((await get('etag', { tag: 'ring:canary' }, held(stable))).status, 200, 'a gray release is a change');
  });

  test('A raw content is that of the arm', async () => {
    await start('raw', [{ match: { ring: ['canary'] }, split: [{ version: 2, weight: 100 }] }]);
    const whole = await get('raw', { tag: 'ring:canary' });
    const raw = await get('raw', { tag: 'ring:canary', raw: 'true' });
    assert.deepEqual([raw.text, raw.headers.etag], ['two', whole.headers.etag]);
    assert.equal((await get('raw', { tag: 'ring:no', raw: 'true' })).text, 'one');
    const head = await api.head(configPath('raw', 'k'), { query: { tag: 'ring:canary' } });
    assert.deepEqual(head.headers['content-length'], String(whole.bytes.length));
  });

  test('What is inherited is evaluated where it lies', async () => {
    await start('prod', oneArm(2, 100));
    await api.createNamespaces('prod.acme');
    const { data } = await get('prod.acme.orders', { instance: 'x' });
    assert.deepEqual([data.namespace, data.version, data.gray], ['prod', 2, true]);
    assert.equal((await evaluate('prod.acme.orders', { unit: 'x' })).version, 2);
    await get('prod.acme', { instance: 'x', inherit: 'false' }, { status: 404, reason: 'config_not_found' });
    await api.publish('prod.acme', 'k', 'own');
    assert.deepEqual((await get('prod.acme.orders', { instance: 'x' })).data.content, 'own');
    assert.equal((await evaluate('prod.acme.orders', { unit: 'x' })).reason, 'no_gray_release');
    assert.equal((await get('prod', { instance: 'x', inherit: 'false' })).data.version, 2);
  });

  test('Nothing of it is in a list, in the versions, or in one version', async () => {
    await start('elsewhere', oneArm(2, 100));
    const { data } = await api.get(`${root}/namespaces/elsewhere/configs`, { query: { content: 'true' } });
    assert.deepEqual([data.items[0].version, data.items[0].content], [1, 'one']);
    assert.equal((await get('elsewhere', { version: 2 })).data.gray, undefined);
  });

  test('Tags that are none are refused', async () => {
    await start('wrong', oneArm(2, 100));
    const refuse = { status: 400, reason: 'invalid_parameter' };
    const wrong = [
      'ring', '', ':x', 'Ring:x', `${'r'.repeat(65)}:x`, 'a b:x', `ring:${'x'.repeat(257)}`, 'ring:\0', ['ring:a', 'ring:b'],
      Array.from({ length: 33 }, (_, i) => `t${i}:x`),
    ];
    for (const tag of wrong) await get('wrong', { tag }, { ...refuse, field: 'tag' });
    await get('wrong', { instance: ['a', 'b'] }, { ...refuse, field: 'instance' });
    await get('wrong', { instance: 'a', version: 1 }, { ...refuse, field: 'version' });
    await get('wrong', { tag: 'a:b', version: 1 }, { ...refuse, field: 'version' });
    await get('wrong', { unit: 'a' }, { status: 400, reason: 'unknown_parameter', field: 'unit' });
    const invalid = await api.get(`${configPath('wrong', 'k')}?tag=ring:%ff`, { status: 400, reason: 'invalid_parameter' });
    assert.equal(invalid.details[0].field, 'tag');
    await get('wrong', { tag: Array.from({ length: 41 }, (_, i) => `t${i}:x`) }, refuse);
    const most = Array.from({ length: 32 }, (_, i) => `${i}`.padEnd(64, '.') + `:${'ü'.repeat(128)}`);
    assert.equal((await get('wrong', { tag: most.slice(0, 8), instance: 'x:y' })).data.version, 2);
    await get('wrong', { tag: Array.from({ length: 32 }, (_, i) => `t${i}:a:b`), instance: 'x', raw: 'false', inherit: 'true' });
  });

  test('Bodies that say nothing of who asks are refused', async () => {
    await start('bodies', oneArm(2, 100));
    const ask = (body, options) => api.post(configPath('bodies', 'k', 'evaluate'), body, options);
    const refuse = { status: 400, reason: 'invalid_field' };
    await ask({ unit: 7 }, { ...refuse, field: 'unit' });
    await ask({ unit: null }, { ...refuse, field: 'unit' });
    await ask({ tags: [] }, { ...refuse, field: 'tags' });
    await ask({ tags: { ring: 7 } }, { ...refuse, field: 'tags.ring' });
    await ask({ tags: { ring: ['a'] } }, { ...refuse, field: 'tags.ring' });
    await ask({ tags: { Ring: 'a' } }, { ...refuse, field: 'tags.Ring' });
    await ask({ tags: { ring: 'x'.repeat(257) } }, { ...refuse, field: 'tags.ring' });
    await ask({ tags: { ring: 'a\0' } }, { ...refuse, field: 'tags.ring' });
    await ask({ tags: Object.fromEntries(Array.from({ length: 33 }, (_, i) => [`t${i}`, 'x'])) }, { ...refuse, field: 'tags.t32' });
    await ask({ id: 'x' }, { status: 400, reason: 'unknown_field', field: 'id' });
    await ask('{"tags": {"a": "x", "a": "y"}}', { status: 400, reason: 'malformed_body' });
    await ask({ unit: 'x'.repeat(64 * 1024) }, { status: 413, reason: 'body_too_large' });
    assert.equal((await ask({ unit: 'x'.repeat(64 * 1024 - 11) })).data.version, 2);
    await api.post(configPath('nowhere', 'k', 'evaluate'), {}, { status: 404, reason: 'namespace_not_found', field: 'namespace' });
    await api.post(configPath('bodies', 'other', 'evaluate'), {}, { status: 404, reason: 'config_not_found', field: 'key' });
  });

  test('Raising a first arm only adds units, lowering it only takes some away', async () => {
    await start('raise', oneArm(2, 5), 'stay');
    const chosen = async () => {
      const found = new Set();
      for (const unit of units.slice(0, 200)) if ((await get('raise', { instance: unit })).data.gray) found.add(unit);
      return found;
    };
    const includes = (large, small) => [...small].every((unit) => large.has(unit));
    const few = await chosen();
    await api.put(grayPath('raise', 'k'), { rules: oneArm(2, 50) });
    const more = await chosen();
    await api.put(grayPath('raise', 'k'), { rules: oneArm(2, 5) });
    assert.ok(few.size > 0 && more.size > few.size && includes(more, few));
    assert.deepEqual(await chosen(), few);
  });
});
