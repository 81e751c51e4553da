// The rules and plans of gray releases are checked on the way in: what is wrong is refused with its path, by every way
// that they come in, and nothing is changed.
'use strict';

const assert = require('node:assert/strict');
const { describe, test } = require('node:test');
const { configPath, root } = require('../lib/client.js');
const { useConferd } = require('../lib/conferd.js');
const { grayPath, oneArm, publishFirst } = require('../lib/gray.js');

const arm = (weight, version = 2) => ({ version, weight });
const rule = (...split) => ({ split });
const matching = (condition, name = 'ring') => [{ match: { [name]: condition }, split: [arm(1)] }];
const many = (n, make) => Array.from({ length: n }, (_, i) => make(i));

// Rules, and the path of their fault.
const faults = [
  [undefined, 'rules'],
  [null, 'rules'],
  [{}, 'rules'],
  ['[]', 'rules'],
  [[], 'rules'],
  [many(65, () => rule(arm(1))), 'rules'],
  [[7], 'rules[0]'],
  [[rule(arm(1)), null], 'rules[1]'],
  [[{}], 'rules[0].split'],
  [[rule()], 'rules[0].split'],
  [[{ split: {} }], 'rules[0].split'],
  [[{ split: [7] }], 'rules[0].split[0]'],
  [[rule(...many(17, () => arm(1)))], 'rules[0].split'],
  [[{ ...rule(arm(1)), weight: 1 }], 'rules[0].weight'],
  [[{ ...rule(arm(1)), match: [] }], 'rules[0].match'],
  [[rule({ weight: 1 })], 'rules[0].split[0].version'],
  [[rule({ version: 2 })], 'rules[0].split[0].weight'],
  [[rule({ ...arm(1), salt: 'x' })], 'rules[0].split[0].salt'],
  [[rule(arm(1)), rule(arm(1)), rule(arm(-1))], 'rules[2].split[0].weight'],
  [[rule(arm('10'))], 'rules[0].split[0].weight'],
  [[rule(arm(null))], 'rules[0].split[0].weight'],
  [[rule(arm(true))], 'rules[0].split[0].weight'],
  [[rule(arm(100.001))], 'rules[0].split[0].weight'],
  [[rule(arm(1e300))], 'rules[0].split[0].weight'],
  [[rule(arm(0.0001))], 'rules[0].split[0].weight'],
  [[rule(arm(33.3333))], 'rules[0].split[0].weight'],
  [[rule(arm(1, 0))], 'rules[0].split[0].version'],
  [[rule(arm(1, -2))], 'rules[0].split[0].version'],
  [[rule(arm(1, 1.5))], 'rules[0].split[0].version'],
  [[rule(arm(1, '2'))], 'rules[0].split[0].version'],
  [[rule(arm(1), arm(1, 4))], 'rules[0].split[1].version'],
  [[rule(arm(1)), rule(arm(1, 9007199254740993))], 'rules[1].split[0].version'],
  [matching(['a'], 'Ring'), 'rules[0].match.Ring'],
  [matching('canary'), 'rules[0].match.ring'],
  [matching(null), 'rules[0].match.ring'],
  [matching([]), 'rules[0].match.ring'],
  [matching({}), 'rules[0].match.ring'],
  [matching({ equals: 'x' }), 'rules[0].match.ring.equals'],
  [matching([7]), 'rules[0].match.ring[0]'],
  [matching(['a', '\0']), 'rules[0].match.ring[1]'],
  [matching(['x'.repeat(257)]), 'rules[0].match.ring[0]'],
  [matching({ in: many(1025, String) }), 'rules[0].match.ring.in'],
  [matching({ in: 'a' }), 'rules[0].match.ring.in'],
  [matching({ not_in: [] }), 'rules[0].match.ring.not_in'],
  [matching({ prefix: 7 }), 'rules[0].match.ring.prefix'],
  [matching({ semver: 'new' }), 'rules[0].match.ring.semver'],
  [matching({ semver: '>=2.1' }), 'rules[0].match.ring.semver'],
  [matching({ cidr: '10.0.0.0/33' }), 'rules[0].match.ring.cidr'],
  [matching({ cidr: ['10.0.0.0/8', 'ten'] }), 'rules[0].match.ring.cidr[1]'],
  [matching({ exists: 'true' }), 'rules[0].match.ring.exists'],
];

// The sum is the fault of the whole split, or of the arm that goes past it: either way its path begins so.
const sums = [
  [[rule(arm(60), arm(40.001, 3))], 'rules[0].split'],
  [[rule(arm(1)), rule(arm(100), arm(0.001, 3))], 'rules[1].split'],
];

// Plans to rules of one arm, and the path of their fault.
const wrongPlans = [
  [[], 'plan'],
  [null, 'plan'],
  [{}, 'plan.steps'],
  [{ steps: [] }, 'plan.steps'],
  [{ steps: many(33, () => ({ weight: 1, hold: '1m' })) }, 'plan.steps'],
  [{ steps: [7] }, 'plan.steps[0]'],
  [{ steps: [{ hold: '1m' }] }, 'plan.steps[0].weight'],
  [{ steps: [{ weight: 101, hold: '1m' }] }, 'plan.steps[0].weight'],
  [{ steps: [{ weight: 1 }, { weight: 2 }] }, 'plan.steps[0].hold'],
  [{ steps: [{ weight: 1, hold: '1m' }, { weight: 2, hold: '1 m' }] }, 'plan.steps[1].hold'],
  [{ steps: [{ weight: 1, hold: 60 }] }, 'plan.steps[0].hold'],
  [{ steps: [{ weight: 1, hold: '366d' }] }, 'plan.steps[0].hold'],
  [{ steps: [{ weight: 1, pause: '1m' }] }, 'plan.steps[0].pause'],
  [{ steps: [{ weight: 1 }], abort_on: {} }, 'plan.abort_on'],
  [{ steps: [{ weight: 1 }], abort_on: { refused: 0 } }, 'plan.abort_on.refused'],
  [{ steps: [{ weight: 1 }], abort_on: { refused_percent: 101 } }, 'plan.abort_on.refused_percent'],
  [{ steps: [{ weight: 1 }], promote: 'yes' }, 'plan.promote'],
  [{ steps: [{ weight: 1 }], rule: 1 }, 'plan.rule'],
  [{ steps: [{ weight: 1 }], more: 1 }, 'plan.more'],
];

describe('What is refused of a gray release', () => {
  const { api } = useConferd();
  const path = (...rest) => grayPath('refused', 'k', ...rest);
  const refuse = { status: 400, reason: 'invalid_field' };

  async function unchanged(work) {
    const before = [await api.status(), (await api.get(path())).data];
    await work();
    assert.deepEqual([await api.status(), (await api.get(path())).data], before);
  }

  test('There is a gray release that nothing below changes', async () => {
    await api.createNamespaces('refused');
    await publishFirst(api, 'refused', 'k', ['one', 'two', 'three']);
    await api.put(path(), { rules: oneArm(2, 10) });
  });

  test('Rules with a fault anywhere are refused with its path', async () => {
    await unchanged(async () => {
      for (const [rules, field] of faults) await api.put(path(), { rules }, { ...refuse, field });
    });
  });

  test('Weights that are more than 100 together are refused', async () => {
    await unchanged(async () => {
      for (const [rules, field] of sums) {
        const { details } = await api.put(path(), { rules }, refuse);
        assert.ok(details[0].field.startsWith(field), details[0].field);
      }
    });
  });

  test('A preview refuses the same rules, with the same paths', async () => {
    for (const [rules, field] of faults) await api.post(path('preview'), { rules }, { ...refuse, field });
  });

  test('A transaction refuses them with the path that begins with the operation', async () => {
    const other = { op: 'put', namespace: 'refused', key: 'other', content: 'x' };
    const run = (operation, options) => api.post(`${root}/transactions`, { operations: [other, operation] }, options);
    await unchanged(async () => {
      for (const [rules, field] of faults)
        await run(
          { op: 'gray', namespace: 'refused', key: 'k', rules },
          { ...refuse, field: `operations[1].${field}` },
        );
      for (const [plan, field] of wrongPlans)
        await run(
          { op: 'gray', namespace: 'refused', key: 'k', rules: oneArm(2, 1), plan },
          { ...refuse, field: `operations[1].${field}` },
        );
    });
  });

  test('Plans with a fault anywhere are refused with its path', async () => {
    await unchanged(async () => {
      for (const [plan, field] of wrongPlans)
        await api.put(path(), { rules: oneArm(2, 10), plan }, { ...refuse, field });
    });
  });

  test('A step that leaves no room for the other arms is refused', async () => {
    const rules = [rule(arm(1), arm(60, 3))];
    await unchanged(async () => {
      await api.put(
        path(),
        { rules, plan: { steps: [{ weight: 40, hold: '1h' }, { weight: 40.001 }] } },
        { ...refuse, field: 'plan.steps[1].weight' },
      );
    });
  });

  test('Which rule a plan is for has to be said where they are several', async () => {
    const rules = [rule(arm(1)), rule(arm(1))];
    const steps = [{ weight: 1, hold: '1h' }];
    await unchanged(() => api.put(path(), { rules, plan: { steps } }, { ...refuse, field: 'plan.rule' }));
    await unchanged(() => api.put(path(), { rules, plan: { steps, rule: 2 } }, { ...refuse, field: 'plan.rule' }));
  });

  test('Salts that are none are refused', async () => {
    await unchanged(async () => {
      for (const salt of ['', 'x'.repeat(257), 'a\0b', 'ü'.repeat(129), 7, null]) {
        await api.put(path(), { rules: oneArm(2, 10), salt }, { ...refuse, field: 'salt' });
        await api.post(path('preview'), { rules: oneArm(2, 10), salt }, { ...refuse, field: 'salt' });
      }
    });
  });

  test('Bodies that mean nothing are refused', async () => {
    const rules = oneArm(2, 10);
    await unchanged(async () => {
      await api.put(path(), { rules, weight: 1 }, { status: 400, reason: 'unknown_field', field: 'weight' });
      await api.put(path(), { rules, comment: 'x'.repeat(4097) }, { ...refuse, field: 'comment' });
      await api.put(path(), '[]', { status: 400, reason: 'malformed_body' });
      await api.put(path(), '{"rules": [{"split": [], "split": []}]}', { status: 400, reason: 'malformed_body' });
      await api.put(path(), undefined, { ...refuse, field: 'rules' });
      await api.post(path('promote'), { version: 0 }, { ...refuse, field: 'version' });
      await api.post(path('promote'), { rules }, { status: 400, reason: 'unknown_field', field: 'rules' });
      await api.post(path('pause'), { version: 1 }, { status: 400, reason: 'unknown_field', field: 'version' });
      await api.post(path('preview'), { rules, comment: 'x' }, { status: 400, reason: 'unknown_field', field: 'comment' });
      await api.post(path('preview'), '7', { status: 400, reason: 'malformed_body' });
      await api.delete(path(), { body: '{}', status: 400, reason: 'malformed_body' });
      await api.delete(path(), { query: { comment: 'x' }, status: 400, reason: 'unknown_parameter' });
      await api.post(path('preview'), { rules }, { query: { limit: 1001 }, status: 400, reason: 'invalid_parameter', field: 'limit' });
      await api.post(path('preview'), { rules }, { query: { limit: 0 }, status: 400, reason: 'invalid_parameter', field: 'limit' });
    });
  });

  test('Rules of 256 KiB are taken, and larger ones refused', async () => {
    const make = (lengthOf) => matching(many(1024, (i) => `${i}`.padStart(lengthOf(i), 'x')));
    const sized = (size) => {
      const missing = size - JSON.stringify(make(() => 4)).length;
      return make((i) => 4 + Math.floor(missing / 1024) + (i < missing % 1024));
    };
    assert.equal(JSON.stringify(sized(256 * 1024)).length, 256 * 1024);
    await unchanged(() => api.put(path(), { rules: sized(256 * 1024 + 1) }, { ...refuse, field: 'rules' }));
    const rules = sized(256 * 1024);
    assert.deepEqual((await api.put(path(), { rules })).data.rules, rules);
    assert.deepEqual((await api.post(path('preview'), { rules: sized(256 * 1024) })).data.changing, 0);
  });

  test('What stands at the limits is taken', async () => {
    const rules = [
      { match: Object.fromEntries(many(32, (i) => [`${i}`.padEnd(64, '_'), { exists: false }])), split: many(16, (i) => arm(6.25, (i % 3) + 1)) },
      ...many(62, () => rule(arm(0), arm(100, 3))),
      { match: {}, split: [arm(100)] },
    ];
    assert.deepEqual((await api.put(path(), { rules })).data.rules, rules);
    assert.equal((await api.get(path())).data.instances.arms.length, 16 + 124 + 1);
    const weights = [1e1, 10.0, 0.001, 99.999, 0, 100];
    for (const weight of weights) assert.equal((await api.put(path(), { rules: oneArm(2, weight) })).data.rules[0].split[0].weight, weight);
    await api.put(path(), '{"rules": [{"split": [{"version": 2, "weight": 1.0e1}]}]}');
    assert.equal((await api.get(path())).data.instances.arms[0].weight, 10);
  });

  test('A version of another config is no version of this one', async () => {
    for (const content of ['1', '2', '3', '4', '5', '6', '7']) await api.save('refused', 'more', content);
    await api.put(path(), { rules: oneArm(7, 10) }, { ...refuse, field: 'rules[0].split[0].version' });
    await api.save('refused', 'k', 'four');
    await api.put(path(), { rules: oneArm(4, 10) });
    assert.equal((await api.get(configPath('refused', 'k'), { query: { version: 4 } })).data.content, 'four');
  });
});
