// Several servers that share an etcd and elect who of them works.
'use strict';

const { after, before } = require('node:test');
const { Conferd } = require('./conferd.js');
const { mirrorsFile } = require('./mirrors.js');
const { Relay } = require('./relay.js');
const { until } = require('./waiting.js');

/** One of them, with wires of its own to etcd and Redis. Its name is the content of its config `prod/who`. */
class Member {
  constructor(name, etcd, redis) {
    this.name = name;
    this.server = new Conferd();
    this.toEtcd = new Relay(() => new URL(etcd.endpoint).host);
    this.toRedis = new Relay(() => redis.endpoint);
  }

  get api() {
    return this.server.api;
  }

  async start(mirrors) {
    await Promise.all([this.toEtcd.start(), this.toRedis.start()]);
    this.server.args = mirrorsFile(mirrors(`http://${this.toEtcd.endpoint}`, this.toRedis.endpoint));
    await this.server.start();
    await this.api.createNamespaces('prod');
    await this.say(this.name);
  }

  /** What its config is from now on. */
  say(content) {
    return this.api.publish('prod', 'who', content);
  }

  async finish() {
    for (const relay of [this.toEtcd, this.toRedis]) relay.release();
    this.server.child?.kill('SIGCONT');
    await this.server.finish();
    await Promise.all([this.toEtcd.stop(), this.toRedis.stop()]);
  }

  freeze() {
    this.server.child.kill('SIGSTOP');
    this.isFrozen = true;
  }

  thaw() {
    this.server.child.kill('SIGCONT');
    this.isFrozen = false;
  }

  async read() {
    return (await this.api.get('/api/v1/mirrors')).data;
  }

  /** The states of its mirrors, each once. */
  async states() {
    return [...new Set((await this.read()).items.map(({ state }) => state))];
  }

  untilState(wanted) {
    return until(async () => (await this.states()).every((state) => state === wanted), `the mirrors of ${this.name} are ${wanted}`);
  }
}

class Members {
  constructor(all) {
    this.all = all;
  }

  /** Those that can answer. */
  get awake() {
    return this.all.filter(({ server, isFrozen }) => server.isRunning && !isFrozen);
  }

  async leaders() {
    const leaders = [];
    for (const member of this.awake) if ((await member.read()).election.leader) leaders.push(member);
    return leaders;
  }

  /** Waits until one of them leads, and its mirrors run. @isIt: which one will do */
  async untilLed(isIt = () => true) {
    const [leader] = await until(async () => {
      const leaders = (await this.leaders()).filter(isIt);
      return leaders.length === 1 && leaders;
    }, 'one of them leads');
    await leader.untilState('running');
    return leader;
  }
}

/** Servers for the suite that calls this. @mirrors: makes the file of one from where it finds etcd and Redis */
function useMembers(names, etcd, redis, mirrors) {
  const members = new Members(names.map((name) => new Member(name, etcd, redis)));
  before(async () => {
    await Promise.all([etcd.start(), redis.start()]);
    for (const member of members.all) await member.start(mirrors);
  });
  after(async () => {
    for (const member of members.all) await member.finish();
    await Promise.all([etcd.stop(), redis.stop()]);
  });
  return members;
}

module.exports = { useMembers };
