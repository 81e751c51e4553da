// Gray releases end to end: two hundred instances of the SDK follow a real server, and exactly those who should see
// another version are told of one.
'use strict';

const assert = require('node:assert/strict');
const { after, before, describe, test } = require('node:test');
const { Conferd } = require('../lib/conferd.js');
const { Fleet } = require('../lib/fleet.js');
const { GrayConfig, manySteps, steps } = require('../lib/ramp.js');
const { until } = require('../lib/waiting.js');

const namespace = 'prod.acme';

const groups = {
  canary: { ring: 'canary', region: 'eu', app_version: '2.1.0' },
  eu: { region: 'eu', app_version: '2.1.0-rc.1' },
  us: { region: 'us', app_version: '2.4.0', address: '10.1.2.3' },
  ap: { region: 'ap', app_version: '10.0.0', address: '2001:db8::7' },
  old: { region: 'us', app_version: '1.9.9' },
};
const perGroup = 40;

const byTagAndWeight = (weight, version = 2) => [
  { match: { ring: ['canary'] }, split: [{ version, weight: 100 }] },
  {
    match: { region: ['eu', 'us'], app_version: { semver: '>=2.1.0' } },
    split: [{ version, weight }, { version: 3, weight: 15 }],
  },
  { match: { address: { cidr: '2001:db8::/32' } }, split: [{ version, weight: 50 }] },
];

const changed = (before_, after_) => before_.map(({ version }, i) => version !== after_[i].version);
const toldVersions = (instance) => instance.told('app.json').map(({ version }) => version).join();
const count = (list) => list.filter(Boolean).length;

describe('Gray releases, from the server to two hundred instances', () => {
  const server = new Conferd({ args: ['--threads', '4', '--ramp-settle-ms', '500'], keepPort: true });
  const { api } = server;
  const config = new GrayConfig(server, namespace, 'app.json');
  let fleet;
  let seen; // what each instance should see now
  let nFences = 0;

  before(async () => {
    await server.start();
    await api.createNamespaces('prod', 'prod.acme');
    await config.make('{"n": 1}', '{"n": 2}', '{"n": 3}', '{"n": 4}');
    await api.publish(namespace, 'fence', '0');
    fleet = new Fleet(server, namespace, groups, perGroup);
    await fleet.untilAllHeard('fence', 1);
    await fleet.untilAllHeard('app.json', 1);
    nFences = 1;
    seen = await fleet.expect(config);
  });

  after(async () => {
    await fleet?.finish();
    await server.finish();
  });

  /** Lets a change of another config through: who has heard of it has heard all that was before it. */
  async function fence() {
    await api.publish(namespace, 'fence', `${nFences}`);
    await fleet.untilAllHeard('fence', ++nFences);
  }

  /** Makes a change, and sees that it reaches exactly those who see another version by it, each once. */
  async function change(make, { atLeast = 1 } = {}) {
    fleet.forget();
    await make();
    const now = await fleet.expect(config);
    await fleet.untilAllSee('app.json', now);
    await fence();
    const isChanged = changed(seen, now);
    for (const [i, instance] of fleet.instances.entries()) {
      const { version, gray, rule } = now[i];
      const told = isChanged[i] ? [{ version, gray, rule: gray ? rule : null }] : [];
      assert.deepEqual(instance.told('app.json'), told, instance.id);
    }
    seen = now;
    assert.ok(count(isChanged) >= atLeast, 'the test shows something');
    return isChanged;
  }

  const ofVersion = (version) => seen.map((one) => one.version === version);

  test('There are as many as there should be', async () => {
    assert.equal(fleet.instances.length, 200);
    const items = await api.walk('/api/v1/instances', { limit: 1000 });
    assert.equal(items.length, 200);
  });

  test('Rules by tag and weight reach exactly those whom they choose', async () => {
    const rules = byTagAndWeight(20);
    const body = { rules, salt: 'end to end' };
    const { data: preview } = await api.post(config.path('gray', 'preview'), body, { query: { limit: 1000 } });
    assert.equal(preview.instances, 200);
    const isChanged = await change(() => config.set(body), { atLeast: 60 });

    assert.equal(preview.changing, count(isChanged));
    assert.deepEqual(
      preview.items.map(({ id }) => id).sort(),
      fleet.instances.filter((_, i) => isChanged[i]).map(({ id }) => id).sort(),
    );
    assert.deepEqual(isChanged.slice(0, perGroup), Array(perGroup).fill(true), 'all canaries');
    assert.equal(count(isChanged.slice(perGroup, 2 * perGroup)), 0, 'a pre-release comes before its release');
    assert.equal(count(isChanged.slice(4 * perGroup)), 0, 'an old one');
  });

  test('The server knows who has which version, and that they applied it', async () => {
    const gray = await until(async () => {
      const now = await config.get();
      const applied = now.instances.stable.applied + now.instances.arms.reduce((sum, arm) => sum + arm.applied, 0);
      return applied === 200 && now;
    }, 'all have reported');
    for (const arm of gray.instances.arms) {
      const isOfArm = (one) => one.gray && one.rule === arm.rule && one.version === arm.version;
      const expected = seen.filter(isOfArm).length;
      assert.deepEqual([arm.connected, arm.applied, arm.refused], [expected, expected, 0]);
    }
    assert.equal(gray.instances.stable.connected, count(seen.map(({ gray: isGray }) => !isGray)));
    assert.deepEqual(gray.instances.refusals, []);
  });

  test('More weight for the first arm only adds to it', async () => {
    const had = ofVersion(2);
    await change(() => config.set({ rules: byTagAndWeight(60) }));
    assert.ok(had.every((one, i) => !one || seen[i].version === 2));
  });

  test('Less weight only takes away from it', async () => {
    const had = ofVersion(2);
    await change(() => config.set({ rules: byTagAndWeight(20) }));
    assert.ok(seen.every(({ version }, i) => version !== 2 || had[i]));
  });

  test('Rules that change nobody are told to nobody', async () => {
    const forBeta = { match: { ring: ['beta'] }, split: [{ version: 3, weight: 100 }] };
    await change(() => config.set({ rules: [...byTagAndWeight(20), forBeta] }), { atLeast: 0 });
  });

  test('Tags that change at run time count from then on', async () => {
    const movers = fleet.instances.slice(4 * perGroup, 4 * perGroup + 5);
    await change(async () => {
      for (const instance of movers) await instance.setTag('ring', 'canary');
    });
    await until(async () => {
      const { data } = await api.get('/api/v1/instances', { query: { limit: 1000 } });
      return data.items.filter(({ tags }) => tags.ring === 'canary').length === perGroup + movers.length;
    }, 'the server knows of them');
    await change(async () => {
      for (const instance of movers) await instance.setTag('ring');
    });
  });

  test('A publish below reaches those whom no arm has chosen', async () => {
    const isChanged = await change(() => api.post(config.path('publish'), { version: 4 }));
    assert.deepEqual(isChanged, seen.map(({ gray }) => !gray));
  });

  test('Promotion reaches all others, and those who have the version hear nothing', async () => {
    const had = ofVersion(2);
    const isChanged = await change(() => config.post('promote', { version: 2 }));
    assert.deepEqual(isChanged, had.map((one) => !one));
    assert.equal(count(ofVersion(2)), 200);
  });

  test('Withdrawal brings all back whom it had taken', async () => {
    const isGray = await change(() => config.set({ rules: byTagAndWeight(40, 4), salt: 'another' }));
    const isBack = await change(() => config.abort());
    assert.deepEqual(isBack, isGray);
    assert.equal(count(ofVersion(2)), 200);
  });

  test('An instance that refuses the value stops the ramp, for all', async () => {
    const refuser = fleet.instances[2 * perGroup + 7];
    await refuser.command('refuse 1 no such limit');
    fleet.forget();
    await config.set({
      salt: 'refused',
      rules: [{ split: [{ version: 3, weight: 0 }] }],
      plan: { steps: steps(['100ms', 10], ['100ms', 50], ['1h', 100]), abort_on: { refused: 1 }, promote: true },
    });
    await config.untilGone();
    const abort = (await config.events()).at(-1);
    assert.deepEqual([abort.kind, abort.actor], ['abort', 'system:ramp']);
    assert.match(abort.comment, /^1 of \d+ instances refuse version 3: no such limit$/);

    const now = await fleet.expect(config);
    await fleet.untilAllSee('app.json', now);
    await fence();
    assert.equal(count(now.map(({ version }) => version === 2)), 200);
    for (const instance of fleet.instances) assert.match(toldVersions(instance), /^(3,2)?$/, instance.id);
    assert.equal(toldVersions(refuser), '3,2');
    seen = now;
  });

  test('A restart in the middle of a ramp loses no step, and nobody goes back', async () => {
    const n = 12;
    fleet.forget();
    const already = (await config.events()).length;
    await config.set({
      salt: 'restarted',
      rules: [{ split: [{ version: 3, weight: 0 }] }],
      plan: { steps: manySteps(n, '200ms', (i) => 8 * (i + 1)), abort_on: { refused: 1 }, promote: true },
    });
    for (const step of [3, 8]) {
      await config.until((gray) => !gray || gray.ramp.step >= step, `step ${step}`);
      await server.kill();
      await server.start();
    }
    await config.untilGone();

    const events = (await config.events()).slice(already);
    assert.deepEqual(events.map(({ kind }) => kind), [...Array(n).fill('gray'), 'promote']);
    assert.deepEqual(
      (await config.audit()).slice(-n).map(({ action, details }) => (action === 'gray.step' ? details.step : action)),
      [...Array.from({ length: n - 1 }, (_, i) => i + 1), 'gray.promote'],
    );
    seen = await fleet.expect(config);
    await fleet.untilAllSee('app.json', seen);
    await fence();
    for (const instance of fleet.instances) assert.equal(toldVersions(instance), '3', instance.id);
  });
});
