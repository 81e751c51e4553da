// JSON Schema: what a schema governs is what it says, by whichever way it comes in.
'use strict';

const assert = require('node:assert/strict');
const { describe, test } = require('node:test');
const Ajv = require('ajv');
const { configPath, namespacePath } = require('../lib/client.js');
const { useConferd } = require('../lib/conferd.js');

const limits = (maximum) => ({
  type: 'object',
  required: ['rate'],
  additionalProperties: false,
  properties: { rate: { type: 'integer', minimum: 0, maximum }, name: { type: 'string' } },
});
const text = (rate) => JSON.stringify({ rate });
const schemaPath = (namespace, key) => namespacePath(namespace, 'schemas', ...(key ? [encodeURIComponent(key)] : []));
const attach = (api, namespace, key, body, options = {}) =>
  api.put(schemaPath(namespace, key), body, { status: 200, ...options });
const violation = { status: 422, reason: 'schema_violation' };

describe('Enforcement', () => {
  const { api } = useConferd();
  let n = 0;

  /** A namespace with a config `c` and the versions 1: rate 1, 2: rate 50, 3: rate 7; 3 in force; at most 10 from now on. */
  async function governed() {
    const ns = `e${++n}`;
    await api.createNamespaces(ns, `${ns}s`);
    for (const rate of [1, 50, 7]) await api.publish(ns, 'c.json', text(rate));
    await api.publish(`${ns}s`, 'schema', JSON.stringify(limits(10)), { format: 'json' });
    await attach(api, ns, 'c.json', { namespace: `${ns}s`, key: 'schema' });
    return ns;
  }

  /** That @request is refused, and that nothing is other than it was. */
  async function refused(ns, request, problem = /\/rate must be at most 10 \(version 1 of the schema schema in namespace/) {
    const state = async () => [
      await api.status(),
      (await api.get('/api/v1/audit', { query: { namespace: ns } })).data.items,
      await api.walk(configPath(ns, 'c.json', 'versions')),
      await api.walk(configPath(ns, 'c.json', 'releases')),
    ];
    const before = await state();
    const answer = await request();
    assert.match(answer.message, problem);
    assert.deepEqual(await state(), before);
    return answer;
  }

  const ways = {
    'a save': (ns) => api.put(configPath(ns, 'c.json'), { content: text(11) }, violation),
    'a save that publishes': (ns) => api.put(configPath(ns, 'c.json'), { content: text(11), publish: true }, violation),
    'a publish of an older version': (ns) => api.post(configPath(ns, 'c.json', 'publish'), { version: 2 }, violation),
    'a rollback to a version': (ns) => api.post(configPath(ns, 'c.json', 'rollback'), { to: 2 }, violation),
    'a rollback by a step': (ns) => api.post(configPath(ns, 'c.json', 'rollback'), {}, violation),
    'a gray release': (ns) =>
      api.put(configPath(ns, 'c.json', 'gray'), { rules: [{ split: [{ version: 1, weight: 1 }, { version: 2, weight: 1 }] }] }, violation),
    'a transaction': (ns) =>
      api.post('/api/v1/transactions', {
        operations: [
          { op: 'put', namespace: ns, key: 'other', content: 'x' },
          { op: 'put', namespace: ns, key: 'c.json', content: text(11) },
        ],
      }, violation),
  };
  for (const [name, way] of Object.entries(ways)) {
    test(`It holds for ${name}, which changes nothing then`, async () => {
      const ns = await governed();
      await refused(ns, () => way(ns));
    });
  }

  test('It holds for a promotion', async () => {
    const ns = await governed();
    await api.publish(`${ns}s`, 'schema', JSON.stringify(limits(100)), { format: 'json' });
    await api.put(configPath(ns, 'c.json', 'gray'), { rules: [{ split: [{ version: 2, weight: 1 }] }] }, { status: 200 });
    await api.publish(`${ns}s`, 'schema', JSON.stringify(limits(10)), { format: 'json' });
    await refused(ns, () => api.post(configPath(ns, 'c.json', 'gray', 'promote'), {}, violation), /at most 10 \(version 3/);
  });

  test('What fits goes on as before', async () => {
    const ns = await governed();
    await api.publish(ns, 'c.json', text(10));
    await api.post(configPath(ns, 'c.json', 'rollback'), { to: 1 }, { status: 200 });
    await api.put(configPath(ns, 'c.json', 'gray'), { rules: [{ split: [{ version: 3, weight: 1 }] }] }, { status: 200 });
    await api.post(configPath(ns, 'c.json', 'gray', 'promote'), {}, { status: 200 });
  });

  test('The place in a batch is told, and the place in the content', async () => {
    const ns = await governed();
    const { details } = await refused(ns, () => ways['a transaction'](ns));
    assert.deepEqual(details.map(({ field }) => field), ['operations[1].content']);
    assert.match(details[0].problem, /^\/rate must be at most 10/);
  });

  test('A schema of a key demands JSON, and one of a namespace leaves other formats alone', async () => {
    const ns = await governed();
    await refused(ns, () => api.put(configPath(ns, 'c.json'), { content: 'rate: 1', format: 'yaml' }, violation), /must be json/);
    await attach(api, ns, '*', { namespace: `${ns}s`, key: 'schema' });
    await api.publish(ns, 'notes.txt', 'anything');
    await api.put(configPath(ns, 'more.json'), { content: '{}' }, violation);
  });

  test('A member that stands twice is refused', async () => {
    const ns = await governed();
    await refused(ns, () => api.put(configPath(ns, 'c.json'), { content: '{"rate":1,"rate":2}' }, violation), /'rate' twice/);
  });

  test('The nearest schema governs, of a key before that of its namespace', async () => {
    await api.createNamespaces('up', 'up.mid', 'up.mid.low', 'schemas');
    for (const maximum of [1, 2, 3, 4])
      await api.publish('schemas', `max${maximum}.json`, JSON.stringify(limits(maximum)));
    const maximum = async () => {
      for (let rate = 5; ; rate--) {
        const { data } = await api.post(configPath('up.mid.low', 'c.json', 'check'), { content: text(rate) });
        if (data.fits) return rate;
        assert.equal(data.schema.namespace, 'schemas');
        await api.put(configPath('up.mid.low', 'c.json'), { content: text(rate) }, violation);
      }
    };
    const of = (i) => ({ namespace: 'schemas', key: `max${i}.json` });
    assert.equal(await maximum(), 5);
    await attach(api, 'up', '*', of(1));
    assert.equal(await maximum(), 1);
    await attach(api, 'up', 'c.json', of(2));
    assert.equal(await maximum(), 2);
    await attach(api, 'up.mid', '*', of(3));
    assert.equal(await maximum(), 3);
    await attach(api, 'up.mid.low', 'c.json', of(4));
    assert.equal(await maximum(), 4);

    const { data } = await api.get(schemaPath('up.mid.low'));
    assert.deepEqual(
      data.items.map(({ namespace, key, schema }) => [namespace, key, schema.key, schema.version]),
      [
        ['up.mid.low', 'c.json', 'max4.json', 1],
        ['up.mid', null, 'max3.json', 1],
        ['up', null, 'max1.json', 1],
        ['up', 'c.json', 'max2.json', 1],
      ],
    );
    await api.delete(schemaPath('up.mid.low', 'c.json'), { status: 200 });
    assert.equal(await maximum(), 3);
    await api.delete(schemaPath('up.mid', '*'), { status: 200 });
    await api.delete(schemaPath('up.mid', '*'), { status: 404, reason: 'schema_not_found' });
    assert.equal(await maximum(), 2);
  });

  test('Who attaches a config elsewhere does not free it from its own schema', async () => {
    await api.createNamespaces('own', 'elsewhere');
    await api.publish('schemas', 'max10.json', JSON.stringify(limits(10)));
    await attach(api, 'own', '*', { namespace: 'schemas', key: 'max10.json' });
    await api.publish('own', 'c.json', text(1));
    await attach(api, 'elsewhere', '*', { namespace: 'own', key: 'c.json' });
    await api.put(configPath('own', 'c.json'), { content: text(11) }, violation);
    await attach(api, 'own', 'd.json', { namespace: 'own', key: 'c.json' });
    await api.put(configPath('own', 'c.json'), { content: text(11) });
  });

  test('Attaching looks at no content that is there, and a check tells which do not fit', async () => {
    const ns = await governed();
    await api.publish(`${ns}s`, 'schema', JSON.stringify(limits(5)), { format: 'json' });
    const { data } = await api.get(configPath(ns, 'c.json'));
    assert.equal(data.content, text(7));
    const verdict = (await api.post(configPath(ns, 'c.json', 'check'), { content: data.content })).data;
    assert.deepEqual(verdict, {
      fits: false,
      problem: '/rate must be at most 5',
      schema: { namespace: `${ns}s`, key: 'schema', version: 2 },
    });
  });
});

describe('Schemas', () => {
  const { api } = useConferd();

  test('Only a config that serves a schema can be attached', async () => {
    await api.createNamespaces('a', 's');
    await api.save('s', 'draft', '{}', { format: 'json' });
    await api.publish('s', 'text', 'x');
    await api.publish('s', 'bad', '{"minimum":"x"}', { format: 'json' });
    const invalid = { status: 422, reason: 'schema_invalid' };
    for (const [key, problem] of [['draft', /nothing of it is published/], ['text', /format is not json/], ['bad', /\/minimum must be a number/]]) {
      const { message } = await attach(api, 'a', 'k', { namespace: 's', key }, invalid);
      assert.match(message, problem);
    }
    await attach(api, 'a', 'k', { namespace: 's', key: 'none' }, { status: 404, reason: 'config_not_found' });
    await attach(api, 'a', 'k', { namespace: 'none', key: 'none' }, { status: 404, reason: 'namespace_not_found' });
    await attach(api, 'none', 'k', { namespace: 's', key: 'bad' }, { status: 404, reason: 'namespace_not_found' });
    await attach(api, 'a', 'k', { namespace: 's', key: '.bad' }, { status: 400, reason: 'invalid_name' });
    assert.deepEqual((await api.get(schemaPath('a'))).data.items, []);
  });

  test('One that is attached stays a schema, and stays', async () => {
    await api.createNamespaces('b', 'bs');
    await api.publish('bs', 'schema.json', '{}');
    await attach(api, 'b', '*', { namespace: 'bs', key: 'schema.json' });
    const invalid = { status: 422, reason: 'schema_invalid' };
    await api.put(configPath('bs', 'schema.json'), { content: '{"type":7}' }, invalid);
    await api.put(configPath('bs', 'schema.json'), { content: 'x: 1', format: 'yaml' }, invalid);
    const inUse = { status: 409, reason: 'schema_in_use' };
    const { message } = await api.delete(configPath('bs', 'schema.json'), inUse);
    assert.match(message, /is the schema of namespace b/);
    await api.delete(namespacePath('bs'), { ...inUse, query: { recursive: 'true' } });
    await api.get(configPath('bs', 'schema.json'));

    await api.delete(namespacePath('b'), { status: 200 });
    await api.delete(namespacePath('bs'), { status: 200, query: { recursive: 'true' } });
    await api.createNamespaces('b');
    assert.deepEqual((await api.get(schemaPath('b'))).data.items, []);
  });

  test('A namespace goes with its own schemas', async () => {
    await api.createNamespaces('own');
    await api.publish('own', 'schema.json', '{"type":"object"}');
    await attach(api, 'own', '*', { namespace: 'own', key: 'schema.json' });
    await api.publish('own', 'schema.json', '{"type":"array"}');
    await api.put(configPath('own', 'c.json'), { content: '{}' }, violation);
    await api.delete(namespacePath('own'), { status: 200, query: { recursive: 'true' } });
  });

  test('Attaching and detaching stand in the audit', async () => {
    await api.createNamespaces('c');
    await api.publish('c', 'schema.json', '{}');
    await attach(api, 'c', 'k.json', { namespace: 'c', key: 'schema.json', comment: 'why' });
    await api.delete(schemaPath('c', 'k.json'), { status: 200 });
    const { data } = await api.get('/api/v1/audit', { query: { namespace: 'c', key: 'k.json' } });
    assert.deepEqual(
      data.items.map(({ action, outcome, comment, details }) => ({ action, outcome, comment, details })),
      [
        { action: 'schema.detach', outcome: 'ok', comment: '', details: null },
        {
          action: 'schema.attach',
          outcome: 'ok',
          comment: 'why',
          details: { schema: { namespace: 'c', key: 'schema.json', version: 1 } },
        },
      ],
    );
  });
});

describe('A schema that is published while others save', () => {
  const server = useConferd();
  const { api } = server;

  test('Nothing that was committed after it violates it, and a restart forgets none', async () => {
    await api.createNamespaces('race', 'race.in');
    await api.publish('race', 'schema.json', JSON.stringify(limits(1000)));
    await attach(api, 'race', 'c.json', { namespace: 'race', key: 'schema.json' });
    const schemas = [];
    let isOver = false;

    const save = async (seed) => {
      for (let i = seed; !isOver; i = (i * 7 + 13) % 1001)
        await api.put(configPath('race.in', 'c.json'), { content: text(i), publish: i % 2 === 0 }, { status: 'any' });
    };
    const savers = [1, 2, 3, 4].map(save);
    for (const maximum of [900, 500, 800, 100, 600, 50, 300, 20]) {
      const { revision } = await api.publish('race', 'schema.json', JSON.stringify(limits(maximum)));
      schemas.push({ revision, maximum, valid: new Ajv().compile(limits(maximum)) });
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    isOver = true;
    await Promise.all(savers);

    const versions = await api.walk(configPath('race.in', 'c.json', 'versions'), { limit: 1000 });
    assert.ok(versions.length > 50, `${versions.length} versions`);
    for (const { revision, content, version } of versions) {
      const inForce = schemas.filter((schema) => schema.revision < revision).at(-1);
      if (inForce) assert.ok(inForce.valid(JSON.parse(content)), `version ${version} at ${revision}: ${content}, at most ${inForce.maximum}`);
    }

    await server.restart();
    await api.put(configPath('race.in', 'c.json'), { content: text(21) }, violation);
    await api.put(configPath('race.in', 'c.json'), { content: text(20) }, { status: 200 });
  });
});
