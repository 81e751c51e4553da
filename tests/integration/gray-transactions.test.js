// Gray releases as operations of transactions: one change with all others, or none.
'use strict';

const assert = require('node:assert/strict');
const { describe, test } = require('node:test');
const { configPath, root } = require('../lib/client.js');
const { useConferd } = require('../lib/conferd.js');
const { grayPath, oneArm, publishFirst } = require('../lib/gray.js');
const { StreamClient } = require('../lib/stream.js');

describe('Gray releases in transactions', () => {
  const server = useConferd();
  const { api } = server;
  const run = (operations, options) => api.post(`${root}/transactions`, { comment: 'together', operations }, options);
  const gray = async (namespace, key) => (await api.get(grayPath(namespace, key))).data;

  async function start(namespace, ...keys) {
    await api.createNamespaces(namespace);
    for (const key of keys) await publishFirst(api, namespace, key, ['one', 'two', 'three']);
  }

  test('All kinds are one revision and one push', async () => {
    await start('all', 'set', 'promoted', 'aborted', 'rolled');
    const op = (name, key, fields = {}) => ({ op: name, namespace: 'all', key, ...fields });
    for (const key of ['promoted', 'aborted', 'rolled']) await api.put(grayPath('all', key), { rules: oneArm(2, 10) });
    await api.publish('all', 'rolled', 'four');
    const stream = await StreamClient.open(server);
    stream.subscribe(['all']);
    await stream.snapshot();

    const revision = await api.revision();
    const { data } = await run([
      op('gray', 'set', { rules: oneArm(3, 5), salt: 'mine', comment: 'alone' }),
      op('promote', 'promoted', { version: 2 }),
      op('abort', 'aborted', { comment: 'no' }),
      op('rollback', 'rolled', { end_gray: true }),
      op('put', 'fresh', { content: 'first', publish: true }),
      op('put', 'fresh', { content: 'second' }),
      op('gray', 'fresh', { rules: oneArm(2, 50) }),
    ]);
    assert.equal(data.revision, revision + 1);
    assert.equal(await api.revision(), revision + 1);
    assert.deepEqual(data.results.map(({ key, created }) => [key, created]), [
      ['set', false], ['promoted', false], ['aborted', false], ['rolled', false], ['fresh', true], ['fresh', true], ['fresh', false],
    ]);

    const { seq, payload } = await stream.next('change');
    await stream.silence();
    assert.equal(seq, revision + 1);
    const releases = Object.fromEntries(payload.changes[0].releases.map((release) => [release.key, release]));
    assert.deepEqual(
      Object.entries(releases).sort().map(([key, { version, gray: on }]) => [key, version, on && on.rules]),
      [
        ['aborted', 1, null],
        ['fresh', 1, oneArm(2, 50)],
        ['promoted', 2, null],
        ['rolled', 1, null],
        ['set', 1, oneArm(3, 5)],
      ],
    );
    assert.deepEqual([(await gray('all', 'set')).salt, (await gray('all', 'set')).comment], ['mine', 'alone']);
    assert.equal((await gray('all', 'fresh')).comment, 'together');
    for (const key of ['promoted', 'aborted', 'rolled']) await api.get(grayPath('all', key), { status: 404, reason: 'gray_not_found' });
    const audit = await api.walk(`${root}/audit`, { namespace: 'all' });
    assert.deepEqual(
      audit.filter((entry) => entry.revision === revision + 1).map(({ action, key, comment }) => [action, key, comment]).reverse(),
      [
        ['gray.set', 'set', 'alone'],
        ['gray.promote', 'promoted', 'together'],
        ['gray.abort', 'aborted', 'no'],
        ['config.rollback', 'rolled', 'together'],
        ['config.publish', 'fresh', 'together'],
        ['config.save', 'fresh', 'together'],
        ['gray.set', 'fresh', 'together'],
      ],
    );
    await stream.close();
  });

  test('Setting, promoting and setting again in one transaction leaves what was set last', async () => {
    await start('chain', 'k');
    await run([
      { op: 'gray', namespace: 'chain', key: 'k', rules: oneArm(2, 10) },
      { op: 'promote', namespace: 'chain', key: 'k' },
      { op: 'gray', namespace: 'chain', key: 'k', rules: oneArm(3, 20), plan: { steps: [{ weight: 7, hold: '1d' }] } },
    ]);
    const found = await gray('chain', 'k');
    assert.deepEqual([found.stable, found.rules, found.ramp.weight], [2, oneArm(3, 7), 7]);
    assert.deepEqual((await api.walk(configPath('chain', 'k', 'releases'))).map(({ kind }) => kind), ['gray', 'promote', 'gray', 'publish']);
  });

  test('One that fails undoes all, and is named', async () => {
    await start('atomic', 'k', 'running');
    await api.createNamespaces('empty');
    await api.save('empty', 'k', 'draft');
    await api.put(grayPath('atomic', 'running'), { rules: [{ split: [{ version: 2, weight: 1 }, { version: 3, weight: 1 }] }] });
    const on = (name, key, fields = {}) => ({ op: name, namespace: 'atomic', key, ...fields });
    const failures = [
      [on('gray', 'k', { rules: oneArm(4, 10) }), 400, 'invalid_field', 'rules[0].split[0].version'],
      [on('gray', 'k', { rules: oneArm(2, 101) }), 400, 'invalid_field', 'rules[0].split[0].weight'],
      [on('gray', 'k', { rules: oneArm(2, 10), salt: '' }), 400, 'invalid_field', 'salt'],
      [on('gray', 'k'), 400, 'invalid_field', 'rules'],
      [on('gray', 'k', { rules: oneArm(2, 10), version: 2 }), 400, 'unknown_field', 'version'],
      [on('gray', 'absent', { rules: oneArm(1, 10) }), 404, 'config_not_found', 'key'],
      [{ op: 'gray', namespace: 'empty', key: 'k', rules: oneArm(1, 10) }, 409, 'nothing_published', 'key'],
      [on('promote', 'k'), 404, 'gray_not_found', 'key'],
      [on('promote', 'running'), 400, 'invalid_field', 'version'],
      [on('promote', 'running', { version: 1 }), 400, 'invalid_field', 'version'],
      [on('promote', 'running', { version: 0 }), 400, 'invalid_field', 'version'],
      [on('promote', 'running', { to: 2 }), 400, 'unknown_field', 'to'],
      [on('abort', 'k'), 404, 'gray_not_found', 'key'],
      [on('abort', 'running', { version: 2 }), 400, 'unknown_field', 'version'],
      [on('rollback', 'running', { end_gray: 'yes' }), 400, 'invalid_field', 'end_gray'],
    ];
    const before = [await api.status(), await gray('atomic', 'running')];
    for (const [failing, status, reason, field] of failures) {
      const operations = [
        on('abort', 'running'),
        on('gray', 'running', { rules: [{ split: [{ version: 2, weight: 1 }, { version: 3, weight: 1 }] }] }),
        failing,
        on('put', 'other', { content: 'x', publish: true }),
      ];
      await run(operations, { status, reason, field: `operations[2].${field}`, badRequest: true });
      assert.deepEqual([await api.status(), await gray('atomic', 'running')], before);
    }
  });
});
