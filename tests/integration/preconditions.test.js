// If-Match, If-None-Match and expect_version: nobody overwrites what they have not seen.
'use strict';

const assert = require('node:assert/strict');
const { describe, test } = require('node:test');
const { configPath, root } = require('../lib/client.js');
const { useConferd } = require('../lib/conferd.js');

const writers = 32;

describe('Preconditions', () => {
  const { api } = useConferd();

  const putIf = (namespace, key, headers, options = {}) =>
    api.put(
      configPath(namespace, key),
      { content: `${Math.random()}`, publish: true },
      { headers, ...options },
    );
  const missed = (field) => ({ status: 412, reason: 'version_conflict', field });

  test('If-Match saves on top of the newest version only, published or not', async () => {
    await api.createNamespaces('match');
    await putIf('match', 'k', {});
    await api.save('match', 'k', 'draft');
    const revision = await api.revision();
    for (const tag of ['"1"', '"3"', '"10"', '"1-1-00000000"', '"22"']) {
      await putIf('match', 'k', { 'If-Match': tag }, missed('If-Match'));
    }
    assert.equal(await api.revision(), revision);
    assert.equal((await putIf('match', 'k', { 'If-Match': '"2"' })).data.version, 3);
    assert.equal((await putIf('match', 'k', { 'If-Match': '"3"' })).data.version, 4);
  });

  test('The ETag of a read can be handed back as it is', async () => {
    await api.createNamespaces('etag');
    await putIf('etag', 'k', {});
    const { headers } = await api.get(configPath('etag', 'k'));
    assert.equal((await putIf('etag', 'k', { 'If-Match': headers.etag })).data.version, 2);
    await putIf('etag', 'k', { 'If-Match': headers.etag }, missed('If-Match'));
  });

  test('A stale If-Match is refused even when there would be nothing to do', async () => {
    await api.createNamespaces('stale');
    await api.publish('stale', 'k', 'one');
    await api.publish('stale', 'k', 'two');
    await api.put(
      configPath('stale', 'k'),
      { content: 'two' },
      { headers: { 'If-Match': '"1"' }, ...missed('If-Match') },
    );
    const { data } = await api.put(
      configPath('stale', 'k'),
      { content: 'two' },
      { headers: { 'If-Match': '"2"' } },
    );
    assert.equal(data.created, false);
  });

  test('If-Match on what does not exist is missed, and creates nothing', async () => {
    await api.createNamespaces('absent');
    for (const tag of ['"1"', '*']) await putIf('absent', 'k', { 'If-Match': tag }, missed('If-Match'));
    await api.get(configPath('absent', 'k', 'versions'), { status: 404, reason: 'config_not_found' });
  });

  test('If-Match: * asks for a config that exists and is not deleted', async () => {
    await api.createNamespaces('star');
    await api.save('star', 'k', 'draft');
    assert.equal((await putIf('star', 'k', { 'If-Match': '*' })).data.version, 2);
    await api.delete(configPath('star', 'k'));
    await putIf('star', 'k', { 'If-Match': '*' }, missed('If-Match'));
    assert.equal(
      (await putIf('star', 'k', { 'If-Match': '"2"' })).data.version,
      3,
      'its newest version is still there',
    );
  });

  test('If-None-Match: * creates only; what is deleted does not exist', async () => {
    await api.createNamespaces('create');
    assert.equal((await putIf('create', 'k', { 'If-None-Match': '*' }, { status: 201 })).data.version, 1);
    await putIf('create', 'k', { 'If-None-Match': '*' }, missed('If-None-Match'));
    await api.delete(configPath('create', 'k'));
    assert.equal((await putIf('create', 'k', { 'If-None-Match': '*' }, { status: 200 })).data.version, 2);
    await api.save('create', 'draft', 'x');
    await putIf('create', 'draft', { 'If-None-Match': '*' }, missed('If-None-Match'));
  });

  test('Preconditions that mean nothing are refused', async () => {
    await api.createNamespaces('broken');
    await putIf('broken', 'k', {});
    const revision = await api.revision();
    for (const tag of [
      '1', 'abc', '"abc"', '""', '"', '"1', '"-1"', '"0x1"', '"1', '"99999999999999999999999"', '" 1"',
      '"1.0"',
    ]) {
      await putIf(
        'broken',
        'k',
        { 'If-Match': tag },
        { status: 400, reason: 'invalid_header', field: 'If-Match' },
      );
    }
    for (const tag of ['"1"', 'x', '**', '*, "1"']) {
      await putIf(
        'broken',
        'k',
        { 'If-None-Match': tag },
        { status: 400, reason: 'invalid_header', field: 'If-None-Match' },
      );
    }
    assert.equal(await api.revision(), revision);
  });

  test('expect_version does the same in a transaction, and 0 means that nothing may be there', async () => {
    await api.createNamespaces('expect');
    const put = (expect_version, content) => [
      { op: 'put', namespace: 'expect', key: 'k', content, expect_version },
    ];
    const run = (operations, options) => api.post(`${root}/transactions`, { operations }, options);

    await run(put(1, 'a'), missed('operations[0].expect_version'));
    await run(put(0, 'a'));
    await run(put(0, 'b'), missed('operations[0].expect_version'));
    await run(put(1, 'b'));
    await run([...put(2, 'c'), ...put(2, 'd')], missed('operations[1].expect_version'));
    assert.equal((await api.walk(configPath('expect', 'k', 'versions'))).length, 2);
    await run([...put(2, 'c'), ...put(3, 'd')]);
    await api.delete(configPath('expect', 'k'));
    await run(put(0, 'e'));
    assert.equal((await api.walk(configPath('expect', 'k', 'versions')))[0].version, 5);
    await run(put(-1, 'f'), { status: 400, reason: 'invalid_field', field: 'operations[0].expect_version' });
    await run(put('5', 'f'), { status: 400, reason: 'invalid_field', field: 'operations[0].expect_version' });
  });

  test(`Of ${writers} writers who have all seen the same version, exactly one wins, in each of 25 rounds`, async () => {
    await api.createNamespaces('race');
    await putIf('race', 'k', {});
    const clients = Array.from({ length: writers }, () => api.another({ connections: 1 }));

    for (let version = 1; version <= 25; version++) {
      const answers = await Promise.all(
        clients.map((client, i) =>
          client.put(
            configPath('race', 'k'),
            { content: `${version} by ${i}`, publish: true },
            {
              headers: { 'If-Match': `"${version}"` },
              status: 'any',
            },
          ),
        ),
      );
      const winners = answers.filter(({ status }) => status === 200);
      const losers = answers.filter(({ status, reason }) => status === 412 && reason === 'version_conflict');
      assert.deepEqual([winners.length, losers.length], [1, writers - 1]);
      assert.equal(winners[0].data.version, version + 1);
      assert.equal((await api.read('race', 'k')).content, winners[0].data.content);
    }
    for (const client of clients) client.close();
    assert.equal((await api.walk(configPath('race', 'k', 'versions'))).length, 26);
  });

  test(`Of ${writers} writers who all create the same config, exactly one wins`, async () => {
    await api.createNamespaces('creators');
    for (let round = 0; round < 10; round++) {
      const answers = await Promise.all(
        Array.from({ length: writers }, () =>
          putIf('creators', `k${round}`, { 'If-None-Match': '*' }, { status: 'any' }),
        ),
      );
      assert.deepEqual(answers.map(({ status }) => status).sort(), [201, ...Array(writers - 1).fill(412)]);
    }
  });

  test('Without a precondition nobody loses: every one of 32 writers at once makes a version', async () => {
    await api.createNamespaces('all');
    const saved = await Promise.all(
      Array.from({ length: writers }, (_, i) => api.save('all', 'k', `by ${i}`)),
    );
    const numbers = saved.map(({ version }) => version).sort((a, b) => a - b);
    assert.deepEqual(
      numbers,
      Array.from({ length: writers }, (_, i) => i + 1),
    );
    assert.equal(new Set(saved.map(({ revision }) => revision)).size, writers);
  });
});
