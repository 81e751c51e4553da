// confer schema: what it asks of the server, what it prints, how it fails.
'use strict';

const assert = require('node:assert/strict');
const { describe, test } = require('node:test');
const { codes, useConfer } = require('../lib/confer.js');
const { useConferd } = require('../lib/conferd.js');

describe('confer schema', () => {
  const server = useConferd();
  const { api } = server;
  const confer = useConfer(server);
  const schema = (...args) => confer.run('schema', ...args);
  const cells = (lines) => lines.map((line) => line.split(/ {2,}/));

  test('A schema is attached, listed and detached', async () => {
    await api.createNamespaces('prod', 'prod.acme', 'schemas');
    await api.publish('schemas', 'limits.json', '{"required":["rate_limit"]}');
    assert.deepEqual((await schema('attach', 'prod', 'schemas', 'limits.json')).lines, ['prod: the schema is attached']);
    assert.deepEqual((await schema('attach', 'prod.acme', 'schemas', 'limits.json', '--for', 'a.json', '--comment', 'why')).lines, [
      'prod.acme a.json: the schema is attached',
    ]);
    const [heading, ...rows] = cells((await schema('list', 'prod.acme')).lines);
    assert.deepEqual(heading.slice(0, 5), ['NAMESPACE', 'KEY', 'SCHEMA NAMESPACE', 'SCHEMA KEY', 'VERSION']);
    assert.deepEqual(rows.map((row) => row.slice(0, 5)), [
      ['prod.acme', 'a.json', 'schemas', 'limits.json', '1'],
      ['prod', '-', 'schemas', 'limits.json', '1'],
    ]);
    const { data } = await api.get('/api/v1/namespaces/prod.acme/schemas');
    assert.deepEqual(await confer.json('schema', 'list', 'prod.acme'), data);
    assert.deepEqual((await schema('detach', 'prod.acme', '--for', 'a.json')).lines, ['prod.acme a.json: the schema is detached']);
    await confer.fails(codes.notFound, /no schema is attached to this namespace/, ['schema', 'detach', 'prod.acme']);
  });

  test('A content is checked without being saved', async () => {
    const before = await api.status();
    const check = (content, code) => confer.start(['schema', 'check', 'prod.acme', 'b.json'], { input: content }).end(code);
    assert.equal((await check('{"rate_limit":1}')).stdout, 'it fits (version 1 of limits.json in schemas)\n');
    assert.equal(
      (await check('{}', codes.refused)).stdout,
      "the content must have the member 'rate_limit' (version 1 of limits.json in schemas)\n",
    );
    assert.deepEqual(await api.status(), before);
  });
});
