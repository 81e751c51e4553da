// Transactions: several changes as one, all or none.
'use strict';

const assert = require('node:assert/strict');
const { describe, test } = require('node:test');
const { configPath, namespacePath, root } = require('../lib/client.js');
const { useConferd } = require('../lib/conferd.js');

const put = (namespace, key, content, rest = {}) => ({ op: 'put', namespace, key, content, ...rest });

describe('Transactions', () => {
  const { api } = useConferd();
  const run = (body, options) =>
    api.post(`${root}/transactions`, Array.isArray(body) ? { operations: body } : body, options);

  test('Every kind of operation is done, across namespaces, as one revision', async () => {
    await api.createNamespaces('a', 'b');
    await api.publish('a', 'rolled', 'one');
    await api.publish('a', 'rolled', 'two');
    await api.save('a', 'published', 'draft');
    await api.publish('b', 'deleted', 'x');
    await api.publish('b', 'same', 'same');
    const revision = await api.revision();

    const { data } = await run({
      comment: 'all at once',
      operations: [
        put('a', 'saved', 'new'),
        put('b', 'served', 'new', { publish: true, format: 'json', content: '{}' }),
        { op: 'publish', namespace: 'a', key: 'published', comment: 'my own' },
        { op: 'rollback', namespace: 'a', key: 'rolled' },
        { op: 'delete', namespace: 'b', key: 'deleted' },
        put('b', 'same', 'same', { publish: true }),
      ],
    });
    assert.deepEqual(data, {
      revision: revision + 1,
      results: [
        { namespace: 'a', key: 'saved', version: 1, created: true },
        { namespace: 'b', key: 'served', version: 1, created: true },
        { namespace: 'a', key: 'published', version: 1, created: false },
        { namespace: 'a', key: 'rolled', version: 1, created: false },
        { namespace: 'b', key: 'deleted', version: null, created: false },
        { namespace: 'b', key: 'same', version: 1, created: false },
      ],
    });
    assert.equal(await api.revision(), revision + 1);

    const served = await api.read('b', 'served');
    assert.deepEqual([served.revision, served.format, served.comment], [revision + 1, 'json', 'all at once']);
    const published = await api.read('a', 'published');
    assert.deepEqual([published.revision, published.comment], [revision + 1, 'my own']);
    const rolled = await api.read('a', 'rolled');
    assert.deepEqual([rolled.revision, rolled.content], [revision + 1, 'one']);
    await api.get(configPath('b', 'deleted'), { status: 404, reason: 'config_not_found' });
    await api.get(configPath('a', 'saved'), { status: 404, reason: 'config_not_found' });
    assert.ok((await api.read('b', 'same')).revision <= revision, 'what was so already was left alone');
  });

  test('Each operation sees what those before it did', async () => {
    await api.createNamespaces('chain');
    const { data } = await run([
      put('chain', 'k', 'one', { publish: true, expect_version: 0 }),
      put('chain', 'k', 'two', { publish: true, expect_version: 1 }),
      put('chain', 'k', 'three', { expect_version: 2 }),
      { op: 'publish', namespace: 'chain', key: 'k' },
      { op: 'rollback', namespace: 'chain', key: 'k' },
      { op: 'rollback', namespace: 'chain', key: 'k' },
      { op: 'delete', namespace: 'chain', key: 'k' },
      put('chain', 'k', 'four', { expect_version: 0 }),
      { op: 'rollback', namespace: 'chain', key: 'k', to: 2 },
    ]);
    assert.deepEqual(
      data.results.map(({ version, created }) => [version, created]),
      [
        [1, true],
        [2, true],
        [3, true],
        [3, false],
        [2, false],
        [1, false],
        [null, false],
        [4, true],
        [2, false],
      ],
    );
    assert.equal((await api.read('chain', 'k')).content, 'two');
    assert.equal((await api.walk(configPath('chain', 'k', 'versions'))).length, 4);
    const events = await api.walk(configPath('chain', 'k', 'releases'));
    assert.ok(events.every((event) => event.revision === data.revision));
    assert.equal(events.length, 7);
  });

  test('One operation that fails, wherever it stands, undoes all', async () => {
    await api.createNamespaces('atomic');
    await api.publish('atomic', 'steady', 'steady');
    const failures = [
      [put('nowhere', 'k', 'x'), 404, 'namespace_not_found', 'namespace'],
      [{ op: 'publish', namespace: 'atomic', key: 'absent' }, 404, 'config_not_found', 'key'],
      [
        { op: 'publish', namespace: 'atomic', key: 'steady', version: 9 },
        404,
        'version_not_found',
        'version',
      ],
      [{ op: 'rollback', namespace: 'atomic', key: 'steady', to: 9 }, 404, 'version_not_found', 'to'],
      [{ op: 'delete', namespace: 'atomic', key: 'absent' }, 404, 'config_not_found', 'key'],
      [{ op: 'rollback', namespace: 'atomic', key: 'steady' }, 409, 'nothing_to_roll_back', null],
      [put('atomic', 'steady', 'x', { expect_version: 9 }), 412, 'version_conflict', 'expect_version'],
      [put('atomic', 'k.json', '{'), 422, 'invalid_content', 'content'],
      [put('atomic', '.hidden', 'x'), 400, 'invalid_name', 'key'],
      [put('Atomic', 'k', 'x'), 400, 'invalid_name', 'namespace'],
      [put('atomic', 'k', 'x', { comment: 'x'.repeat(4097) }), 400, 'invalid_field', 'comment'],
    ];
    const before = await api.status();
    for (const [failing, status, reason, field] of failures) {
      for (const at of [0, 1, 5]) {
        const operations = Array.from({ length: 5 }, (_, i) =>
          put('atomic', `k${i}`, 'x', { publish: true }),
        );
        operations.splice(at, 0, failing);
        const { details } = await run(operations, { status, reason, badRequest: true });
        const named = details && details[0].field;
        if (field) assert.equal(named, `operations[${at}].${field}`);
        else assert.match(String(named), new RegExp(`^operations\\[${at}\\]`));
        assert.deepEqual(await api.status(), before);
      }
    }
    assert.deepEqual(
      (await api.walk(namespacePath('atomic', 'configs'), { deleted: 'true' })).map(({ key }) => key),
      ['steady'],
    );
  });

  test('The first operation that fails is the one that is named', async () => {
    await api.createNamespaces('first');
    const { details } = await run(
      [
        put('first', 'a', 'x'),
        { op: 'delete', namespace: 'first', key: 'b' },
        put('first', 'a', 'y', { expect_version: 7 }),
      ],
      { status: 404, reason: 'config_not_found' },
    );
    assert.equal(details[0].field, 'operations[1].key');
  });

  test('When no operation has anything to do, nothing happens', async () => {
    await api.createNamespaces('idle');
    await api.publish('idle', 'k', 'x');
    const revision = await api.revision();
    const { data } = await run([
      put('idle', 'k', 'x', { publish: true }),
      { op: 'publish', namespace: 'idle', key: 'k', version: 1 },
    ]);
    assert.equal(data.revision, revision);
    assert.equal(await api.revision(), revision);
    assert.deepEqual(
      data.results.map(({ version, created }) => [version, created]),
      [
        [1, false],
        [1, false],
      ],
    );
  });

  test('128 operations are taken, none and 129 are refused', async () => {
    await api.createNamespaces('many');
    const operations = Array.from({ length: 129 }, (_, i) => put('many', `k${i}`, `${i}`, { publish: true }));
    await run(operations, { status: 400, reason: 'invalid_field', field: 'operations' });
    await run([], { status: 400, reason: 'invalid_field', field: 'operations' });
    assert.deepEqual(await api.walk(namespacePath('many', 'configs')), []);
    const { data } = await run(operations.slice(0, 128));
    assert.equal(data.results.length, 128);
    assert.deepEqual(
      data.results.map(({ key }) => key),
      operations.slice(0, 128).map(({ key }) => key),
    );
    const items = await api.walk(namespacePath('many', 'configs'));
    assert.equal(items.length, 128);
    assert.ok(items.every(({ revision }) => revision === data.revision));
  });

  test('Contents may have 16 MiB together, and not one byte more', async () => {
    await api.createNamespaces('sum');
    const megabyte = 'x'.repeat(1024 * 1024);
    const operations = Array.from({ length: 16 }, (_, i) => put('sum', `k${i}`, megabyte));
    await run([...operations, put('sum', 'last', 'x')], { status: 413, reason: 'content_too_large' });
    assert.deepEqual(await api.walk(namespacePath('sum', 'configs')), []);
    await run(operations);
    assert.equal((await api.walk(namespacePath('sum', 'configs'))).length, 16);
  });

  test('Bodies that mean nothing are refused', async () => {
    await api.createNamespaces('wrong');
    const before = await api.status();
    const op = put('wrong', 'k', 'x');
    const cases = [
      [{}, 'invalid_field', 'operations'],
      [{ operations: {} }, 'invalid_field', 'operations'],
      [{ operations: 'put' }, 'invalid_field', 'operations'],
      [{ operations: null }, 'invalid_field', 'operations'],
      [{ operations: [op], more: 1 }, 'unknown_field', 'more'],
      [{ operations: [op], comment: 7 }, 'invalid_field', 'comment'],
      [{ operations: [op, 7] }, 'invalid_field', 'operations[1]'],
      [{ operations: [op, null] }, 'invalid_field', 'operations[1]'],
      [{ operations: [op, []] }, 'invalid_field', 'operations[1]'],
      [{ operations: [{ ...op, op: undefined }] }, 'invalid_field', 'operations[0].op'],
      [{ operations: [{ ...op, op: 'grey' }] }, 'invalid_field', 'operations[0].op'],
      [{ operations: [{ ...op, op: 'PUT' }] }, 'invalid_field', 'operations[0].op'],
      [{ operations: [{ ...op, op: 1 }] }, 'invalid_field', 'operations[0].op'],
      [{ operations: [{ ...op, namespace: undefined }] }, 'invalid_field', 'operations[0].namespace'],
      [{ operations: [{ ...op, key: undefined }] }, 'invalid_field', 'operations[0].key'],
      [{ operations: [{ ...op, key: 7 }] }, 'invalid_field', 'operations[0].key'],
      [{ operations: [{ ...op, content: undefined }] }, 'invalid_field', 'operations[0].content'],
      [{ operations: [{ ...op, content: { a: 1 } }] }, 'invalid_field', 'operations[0].content'],
      [{ operations: [{ ...op, publish: 'true' }] }, 'invalid_field', 'operations[0].publish'],
      [{ operations: [{ ...op, format: 'ini' }] }, 'invalid_field', 'operations[0].format'],
      [{ operations: [{ ...op, version: 1 }] }, 'unknown_field', 'operations[0].version'],
      [{ operations: [{ ...op, to: 1 }] }, 'unknown_field', 'operations[0].to'],
      [
        { operations: [{ op: 'delete', namespace: 'wrong', key: 'k', content: 'x' }] },
        'unknown_field',
        'operations[0].content',
      ],
      [
        { operations: [{ op: 'publish', namespace: 'wrong', key: 'k', to: 1 }] },
        'unknown_field',
        'operations[0].to',
      ],
      [
        { operations: [{ op: 'rollback', namespace: 'wrong', key: 'k', version: 1 }] },
        'unknown_field',
        'operations[0].version',
      ],
    ];
    for (const [body, reason, field] of cases) await run(body, { status: 400, reason, field });
    assert.deepEqual(await api.status(), before);
  });

  test('Readers see all of a transaction or nothing of it', async () => {
    await api.createNamespaces('torn');
    const keys = ['a', 'b', 'c', 'd'];
    const write = (i) => run(keys.map((key) => put('torn', key, `${i}`, { publish: true })));
    await write(0);

    let isDone = false;
    const reader = async () => {
      let looks = 0;
      while (!isDone) {
        const { data } = await api.get(namespacePath('torn', 'configs'), { query: { content: 'true' } });
        assert.equal(
          new Set(data.items.map(({ content }) => content)).size,
          1,
          JSON.stringify(data.items.map(({ content }) => content)),
        );
        looks++;
      }
      return looks;
    };
    const readers = [reader(), reader(), reader()];
    try {
      for (let i = 1; i <= 150; i++) await write(i);
    } finally {
      isDone = true;
    }
    for (const looks of await Promise.all(readers)) assert.ok(looks > 10);
  });
});
