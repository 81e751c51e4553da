// Gray releases: set, shown, promoted and withdrawn; what the history and the audit say; what else touches them.
'use strict';

const assert = require('node:assert/strict');
const { describe, test } = require('node:test');
const { configPath, namespacePath, root } = require('../lib/client.js');
const { useConferd } = require('../lib/conferd.js');
const { grayPath, oneArm, publishFirst } = require('../lib/gray.js');

describe('Gray releases', () => {
  const { api } = useConferd();
  const gray = async (namespace, key) => (await api.get(grayPath(namespace, key))).data;
  const noGray = (namespace, key) =>
    api.get(grayPath(namespace, key), { status: 404, reason: 'gray_not_found', field: 'key' });
  const events = (namespace, key) => api.walk(configPath(namespace, key, 'releases'));
  const audit = (namespace, key) => api.walk(`${root}/audit`, { namespace, key });

  async function start(namespace, contents = ['one', 'two', 'three'], rules = oneArm(2, 10)) {
    await api.createNamespaces(namespace);
    await publishFirst(api, namespace, 'k', contents);
    if (rules) await api.put(grayPath(namespace, 'k'), { rules, comment: 'first' });
  }

  test('One is set and shown as it was asked for', async () => {
    await start('set', undefined, null);
    await noGray('set', 'k');
    const revision = await api.revision();
    const rules = [
      { match: { ring: ['canary'] }, split: [{ version: 2, weight: 100 }] },
      { match: { app: { semver: '>=2.1.0', exists: true } }, split: [{ version: 3, weight: 10.5 }, { version: 2, weight: 0.001 }] },
    ];
    const { data } = await api.put(grayPath('set', 'k'), { rules, comment: 'canaries' });
    assert.match(data.salt, /^[0-9a-f]{16}$/);
    assert.deepEqual(data, {
      namespace: 'set',
      key: 'k',
      stable: 1,
      revision: revision + 1,
      salt: data.salt,
      rules,
      plan: null,
      ramp: null,
      updated_at: data.updated_at,
      updated_by: 'user:admin',
      comment: 'canaries',
    });
    assert.deepEqual(await gray('set', 'k'), {
      ...data,
      instances: {
        total: 0,
        stable: { version: 1, connected: 0, applied: 0, refused: 0 },
        arms: [
          { rule: 0, arm: 0, version: 2, weight: 100, connected: 0, applied: 0, refused: 0 },
          { rule: 1, arm: 0, version: 3, weight: 10.5, connected: 0, applied: 0, refused: 0 },
          { rule: 1, arm: 1, version: 2, weight: 0.001, connected: 0, applied: 0, refused: 0 },
        ],
        refusals: [],
      },
    });
    assert.equal((await api.head(grayPath('set', 'k'))).status, 200);
  });

  test('The release bears the revision of the gray release, and else what it bore', async () => {
    await start('bears', undefined, null);
    const before = await api.read('bears', 'k');
    const { data } = await api.put(grayPath('bears', 'k'), { rules: oneArm(2, 10), comment: 'why not' });
    assert.deepEqual(await api.read('bears', 'k'), { ...before, revision: data.revision });
    const { data: aborted } = await api.delete(grayPath('bears', 'k'));
    assert.deepEqual(aborted, { ...before, revision: data.revision + 1 });
    assert.deepEqual(await api.read('bears', 'k'), aborted);
  });

  test('The salt is kept as long as it runs, whatever changes in its rules', async () => {
    await start('salt');
    const { salt } = await gray('salt', 'k');
    const { data } = await api.put(grayPath('salt', 'k'), { rules: oneArm(3, 20) });
    assert.equal(data.salt, salt);
    assert.equal((await gray('salt', 'k')).salt, salt);
    await api.delete(grayPath('salt', 'k'));
    const { data: next } = await api.put(grayPath('salt', 'k'), { rules: oneArm(3, 20) });
    assert.notEqual(next.salt, salt);
    const { data: named } = await api.put(grayPath('salt', 'k'), { rules: oneArm(3, 20), salt: 'grün ‖' });
    assert.equal(named.salt, 'grün ‖');
    await api.post(grayPath('salt', 'k', 'promote'), {});
    const { data: last } = await api.put(grayPath('salt', 'k'), { rules: oneArm(3, 20) });
    assert.notEqual(last.salt, 'grün ‖');
  });

  test('Promoting publishes the gray version and ends the gray release, in one change', async () => {
    await start('promote');
    const { revision } = await gray('promote', 'k');
    const { data, headers } = await api.post(grayPath('promote', 'k', 'promote'), { comment: 'it went well' });
    assert.deepEqual([data.version, data.content, data.revision, data.comment], [2, 'two', revision + 1, 'it went well']);
    assert.equal(headers.etag, (await api.get(configPath('promote', 'k'))).headers.etag);
    assert.deepEqual(await api.read('promote', 'k'), data);
    await noGray('promote', 'k');
    await api.post(grayPath('promote', 'k', 'promote'), {}, { status: 404, reason: 'gray_not_found', field: 'key' });
  });

  test('Which version is promoted has to be said where the rules hold several', async () => {
    await start('several', undefined, [{ split: [{ version: 2, weight: 10 }, { version: 3, weight: 10 }] }]);
    const before = await api.status();
    const promote = (body, options) => api.post(grayPath('several', 'k', 'promote'), body, options);
    await promote({}, { status: 400, reason: 'invalid_field', field: 'version' });
    await promote({ version: 1 }, { status: 400, reason: 'invalid_field', field: 'version' });
    await promote({ version: 9 }, { status: 400, reason: 'invalid_field', field: 'version' });
    assert.deepEqual(await api.status(), before);
    assert.equal((await promote({ version: 3 })).data.version, 3);
  });

  test('Withdrawing leaves the version in force, and there is nothing left to withdraw', async () => {
    await start('abort');
    const { data, headers } = await api.delete(grayPath('abort', 'k'));
    assert.deepEqual([data.version, data.content], [1, 'one']);
    assert.ok(headers.etag);
    await noGray('abort', 'k');
    await api.delete(grayPath('abort', 'k'), { status: 404, reason: 'gray_not_found', field: 'key' });
  });

  test('A publish meanwhile moves what is in force and leaves the gray release', async () => {
    await start('meanwhile');
    const before = await gray('meanwhile', 'k');
    const published = await api.publish('meanwhile', 'k', 'four');
    const after = await gray('meanwhile', 'k');
    assert.deepEqual({ ...after, instances: null }, { ...before, instances: null, stable: 4, revision: published.revision });
    assert.equal((await api.post(configPath('meanwhile', 'k', 'evaluate'), {})).data.version, 4);
    await api.post(configPath('meanwhile', 'k', 'publish'), { version: 3 });
    assert.equal((await gray('meanwhile', 'k')).stable, 3);
  });

  test('A rollback leaves it, unless it is to end with it', async () => {
    await start('rollback');
    await api.publish('rollback', 'k', 'four');
    const { data } = await api.post(configPath('rollback', 'k', 'rollback'), {});
    assert.equal(data.version, 1, 'gray events do not count');
    const running = await gray('rollback', 'k');
    assert.deepEqual([running.stable, running.revision, running.comment], [1, data.revision, 'first']);
    const { data: ended } = await api.post(configPath('rollback', 'k', 'rollback'), { to: 4, end_gray: true });
    assert.deepEqual([ended.version, ended.revision], [4, data.revision + 1]);
    await noGray('rollback', 'k');
    await api.post(configPath('rollback', 'k', 'rollback'), { to: 1, end_gray: true });
    assert.equal((await api.read('rollback', 'k')).version, 1, 'there may be none to end');
    await api.post(configPath('rollback', 'k', 'rollback'), { end_gray: 1 }, { status: 400, field: 'end_gray' });
  });

  test('A rollback that changes nothing but the gray release ends it', async () => {
    await start('only');
    const { revision } = await gray('only', 'k');
    const { data } = await api.post(configPath('only', 'k', 'rollback'), { to: 1, end_gray: true });
    assert.deepEqual([data.version, data.revision], [1, revision + 1]);
    await noGray('only', 'k');
  });

  test('Deleting the config ends it, and so does deleting the namespace', async () => {
    await start('deleted');
    await api.delete(configPath('deleted', 'k'));
    await noGray('deleted', 'k');
    await api.post(configPath('deleted', 'k', 'publish'), { version: 1 });
    await noGray('deleted', 'k');
    await api.put(grayPath('deleted', 'k'), { rules: oneArm(2, 10) });
    await api.delete(namespacePath('deleted'), { query: { recursive: 'true' } });
    await api.createNamespaces('deleted');
    await api.post(configPath('deleted', 'k', 'publish'), { version: 1 });
    await noGray('deleted', 'k');
  });

  test('The release history has each change of it', async () => {
    await start('history');
    await api.put(grayPath('history', 'k'), { rules: [{ split: [{ version: 2, weight: 1 }, { version: 3, weight: 1 }] }], comment: 'two of them' });
    await api.delete(grayPath('history', 'k'));
    await api.put(grayPath('history', 'k'), { rules: oneArm(3, 50) });
    await api.post(grayPath('history', 'k', 'promote'), { comment: 'done' });
    await api.post(configPath('history', 'k', 'rollback'), {});
    const found = await events('history', 'k');
    assert.deepEqual(
      found.map(({ kind, version, from_version: from, comment }) => [kind, version, from, comment]),
      [
        ['rollback', 1, 3, ''],
        ['promote', 3, 1, 'done'],
        ['gray', 3, null, ''],
        ['abort', null, null, ''],
        ['gray', null, null, 'two of them'],
        ['gray', 2, null, 'first'],
        ['publish', 1, null, ''],
      ],
    );
    assert.ok(found.every((event, i) => i === 0 || event.revision < found[i - 1].revision));
  });

  test('The audit has each change of it, and what was set', async () => {
    await start('audited');
    const { salt } = await gray('audited', 'k');
    await api.post(grayPath('audited', 'k', 'promote'), { comment: 'up' });
    await api.put(grayPath('audited', 'k'), { rules: oneArm(3, 50) });
    await api.delete(grayPath('audited', 'k'));
    const entries = (await audit('audited', 'k')).filter(({ action }) => action.startsWith('gray.'));
    assert.deepEqual(
      entries.map(({ action, version, outcome, comment, actor }) => [action, version, outcome, comment, actor]),
      [
        ['gray.abort', 3, 'ok', '', 'user:admin'],
        ['gray.set', 3, 'ok', '', 'user:admin'],
        ['gray.promote', 2, 'ok', 'up', 'user:admin'],
        ['gray.set', 2, 'ok', 'first', 'user:admin'],
      ],
    );
    assert.deepEqual(entries[3].details, { salt, rules: oneArm(2, 10), plan: null });
    assert.equal(entries[0].details, null);
  });

  test('Who may not is refused, and that is on record', async () => {
    await start('denied');
    const path = grayPath('denied', 'k');
    const rest = { auth: 'Bearer wrong', status: 401, reason: 'unauthenticated' };
    const { revision } = await gray('denied', 'k');
    await api.put(path, { rules: oneArm(2, 10) }, rest);
    await api.get(path, rest);
    await api.delete(path, rest);
    for (const move of ['promote', 'pause', 'resume']) await api.post(grayPath('denied', 'k', move), {}, rest);
    await api.post(grayPath('denied', 'k', 'preview'), { rules: oneArm(2, 10) }, rest);
    await api.post(configPath('denied', 'k', 'evaluate'), {}, rest);
    assert.equal((await gray('denied', 'k')).revision, revision);
  });

  test('What is not there is 404', async () => {
    await start('absent', ['one', 'two'], null);
    const rules = oneArm(1, 10);
    const unknown = { status: 404, reason: 'namespace_not_found', field: 'namespace' };
    const absent = { status: 404, reason: 'config_not_found', field: 'key' };
    await api.put(grayPath('nowhere', 'k'), { rules }, unknown);
    await api.get(grayPath('nowhere', 'k'), unknown);
    await api.delete(grayPath('nowhere', 'k'), unknown);
    await api.post(grayPath('nowhere', 'k', 'preview'), { rules }, unknown);
    await api.put(grayPath('absent', 'other'), { rules }, absent);
    await api.delete(grayPath('absent', 'other'), absent);
    await api.post(grayPath('absent', 'other', 'promote'), {}, absent);
    await api.post(grayPath('absent', 'other', 'pause'), {}, absent);
    await api.post(grayPath('absent', 'other', 'preview'), { rules }, absent);
    await noGray('absent', 'other');
    for (const move of ['promote', 'pause', 'resume'])
      await api.post(grayPath('absent', 'k', move), {}, { status: 404, reason: 'gray_not_found', field: 'key' });
  });

  test('It lies on what is in force: on nothing it is refused', async () => {
    await api.createNamespaces('unpublished');
    await api.save('unpublished', 'k', 'one');
    const refused = { status: 409, reason: 'nothing_published', field: 'key' };
    const rules = oneArm(1, 10);
    await api.put(grayPath('unpublished', 'k'), { rules }, refused);
    await api.post(grayPath('unpublished', 'k', 'preview'), { rules }, refused);
    await api.publish('unpublished', 'k', 'two');
    await api.delete(configPath('unpublished', 'k'));
    await api.put(grayPath('unpublished', 'k'), { rules }, refused);
    await noGray('unpublished', 'k');
  });

  test('A config below does not take part in the gray release above', async () => {
    await start('up');
    await api.createNamespaces('up.tenant');
    await noGray('up.tenant', 'k');
    await api.delete(grayPath('up.tenant', 'k'), { status: 404, reason: 'config_not_found' });
    assert.equal((await gray('up', 'k')).stable, 1);
  });
});
