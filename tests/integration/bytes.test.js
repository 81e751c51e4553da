// Contents come back byte for byte as they were saved, by every way of writing and of reading, also after a restart.
'use strict';

const assert = require('node:assert/strict');
const crypto = require('node:crypto');
const { describe, test } = require('node:test');
const { configPath, namespacePath, root } = require('../lib/client.js');
const { useConferd } = require('../lib/conferd.js');

const limit = 1024 * 1024;
const controls = Array.from({ length: 31 }, (_, i) => String.fromCharCode(i + 1)).join('');

const contents = {
  empty: '',
  'one-byte': 'x',
  'lf-only': '\n',
  'no-final-newline': 'a\nb',
  'several-final-newlines': 'a\n\n\n',
  crlf: 'a\r\nb\r\n',
  'cr-only': 'a\rb\r',
  'mixed-line-ends': 'a\nb\r\nc\rd',
  'trailing-blanks': '  a \t \n\t',
  bom: '\ufeffa = 1\n',
  'bom-alone': '\ufeff',
  'bom-twice-and-inside': '\ufeff\ufeffa\ufeff',
  'two-bytes': 'äöü ß é',
  'three-bytes': '€ 漢字 \u2028 \u2029 \uffff',
  'four-bytes': '😀 𝄞 \u{10000} \u{10ffff}',
  combining: 'e\u0301 is not \u00e9',
  'right-to-left': 'שלום \u202e abc',
  controls,
  'delete-and-c1': '\u007f\u0080\u0085\u009f',
  quoting: '"\\/\b\f\n\r\t\'`$(rm -rf /)%00%s%n&lt;</script>',
  'json-escapes': '\\u0000 \\ud800 \\" \\\\',
  sql: "'; DROP TABLE versions; --",
  'exactly-the-limit': 'x'.repeat(limit),
  'the-limit-in-four-byte-characters': '😀'.repeat(limit / 4),
  'the-limit-in-what-json-escapes-most': '\u0001'.repeat(limit),
};

describe('Bytes', () => {
  const server = useConferd();
  const { api } = server;

  async function assertEverywhere(namespace, key, content) {
    const bytes = Buffer.from(content);
    const sha256 = crypto.createHash('sha256').update(bytes).digest('hex');
    const raw = await api.get(configPath(namespace, key), { query: { raw: 'true' } });
    assert.ok(raw.bytes.equals(bytes), `${key}, raw`);
    assert.equal(raw.headers['content-length'], String(bytes.length));

    for (const path of [configPath(namespace, key), configPath(namespace, key, 'versions', 1)]) {
      const { data } = await api.get(path);
      assert.ok(Buffer.from(data.content).equals(bytes), `${key}, ${path}`);
      assert.equal(data.sha256, sha256);
    }
    const old = await api.get(configPath(namespace, key), { query: { raw: 'true', version: 1 } });
    assert.ok(old.bytes.equals(bytes), `${key}, version 1, raw`);
  }

  test('Every content comes back as it was saved', async () => {
    await api.createNamespaces('single');
    for (const [key, content] of Object.entries(contents)) {
      const saved = await api.publish('single', key, content, { format: 'text' });
      assert.ok(saved.content === content, `${key}, in the answer to the save`);
      await assertEverywhere('single', key, content);
    }
    const [first] = await api.walk(configPath('single', 'controls', 'versions'));
    assert.equal(first.content, controls);
  });

  test('A transaction saves the same bytes', async () => {
    await api.createNamespaces('together');
    const small = Object.entries(contents).filter(([, content]) => content.length < limit / 4);
    await api.transaction(
      small.map(([key, content]) => ({ op: 'put', namespace: 'together', key, content, publish: true })),
    );
    for (const [key, content] of small) await assertEverywhere('together', key, content);
  });

  test('A content written with JSON escapes is the content that they mean', async () => {
    await api.createNamespaces('escaped');
    const body = String.raw`{"content": "\u0041\u00e4\u20AC\ud83d\ude00\n\/\ufeff\u2028", "publish": true}`;
    await api.put(configPath('escaped', 'k'), body);
    await assertEverywhere('escaped', 'k', 'Aä€😀\n/\ufeff\u2028');
  });

  test('Every content is still the same after a restart', async () => {
    await server.restart();
    for (const [key, content] of Object.entries(contents)) await assertEverywhere('single', key, content);
  });

  test('One byte more than the limit is refused, however many characters that are', async () => {
    await api.createNamespaces('over');
    const revision = await api.revision();
    for (const content of ['x'.repeat(limit + 1), '😀'.repeat(limit / 4) + 'x', '\u0001'.repeat(limit + 1)]) {
      await api.put(
        configPath('over', 'k'),
        { content },
        { status: 413, reason: 'content_too_large', field: 'content' },
      );
      const operations = [{ op: 'put', namespace: 'over', key: 'k', content }];
      await api.post(`${root}/transactions`, { operations }, { status: 413, reason: 'content_too_large' });
    }
    assert.equal(await api.revision(), revision);
    assert.deepEqual(await api.walk(namespacePath('over', 'configs'), { deleted: 'true' }), []);
  });

  test('A NUL is refused in every format, and its place is named', async () => {
    await api.createNamespaces('nul');
    const revision = await api.revision();
    for (const format of ['json', 'yaml', 'toml', 'properties', 'xml', 'text']) {
      const answer = await api.put(
        configPath('nul', 'k'),
        { content: 'ab\ncd\u0000', format },
        { status: 422, reason: 'invalid_content', field: 'content' },
      );
      if (format === 'text') {
        const [{ line, column }] = answer.details;
        assert.deepEqual([line, column], [2, 3]);
      }
    }
    await api.put(configPath('nul', 'k'), { content: '\u0000' }, { status: 422, reason: 'invalid_content' });
    const operations = [
      { op: 'put', namespace: 'nul', key: 'k', content: 'fine' },
      { op: 'put', namespace: 'nul', key: 'l', content: 'x\u0000' },
    ];
    await api.post(
      `${root}/transactions`,
      { operations },
      { status: 422, reason: 'invalid_content', field: 'operations[1].content' },
    );
    assert.equal(await api.revision(), revision);
  });

  for (const [what, bytes] of Object.entries({
    'a lone continuation byte': [0x80],
    'a sequence that is cut short': [0xe2, 0x82],
    'a sequence that is too long for its character': [0xc0, 0xaf],
    'a NUL in two bytes': [0xc0, 0x80],
    'half of a surrogate pair': [0xed, 0xa0, 0x80],
    'a surrogate pair in six bytes': [0xed, 0xa0, 0xbd, 0xed, 0xb8, 0x80],
    'what is beyond the last character': [0xf4, 0x90, 0x80, 0x80],
    'a byte that UTF-8 never has': [0xff],
    'Latin-1': [0xe4, 0x20],
  })) {
    test(`A body with ${what} is refused`, async () => {
      const revision = await api.revision();
      const body = Buffer.concat([Buffer.from('{"content": "x'), Buffer.from(bytes), Buffer.from('y"}')]);
      await api.put(configPath('single', 'never'), body, { status: 400, reason: 'malformed_body' });
      assert.equal(await api.revision(), revision);
    });
  }

  for (const escape of ['\\ud800', '\\udc00', '\\ud800x', '\\udc00\\ud800', '\\ud800\\u0041']) {
    test(`A body with the lone surrogate ${escape} is refused`, async () => {
      const revision = await api.revision();
      await api.put(configPath('single', 'never'), `{"content": "${escape}"}`, {
        status: 400,
        reason: 'malformed_body',
      });
      assert.equal(await api.revision(), revision);
    });
  }
});
