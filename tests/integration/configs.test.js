// Configs: saved, read, cached, inherited, listed, searched and deleted.
'use strict';

const assert = require('node:assert/strict');
const crypto = require('node:crypto');
const { describe, test } = require('node:test');
const { configPath, namespacePath } = require('../lib/client.js');
const { useConferd } = require('../lib/conferd.js');

const sha256 = (text) => crypto.createHash('sha256').update(text).digest('hex');
const fields = [
  'namespace', 'key', 'version', 'revision', 'format', 'content', 'sha256', 'updated_at', 'updated_by',
  'comment',
];
const keysOf = (items) => items.map(({ key }) => key);

describe('Saving a config', () => {
  const { api } = useConferd();

  test('The first save is answered 201 with the config as saved, the next ones 200', async () => {
    await api.createNamespaces('save');
    const before = await api.revision();
    const { data: first } = await api.put(
      configPath('save', 'k.txt'),
      { content: 'one', comment: 'why' },
      { status: 201 },
    );

    assert.deepEqual(Object.keys(first), [...fields, 'created']);
    const { updated_at, ...rest } = first;
    assert.deepEqual(rest, {
      namespace: 'save',
      key: 'k.txt',
      version: 1,
      revision: before + 1,
      format: 'text',
      content: 'one',
      sha256: sha256('one'),
      updated_by: 'user:admin',
      comment: 'why',
      created: true,
    });

    const { data: second } = await api.put(configPath('save', 'k.txt'), { content: 'two' }, { status: 200 });
    assert.equal(second.version, 2);
    assert.equal(second.revision, before + 2);
    assert.equal(second.comment, '');
    assert.equal(second.created, true);
    assert.ok(second.updated_at >= updated_at);
  });

  test('A save alone serves nothing; with publish it serves at once', async () => {
    await api.createNamespaces('serve');
    await api.save('serve', 'k', 'one');
    await api.get(configPath('serve', 'k'), { status: 404, reason: 'config_not_found' });

    const published = await api.publish('serve', 'k', 'two');
    const read = await api.read('serve', 'k');
    assert.deepEqual({ ...read, created: true }, published);
    assert.deepEqual(Object.keys(read), fields);
    assert.equal(read.version, 2);

    const saved = await api.save('serve', 'k', 'three');
    assert.equal(saved.version, 3);
    assert.equal(saved.content, 'three');
    assert.deepEqual(await api.read('serve', 'k'), read, 'the release stays as it was');
  });

  test('The same content and format again change nothing', async () => {
    await api.createNamespaces('same');
    const saved = await api.save('same', 'k', 'x', { comment: 'first' });
    const revision = await api.revision();

    const again = await api.put(
      configPath('same', 'k'),
      { content: 'x', comment: 'second' },
      { status: 200 },
    );
    assert.deepEqual(again.data, { ...saved, created: false });
    assert.equal(await api.revision(), revision);

    const published = await api.publish('same', 'k', 'x', { comment: 'third' });
    assert.equal(published.version, 1);
    assert.equal(published.created, false);
    assert.equal(published.revision, revision + 1);
    assert.equal(published.comment, 'third', 'the release has a comment of its own');

    const publishedAgain = await api.publish('same', 'k', 'x', { comment: 'fourth' });
    assert.deepEqual(publishedAgain, published);
    const savedAgain = await api.save('same', 'k', 'x');
    assert.deepEqual(savedAgain, { ...saved, created: false });
    assert.equal(await api.revision(), revision + 1);
    assert.equal((await api.walk(configPath('same', 'k', 'releases'))).length, 1);
    assert.equal((await api.walk(configPath('same', 'k', 'versions'))).length, 1);
  });

  test('The same content as an older version, or in another format, is a new version', async () => {
    await api.createNamespaces('anew');
    await api.save('anew', 'k', '{}', { format: 'text' });
    assert.equal((await api.save('anew', 'k', '{}', { format: 'json' })).version, 2);
    assert.equal((await api.save('anew', 'k', '{}', { format: 'text' })).version, 3);
  });

  test("The key's extension decides the format, unless the request does", async () => {
    await api.createNamespaces('formats');
    const cases = {
      'a.json': '{}',
      'a.yaml': 'a: 1',
      'a.yml': 'a: 1',
      'a.toml': 'a = 1',
      'a.properties': 'a=1',
      'a.xml': '<a/>',
      'a.conf': 'a',
      'a.txt': 'a',
      json: 'not json',
      'a.json.bak': 'not json',
      'a.': 'x',
    };
    const expected = [
      'json', 'yaml', 'yaml', 'toml', 'properties', 'xml', 'text', 'text', 'text', 'text', 'text',
    ];
    const formats = [];
    for (const [key, content] of Object.entries(cases))
      formats.push((await api.save('formats', key, content)).format);
    assert.deepEqual(formats, expected);

    assert.equal((await api.save('formats', 'b.json', 'not json', { format: 'text' })).format, 'text');
    assert.equal((await api.save('formats', 'b.txt', '{}', { format: 'json' })).format, 'json');
    await api.put(configPath('formats', 'b.txt'), { content: '{', format: 'json' }, { status: 422 });
    await api.put(
      configPath('formats', 'b'),
      { content: '{}', format: 'JSON' },
      { status: 400, reason: 'invalid_field', field: 'format' },
    );
  });

  test('Keys may have every character that they may have, percent-encoded or not', async () => {
    await api.createNamespaces('keys');
    const longest = `${'k'.repeat(250)}.json`;
    for (const key of ['a', 'A.b_c@d:e+f-g', '-', '_', '+', ':', '@', '0', 'a..b', 'a.', longest]) {
      await api.publish('keys', key, '"x"');
      assert.equal((await api.read('keys', key)).key, key);
      assert.equal(
        (await api.get(`${namespacePath('keys')}/configs/${key}`)).data.key,
        key,
        'without percent signs',
      );
      const encoded = [...Buffer.from(key)].map((byte) => `%${byte.toString(16).padStart(2, '0')}`).join('');
      assert.equal((await api.get(`${namespacePath('keys')}/configs/${encoded}`)).data.key, key, 'with many');
    }
    assert.deepEqual(keysOf(await api.walk(namespacePath('keys', 'configs'))), [
      '+', '-', '0', ':', '@', 'A.b_c@d:e+f-g', '_', 'a', 'a.', 'a..b', longest,
    ]);
  });

  test('A comment may have 4096 bytes, and not one more', async () => {
    await api.createNamespaces('comments');
    const comment = 'é'.repeat(2048);
    assert.equal((await api.publish('comments', 'k', '1', { comment })).comment, comment);
    await api.put(
      configPath('comments', 'k'),
      { content: '2', comment: `${comment}x` },
      { status: 400, reason: 'invalid_field', field: 'comment' },
    );
    assert.equal((await api.read('comments', 'k')).content, '1');
  });
});

describe('Reading a config', () => {
  const { api } = useConferd();

  test('ETag and If-None-Match save the body while nothing changed', async () => {
    await api.createNamespaces('etag');
    const published = await api.publish('etag', 'k', 'one');
    const path = configPath('etag', 'k');
    const { headers } = await api.get(path);
    assert.match(headers.etag, new RegExp(`^"${published.version}-${published.revision}-`));

    for (const match of [
      headers.etag,
      `W/${headers.etag}`,
      '*',
      `"x", ${headers.etag}`,
      `"1-1-00000000",W/${headers.etag} , "y"`,
    ]) {
      const answer = await api.get(path, { headers: { 'If-None-Match': match }, status: 304 });
      assert.equal(answer.headers.etag, headers.etag);
      assert.equal(
        (await api.head(path, { headers: { 'If-None-Match': match }, status: 304 })).headers.etag,
        headers.etag,
      );
    }
    for (const match of [
      '"x"',
      headers.etag.slice(0, -1),
      headers.etag.slice(1, -1),
      headers.etag.toUpperCase().replace('"', '"0'),
    ]) {
      assert.equal(
        (await api.get(path, { headers: { 'If-None-Match': match }, status: 200 })).data.content,
        'one',
      );
    }

    await api.publish('etag', 'k', 'two');
    const changed = await api.get(path, { headers: { 'If-None-Match': headers.etag }, status: 200 });
    assert.notEqual(changed.headers.etag, headers.etag);

    await api.post(configPath('etag', 'k', 'rollback'), {});
    const back = await api.get(path, { headers: { 'If-None-Match': headers.etag }, status: 200 });
    assert.notEqual(back.headers.etag, headers.etag, 'the same version, but another release');
  });

  test('Different answers under one path have different ETags', async () => {
    await api.createNamespaces('tags', 'tags.child');
    await api.publish('tags', 'k', 'parent');
    await api.publish('tags.child', 'k', 'child');
    const path = configPath('tags.child', 'k');
    const own = (await api.get(path)).headers.etag;
    const raw = (await api.get(path, { query: { raw: 'true' } })).headers.etag;
    await api.delete(path);
    const inherited = (await api.get(path)).headers.etag;
    assert.notEqual(own, inherited);
    assert.equal(
      (await api.get(path, { query: { raw: 'true' }, headers: { 'If-None-Match': raw }, status: 200 })).text,
      'parent',
    );
  });

  test('HEAD answers as GET does, without the body', async () => {
    await api.createNamespaces('head');
    await api.publish('head', 'k', 'content');
    for (const query of [{}, { raw: 'true' }, { version: 1 }]) {
      const got = await api.get(configPath('head', 'k'), { query });
      const head = await api.head(configPath('head', 'k'), { query, status: 200 });
      assert.equal(head.headers['content-type'], got.headers['content-type']);
      assert.equal(head.headers['content-length'], got.headers['content-length']);
      assert.equal(head.headers.etag, got.headers.etag);
    }
    await api.head(configPath('head', 'absent'), { status: 404 });
    await api.head(namespacePath('head', 'configs'), { status: 200 });
    await api.get(configPath('head', 'k'));
  });

  test('A version can be read by its number, published or not, deleted or not', async () => {
    await api.createNamespaces('byversion');
    const one = await api.save('byversion', 'k', 'one', { comment: 'of the save' });
    await api.publish('byversion', 'k', 'two');
    const { created, ...saved } = one;
    assert.ok(created);
    assert.deepEqual(await api.read('byversion', 'k', { version: 1 }), saved);
    assert.deepEqual((await api.get(configPath('byversion', 'k', 'versions', 1))).data, saved);
    assert.equal(
      (await api.get(configPath('byversion', 'k'), { query: { version: 1, raw: 'true' } })).text,
      'one',
    );

    await api.delete(configPath('byversion', 'k'));
    assert.deepEqual(await api.read('byversion', 'k', { version: 1 }), saved);
    await api.get(configPath('byversion', 'k'), {
      query: { version: 3 },
      status: 404,
      reason: 'version_not_found',
    });
    await api.get(configPath('byversion', 'absent'), {
      query: { version: 1 },
      status: 404,
      reason: 'config_not_found',
    });
    await api.get(configPath('no-such', 'k'), {
      query: { version: 1 },
      status: 404,
      reason: 'namespace_not_found',
    });
    for (const version of ['0', '-1', 'one', '', '1.0', '99999999999999999999', '01x']) {
      await api.get(configPath('byversion', 'k'), {
        query: { version },
        status: 400,
        reason: 'invalid_parameter',
        field: 'version',
      });
    }
  });

  test('raw=true answers the bare content with the media type of its format', async () => {
    await api.createNamespaces('raw');
    const cases = [
      ['k.json', '{"a": 1}\n', 'application/json'],
      ['k.yaml', 'a: 1\r\n', 'application/yaml'],
      ['k.toml', 'a = 1', 'application/toml'],
      ['k.xml', '<a/>', 'application/xml'],
      ['k.properties', 'a=ä', 'text/plain; charset=utf-8'],
      ['k', '<script>alert(1)</script>', 'text/plain; charset=utf-8'],
    ];
    for (const [key, content, mediaType] of cases) {
      await api.publish('raw', key, content);
      const { bytes, headers } = await api.get(configPath('raw', key), { query: { raw: 'true' } });
      assert.deepEqual(bytes, Buffer.from(content));
      assert.equal(headers['content-type'], mediaType);
      assert.equal(headers['x-content-type-options'], 'nosniff');
      assert.equal(headers['content-security-policy'], 'sandbox');
      const again = await api.get(configPath('raw', key), {
        query: { raw: 'true' },
        headers: { 'If-None-Match': headers.etag },
        status: 304,
      });
      assert.equal(again.bytes.length, 0);
    }
    await api.get(configPath('raw', 'absent'), {
      query: { raw: 'true' },
      status: 404,
      reason: 'config_not_found',
    });
    assert.equal((await api.get(configPath('raw', 'k'), { query: { raw: 'false' } })).data.key, 'k');
  });

  test('Booleans are true or false and nothing else, and no parameter comes twice', async () => {
    await api.createNamespaces('booleans');
    await api.publish('booleans', 'k', 'v');
    const path = configPath('booleans', 'k');
    for (const name of ['raw', 'inherit']) {
      for (const value of ['', '1', '0', 'yes', 'TRUE', 'True', 'true ', 'false,true']) {
        await api.get(path, {
          query: { [name]: value },
          status: 400,
          reason: 'invalid_parameter',
          field: name,
        });
      }
      await api.get(`${path}?${name}=true&${name}=true`, {
        status: 400,
        reason: 'invalid_parameter',
        field: name,
      });
    }
    await api.get(`${path}?raw`, { status: 400, reason: 'invalid_parameter', field: 'raw' });
    await api.get(path, {
      query: { colour: 'red' },
      status: 400,
      reason: 'unknown_parameter',
      field: 'colour',
    });
    await api.get(path, { query: { Raw: 'true' }, status: 400, reason: 'unknown_parameter', field: 'Raw' });
  });
});

describe('Inheritance', () => {
  const { api } = useConferd();

  test('What a namespace does not serve is looked up above it, nearest first', async () => {
    await api.createNamespaces('prod', 'prod.acme', 'prod.acme.orders');
    await api.publish('prod', 'k', 'from prod');
    const lookUp = async (namespace) => {
      const { namespace: found, content } = await api.read(namespace, 'k');
      return [found, content];
    };

    assert.deepEqual(await lookUp('prod.acme.orders'), ['prod', 'from prod']);
    await api.publish('prod.acme', 'k', 'from acme');
    assert.deepEqual(await lookUp('prod.acme.orders'), ['prod.acme', 'from acme']);
    assert.deepEqual(await lookUp('prod.acme'), ['prod.acme', 'from acme']);
    assert.deepEqual(await lookUp('prod'), ['prod', 'from prod']);

    await api.save('prod.acme.orders', 'k', 'unpublished');
    assert.deepEqual(
      await lookUp('prod.acme.orders'),
      ['prod.acme', 'from acme'],
      'what is not published hides nothing',
    );
    await api.post(configPath('prod.acme.orders', 'k', 'publish'), {});
    assert.deepEqual(await lookUp('prod.acme.orders'), ['prod.acme.orders', 'unpublished']);

    await api.delete(configPath('prod.acme.orders', 'k'));
    assert.deepEqual(
      await lookUp('prod.acme.orders'),
      ['prod.acme', 'from acme'],
      'a delete uncovers what is above',
    );
    await api.delete(configPath('prod.acme', 'k'));
    assert.deepEqual(await lookUp('prod.acme.orders'), ['prod', 'from prod']);
  });

  test('A namespace that does not exist inherits too, and inherit=false looks nowhere else', async () => {
    await api.createNamespaces('stage');
    await api.publish('stage', 'k', 'v');
    assert.equal((await api.read('stage.nobody.made.this', 'k')).namespace, 'stage');
    assert.equal((await api.get(configPath('stage.x', 'k'), { query: { raw: 'true' } })).text, 'v');
    await api.get(configPath('stage.x', 'k'), { query: { inherit: 'false' }, status: 404 });
    await api.get(configPath('stage', 'absent'), {
      query: { inherit: 'false' },
      status: 404,
      reason: 'config_not_found',
    });
    await api.get(configPath('stagex', 'k'), { status: 404 });
    await api.get(configPath('stag', 'k'), { status: 404 });
    assert.equal((await api.read('stage', 'k', { inherit: 'false' })).content, 'v');
  });

  test('History is never inherited', async () => {
    await api.createNamespaces('hist', 'hist.child');
    await api.publish('hist', 'k', 'v');
    for (const tail of [['versions'], ['versions', 1], ['diff'], ['releases']]) {
      await api.get(configPath('hist.child', 'k', ...tail), { status: 404, reason: 'config_not_found' });
    }
    await api.get(configPath('hist.child', 'k'), {
      query: { version: 1 },
      status: 404,
      reason: 'config_not_found',
    });
    await api.delete(configPath('hist.child', 'k'), { status: 404, reason: 'config_not_found' });
    assert.equal((await api.read('hist', 'k')).content, 'v');
  });

  test('A child does not inherit from what was deleted with its namespace', async () => {
    await api.createNamespaces('gone', 'gone.child');
    await api.publish('gone', 'k', 'v');
    assert.equal((await api.read('gone.child', 'k')).content, 'v');
    await api.delete(namespacePath('gone'), { query: { recursive: 'true' } });
    await api.get(configPath('gone.child', 'k'), { status: 404, reason: 'config_not_found' });
  });
});

describe('Deleting a config', () => {
  const { api } = useConferd();

  test('A deleted config is served no more, and a later save goes on with its numbers', async () => {
    await api.createNamespaces('del');
    await api.publish('del', 'k', 'one');
    const revision = await api.revision();
    const { data } = await api.delete(configPath('del', 'k'));
    assert.deepEqual(data, { namespace: 'del', key: 'k', version: null, revision: revision + 1 });

    await api.get(configPath('del', 'k'), { status: 404, reason: 'config_not_found' });
    await api.delete(configPath('del', 'k'), { status: 404, reason: 'config_not_found' });
    assert.equal(await api.revision(), revision + 1);

    const saved = await api.put(configPath('del', 'k'), { content: 'two' }, { status: 200 });
    assert.equal(saved.data.version, 2);
    assert.equal(saved.data.created, true);
    await api.get(configPath('del', 'k'), { status: 404, reason: 'config_not_found' });
    const [item] = await api.walk(namespacePath('del', 'configs'));
    assert.deepEqual(
      [item.version, item.latest_version, item.deleted],
      [null, 2, false],
      'it exists again, unpublished',
    );
    await api.delete(configPath('del', 'k'));
  });

  test('A config that was never published can be deleted', async () => {
    await api.createNamespaces('draft');
    await api.save('draft', 'k', 'one');
    assert.equal((await api.delete(configPath('draft', 'k'))).data.version, null);
    assert.deepEqual(await api.walk(namespacePath('draft', 'configs')), []);
    assert.equal((await api.publish('draft', 'k', 'two')).version, 2);
  });

  test('The newest content saved again after a delete revives the config without a new version', async () => {
    await api.createNamespaces('revive');
    await api.publish('revive', 'k', 'same');
    await api.delete(configPath('revive', 'k'));
    const revived = await api.put(
      configPath('revive', 'k'),
      { content: 'same', publish: true },
      { status: 200 },
    );
    assert.equal(revived.data.created, false);
    assert.equal(revived.data.version, 1);
    assert.equal((await api.read('revive', 'k')).content, 'same');
  });
});

describe('Listing configs', () => {
  const { api } = useConferd();
  const list = (namespace, query) => api.walk(namespacePath(namespace, 'configs'), query);

  test('An item tells the version in force and the newest one', async () => {
    await api.createNamespaces('items');
    await api.publish('items', 'both', 'one', { comment: 'published' });
    await api.save('items', 'both', 'two', { comment: 'saved' });
    await api.save('items', 'draft', 'draft');
    await api.publish('items', 'gone', 'gone');
    await api.delete(configPath('items', 'gone'));

    const [both, draft, ...none] = await list('items');
    assert.deepEqual(none, []);
    assert.deepEqual(Object.keys(both), [
      'namespace', 'key', 'version', 'latest_version', 'revision', 'format', 'sha256', 'updated_at',
      'updated_by', 'comment', 'deleted',
    ]);
    assert.deepEqual(
      [both.version, both.latest_version, both.comment, both.sha256],
      [1, 2, 'published', sha256('one')],
    );
    assert.equal(both.revision, (await api.read('items', 'both')).revision);
    assert.deepEqual([draft.version, draft.latest_version, draft.sha256], [null, 1, sha256('draft')]);

    const withDeleted = await list('items', { deleted: 'true' });
    assert.deepEqual(
      withDeleted.map(({ key, version, deleted }) => [key, version, deleted]),
      [
        ['both', 1, false],
        ['draft', null, false],
        ['gone', null, true],
      ],
    );
    const withContent = await list('items', { content: 'true', deleted: 'true' });
    assert.deepEqual(
      withContent.map(({ content }) => content),
      ['one', 'draft', 'gone'],
    );
  });

  test('prefix filters by the beginning of the key, byte for byte', async () => {
    await api.createNamespaces('prefixes');
    for (const key of ['app', 'app.json', 'app_x', 'appx', 'App', 'b'])
      await api.save('prefixes', key, '"v"');
    assert.deepEqual(keysOf(await list('prefixes', { prefix: 'app' })), ['app', 'app.json', 'app_x', 'appx']);
    assert.deepEqual(keysOf(await list('prefixes', { prefix: 'app_' })), ['app_x']);
    assert.deepEqual(keysOf(await list('prefixes', { prefix: 'A' })), ['App']);
    assert.deepEqual(keysOf(await list('prefixes', { prefix: '%' })), []);
    assert.deepEqual(keysOf(await list('prefixes', { prefix: 'app', limit: 1 })), [
      'app', 'app.json', 'app_x', 'appx',
    ]);
  });

  test('q searches keys and contents in force, ignoring the case of ASCII letters', async () => {
    await api.createNamespaces('search');
    await api.publish('search', 'alpha', 'the Quick brown fox');
    await api.publish('search', 'QUICK-key', 'nothing');
    await api.publish('search', 'umlaut', 'ÄRGER 100% a_b \\ \'"');
    await api.publish('search', 'later', 'plain');
    await api.save('search', 'later', 'quick, but not in force');
    await api.save('search', 'draft', 'quick, but not in force');
    await api.publish('search', 'gone', 'quick');
    await api.delete(configPath('search', 'gone'));

    const found = async (q, query = {}) => keysOf(await list('search', { q, ...query }));
    assert.deepEqual(await found('quick'), ['QUICK-key', 'alpha']);
    assert.deepEqual(await found('qUiCk', { limit: 1 }), ['QUICK-key', 'alpha']);
    assert.deepEqual(await found('quick brown'), ['alpha']);
    assert.deepEqual(await found('Ärger'), ['umlaut']);
    assert.deepEqual(await found('ärger'), [], 'other letters match as they are');
    assert.deepEqual(await found('100%'), ['umlaut']);
    assert.deepEqual(await found('A_B'), ['umlaut']);
    assert.deepEqual(await found('a%b'), [], 'no wildcards');
    assert.deepEqual(await found('_'), ['umlaut']);
    assert.deepEqual(await found('*'), []);
    assert.deepEqual(await found('\\ \'"'), ['umlaut']);
    assert.deepEqual(await found('quick', { prefix: 'a' }), ['alpha']);
    assert.deepEqual(await found('no such text'), []);
  });

  test('inherit=true adds what a read would inherit, even for a namespace that does not exist', async () => {
    await api.createNamespaces('up', 'up.mid', 'up.mid.low');
    await api.publish('up', 'a', 'up');
    await api.publish('up', 'b', 'up');
    await api.publish('up', 'c', 'up');
    await api.save('up', 'draft', 'up');
    await api.publish('up.mid', 'b', 'mid');
    await api.publish('up.mid.low', 'c', 'low');
    await api.save('up.mid.low', 'b', 'low, not published');
    await api.publish('up.mid.low', 'd', 'low');
    const places = async (namespace, query) =>
      (await list(namespace, { inherit: 'true', ...query })).map(
        (item) => `${item.key}@${item.namespace}:${item.version}`,
      );

    const expected = ['a@up:1', 'b@up.mid.low:null', 'b@up.mid:1', 'c@up.mid.low:1', 'd@up.mid.low:1'];
    assert.deepEqual(await places('up.mid.low'), expected);
    assert.deepEqual(await places('up.mid.low', { limit: 1 }), expected, 'pages cut nowhere wrong');
    assert.deepEqual(await places('up.mid.low', { limit: 2 }), expected);
    assert.deepEqual(await places('up.mid.absent'), ['a@up:1', 'b@up.mid:1', 'c@up:1']);
    assert.deepEqual(await places('nowhere'), []);
    await api.get(namespacePath('up.mid.absent', 'configs'), { status: 404, reason: 'namespace_not_found' });
    await api.get(namespacePath('up.mid.absent', 'configs'), { query: { inherit: 'false' }, status: 404 });

    for (const item of await list('up.mid.low', { inherit: 'true', content: 'true' })) {
      if (item.version !== null)
        assert.equal(item.content, (await api.read('up.mid.low', item.key)).content, 'as a read would');
    }
  });

  test('Paging sees what exists all the while exactly once, whatever is written meanwhile', async () => {
    await api.createNamespaces('paged');
    const steady = Array.from({ length: 200 }, (_, i) => `steady-${String(i).padStart(3, '0')}`);
    await Promise.all(steady.map((key) => api.publish('paged', key, key)));

    let page = 0;
    const items = await api.walk(
      namespacePath('paged', 'configs'),
      { limit: 7 },
      async ({ items: [{ key }] }) => {
        await api.publish('paged', `a-before-${page}`, 'x'); // sorts before all that is steady
        await api.publish('paged', `${key}-between`, 'x'); // sorts just behind the page's first
        await api.publish('paged', `z-after-${page}`, 'x');
        await api.publish('paged', steady[page * 3], `changed ${page}`);
        if (page > 0) await api.delete(configPath('paged', `z-after-${page - 1}`));
        page++;
      },
    );

    const keys = keysOf(items);
    assert.deepEqual(keys, [...new Set(keys)].sort(), 'ordered, and nothing twice');
    assert.deepEqual(
      keys.filter((key) => /^steady-\d+$/.test(key)),
      steady,
    );
    assert.ok(page > 20, `${page} pages`);
  });

  test('A page with large contents ends early rather than growing without bound', async () => {
    await api.createNamespaces('large');
    const content = 'x'.repeat(1024 * 1024);
    for (let i = 0; i < 24; i++) await api.publish('large', `k${i}`, content);
    let pages = 1;
    const items = await api.walk(
      namespacePath('large', 'configs'),
      { content: 'true', limit: 1000 },
      async () => pages++,
    );
    assert.equal(items.length, 24);
    assert.ok(items.every((item) => item.content === content));
    assert.ok(pages > 1, 'more than one page');
  });
});
