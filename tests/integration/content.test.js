// What is parsed before it is saved: JSON, YAML and XML, and what is not: the rest.
'use strict';

const assert = require('node:assert/strict');
const net = require('node:net');
const { describe, test } = require('node:test');
const { configPath } = require('../lib/client.js');
const { useConferd } = require('../lib/conferd.js');

const deep = (open, close, n) => open.repeat(n) + close.repeat(n);

const entityBomb = `<?xml version="1.0"?>
<!DOCTYPE lolz [
 <!ENTITY lol0 "lol">
${Array.from({ length: 12 }, (_, i) => ` <!ENTITY lol${i + 1} "${`&lol${i};`.repeat(10)}">`).join('\n')}
]>
<lolz>&lol12;</lolz>`;

const yamlBomb = [
  'a0: &a0 [x, x]',
  ...Array.from({ length: 30 }, (_, i) => `a${i + 1}: &a${i + 1} [*a${i}, *a${i}]`),
].join('\n');

const valid = [
  ['json', 'an object', '{"a": [1, 2.5e3, true, false, null, "ä\\u00e4\\n"]}'],
  ['json', 'a scalar', '7'],
  ['json', 'a string', '"x"'],
  ['json', 'null', 'null'],
  ['json', 'blanks around it', ' \t\r\n{}\r\n\n'],
  ['json', 'a byte order mark', '\ufeff{"a": 1}'],
  ['json', 'a member that is there twice', '{"a": 1, "a": 2}'],
  ['json', 'an integer beyond 64 bits', '{"a": 123456789012345678901234567890}'],
  ['json', 'a number that no double can hold apart from 0', '{"a": 1e-400}'],
  ['json', 'an escaped NUL', '{"a": "x\\u0000y"}'],
  ['json', 'some depth', deep('[', ']', 100)],
  ['yaml', 'a mapping', 'a: 1\nb: [x, y]\nc: |\n  text\n'],
  ['yaml', 'several documents', '---\na: 1\n---\nb: 2\n...\n'],
  ['yaml', 'anchors and tags', 'a: &x !!str 1\nb: *x\n'],
  ['yaml', "an application's own tags", 'a: !Ref b\nc: !Sub\n  - x\n'],
  ['yaml', 'nothing', ''],
  ['yaml', 'only a comment', '# nothing\n'],
  ['yaml', 'a byte order mark and CRLF', '\ufeffa: 1\r\nb: 2\r\n'],
  ['yaml', 'a key that is there twice', 'a: 1\na: 2\n'],
  ['yaml', 'a directive', '%YAML 1.2\n---\na: 1\n'],
  ['yaml', 'emoji', 'a: 😀\n'],
  ['xml', 'an element', '<a/>'],
  [
    'xml',
    'a declaration and namespaces',
    '<?xml version="1.0" encoding="UTF-8"?>\n<a xmlns:b="urn:b"><b:c d="&amp;ä">x</b:c></a>\n',
  ],
  ['xml', 'a byte order mark', '\ufeff<a/>'],
  ['xml', 'a document type', '<!DOCTYPE a [<!ELEMENT a ANY> <!ENTITY e "x">]>\n<a>&e;</a>'],
  ['xml', 'comments and CDATA', '<!-- c --><a><![CDATA[<&>]]></a><!-- d -->'],
  ['toml', 'what no parser would take', '= = =\n[[['],
  ['properties', 'what no parser would take', '\\u00zz'],
  ['text', 'anything', '{'],
];

// The line is exact; the column is only held to be inside the line, since parsers differ in what they point at.
const invalid = [
  ['json', 'nothing', '', 1],
  ['json', 'only blanks', '  \n ', null],
  ['json', 'an open object', '{"a": 1', 1],
  ['json', 'a trailing comma', '{\n  "a": 1,\n}', 3],
  ['json', 'two values', '{}\n{}', 2],
  ['json', 'a comment', '{\n// no\n}', 2],
  ['json', 'single quotes', "{'a': 1}", 1],
  ['json', 'a bare word', '\n\nyes', 3],
  ['json', 'NaN', '[NaN]', 1],
  ['json', 'a leading zero', '[\n01]', 2],
  ['json', 'a line break in a string', '{"a": "x\ny"}', null],
  ['json', 'an unknown escape', '["\\x"]', 1],
  ['json', 'two byte order marks', '\ufeff\ufeff{}', 1],
  ['json', 'a byte order mark inside', '{\ufeff}', 1],
  ['json', 'more depth than is good', deep('[', ']', 100000), 1],
  ['json', 'more depth of objects than is good', '{"a":'.repeat(50000) + '1' + '}'.repeat(50000), 1],
  ['yaml', 'an open bracket', 'a: [1, 2\nb: 3\n', null],
  ['yaml', 'a tab for indentation', 'a:\n\tb: 1\n', 2],
  ['yaml', 'a mapping that goes on at the wrong depth', 'a: 1\n  b: 2\n', 2],
  ['yaml', 'an open quote', 'a: "x\n', null],
  ['yaml', 'an unknown directive on a bad line', '%YAML 3.0\n---\na: 1\n', null],
  ['yaml', 'a control character', 'a: \u0001\n', 1],
  ['yaml', 'more depth than is good', deep('[', ']', 100000), 1],
  ['xml', 'nothing', '', null],
  ['xml', 'text alone', 'hello', 1],
  ['xml', 'an open element', '<a>\n<b>\n</a>', 3],
  ['xml', 'two roots', '<a/>\n<b/>', 2],
  ['xml', 'an unquoted attribute', '<a\n b=1/>', 2],
  ['xml', 'an attribute that is there twice', '<a b="1" b="2"/>', 1],
  ['xml', 'a bare ampersand', '<a>\n&</a>', 2],
  ['xml', 'a control character', '<a>\u0001</a>', 1],
  ['xml', 'more depth than is good', `${'<a>'.repeat(50000)}${'</a>'.repeat(50000)}`, 1],
];

describe('Contents', () => {
  const server = useConferd();
  const { api } = server;
  const path = configPath('content', 'k');

  test('There is a namespace to put them into', async () => {
    await api.createNamespaces('content');
    await api.publish('content', 'k', 'the one in force');
  });

  for (const [format, what, content] of valid) {
    test(`${format} takes ${what}`, async () => {
      const key = `valid-${format}`;
      await api.publish('content', key, content, { format });
      assert.equal((await api.get(configPath('content', key), { query: { raw: 'true' } })).text, content);
    });
  }

  for (const [format, what, content, line] of invalid) {
    test(`${format} refuses ${what}, and names the place`, async () => {
      const before = await api.status();
      const { details } = await api.put(
        path,
        { content, format, publish: true },
        { status: 422, reason: 'invalid_content', field: 'content' },
      );
      assert.equal(details.length, 1);
      if (line) assert.equal(details[0].line, line, JSON.stringify(details));

      const lines = content.split('\n').map((text) => Buffer.byteLength(text));
      assert.ok(details[0].line <= lines.length, `line ${details[0].line} of ${lines.length}`);
      const longest = lines[details[0].line - 1] + 1;
      assert.ok(details[0].column <= longest + 1, `column ${details[0].column} of ${longest}`);
      assert.deepEqual(await api.status(), before);
    });
  }

  test('A refusal in a transaction names the operation', async () => {
    const operations = [
      { op: 'put', namespace: 'content', key: 'a', content: 'fine' },
      { op: 'put', namespace: 'content', key: 'b.json', content: '{\n"a" 1}' },
    ];
    const { details } = await api.post(
      '/api/v1/transactions',
      { operations },
      { status: 422, reason: 'invalid_content', field: 'operations[1].content' },
    );
    assert.equal(details[0].line, 2);
    await api.get(configPath('content', 'a', 'versions'), { status: 404 });
  });

  for (const [what, format, content] of [
    ['a bomb of entities', 'xml', entityBomb],
    ['a bomb of aliases', 'yaml', yamlBomb],
    ['an entity from the disk', 'xml', '<!DOCTYPE a [<!ENTITY e SYSTEM "file:///etc/passwd">]><a>&e;</a>'],
    ['a document type from the disk', 'xml', '<!DOCTYPE a SYSTEM "file:///etc/passwd"><a/>'],
    ['a parameter entity', 'xml', '<!DOCTYPE a [<!ENTITY % p SYSTEM "file:///etc/hostname"> %p;]><a/>'],
    ['a recursive entity', 'xml', '<!DOCTYPE a [<!ENTITY e "&f;"><!ENTITY f "&e;">]><a>&e;</a>'],
    [
      'an inclusion',
      'xml',
      '<a xmlns:x="http://www.w3.org/2001/XInclude"><x:include href="/etc/passwd" parse="text"/></a>',
    ],
  ]) {
    test(`${what} is kept as it is or refused, but never expanded`, async () => {
      const answer = await api.put(
        configPath('content', 'hostile'),
        { content, format, publish: true },
        { status: 'any' },
      );
      assert.ok([200, 201, 422].includes(answer.status), answer.text);
      if (answer.status !== 422) {
        assert.equal(
          (await api.get(configPath('content', 'hostile'), { query: { raw: 'true' } })).text,
          content,
        );
      }
      assert.doesNotMatch(answer.text, /root:|lollol.{200000}/);
    });
  }

  test('Parsing never goes to the network', async () => {
    let connections = 0;
    const listener = net.createServer((socket) => {
      connections++;
      socket.destroy();
    });
    await new Promise((resolve) => listener.listen(0, '127.0.0.1', resolve));
    const url = `http://127.0.0.1:${listener.address().port}/evil.dtd`;
    for (const content of [
      `<!DOCTYPE a SYSTEM "${url}"><a/>`,
      `<!DOCTYPE a PUBLIC "-//X//Y" "${url}"><a>&e;</a>`,
      `<!DOCTYPE a [<!ENTITY e SYSTEM "${url}">]><a>&e;</a>`,
      `<!DOCTYPE a [<!ENTITY % p SYSTEM "${url}"> %p;]><a/>`,
      `<a xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:schemaLocation="urn:x ${url}"/>`,
    ]) {
      await api.put(configPath('content', 'network'), { content, format: 'xml' }, { status: 'any' });
    }
    await new Promise((resolve) => listener.close(resolve));
    assert.equal(connections, 0);
  });
});
