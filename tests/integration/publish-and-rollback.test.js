// Releases: publishing, rolling back, walking back, deleting and reviving.
'use strict';

const assert = require('node:assert/strict');
const { describe, test } = require('node:test');
const { configPath } = require('../lib/client.js');
const { useConferd } = require('../lib/conferd.js');
const { Random } = require('../lib/random.js');

describe('Publishing', () => {
  const { api } = useConferd();
  const publish = (key, body, options) => api.post(configPath('ns', key, 'publish'), body, options);

  test('Without a version the newest is published, with one that one', async () => {
    await api.createNamespaces('ns');
    const one = await api.save('ns', 'k', 'one', { comment: 'of the save' });
    await api.save('ns', 'k', 'two');
    const revision = await api.revision();

    const newest = (await publish('k', { comment: 'now' })).data;
    assert.deepEqual(
      [newest.version, newest.content, newest.comment, newest.revision],
      [2, 'two', 'now', revision + 1],
    );
    assert.deepEqual(await api.read('ns', 'k'), newest);

    const older = (await publish('k', { version: 1 })).data;
    assert.deepEqual(
      [older.version, older.content, older.comment, older.revision],
      [1, 'one', '', revision + 2],
    );
    assert.equal(older.sha256, one.sha256);
    assert.deepEqual(await api.read('ns', 'k'), older);
    const { created, ...saved } = one;
    assert.deepEqual(
      (await api.get(configPath('ns', 'k', 'versions', 1))).data,
      saved,
      'the version stays as it was saved',
    );
  });

  test('A body is not needed', async () => {
    await api.save('ns', 'bare', 'x');
    const { data } = await api.request('POST', configPath('ns', 'bare', 'publish'));
    assert.equal(data.version, 1);
    await api.save('ns', 'bare', 'y');
    assert.equal((await publish('bare', '{}')).data.version, 2);
    assert.equal((await api.request('POST', configPath('ns', 'bare', 'rollback'))).data.version, 1);
  });

  test('Publishing what is in force changes nothing', async () => {
    const first = await api.publish('ns', 'again', 'x', { comment: 'first' });
    const revision = await api.revision();
    const again = (await publish('again', { version: 1, comment: 'second' })).data;
    assert.deepEqual({ ...again, created: true }, first);
    assert.equal(await api.revision(), revision);
    assert.equal((await api.walk(configPath('ns', 'again', 'releases'))).length, 1);
  });

  test('Publishing revives a deleted config', async () => {
    await api.publish('ns', 'revived', 'one');
    await api.publish('ns', 'revived', 'two');
    await api.delete(configPath('ns', 'revived'));
    assert.equal((await publish('revived', { version: 1 })).data.content, 'one');
    assert.equal((await api.read('ns', 'revived')).content, 'one');
    await api.delete(configPath('ns', 'revived'));
    assert.equal((await publish('revived', {})).data.version, 2, 'the newest, in force before or not');
  });

  test('What does not exist cannot be published', async () => {
    await api.save('ns', 'exists', 'x');
    const revision = await api.revision();
    await publish('exists', { version: 2 }, { status: 404, reason: 'version_not_found' });
    await publish('absent', {}, { status: 404, reason: 'config_not_found' });
    await api.post(configPath('nowhere', 'k', 'publish'), {}, { status: 404, reason: 'namespace_not_found' });
    for (const version of [0, -1, '1', 1.5, true, null, 1e30, [1]]) {
      await publish('exists', { version }, { status: 400, reason: 'invalid_field', field: 'version' });
    }
    await publish('exists', { to: 1 }, { status: 400, reason: 'unknown_field', field: 'to' });
    assert.equal(await api.revision(), revision);
  });
});

describe('Rolling back', () => {
  const { api } = useConferd();
  const rollback = (key, body = {}, options = {}) =>
    api.post(configPath('ns', key, 'rollback'), body, options);
  const events = (key) => api.walk(configPath('ns', key, 'releases'));

  async function publishAll(key, ...contents) {
    for (const content of contents) await api.publish('ns', key, content);
  }

  test('Without "to" each request walks one step further back, and never to and fro', async () => {
    await api.createNamespaces('ns');
    await publishAll('walk', 'one', 'two', 'three');
    assert.equal((await rollback('walk')).data.version, 2);
    assert.equal((await rollback('walk')).data.version, 1);
    const revision = await api.revision();
    await rollback('walk', {}, { status: 409, reason: 'nothing_to_roll_back' });
    assert.equal(await api.revision(), revision);
    assert.equal((await api.read('ns', 'walk')).content, 'one');

    const list = await events('walk');
    assert.deepEqual(
      list.map(({ kind, version, from_version }) => [kind, version, from_version]),
      [
        ['rollback', 1, 2],
        ['rollback', 2, 3],
        ['publish', 3, 2],
        ['publish', 2, 1],
        ['publish', 1, null],
      ],
    );
    const [second, first, , two, one] = list;
    assert.deepEqual([first.restores, second.restores], [two.id, one.id], 'the events that were stepped to');
    assert.deepEqual(
      list.slice(2).map(({ restores }) => restores),
      [null, null, null],
    );
  });

  test('A rollback is a release like any other: its time, author and comment are read', async () => {
    await publishAll('data', 'one', 'two');
    const { data } = await rollback('data', { comment: 'two was bad' });
    assert.deepEqual(
      [data.version, data.content, data.comment, data.updated_by],
      [1, 'one', 'two was bad', 'user:admin'],
    );
    assert.deepEqual(await api.read('ns', 'data'), data);
    const [event] = await events('data');
    assert.deepEqual(event, {
      id: event.id,
      time: data.updated_at,
      actor: 'user:admin',
      kind: 'rollback',
      version: 1,
      from_version: 2,
      restores: event.restores,
      revision: data.revision,
      comment: 'two was bad',
    });
    assert.deepEqual(Object.keys(event), [
      'id', 'time', 'actor', 'kind', 'version', 'from_version', 'restores', 'revision', 'comment',
    ]);
  });

  test('With "to" any version can be gone back to: the one that created the config, or one never released', async () => {
    await publishAll('to', 'one', 'two');
    await api.save('ns', 'to', 'three');
    await publishAll('to', 'four');
    const [, , first] = await events('to');

    assert.equal((await rollback('to', { to: 1 })).data.content, 'one');
    assert.equal((await events('to'))[0].restores, first.id);
    assert.equal((await rollback('to', { to: 3 })).data.content, 'three');
    assert.equal((await events('to'))[0].restores, null, 'it was never released');
    assert.equal((await rollback('to', { to: 4 })).data.content, 'four', 'forward, too');
  });

  test('With "to" the newest release of that version is what is restored', async () => {
    await publishAll('newest', 'one', 'two');
    await api.post(configPath('ns', 'newest', 'publish'), { version: 1 });
    await api.post(configPath('ns', 'newest', 'publish'), { version: 2 });
    const [, secondOfOne] = await events('newest');
    await rollback('newest', { to: 1 });
    assert.equal((await events('newest'))[0].restores, secondOfOne.id);
  });

  test('Rolling back to what is in force changes nothing', async () => {
    await publishAll('inforce', 'one', 'two');
    const before = await api.read('ns', 'inforce');
    const revision = await api.revision();
    assert.deepEqual((await rollback('inforce', { to: 2, comment: 'x' })).data, before);
    assert.equal(await api.revision(), revision);
  });

  test('After a delete, walking back brings back what was in force', async () => {
    await publishAll('deleted', 'one', 'two', 'three');
    await rollback('deleted', { to: 2 });
    const [inForce] = await events('deleted');
    await api.delete(configPath('ns', 'deleted'));
    assert.equal((await rollback('deleted')).data.version, 2);
    const [revived, gone] = await events('deleted');
    assert.deepEqual([gone.kind, gone.version, gone.from_version], ['delete', null, 2]);
    assert.deepEqual(
      [revived.kind, revived.version, revived.from_version, revived.restores],
      ['rollback', 2, null, inForce.id],
    );
    assert.equal((await api.read('ns', 'deleted')).content, 'two');
  });

  test('There is nothing to go back to before the first release', async () => {
    await api.save('ns', 'draft', 'one');
    await rollback('draft', {}, { status: 409, reason: 'nothing_to_roll_back' });
    assert.equal((await rollback('draft', { to: 1 })).data.version, 1, 'but to a version, always');
    await publishAll('single', 'one');
    await rollback('single', {}, { status: 409, reason: 'nothing_to_roll_back' });
  });

  test('What does not exist cannot be gone back to', async () => {
    await publishAll('exists', 'one');
    const revision = await api.revision();
    await rollback('exists', { to: 2 }, { status: 404, reason: 'version_not_found' });
    await rollback('absent', {}, { status: 404, reason: 'config_not_found' });
    await rollback('absent', { to: 1 }, { status: 404, reason: 'config_not_found' });
    for (const to of [0, -1, '1', 1.5, null])
      await rollback('exists', { to }, { status: 400, reason: 'invalid_field', field: 'to' });
    await rollback('exists', { version: 1 }, { status: 400, reason: 'unknown_field', field: 'version' });
    assert.equal(await api.revision(), revision);
  });

  test('Versions are never touched by releases', async () => {
    await publishAll('kept', 'one', 'two');
    const before = await api.walk(configPath('ns', 'kept', 'versions'));
    await rollback('kept');
    await api.delete(configPath('ns', 'kept'));
    await rollback('kept');
    await api.post(configPath('ns', 'kept', 'publish'), { version: 2 });
    assert.deepEqual(await api.walk(configPath('ns', 'kept', 'versions')), before);
    assert.deepEqual(
      await api.walk(configPath('ns', 'kept', 'releases'), { limit: 2 }),
      await events('kept'),
    );
  });
});

/**
 * The contract's rules of walking back, as a model: "steps to the release event before the one in force or, when a
 * rollback is in force, before the one that it restores; after a DELETE it brings back what was in force".
 */
class Timeline {
  constructor() {
    this.events = []; // oldest first: {kind, version, restores: index or null}
  }

  get last() {
    return this.events[this.events.length - 1];
  }

  get inForce() {
    return this.last && this.last.kind !== 'delete' ? this.last.version : null;
  }

  newestBefore(end) {
    for (let i = end - 1; i >= 0; i--) if (this.events[i].kind !== 'delete') return i;
    return null;
  }

  /** The index of the event that a walk back steps to, or null. */
  stepBack() {
    const { last } = this;
    if (!last) return null;
    if (last.kind === 'delete') return this.newestBefore(this.events.length);
    if (last.kind === 'rollback' && last.restores !== null) return this.newestBefore(last.restores);
    return this.newestBefore(this.events.length - 1);
  }

  newestOf(version) {
    for (let i = this.events.length - 1; i >= 0; i--) if (this.events[i].version === version) return i;
    return null;
  }

  add(kind, version, restores = null) {
    this.events.push({ kind, version, restores });
  }
}

describe('Any order of publish, rollback and delete', () => {
  const { api } = useConferd();

  test('400 random steps go as the model says', async (t) => {
    const random = new Random();
    t.diagnostic(`CONFER_SEED=${random.seed}`);
    await api.createNamespaces('ns');
    const post = (key, what, body, options) => api.post(configPath('ns', key, what), body, options);

    for (let round = 0; round < 8; round++) {
      const key = `k${round}`;
      const timeline = new Timeline();
      const steps = [];
      const where = () => `CONFER_SEED=${random.seed}, config ${key}: ${steps.join(', ')}`;
      const versions = 4;
      for (let v = 1; v <= versions; v++) await api.save('ns', key, `${v}`);

      for (let i = 0; i < 50; i++) {
        const version = random.integer(1, versions);
        const step = random.pick(['publish', 'publish', 'rollback', 'back', 'back', 'back', 'delete']);
        steps.push(step === 'back' || step === 'delete' ? step : `${step} ${version}`);

        if (step === 'publish') {
          await post(key, 'publish', { version });
          if (timeline.inForce !== version) timeline.add('publish', version);
        } else if (step === 'rollback') {
          const restores = timeline.newestOf(version);
          await post(key, 'rollback', { to: version });
          if (timeline.inForce !== version) timeline.add('rollback', version, restores);
        } else if (step === 'back') {
          const to = timeline.stepBack();
          const answer = await post(key, 'rollback', {}, { status: 'any' });
          assert.equal(answer.status, to === null ? 409 : 200, where());
          if (to !== null) timeline.add('rollback', timeline.events[to].version, to);
        } else {
          const answer = await api.delete(configPath('ns', key), { status: 'any' });
          const exists = !timeline.last || timeline.last.kind !== 'delete';
          assert.equal(answer.status, exists ? 200 : 404, where());
          if (exists) timeline.add('delete', null);
        }

        const read = await api.get(configPath('ns', key), { status: 'any' });
        assert.equal(read.status === 200 ? read.data.version : null, timeline.inForce, where());
      }

      const listed = (await api.walk(configPath('ns', key, 'releases'), { limit: 17 })).reverse();
      const ids = listed.map(({ id }) => id);
      assert.deepEqual(
        listed.map(({ kind, version, restores }) => ({
          kind,
          version,
          restores: restores === null ? null : ids.indexOf(restores),
        })),
        timeline.events,
        where(),
      );
      listed.forEach(({ from_version }, j) => {
        const before = listed[j - 1];
        assert.equal(from_version, before ? before.version : null, where());
      });
      assert.deepEqual(
        ids,
        [...ids].sort((a, b) => a - b),
      );
    }
  });
});
