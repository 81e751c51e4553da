// What was answered of a gray release is on disk: a stop and a kill lose nothing of it.
'use strict';

const assert = require('node:assert/strict');
const { describe, test } = require('node:test');
const { configPath, root } = require('../lib/client.js');
const { Conferd, runConferd, useConferd } = require('../lib/conferd.js');
const { grayPath, oneArm, publishFirst } = require('../lib/gray.js');

const rules = [
  { match: { ring: ['canary', 'grün "x"'], v: { semver: '^1.2.3' } }, split: [{ version: 2, weight: 100 }] },
  { split: [{ version: 2, weight: 33.333 }, { version: 3, weight: 0.001 }] },
];
const plan = { steps: [{ weight: 33.333, hold: '1d' }, { weight: 50, hold: '2d' }], rule: 1, abort_on: { refused: 2 }, promote: true };

/** All that there is to see of it, but the time of the next step, which a stop moves. */
async function look(api) {
  const seen = async (key) => {
    const { data } = await api.get(grayPath('kept', key));
    return data.ramp ? { ...data, ramp: { ...data.ramp, next_at: null } } : data;
  };
  return {
    status: { ...(await api.status()), started_at: null },
    plain: await seen('plain'),
    ramped: await seen('ramped'),
    paused: await seen('paused'),
    read: (await api.get(configPath('kept', 'plain'), { query: { tag: ['ring:canary', 'v:1.9.0'] } })).data,
    events: await api.walk(configPath('kept', 'ended', 'releases')),
    audit: await api.walk(`${root}/audit`, { namespace: 'kept' }),
  };
}

async function fill(api) {
  await api.createNamespaces('kept');
  for (const key of ['plain', 'ramped', 'paused', 'ended']) {
    await publishFirst(api, 'kept', key, ['one', 'two', 'three']);
    await api.put(grayPath('kept', key), { rules, comment: `of ${key}`, ...(key === 'plain' ? {} : { plan }) });
  }
  await api.post(grayPath('kept', 'paused', 'pause'), { comment: 'wait' });
  await api.delete(grayPath('kept', 'ended'));
}

describe('Gray releases last', () => {
  const server = useConferd();

  test('A restart keeps all of them', async () => {
    const { api } = server;
    await fill(api);
    const before = await look(api);
    assert.deepEqual(before.plain.rules, rules);
    assert.deepEqual(before.ramped.plan, plan);
    assert.deepEqual([before.ramped.ramp.state, before.paused.ramp.state], ['running', 'paused']);
    assert.deepEqual([before.read.version, before.read.rule], [2, 0]);
    await server.restart();
    assert.deepEqual(await look(api), before);
    await api.get(grayPath('kept', 'ended'), { status: 404, reason: 'gray_not_found' });
    await api.post(grayPath('kept', 'paused', 'resume'), {});
    assert.equal((await api.post(grayPath('kept', 'plain', 'promote'), { version: 3 })).data.content, 'three');
  });

  test('A pause stops the clock and a resumption starts it; neither is possible twice', async () => {
    const { api } = server;
    const refused = { status: 409, reason: 'ramp_state' };
    const move = (what, options) => api.post(grayPath('kept', 'ramped', what), { comment: what }, options);
    await move('resume', refused);
    const { data: paused } = await move('pause');
    assert.deepEqual([paused.ramp.state, paused.ramp.next_at], ['paused', null]);
    await move('pause', refused);
    const { data: running } = await move('resume');
    assert.deepEqual([running.ramp.state, running.revision], ['running', paused.revision + 1]);
    assert.ok(Date.parse(running.ramp.next_at) > Date.parse(running.updated_at));
    const kinds = (await api.walk(configPath('kept', 'ramped', 'releases'))).slice(0, 2).map(({ kind, comment }) => [kind, comment]);
    assert.deepEqual(kinds, [['gray', 'resume'], ['gray', 'pause']]);
    const actions = (await api.walk(`${root}/audit`, { namespace: 'kept', key: 'ramped' })).slice(0, 2).map(({ action }) => action);
    assert.deepEqual(actions, ['gray.resume', 'gray.pause']);
    await api.put(grayPath('kept', 'ramped'), { rules: oneArm(2, 5) });
    await move('pause', refused);
    assert.deepEqual([(await api.get(grayPath('kept', 'ramped'))).data.plan, (await api.get(grayPath('kept', 'ramped'))).data.ramp], [null, null]);
  });

  test('A kill right after each answer loses nothing of what was answered', async () => {
    const killed = await new Conferd().start();
    try {
      const { api } = killed;
      await api.createNamespaces('kill');
      await publishFirst(api, 'kill', 'k', ['one', 'two', 'three']);
      const changes = [
        () => api.put(grayPath('kill', 'k'), { rules, salt: 'kept' }),
        () => api.put(grayPath('kill', 'k'), { rules: oneArm(3, 50), plan: { steps: [{ weight: 50, hold: '1d' }] } }),
        () => api.post(grayPath('kill', 'k', 'pause'), {}),
        () => api.post(grayPath('kill', 'k', 'promote'), {}),
        () => api.put(grayPath('kill', 'k'), { rules: oneArm(2, 10) }),
        () => api.delete(grayPath('kill', 'k')),
      ];
      for (const [i, change] of changes.entries()) {
        const { data } = await change();
        await killed.kill();
        await killed.start();
        const { data: found } = await api.get(grayPath('kill', 'k'), { status: 'any' });
        if (data.rules) assert.deepEqual({ ...found, instances: undefined, ramp: null }, { ...data, instances: undefined, ramp: null }, `change ${i}`);
        else assert.equal(found, null, `change ${i}`);
        assert.equal(await api.revision(), data.revision);
        if (found) assert.deepEqual(found.ramp && found.ramp.state, data.ramp && data.ramp.state);
      }
    } finally {
      await killed.finish();
    }
    const { code, stdout } = await runConferd(['--verify', '--data', killed.data]);
    assert.equal(code, 0, stdout);
  });
});
