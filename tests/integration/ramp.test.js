// Gray releases that the server raises by itself, and withdraws when instances refuse them.
'use strict';

const assert = require('node:assert/strict');
const fs = require('node:fs');
const path = require('node:path');
const { after, describe, test } = require('node:test');
const { Conferd, useConferd } = require('../lib/conferd.js');
const { mountSmall, unmount } = require('../lib/mount.js');
const { GrayConfig, manySteps, oneArm, passHolds, steps } = require('../lib/ramp.js');
const { StreamClient, metric } = require('../lib/stream.js');
const { inParallel, until } = require('../lib/waiting.js');

const quick = ['--threads', '4', '--ramp-settle-ms', '0'];
const namespace = 'prod';

/** An instance by hand: it follows a namespace, and acknowledges what it is told to. */
class Instance {
  static async connect(server, id, tags = {}) {
    const instance = new Instance();
    instance.stream = await StreamClient.open(server);
    instance.stream.subscribe([namespace], { instance: { id, app: 'test', sdk: 'test/1', tags } });
    await instance.stream.snapshot();
    return instance;
  }

  ack(...results) {
    this.stream.send('ack', {
      results: results.map(({ key, version, error = null }) => ({ namespace, key, version, ok: !error, error })),
    });
  }

  close() {
    return this.stream.close();
  }
}

const connectAll = (server, n, prefix) =>
  inParallel(n, 8, (i) => Instance.connect(server, `${prefix}-${i}`));

const weights = (audit) => audit.filter(({ action }) => action === 'gray.step').map(({ details }) => details.weight);
const kinds = (events) => events.map(({ kind }) => kind);
const at = ({ time }) => Date.parse(time);

// A hold that a request surely comes before, on a slow machine too; and what passes it.
const longHoldMs = 3000;
const passLongHold = (server) => passHolds(server, namespace, 2, 1600);

describe('Ramps', () => {
  const server = useConferd({ args: quick });
  const { api } = server;
  const make = (key, ...contents) => new GrayConfig(server, namespace, key).make(...contents);

  test('There is a namespace', async () => {
    await api.createNamespaces(namespace);
  });

  test('Each step is a change of its own, and the last one is followed by the promotion', async () => {
    const before = await metric(server, 'confer_ramp_moves_total{move="step"}');
    const config = await make('steps');
    const gray = await config.set({
      rules: oneArm(2, 50),
      plan: { steps: steps(['300ms', 1], ['300ms', 10.5], ['300ms', 100]), promote: true },
      comment: 'by hand',
    });
    assert.equal(gray.rules[0].split[0].weight, 1, 'the first step is taken at once');
    assert.deepEqual([gray.ramp.state, gray.ramp.step, gray.ramp.weight], ['running', 0, 1]);
    await config.untilGone();

    const events = await config.events();
    assert.deepEqual(kinds(events), ['publish', 'gray', 'gray', 'gray', 'promote']);
    const [, set, ...moves] = events;
    assert.equal(set.comment, 'by hand');
    assert.deepEqual(new Set(moves.map(({ actor }) => actor)), new Set(['system:ramp']));
    assert.deepEqual(
      moves.map(({ comment }) => comment),
      ['step 2 of 3: 10.5 %', 'step 3 of 3: 100 %', 'the last step is over'],
    );
    for (const [i, move] of moves.entries()) {
      assert.ok(move.revision > [set, ...moves][i].revision);
      assert.ok(at(move) - at([set, ...moves][i]) >= 300, 'the hold is kept');
      assert.equal(move.version, 2);
    }

    const audit = await config.audit();
    assert.deepEqual(audit.map(({ action }) => action), ['gray.set', 'gray.step', 'gray.step', 'gray.promote']);
    assert.deepEqual(
      audit.slice(1).map(({ actor, address, revision }) => [actor, address, revision]),
      moves.map(({ revision }) => ['system:ramp', null, revision]),
    );
    assert.deepEqual(audit.slice(1, 3).map(({ details }) => details), [
      { rule: 0, weight: 10.5, step: 1 },
      { rule: 0, weight: 100, step: 2 },
    ]);

    const { version, updated_by } = await api.read(namespace, 'steps');
    assert.deepEqual([version, updated_by], [2, 'system:ramp']);
    assert.equal(await metric(server, 'confer_ramp_moves_total{move="step"}'), before + 2);
  });

  test('Without promotion it ends as the last step left it', async () => {
    const before = await metric(server, 'confer_ramp_moves_total{move="done"}');
    const config = await make('done');
    await config.set({ rules: oneArm(2), plan: { steps: steps(['100ms', 1], [null, 20]) } });
    const gray = await config.untilDone();
    assert.deepEqual([gray.ramp.step, gray.ramp.weight, gray.ramp.next_at], [1, 20, null]);
    assert.equal(gray.rules[0].split[0].weight, 20);

    await passHolds(server, namespace, 2, 100);
    assert.equal((await config.moves()).length, 2, 'the step, and the end');
    assert.equal((await api.read(namespace, 'done')).version, 1);
    assert.equal(await metric(server, 'confer_ramp_moves_total{move="done"}'), before + 1);
  });

  test('Only the first arm of its rule is raised', async () => {
    const config = await make('rule', 'one', 'two', 'three');
    await config.set({
      rules: [
        { match: { ring: ['canary'] }, split: [{ version: 2, weight: 100 }] },
        { split: [{ version: 2, weight: 1 }, { version: 3, weight: 30 }] },
      ],
      plan: { rule: 1, steps: steps(['100ms', 2], [`${longHoldMs}ms`, 70]), promote: true },
    });
    const { rules } = await config.untilStep(1);
    assert.deepEqual(
      rules.map(({ split }) => split.map(({ weight }) => weight)),
      [[100], [70, 30]],
    );
    await config.untilGone();
    assert.equal((await api.read(namespace, 'rule')).version, 2, 'what was raised is promoted');
  });

  test('A pause stops the clock, and what was held counts', async () => {
    const config = await make('pause');
    const paused = () => metric(server, 'confer_ramps{state="paused"}');
    await config.set({ rules: oneArm(2), plan: { steps: steps([`${longHoldMs}ms`, 1], ['1h', 2]) } });
    await config.post('pause', { comment: 'lunch' });
    const { ramp } = await config.get();
    assert.deepEqual([ramp.state, ramp.step, ramp.next_at], ['paused', 0, null]);
    assert.equal(await paused(), 1);

    await passLongHold(server);
    assert.equal((await config.get()).ramp.step, 0);
    assert.deepEqual(await config.moves(), []);

    const resumed = await config.post('resume');
    const [, set, pause, resume] = await config.events();
    assert.equal(pause.comment, 'lunch');
    assert.equal(resumed.ramp.state, 'running');
    assert.equal(Date.parse(resumed.ramp.next_at), at(resume) + longHoldMs - (at(pause) - at(set)));
    assert.equal(await paused(), 0);

    await config.untilStep(1);
    const [step] = await config.moves();
    assert.ok(at(step) >= Date.parse(resumed.ramp.next_at));
    await config.abort();
  });

  test('What cannot be done to a ramp is refused', async () => {
    const config = await make('states');
    await config.set({ rules: oneArm(2), plan: { steps: steps(['1h', 1]) } });
    await api.post(config.path('gray', 'resume'), {}, { status: 409, reason: 'ramp_state' });
    await config.post('pause');
    await api.post(config.path('gray', 'pause'), {}, { status: 409, reason: 'ramp_state' });
    await config.abort();
  });

  test('Rules that are set anew, or withdrawn, are left alone', async () => {
    const rules = oneArm(2);
    const plan = { steps: steps([`${longHoldMs}ms`, 1], [`${longHoldMs}ms`, 50]), promote: true };
    const other = { steps: steps(['1h', 7], ['1h', 8]) };
    const changes = {
      dropped: (config) => config.set({ rules }),
      replaced: (config) => config.set({ rules, plan: other }),
      aborted: (config) => config.abort(),
      promoted: (config) => config.post('promote'),
      deleted: (config) => api.delete(config.path()),
    };
    const configs = [];
    for (const [key, change] of Object.entries(changes)) {
      const config = await make(key);
      await config.set({ rules, plan });
      await change(config);
      configs.push({ config, kind: (await config.events()).at(-1).kind });
    }
    const [dropped, replaced, , promoted] = configs.map(({ config }) => config);

    await passLongHold(server);
    for (const { config, kind } of configs) {
      const last = (await config.events()).at(-1);
      assert.deepEqual([last.kind, last.actor], [kind, 'user:admin'], config.key);
    }
    assert.deepEqual((await dropped.get()).ramp, null);
    assert.equal((await replaced.get()).ramp.step, 0);
    assert.equal((await api.read(namespace, promoted.key)).version, 2);
    await dropped.abort();
    await replaced.abort();
  });

  test('A publish meanwhile moves what is stable, and the ramp goes on', async () => {
    const config = await make('beside');
    await config.set({ rules: oneArm(2), plan: { steps: steps([`${longHoldMs}ms`, 1], ['50ms', 2], ['50ms', 3]), promote: true } });
    await api.publish(namespace, 'beside', 'three');
    await config.untilGone();
    assert.equal((await config.events()).at(-1).from_version, 3);
    assert.deepEqual(kinds(await config.moves()), ['gray', 'gray', 'promote']);
    assert.equal((await api.read(namespace, 'beside')).version, 2);
  });

  test('Many at once keep out of each other’s way', async () => {
    const configs = await inParallel(24, 8, (i) => make(`many-${i}`));
    await inParallel(configs.length, 8, (i) =>
      configs[i].set({ rules: oneArm(2), plan: { steps: manySteps(2 + (i % 5), '50ms'), promote: i % 2 === 0 } }),
    );
    for (const [i, config] of configs.entries()) {
      await (i % 2 === 0 ? config.untilGone() : config.untilDone());
      const expected = Array.from({ length: 1 + (i % 5) }, (_, k) => k + 2);
      const found = weights(await config.audit());
      assert.deepEqual(i % 2 === 0 ? found : found.slice(0, -1), expected, config.key);
    }
    assert.equal(await metric(server, 'confer_ramps{state="running"}'), 0);
  });
});

describe('Guards of ramps', () => {
  const server = useConferd({ args: quick });
  const { api } = server;
  const make = (key, ...contents) => new GrayConfig(server, namespace, key).make(...contents);
  const guarded = (abortOn, ...list) => ({
    rules: oneArm(2),
    plan: { steps: steps(...(list.length ? list : [['1h', 100]])), abort_on: abortOn, promote: true },
  });

  /** Instances that are gone when the test is over, so that they count in no other. */
  async function instances(t, n, prefix) {
    const all = await connectAll(server, n, prefix);
    t.after(async () => {
      await Promise.all(all.map((instance) => instance.close()));
      await until(async () => (await api.get('/api/v1/instances')).data.items.length === 0, 'all are gone');
    });
    return all;
  }

  test('There is a namespace', async () => {
    await api.createNamespaces(namespace);
  });

  test('A refusal withdraws at once, and says why', async (t) => {
    const before = await metric(server, 'confer_ramp_moves_total{move="abort"}');
    const config = await make('one');
    const [first, second] = await instances(t, 2, 'one');
    await config.set(guarded({ refused: 1 }));
    first.ack({ key: 'one', version: 2 });
    second.ack({ key: 'one', version: 2, error: 'line 3: no such limit, “ü”' });
    await config.untilGone();

    const [abort] = await config.moves();
    assert.equal(abort.kind, 'abort');
    assert.equal(abort.comment, '1 of 2 instances refuse version 2: line 3: no such limit, “ü”');
    const entry = (await config.audit()).at(-1);
    assert.deepEqual([entry.action, entry.actor, entry.comment], ['gray.abort', 'system:ramp', abort.comment]);
    assert.equal((await api.read(namespace, 'one')).version, 1);
    assert.equal(await metric(server, 'confer_ramp_moves_total{move="abort"}'), before + 1);
  });

  test('The count of refusals is what the plan says', async (t) => {
    const config = await make('three');
    const all = await instances(t, 5, 'three');
    await config.set(guarded({ refused: 3 }, ['100ms', 100], ['100ms', 100], ['1h', 100]));
    for (const instance of all.slice(0, 2)) instance.ack({ key: 'three', version: 2, error: 'no' });
    await until(async () => (await config.get()).instances.arms[0].refused === 2, 'two refuse');
    await config.untilStep(2);
    all[2].ack({ key: 'three', version: 2, error: 'no' });
    await config.untilGone();
    assert.match((await config.moves()).at(-1).comment, /^3 of 5 instances refuse version 2: no$/);
  });

  test('The share of refusals is of those that have reported', async (t) => {
    const config = await make('share');
    const all = await instances(t, 6, 'share');
    const { revision } = await config.set(guarded({ refused_percent: 40 }, ['1h', 100]));
    for (const instance of all.slice(0, 3)) instance.ack({ key: 'share', version: 2 });
    await until(async () => (await config.get()).instances.arms[0].applied === 3, 'three apply it');
    all[3].ack({ key: 'share', version: 2, error: 'no' });
    await until(async () => (await config.get()).instances.arms[0].refused === 1, 'one refuses');
    await passHolds(server, namespace, 2, 200);
    assert.equal((await config.get()).revision, revision, 'one of four is less than 40 %');

    all[4].ack({ key: 'share', version: 2, error: 'no' });
    await config.untilGone();
    assert.match((await config.moves()).at(-1).comment, /^2 of 6 instances refuse version 2: no$/);
  });

  test('What is refused of other versions does not count', async (t) => {
    const config = await make('others', 'one', 'two', 'three');
    const [instance] = await instances(t, 1, 'others');
    const { revision } = await config.set(guarded({ refused: 1 }));
    instance.ack({ key: 'others', version: 1, error: 'no' });
    instance.ack({ key: 'others', version: 3, error: 'no' });
    await until(async () => (await api.get('/api/v1/instances')).data.items[0].results[0]?.version === 3, 'it refused');
    await passHolds(server, namespace, 2, 200);
    assert.equal((await config.get()).revision, revision);
    await config.abort();
  });

  test('Instances that an arm did not choose do not count', async (t) => {
    const config = await make('chosen');
    const [instance] = await instances(t, 1, 'chosen');
    const { revision } = await config.set(guarded({ refused: 1 }, ['1h', 0]));
    instance.ack({ key: 'chosen', version: 2, error: 'no' });
    await until(async () => (await api.get('/api/v1/instances')).data.items[0].results.length === 1, 'it refused');
    await passHolds(server, namespace, 2, 200);
    assert.equal((await config.get()).revision, revision);
    await config.abort();
  });

  test('What was refused before there was a plan counts', async (t) => {
    const config = await make('before');
    const [instance] = await instances(t, 1, 'before');
    await config.set({ rules: oneArm(2, 100) });
    instance.ack({ key: 'before', version: 2, error: 'no' });
    await until(async () => (await config.get()).instances.arms[0].refused === 1, 'it refuses');
    await config.set(guarded({ refused: 1 }));
    await config.untilGone();
    assert.deepEqual(kinds(await config.events()), ['publish', 'gray', 'gray', 'abort']);
  });

  test('A step that reaches those who refuse is the last', async (t) => {
    const config = await make('reached');
    const all = await instances(t, 3, 'reached');
    await config.set(guarded({ refused: 3 }, ['200ms', 0], ['1h', 100]));
    for (const instance of all) instance.ack({ key: 'reached', version: 2, error: 'no' });
    await config.untilGone();
    assert.deepEqual(kinds(await config.events()), ['publish', 'gray', 'gray', 'abort']);
  });

  test('A pause leaves the guard in force', async (t) => {
    const config = await make('paused');
    const [instance] = await instances(t, 1, 'paused');
    await config.set(guarded({ refused: 1 }));
    await config.post('pause');
    instance.ack({ key: 'paused', version: 2, error: 'no' });
    await config.untilGone();
  });

  test('Without a guard, and when it is done, refusals are only told', async (t) => {
    const [unguarded, done] = [await make('unguarded'), await make('ended')];
    const [instance] = await instances(t, 1, 'unguarded');
    await unguarded.set({ rules: oneArm(2), plan: { steps: steps(['1h', 100]) } });
    await done.set({ rules: oneArm(2), plan: { steps: steps([null, 100]), abort_on: { refused: 1 } } });
    await done.untilDone();
    instance.ack({ key: 'unguarded', version: 2, error: 'no' }, { key: 'ended', version: 2, error: 'no' });
    for (const config of [unguarded, done])
      await until(async () => (await config.get()).instances.arms[0].refused === 1, 'it refuses');
    await passHolds(server, namespace, 2, 200);
    for (const config of [unguarded, done]) {
      assert.ok(await config.get());
      await config.abort();
    }
  });

  test('A flood of refusals is one withdrawal', async (t) => {
    const config = await make('flood');
    const all = await instances(t, 40, 'flood');
    await config.set(guarded({ refused: 20 }));
    for (const instance of all)
      for (let i = 0; i < 20; i++) instance.ack({ key: 'flood', version: 2, error: 'no' });
    await config.untilGone();
    assert.deepEqual(kinds(await config.events()), ['publish', 'gray', 'abort']);
  });

  test('The driver says in the log what it did', () => {
    assert.match(server.stderr, /warning ramp\.aborted The gray release of prod\/one is withdrawn: 1 of 2 instances/);
  });
});

describe('Ramps across restarts', () => {
  /** A server that the test kills and starts. */
  function prepare(t, ...args) {
    const server = new Conferd({ args: ['--threads', '2', ...args], keepPort: true });
    t.after(() => server.finish());
    return server;
  }

  async function killAndStart(server) {
    await server.kill();
    await server.start();
  }

  test('No step is lost, and none is taken twice', async (t) => {
    const server = prepare(t, '--ramp-settle-ms', '0');
    await server.start();
    await server.api.createNamespaces(namespace);
    const config = await new GrayConfig(server, namespace, 'k').make();
    const n = 10;
    await config.set({ rules: oneArm(2), plan: { steps: manySteps(n, '150ms'), promote: true } });
    for (let step = 1; step < n; step += 2) {
      await config.until((gray) => !gray || gray.ramp.step >= step, `step ${step}`);
      await killAndStart(server);
    }
    await config.untilGone();
    assert.deepEqual(weights(await config.audit()), Array.from({ length: n - 1 }, (_, i) => i + 2));
    assert.deepEqual(kinds(await config.events()), ['publish', ...Array(n).fill('gray'), 'promote']);
    const moves = await config.moves();
    for (const [i, move] of moves.slice(1).entries()) assert.ok(at(move) - at(moves[i]) >= 150, 'the hold is kept');
  });

  test('After a start the instances have time to come back', async (t) => {
    const settleMs = 1500;
    const server = prepare(t, '--ramp-settle-ms', '3600000');
    await server.start();
    await server.api.createNamespaces(namespace);
    const config = await new GrayConfig(server, namespace, 'k').make();
    await config.set({ rules: oneArm(2), plan: { steps: steps(['1ms', 1], ['1h', 2]) } });
    await server.kill();
    assert.equal(server.args.pop(), '3600000');
    server.args.push(`${settleMs}`);
    const startedAt = Date.now();
    await server.start();
    await config.untilStep(1);
    const [step] = await config.moves();
    assert.ok(at(step) >= startedAt + settleMs);
  });

  test('While they come back, refusals are counted, and not taken in percent', async (t) => {
    const server = prepare(t, '--ramp-settle-ms', '3600000');
    await server.start();
    await server.api.createNamespaces(namespace);
    const share = await new GrayConfig(server, namespace, 'share').make();
    const count = await new GrayConfig(server, namespace, 'count').make();
    const plan = (abortOn) => ({ rules: oneArm(2), plan: { steps: steps(['1h', 100]), abort_on: abortOn } });
    await share.set(plan({ refused_percent: 50 }));
    await count.set(plan({ refused: 1 }));
    await killAndStart(server);
    const instance = await Instance.connect(server, 'i');
    instance.ack({ key: 'share', version: 2, error: 'no' });
    instance.ack({ key: 'count', version: 2, error: 'no' });
    await count.untilGone();
    assert.ok(await share.get());
    await instance.close();
  });

  test('A pause outlives a restart', async (t) => {
    const server = prepare(t, '--ramp-settle-ms', '0');
    await server.start();
    await server.api.createNamespaces(namespace);
    const config = await new GrayConfig(server, namespace, 'k').make();
    await config.set({ rules: oneArm(2), plan: { steps: steps([`${longHoldMs}ms`, 1], ['1h', 2]) } });
    await config.post('pause');
    await killAndStart(server);
    await passLongHold(server);
    assert.equal((await config.get()).ramp.state, 'paused');
    assert.equal(await metric(server, 'confer_ramps{state="paused"}'), 1);
    await config.post('resume');
    await config.untilStep(1);
  });

  test('A server that stops while ramps move ends well', async (t) => {
    const server = prepare(t, '--ramp-settle-ms', '0');
    await server.start();
    await server.api.createNamespaces(namespace);
    const plan = { steps: manySteps(32, '1ms') };
    for (let i = 0; i < 8; i++) {
      const config = await new GrayConfig(server, namespace, `k${i}`).make();
      await config.set({ rules: oneArm(2), plan });
    }
    await server.restart();
    for (let i = 0; i < 8; i++) {
      const config = new GrayConfig(server, namespace, `k${i}`);
      await config.untilDone();
      assert.deepEqual(weights(await config.audit()).slice(0, -1), Array.from({ length: 31 }, (_, k) => k + 2));
    }
  });
});

const mounted = mountSmall('8m');

describe('A ramp on a full disk', { skip: mounted ? false : 'this user may not mount' }, () => {
  const server = new Conferd({ data: path.join(mounted || '', 'data'), args: quick });
  const ballast = path.join(mounted || '', 'ballast');
  after(async () => {
    await server.finish();
    unmount(mounted);
  });

  function fillDisk() {
    const file = fs.openSync(ballast, 'w');
    assert.throws(() => {
      for (;;) fs.writeSync(file, Buffer.alloc(4096));
    }, { code: 'ENOSPC' });
    fs.closeSync(file);
  }

  test('It goes on when there is room again, and has said once that it could not', async () => {
    await server.start();
    await server.api.createNamespaces(namespace);
    const config = await new GrayConfig(server, namespace, 'k').make();
    const n = 32;
    await config.set({ rules: oneArm(2), plan: { steps: manySteps(n, '50ms'), promote: true } });
    fillDisk();
    await until(() => /store\.write-failed[^]*store\.write-failed/.test(server.stderr), 'it tried again');
    fs.rmSync(ballast);
    await config.untilGone();
    assert.equal(server.stderr.match(/warning ramp\.failed The ramp of prod\/k cannot go on/g).length, 1);
    assert.deepEqual(weights(await config.audit()), Array.from({ length: n - 1 }, (_, i) => i + 2));
  });
});
