// Gray releases with a plan, as tests set and follow them.
'use strict';

const assert = require('node:assert/strict');
const { configPath, root } = require('./client.js');
const { until } = require('./waiting.js');

/** `steps(['300ms', 1], ['1h', 100])`: holds with their weights. */
const steps = (...list) => list.map(([hold, weight]) => (hold ? { weight, hold } : { weight }));

/** @n steps, each held for @hold, with the weights that @weightOf their index gives. */
const manySteps = (n, hold, weightOf = (i) => i + 1) =>
  Array.from({ length: n }, (_, i) => ({ weight: weightOf(i), hold }));

/** One rule for everybody, with one arm. */
const oneArm = (version, weight = 0) => [{ split: [{ version, weight }] }];

/** A config of a server, and the gray release on it. */
class GrayConfig {
  constructor(server, namespace, key) {
    Object.assign(this, { server, namespace, key });
  }

  get api() {
    return this.server.api;
  }

  path(...rest) {
    return configPath(this.namespace, this.key, ...rest);
  }

  /** Publishes the first version, and saves the others. */
  async make(...contents) {
    const [first, ...others] = contents.length ? contents : ['one', 'two'];
    await this.api.publish(this.namespace, this.key, first);
    for (const content of others) await this.api.save(this.namespace, this.key, content);
    return this;
  }

  async set(body) {
    return (await this.api.put(this.path('gray'), body)).data;
  }

  /** What runs; null for nothing. */
  async get() {
    const answer = await this.api.get(this.path('gray'), { status: 'any' });
    if (answer.status === 404) assert.equal(answer.reason, 'gray_not_found');
    else assert.equal(answer.status, 200, answer.text);
    return answer.status === 200 ? answer.data : null;
  }

  async post(what, body = {}) {
    return (await this.api.post(this.path('gray', what), body)).data;
  }

  abort() {
    return this.api.delete(this.path('gray'));
  }

  /** Release events, oldest first. */
  async events() {
    return (await this.api.walk(this.path('releases'))).reverse();
  }

  /** Those of the server's own making. */
  async moves() {
    return (await this.events()).filter(({ actor }) => actor === 'system:ramp');
  }

  /** Audit entries of the gray release, oldest first. */
  async audit() {
    const entries = await this.api.walk(`${root}/audit`, { namespace: this.namespace, key: this.key });
    return entries.reverse().filter(({ action }) => action.startsWith('gray.'));
  }

  /** Waits until it @isSo, given what runs, and returns that. */
  until(isSo, what) {
    let now;
    return until(async () => {
      now = await this.get();
      return isSo(now);
    }, what).then(() => now);
  }

  untilGone() {
    return this.until((gray) => gray === null, `the gray release on ${this.key} is over`);
  }

  untilStep(step) {
    return this.until((gray) => gray.ramp.step >= step, `step ${step} of ${this.key}`);
  }

  untilDone() {
    return this.until((gray) => gray.ramp.state === 'done', `the ramp of ${this.key} is done`);
  }
}

/**
 * Waits as long as a ramp takes for @n steps of @holdMs: time as the driver sees it, without a clock of our own. That
 * ramp never ends by itself, so that it is not counted among those that did.
 */
async function passHolds(server, namespace, n, holdMs) {
  const config = await new GrayConfig(server, namespace, `clock-${passHolds.n++}`).make();
  const last = { weight: n + 1, hold: '1h' };
  await config.set({ rules: oneArm(2), plan: { steps: [...manySteps(n, `${holdMs}ms`), last] } });
  await config.untilStep(n);
  await config.abort();
}
passHolds.n = 0;

module.exports = { GrayConfig, manySteps, oneArm, passHolds, steps };
