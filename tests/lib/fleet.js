// Many instances of the SDK, in processes of the probe, with tags; and what each should see of a gray release, by the
// server's own word and by that of the script in tests/gray.
'use strict';

const assert = require('node:assert/strict');
const { spawnSync } = require('node:child_process');
const path = require('node:path');
const { Probe } = require('./probe.js');
const { until, inParallel } = require('./waiting.js');

const script = path.join(__dirname, '..', 'gray', 'evaluate.py');

/** What the script answers to `{salt, rules, stable, unit, tags}`, each. */
function askScript(cases) {
  const { status, stdout, stderr } = spawnSync('python3', [script], {
    input: cases.map((one) => `${JSON.stringify(one)}\n`).join(''),
    encoding: 'utf8',
    env: { ...process.env, PYTHONDONTWRITEBYTECODE: '1' },
  });
  assert.equal(status, 0, stderr);
  return stdout.trim().split('\n').map((line) => JSON.parse(line));
}

/** One instance: its id and tags, and what its listener was told of a key. */
class FleetInstance {
  constructor(probe, client, id, tags) {
    Object.assign(this, { probe, client, id, tags });
  }

  /** Values in the order in which they were told, as `{version, gray, rule}`. */
  told(key) {
    return this.probe
      .changes(key)
      .filter(({ client }) => client === this.client)
      .map(({ new: { version, gray, rule } }) => ({ version, gray, rule }));
  }

  command(text) {
    return this.probe.command(text, this.client);
  }

  async setTag(name, value) {
    await this.command(value === undefined ? `set_tag ${name}` : `set_tag ${name} ${value}`);
    this.tags = { ...this.tags, [name]: value };
    if (value === undefined) delete this.tags[name];
  }

  async get(namespace, key) {
    const { version, gray, rule } = (await this.command(`get ${namespace} ${key}`)).value;
    return { version, gray, rule };
  }
}

class Fleet {
  /** @groups: `{NAME: tags}`, of each @n instances, in a process of their own. */
  constructor(server, namespace, groups, n) {
    Object.assign(this, { server, namespace });
    this.probes = [];
    this.instances = [];
    for (const [name, tags] of Object.entries(groups)) {
      const tag = Object.entries(tags).map(([tagName, value]) => `${tagName}=${value}`);
      const { origin, token } = server;
      const probe = new Probe({ server: origin, token, namespace, instance: name, clients: n, tag });
      this.probes.push(probe);
      for (let i = 0; i < n; i++) this.instances.push(new FleetInstance(probe, i, `${name}-${i}`, tags));
    }
  }

  each(work) {
    return inParallel(this.instances.length, 32, (i) => work(this.instances[i], i));
  }

  forget() {
    for (const probe of this.probes) probe.events.length = 0;
  }

  /** Waits until all hold a version of @key that is published last, and so all that came before it. */
  async untilAllHeard(key, version) {
    await until(
      () => this.instances.every((instance) => instance.told(key).at(-1)?.version === version),
      `all have version ${version} of ${key}`,
    );
  }

  /** Waits until each instance's newest value of @key is the one of @expected that has its place. */
  async untilAllSee(key, expected) {
    await this.each((instance, i) =>
      until(async () => {
        const { version, gray } = await instance.get(this.namespace, key);
        return version === expected[i].version && gray === expected[i].gray;
      }, `${instance.id} sees version ${expected[i].version}, ${expected[i].reason}`),
    );
  }

  /** What each instance should see of @config now: the server's answer, which must be the script's. */
  async expect(config) {
    const gray = await config.get();
    const stable = (await config.api.read(config.namespace, config.key)).version;
    const answers = await this.each(async ({ id, tags }) =>
      (await config.api.post(config.path('evaluate'), { unit: id, tags })).data,
    );
    const cases = this.instances.map(({ id, tags }) => ({
      salt: gray?.salt ?? '', rules: gray?.rules ?? null, stable, unit: id, tags,
    }));
    assert.deepEqual(answers, askScript(cases));
    return answers;
  }

  async finish() {
    await Promise.all(this.probes.map((probe) => probe.finish()));
  }
}

module.exports = { Fleet };
