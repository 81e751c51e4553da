// History: what a config was, and what changed.
'use strict';

const assert = require('node:assert/strict');
const { describe, test } = require('node:test');
const { configPath } = require('../lib/client.js');
const { useConferd } = require('../lib/conferd.js');
const { Random } = require('../lib/random.js');
const { applyDiff } = require('../lib/unified-diff.js');

describe('Versions', () => {
  const { api } = useConferd();

  test('They are listed newest first, each as it was saved', async () => {
    await api.createNamespaces('list');
    const saved = [];
    for (const content of ['one', 'two', 'three'])
      saved.unshift(await api.save('list', 'k', content, { comment: `why ${content}` }));
    await api.post(configPath('list', 'k', 'publish'), { version: 2, comment: 'elsewhere' });
    const expected = saved.map(({ created, ...rest }) => rest);
    assert.deepEqual(await api.walk(configPath('list', 'k', 'versions')), expected);
    assert.deepEqual(await api.walk(configPath('list', 'k', 'versions'), { limit: 1 }), expected);

    const bare = expected.map(({ content, ...rest }) => rest);
    assert.deepEqual(await api.walk(configPath('list', 'k', 'versions'), { content: 'false' }), bare);
    for (const version of expected) {
      assert.deepEqual((await api.get(configPath('list', 'k', 'versions', version.version))).data, version);
    }
  });

  test('Paging through them is not disturbed by new ones', async () => {
    await api.createNamespaces('paged');
    for (let i = 1; i <= 20; i++) await api.save('paged', 'k', `${i}`);
    const items = await api.walk(configPath('paged', 'k', 'versions'), { limit: 3 }, async () => {
      await api.save('paged', 'k', `${Math.random()}`);
    });
    assert.deepEqual(
      items.map(({ version }) => version),
      Array.from({ length: 20 }, (_, i) => 20 - i),
    );
  });

  test('A page of large contents ends early, and nothing is missing in the whole', async () => {
    await api.createNamespaces('large');
    const megabyte = 'x'.repeat(1024 * 1024 - 10);
    for (let i = 1; i <= 20; i++) await api.save('large', 'k', `${megabyte}${i}`);
    let pages = 1;
    const items = await api.walk(configPath('large', 'k', 'versions'), { limit: 1000 }, async () => pages++);
    assert.deepEqual(
      items.map(({ content }) => content.slice(megabyte.length)),
      Array.from({ length: 20 }, (_, i) => `${20 - i}`),
    );
    assert.ok(pages >= 2, `${pages} pages`);

    const { data } = await api.get(configPath('large', 'k', 'versions'), {
      query: { limit: 1000, content: 'false' },
    });
    assert.deepEqual([data.items.length, data.cursor], [20, null]);
  });

  test('What is not there is 404, what cannot be is 400', async () => {
    await api.createNamespaces('absent');
    await api.save('absent', 'k', 'x');
    await api.get(configPath('absent', 'k', 'versions', 2), { status: 404, reason: 'version_not_found' });
    await api.get(configPath('absent', 'l', 'versions', 1), { status: 404, reason: 'config_not_found' });
    await api.get(configPath('nowhere', 'k', 'versions', 1), { status: 404, reason: 'namespace_not_found' });
    await api.get(configPath('absent', 'l', 'versions'), { status: 404, reason: 'config_not_found' });
    await api.get(configPath('nowhere', 'k', 'versions'), { status: 404, reason: 'namespace_not_found' });
    for (const version of ['0', '-1', 'abc', '1.0', '99999999999999999999', '1x', '+1', ' 1']) {
      await api.get(configPath('absent', 'k', 'versions', version), { status: 400, field: 'version' });
    }
  });
});

describe('Diffs', () => {
  const { api } = useConferd();
  const diff = async (namespace, key, query) =>
    (await api.get(configPath(namespace, key, 'diff'), { query })).data;

  test('A small change reads as diff -u would write it', async () => {
    await api.createNamespaces('small');
    const lines = Array.from({ length: 12 }, (_, i) => `line ${i + 1}`);
    await api.publish('small', 'k', `${lines.join('\n')}\n`);
    lines[5] = 'changed';
    await api.save('small', 'k', `${lines.join('\n')}\n`);
    assert.deepEqual(await diff('small', 'k'), {
      namespace: 'small',
      key: 'k',
      from: 1,
      to: 2,
      diff: [
        '--- k@1', '+++ k@2', '@@ -3,7 +3,7 @@', ' line 3', ' line 4', ' line 5', '-line 6', '+changed',
        ' line 7', ' line 8', ' line 9', '',
      ].join('\n'),
    });
  });

  test('A missing final newline shows', async () => {
    await api.createNamespaces('newline');
    await api.save('newline', 'k', 'a\nb');
    await api.save('newline', 'k', 'a\nb\n');
    assert.equal(
      (await diff('newline', 'k', { from: 1, to: 2 })).diff,
      '--- k@1\n+++ k@2\n@@ -1,2 +1,2 @@\n a\n-b\n\\ No newline at end of file\n+b\n',
    );
  });

  test('Left out, from is the version in force and to the newest', async () => {
    await api.createNamespaces('defaults');
    await api.save('defaults', 'k', 'one\n');
    const draft = await diff('defaults', 'k');
    assert.deepEqual([draft.from, draft.to], [null, 1]);
    assert.equal(applyDiff('', draft.diff).text, 'one\n');

    await api.post(configPath('defaults', 'k', 'publish'), {});
    assert.deepEqual(await diff('defaults', 'k'), {
      namespace: 'defaults',
      key: 'k',
      from: 1,
      to: 1,
      diff: '',
    });
    await api.save('defaults', 'k', 'two\n');
    await api.save('defaults', 'k', 'three\n');
    const { from, to, diff: text } = await diff('defaults', 'k');
    assert.deepEqual([from, to], [1, 3]);
    assert.equal(applyDiff('one\n', text).text, 'three\n');
    assert.deepEqual((({ from: f, to: t }) => [f, t])(await diff('defaults', 'k', { from: 2 })), [2, 3]);
    assert.deepEqual((({ from: f, to: t }) => [f, t])(await diff('defaults', 'k', { to: 2 })), [1, 2]);
    const backwards = await diff('defaults', 'k', { from: 3, to: 1 });
    assert.equal(applyDiff('three\n', backwards.diff).text, 'one\n');

    await api.delete(configPath('defaults', 'k'));
    assert.deepEqual(
      (({ from: f, to: t }) => [f, t])(await diff('defaults', 'k')),
      [null, 3],
      'after a delete nothing is in force',
    );
  });

  test('Versions that are not there, or cannot be, are refused', async () => {
    await api.createNamespaces('refused');
    await api.save('refused', 'k', 'x');
    for (const side of ['from', 'to']) {
      await api.get(configPath('refused', 'k', 'diff'), {
        query: { [side]: 2 },
        status: 404,
        reason: 'version_not_found',
        field: side,
      });
      for (const version of ['0', 'x', '', '-1']) {
        await api.get(configPath('refused', 'k', 'diff'), {
          query: { [side]: version },
          status: 400,
          reason: 'invalid_parameter',
          field: side,
        });
      }
    }
    await api.get(configPath('refused', 'absent', 'diff'), { status: 404, reason: 'config_not_found' });
  });

  for (const [what, old, young] of [
    ['from nothing', '', 'a\nb\n'],
    ['to nothing', 'a\nb\n', ''],
    ['from nothing to an empty line', '', '\n'],
    ['of line ends alone', 'a\nb\n', 'a\r\nb\r\n'],
    ['of a byte order mark', 'a\n', '\ufeffa\n'],
    [
      'of lines that look like a diff',
      '--- a\n+++ b\n@@ -1 +1 @@\n',
      '+++ b\n--- a\n\\ No newline at end of file\n',
    ],
    ['without any final newline', 'a', 'b'],
    ['at the beginning', 'a\nb\nc\nd\ne\nf\n', 'x\na\nb\nc\nd\ne\nf\n'],
    ['at the end', 'a\nb\nc\nd\ne\nf\n', 'a\nb\nc\nd\ne\nf\nx'],
    ['of repeated lines', 'a\n'.repeat(50), 'a\n'.repeat(49)],
    ['of control characters', '\u0001\u007f\n', '\u0002\u0085\n'],
  ]) {
    test(`A diff ${what} makes the new text of the old one`, async () => {
      const namespace = 'pairs';
      await api.post('/api/v1/namespaces', { name: namespace }, { status: 'any' });
      const key = what.replace(/ /g, '-');
      await api.save(namespace, key, old);
      await api.save(namespace, key, young);
      const forward = await diff(namespace, key, { from: 1, to: 2 });
      const applied = applyDiff(old, forward.diff);
      assert.equal(applied.text, young);
      assert.deepEqual(applied.names, [`${key}@1`, `${key}@2`]);
      assert.equal(applyDiff(young, (await diff(namespace, key, { from: 2, to: 1 })).diff).text, old);
    });
  }

  test('Any diff makes the new text of the old one: 100 random edits', async (t) => {
    const random = new Random();
    t.diagnostic(`CONFER_SEED=${random.seed}`);
    await api.createNamespaces('random');
    const words = ['a', 'b', 'c', '', 'long line with words', '}', '\t- x: 1'];
    const end = () => random.pick(['', '\n']);
    let lines = Array.from({ length: 60 }, () => random.pick(words));
    let old = lines.join('\n') + end();
    await api.save('random', 'k', old);

    for (let version = 1; version <= 100; version++) {
      for (let edits = random.integer(0, 6); edits >= 0; edits--) {
        const inserted = Array.from({ length: random.integer(0, 3) }, () => random.pick(words));
        lines.splice(random.integer(0, lines.length), random.integer(0, 3), ...inserted);
      }
      const young = lines.join('\n') + end();
      const saved = await api.save('random', 'k', young);
      if (!saved.created) {
        version--;
        continue;
      }
      const { diff: text } = await diff('random', 'k', { from: version, to: version + 1 });
      assert.equal(applyDiff(old, text).text, young, `CONFER_SEED=${random.seed}, version ${version}`);
      old = young;
    }
  });

  test('Two large texts that have nothing in common are compared too', async () => {
    await api.createNamespaces('huge');
    const text = (salt) =>
      Array.from({ length: 40000 }, (_, i) => `${salt} ${(i * 7919) % 40009}`).join('\n');
    const [old, young] = [text('old'), text('new')];
    await api.save('huge', 'k', old);
    await api.save('huge', 'k', young);
    assert.equal(applyDiff(old, (await diff('huge', 'k', { from: 1, to: 2 })).diff).text, young);

    const shuffled = old.split('\n').reverse().join('\n');
    await api.save('huge', 'k', shuffled);
    assert.equal(applyDiff(old, (await diff('huge', 'k', { from: 1, to: 3 })).diff).text, shuffled);

    const lineBreaks = '\n'.repeat(1024 * 1024);
    await api.save('huge', 'breaks', lineBreaks);
    await api.save('huge', 'breaks', 'x\n'.repeat(512 * 1024));
    assert.equal(
      applyDiff(lineBreaks, (await diff('huge', 'breaks', { from: 1, to: 2 })).diff).text,
      'x\n'.repeat(512 * 1024),
    );
  });
});
