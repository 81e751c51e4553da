// Several servers at one etcd: one of them works, another takes over, and what an old leader has left is never carried out.
'use strict';

const assert = require('node:assert/strict');
const { describe, test } = require('node:test');
const { setTimeout: pause } = require('node:timers/promises');
const { mirrorsFile, resync, useMirrors } = require('../lib/mirrors.js');
const { Conferd } = require('../lib/conferd.js');
const { useMembers } = require('../lib/election.js');
const { metric } = require('../lib/stream.js');
const { Etcd, Redis } = require('../lib/targets.js');
const { until } = require('../lib/waiting.js');

const ttlMs = 2000;
const electionKey = '/confer-election/leader';

const filesOf = (atEtcd, atRedis, timeout = '1 s') => ({
  leader: { kind: 'election', endpoints: atEtcd, ttl_ms: `${ttlMs} ms` },
  'redis-main': { kind: 'redis', endpoints: atRedis, timeout_ms: timeout },
  'etcd-main': { kind: 'etcd', endpoints: atEtcd, timeout_ms: timeout },
});

/** What both targets hold of prod/who. */
const heldBy = (etcd, redis) => ({ redis: redis.run('GET', 'prod:who'), etcd: etcd.contents()['/confer/prod/who'] });
const untilBothHold = (etcd, redis, content) => until(() => {
  const held = heldBy(etcd, redis);
  return held.redis === content && held.etcd === content;
}, `both hold ${content}`);

describe('Three servers', () => {
  const etcd = new Etcd();
  const redis = new Redis();
  const members = useMembers(['one', 'two', 'three'], etcd, redis, filesOf);
  const others = (leader) => members.awake.filter((member) => member !== leader);
  const untilOthersRest = (leader) => Promise.all(others(leader).map((member) => member.untilState('standby')));

  /** Waits until another than @former leads; tells how long that took. */
  async function untilTakenOver(t, former, what) {
    const start = Date.now();
    const leader = await members.untilLed((member) => member !== former);
    t.diagnostic(`${what}: another leads after ${Date.now() - start} ms, with a lease of ${ttlMs} ms`);
    await untilBothHold(etcd, redis, leader.said ?? leader.name);
    return leader;
  }

  async function say(member, content) {
    member.said = content;
    await member.say(content);
  }

  test('One works, the others stand by and say who leads', async () => {
    const leader = await members.untilLed();
    await untilOthersRest(leader);
    await untilBothHold(etcd, redis, leader.name);
    const { election } = await leader.read();
    assert.deepEqual([election.key, election.leader, election.error], [electionKey, true, null]);
    assert.match(election.leader_name, new RegExp(`:${leader.server.child.pid} 127\\.0\\.0\\.1:${new URL(leader.server.origin).port}$`));
    for (const member of members.all) {
      const said = (await member.read()).election;
      assert.equal(said.leader, member === leader);
      assert.equal(said.leader_name, election.leader_name);
      assert.equal(await metric(member.server, 'confer_election_leader'), Number(member === leader));
      assert.equal(await metric(member.server, 'confer_mirror_connected{mirror="redis-main"}'), Number(member === leader));
    }
    assert.match(leader.server.stderr, /election\.won/);
  });

  test('What is published on one that stands by waits, and is not sent', async () => {
    const leader = await members.untilLed();
    const [other] = others(leader);
    await say(other, 'from one that stands by');
    await until(async () => (await other.read()).items.every(({ waiting }) => waiting > 0), 'it waits');
    await say(leader, 'from the leader');
    await untilBothHold(etcd, redis, 'from the leader');
  });

  test('The leader is killed', async (t) => {
    const leader = await members.untilLed();
    await leader.server.kill();
    const next = await untilTakenOver(t, leader, 'killed');
    await untilOthersRest(next);
    await leader.server.start();
    await leader.untilState('standby');
    assert.deepEqual(await members.leaders(), [next]);
  });

  test('The leader is stopped: another takes over at once', async (t) => {
    const leader = await members.untilLed();
    await leader.server.stop();
    assert.equal((await leader.server.stderr).includes('election.lost'), false);
    await untilTakenOver(t, leader, 'stopped');
    await leader.server.start();
    await leader.untilState('standby');
  });

  test('The leader is frozen while another writes: when it goes on, nothing goes back', async (t) => {
    const leader = await members.untilLed();
    leader.freeze();
    const next = await untilTakenOver(t, leader, 'frozen');
    await say(next, 'newer than what the frozen one knows');
    await untilBothHold(etcd, redis, next.said);
    leader.thaw();
    await say(leader, 'from the one that was frozen');
    await leader.untilState('standby');
    await pause(500);
    assert.deepEqual(heldBy(etcd, redis), { redis: next.said, etcd: next.said });
    assert.deepEqual(await members.leaders(), [next]);
    assert.match(leader.server.stderr, /election\.lost .*not renewed in time/);
  });

  test('The leader alone is cut off from etcd: it stops, and another writes', async (t) => {
    const leader = await members.untilLed();
    leader.toEtcd.hold();
    const next = await untilTakenOver(t, leader, 'cut off from etcd');
    assert.equal((await leader.read()).election.leader, false);
    await say(leader, 'from the one that is cut off');
    await say(next, 'newer');
    await untilBothHold(etcd, redis, 'newer');
    leader.toEtcd.release();
    await leader.untilState('standby');
    await pause(500);
    assert.deepEqual(heldBy(etcd, redis), { redis: 'newer', etcd: 'newer' });
    await until(async () => (await leader.read()).election.leader_name === (await next.read()).election.leader_name, 'it knows who leads');
  });

  test('Its key is taken away by hand: one leads again', async () => {
    const { length } = (await members.untilLed()).server.stderr;
    etcd.run('del', electionKey);
    await until(async () => members.all.some(({ server }) => /election\.lost .*(gone|somebody else's)/.test(server.stderr.slice(length))), 'it has noticed');
    const leader = await members.untilLed();
    await untilOthersRest(leader);
    await untilBothHold(etcd, redis, leader.said ?? leader.name);
  });

  test('etcd is away: nobody works; when it is back one does', async (t) => {
    const leader = await members.untilLed();
    const start = Date.now();
    await etcd.kill();
    await until(async () => (await members.leaders()).length === 0, 'nobody leads');
    t.diagnostic(`etcd away: nobody leads after ${Date.now() - start} ms`);
    for (const member of members.all) await member.untilState('standby');
    assert.ok((await leader.read()).election.error);
    await say(leader, 'while nobody leads');
    await pause(500);
    assert.notEqual(redis.run('GET', 'prod:who'), 'while nobody leads');

    const back = Date.now();
    await etcd.start();
    const next = await members.untilLed();
    t.diagnostic(`etcd back: one leads after ${Date.now() - back} ms`);
    await untilOthersRest(next);
    await untilBothHold(etcd, redis, next.said ?? next.name);
    assert.equal((await next.read()).election.error, null);
  });

  test('etcd has lost its data: one leads, not before the time of a lease, and all is there again', async (t) => {
    await members.untilLed();
    const start = Date.now();
    await etcd.restartEmpty();
    const back = Date.now();
    await until(() => Object.keys(etcd.contents(electionKey)).length === 1, 'somebody stands');
    t.diagnostic(`etcd emptied: somebody leads ${Date.now() - start} ms after its end, ${Date.now() - back} ms after its start`);
    const next = await members.untilLed();
    await untilOthersRest(next);
    await untilBothHold(etcd, redis, next.said ?? next.name);
  });
});

describe('A batch that is on its way when the leader is cut off', () => {
  const etcd = new Etcd();
  const redis = new Redis();
  const members = useMembers(['one', 'two'], etcd, redis, (atEtcd, atRedis) => filesOf(atEtcd, atRedis, '30 s'));

  test('is not carried out after another has written', async () => {
    const leader = await members.untilLed();
    await untilBothHold(etcd, redis, leader.name);
    leader.toEtcd.hold();
    leader.toRedis.hold();
    await leader.say('old, and on its way');
    const next = await members.untilLed((member) => member !== leader);
    await next.say('newer');
    await untilBothHold(etcd, redis, 'newer');
    leader.toRedis.release();
    leader.toEtcd.release();
    await leader.untilState('standby');
    await pause(500);
    assert.deepEqual(heldBy(etcd, redis), { redis: 'newer', etcd: 'newer' });
  });
});

describe('The key of the election', () => {
  const etcd = new Etcd();
  const server = useMirrors([etcd], () => ({
    leader: { kind: 'election', endpoints: etcd.endpoint, key: '/who-leads', ttl_ms: '2 s' },
    all: { kind: 'etcd', endpoints: etcd.endpoint, key: '/{namespace_path}/{key}', prune: true },
  }));

  test('is not foreign to a mirror under whose prefix it stands', async () => {
    const { api } = server;
    await api.createNamespaces('prod');
    await api.publish('prod', 'a', '1');
    await until(() => etcd.contents('/').hasOwnProperty('/prod/a'), 'it is mirrored');
    etcd.run('put', '/confer-election/of-others', 'x');
    etcd.run('put', '/foreign', 'x');
    const { foreign, pruned } = await resync(api, 'all');
    assert.deepEqual({ foreign, pruned }, { foreign: 1, pruned: 1 });
    assert.deepEqual(Object.keys(etcd.contents('/')).sort(), ['/confer-election/of-others', '/confer-mirrors/all', '/prod/a', '/who-leads']);
    assert.ok((await api.get('/api/v1/mirrors')).data.election.leader);
  });
});

describe('A server that finds no etcd', () => {
  test('starts, stands by, and stops without waiting for it', async () => {
    const redis = await new Redis().start();
    const server = new Conferd({ args: mirrorsFile({
      leader: { kind: 'election', endpoints: 'http://127.0.0.1:1' },
      main: { kind: 'redis', endpoints: redis.endpoint },
    }) });
    await server.start();
    const { election, items } = await until(async () => {
      const { data } = await server.api.get('/api/v1/mirrors');
      return data.election.error && data.items[0].state === 'standby' && data;
    }, 'it says so');
    assert.deepEqual([election.leader, election.leader_name, items[0].error], [false, null, null]);
    assert.equal(server.stderr.split('\n').filter((line) => line.includes('election.failed')).length, 1);
    await server.stop();
    await redis.stop();
  });
});
