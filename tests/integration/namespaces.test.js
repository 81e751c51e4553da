// Namespaces: made, read, listed, edited, deleted and made again.
'use strict';

const assert = require('node:assert/strict');
const { describe, test } = require('node:test');
const { configPath, namespacePath, root } = require('../lib/client.js');
const { useConferd } = require('../lib/conferd.js');

const all = `${root}/namespaces`;
const segment = 'a'.repeat(63);

describe('Namespaces', () => {
  const { api } = useConferd();

  test('A new namespace is answered 201 with its path, and reads back as it was answered', async () => {
    const before = await api.revision();
    const made = await api.post(all, { name: 'first', description: 'the very first' }, { status: 201 });
    assert.equal(made.headers.location, `${all}/first`);
    assert.deepEqual(Object.keys(made.data), [
      'name', 'description', 'revision', 'created_at', 'created_by', 'updated_at', 'updated_by',
    ]);
    assert.equal(made.data.name, 'first');
    assert.equal(made.data.description, 'the very first');
    assert.equal(made.data.revision, before + 1);
    assert.equal(made.data.created_by, 'user:admin');
    assert.equal(made.data.updated_at, made.data.created_at);
    assert.deepEqual((await api.get(namespacePath('first'))).data, made.data);
  });

  test('A namespace that exists is not made twice', async () => {
    await api.createNamespaces('twice');
    const revision = await api.revision();
    await api.post(all, { name: 'twice' }, { status: 409, reason: 'namespace_exists' });
    assert.equal(await api.revision(), revision);
  });

  test('Neither ancestors nor a description are needed', async () => {
    const { data } = await api.post(all, { name: 'no.such.parent.here' });
    assert.equal(data.description, '');
    await api.get(namespacePath('no.such.parent'), { status: 404, reason: 'namespace_not_found' });
  });

  test('Well-formed names are taken, at their longest too', async () => {
    for (const name of ['0', 'a-b_c', '9.8.7.6', segment, [segment, segment, segment, segment].join('.')]) {
      assert.equal((await api.post(all, { name })).data.name, name);
      assert.equal((await api.get(namespacePath(name))).data.name, name);
    }
  });

  for (const name of [
    '',
    '.',
    'a.',
    '.a',
    'a..b',
    'a.b.c.d.e',
    `${segment}a`,
    'A',
    'Prod',
    '-a',
    '_a',
    'a.-b',
    'a b',
    'a/b',
    'a*',
    '*',
    'ä',
    'a\n',
    'a\u0000',
    'a%2e',
    '../a',
    'prod;drop',
    "'",
    '"',
    '\\',
    '<b>',
    '${x}',
    'a,b',
    '😀',
    'а', // the last is Cyrillic
  ]) {
    test(`The name ${JSON.stringify(name.slice(0, 20))} is refused`, async () => {
      const revision = await api.revision();
      await api.post(all, { name }, { status: 400, reason: 'invalid_name', field: 'name' });
      assert.equal(await api.revision(), revision);
    });
  }

  test('A description may have 4096 bytes, and not one more', async () => {
    for (const description of ['x'.repeat(4096), 'é'.repeat(2048)]) {
      const name = `long-${description.charCodeAt(0)}`;
      assert.equal((await api.post(all, { name, description })).data.description, description);
    }
    for (const description of ['x'.repeat(4097), 'é'.repeat(2048) + 'x']) {
      await api.post(
        all,
        { name: 'too-long', description },
        { status: 400, reason: 'invalid_field', field: 'description' },
      );
    }
    await api.get(namespacePath('too-long'), { status: 404 });
  });

  test('Its description can be changed, and nothing else', async () => {
    const made = (await api.post(all, { name: 'patched', description: 'old' })).data;
    const { data } = await api.patch(namespacePath('patched'), { description: 'new' });
    assert.equal(data.description, 'new');
    assert.equal(data.revision, made.revision + 1);
    assert.equal(data.created_at, made.created_at);
    assert.deepEqual((await api.get(namespacePath('patched'))).data, data);

    await api.patch(
      namespacePath('patched'),
      {},
      { status: 400, reason: 'invalid_field', field: 'description' },
    );
    await api.patch(namespacePath('patched'), { description: 7 }, { status: 400, reason: 'invalid_field' });
    await api.patch(
      namespacePath('patched'),
      { description: 'x', name: 'y' },
      { status: 400, reason: 'unknown_field', field: 'name' },
    );
    await api.patch(
      namespacePath('absent'),
      { description: 'x' },
      { status: 404, reason: 'namespace_not_found' },
    );
    assert.deepEqual((await api.get(namespacePath('patched'))).data, data);
  });

  test('Writing a config does not change its namespace', async () => {
    const made = (await api.post(all, { name: 'untouched' })).data;
    await api.publish('untouched', 'k', 'v');
    assert.deepEqual((await api.get(namespacePath('untouched'))).data, made);
  });

  test('The list is ordered by name, filtered by prefix, and paged', async () => {
    const names = ['list.a', 'list.a-b', 'list.a.b', 'list.a0', 'list.b', 'list.c.d', 'list2'];
    await api.createNamespaces(...[...names].reverse());

    const listed = (await api.walk(all, { prefix: 'list' })).map(({ name }) => name);
    assert.deepEqual(listed, [...names].sort());
    assert.deepEqual(
      (await api.walk(all, { prefix: 'list.a', limit: 1 })).map(({ name }) => name),
      ['list.a', 'list.a-b', 'list.a.b', 'list.a0'],
    );
    assert.deepEqual(await api.walk(all, { prefix: 'list_' }), [], 'an underscore is an underscore');
    assert.deepEqual(await api.walk(all, { prefix: 'list%' }), [], 'a percent sign is a percent sign');

    const page = (await api.get(all, { query: { prefix: 'list', limit: 7 } })).data;
    assert.equal(page.items.length, 7);
    assert.equal(page.cursor, null, 'a page that is exactly full and the last one has no cursor');
  });

  test('Limits beyond 1 to 1000 are refused, and cursors that nobody handed out do no harm', async () => {
    for (const limit of ['0', '1001', '-1', 'ten', '', '1.5', '99999999999999999999', '+5', ' 5', '0x10']) {
      await api.get(all, { query: { limit }, status: 400, reason: 'invalid_parameter', field: 'limit' });
    }
    for (const cursor of ['nonsense', '%00', '../../x', "' OR 1=1 --", 'A'.repeat(3000)]) {
      const { status } = await api.get(all, { query: { cursor }, status: 'any' });
      assert.ok([200, 400].includes(status), 'what nobody handed out may lead anywhere, but not astray');
    }
    await api.get(all, { query: { limit: 1000 } });
  });

  test('A namespace with configs is deleted with recursive=true only, and the configs with it', async () => {
    await api.createNamespaces('full', 'full.child');
    await api.publish('full', 'one', '1');
    await api.save('full', 'two', '2');
    await api.publish('full', 'gone', '3');
    await api.delete(configPath('full', 'gone'));
    await api.publish('full.child', 'stays', 'x');
    const revision = await api.revision();

    await api.delete(namespacePath('full'), { status: 409, reason: 'namespace_not_empty' });
    await api.delete(namespacePath('full'), {
      query: { recursive: 'false' },
      status: 409,
      reason: 'namespace_not_empty',
    });
    await api.delete(namespacePath('full'), {
      query: { recursive: 'yes' },
      status: 400,
      reason: 'invalid_parameter',
      field: 'recursive',
    });
    assert.equal(await api.revision(), revision);
    assert.equal((await api.read('full', 'one')).content, '1');

    const { data } = await api.delete(namespacePath('full'), { query: { recursive: 'true' } });
    assert.deepEqual(data, { name: 'full', revision: revision + 1, configs: 2 });
    assert.equal(await api.revision(), revision + 1, 'all of it is one change');

    await api.get(namespacePath('full'), { status: 404, reason: 'namespace_not_found' });
    await api.get(configPath('full', 'one'), { status: 404 });
    await api.get(configPath('full.child', 'one'), { status: 404 });
    await api.get(namespacePath('full', 'configs'), { status: 404, reason: 'namespace_not_found' });
    assert.equal((await api.read('full.child', 'stays')).content, 'x', 'what is below it stays');
    await api.delete(namespacePath('full'), { status: 404, reason: 'namespace_not_found' });
    await api.put(
      configPath('full', 'one'),
      { content: 'x' },
      { status: 404, reason: 'namespace_not_found', field: 'namespace' },
    );
  });

  test('A namespace whose configs are all deleted counts as empty', async () => {
    await api.createNamespaces('emptied');
    await api.publish('emptied', 'k', 'v');
    await api.delete(configPath('emptied', 'k'));
    const { data } = await api.delete(namespacePath('emptied'));
    assert.equal(data.configs, 0);
  });

  test('A namespace made again keeps the history of its configs, which stay deleted', async () => {
    const first = (await api.post(all, { name: 'again', description: 'old' })).data;
    await api.publish('again', 'k', 'one');
    await api.publish('again', 'k', 'two');
    await api.delete(namespacePath('again'), { query: { recursive: 'true' } });

    const second = (await api.post(all, { name: 'again' }, { status: 201 })).data;
    assert.ok(second.revision > first.revision);
    assert.equal(second.description, '');
    await api.get(configPath('again', 'k'), { status: 404, reason: 'config_not_found' });
    assert.deepEqual(await api.walk(namespacePath('again', 'configs')), []);

    const saved = await api.put(configPath('again', 'k'), { content: 'three' }, { status: 200 });
    assert.equal(saved.data.version, 3);
    const versions = await api.walk(configPath('again', 'k', 'versions'));
    assert.deepEqual(
      versions.map(({ version, content }) => [version, content]),
      [
        [3, 'three'],
        [2, 'two'],
        [1, 'one'],
      ],
    );
  });

  test('Of 16 who make the same namespace at once, one succeeds', async () => {
    const answers = await Promise.all(
      Array.from({ length: 16 }, () => api.post(all, { name: 'contested' }, { status: 'any' })),
    );
    const statuses = answers.map(({ status }) => status).sort();
    assert.deepEqual(statuses, [201, ...Array(15).fill(409)]);
  });
});
