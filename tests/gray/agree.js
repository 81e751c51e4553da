// Compares what the script, the server and the SDK say of random rule sets, units and tags; `tests/gray/run` builds what
// it needs.
//
//   node agree.js [RULE-SETS [ASKERS]]      askers of each rule set
'use strict';

const assert = require('node:assert/strict');
const { Client, root } = require('../lib/client.js');
const { Conferd } = require('../lib/conferd.js');
const gray = require('../lib/gray-askers.js');
const { Probe } = require('../lib/probe.js');
const { Random } = require('../lib/random.js');
const { inParallel, until } = require('../lib/waiting.js');

const namespace = 'agree';
const nVersions = 6; // generate.py names no others.
const batchSize = 64; // Each config takes two operations of a transaction, which has up to 128.
const width = 16;
const shownMax = 5;
const batchesPerReport = 100;

const keys = Array.from({ length: batchSize }, (_, i) => `config-${i}`);

/** Does without the judge of requests and answers, who takes longer than the server; other tests hear it. */
class PlainClient extends Client {
  checkRequest() {}

  checkAnswer() {}
}

class Agreement {
  /**
   * @size: `{nRuleSets, nAskers}`, of each rule set
   * @options: `tell(text)`, who is told how it goes; `random`, where the seed comes from
   */
  constructor({ nRuleSets, nAskers }, { tell, random }) {
    this.size = { nRuleSets, nAskers };
    this.tell = tell;
    this.seed = random.seed;
    this.server = new Conferd();
    this.api = new PlainClient(() => this.server.origin, { token: this.server.token });
    this.nCases = 0;
    this.reasons = {};
    this.disagreements = [];
  }

  async run() {
    await this.server.start();
    try {
      await this.prepare();
      await this.compareAll();
    } finally {
      await this.probe?.finish();
      this.api.close();
      await this.server.finish();
    }
    this.judge();
  }

  async prepare() {
    await this.api.createNamespaces(namespace);
    await gray.saveVersions(this.api, namespace, Object.fromEntries(keys.map((key) => [key, 1])), nVersions);
    const { origin, token } = this.server;
    this.probe = new Probe({ server: origin, token, namespace, quiet: true });
    assert.equal((await this.probe.waitReady()).error, 'OK');
  }

  async compareAll() {
    const { nRuleSets, nAskers } = this.size;
    let batch = [];
    let nBatches = 0;

    for await (const ruleSet of gray.randomRuleSets(this.seed, nRuleSets, nAskers)) {
      batch.push(ruleSet);
      if (batch.length < batchSize) continue;
      await this.compare(batch);
      batch = [];
      if (++nBatches % batchesPerReport === 0) this.tell(`${this.nCases} cases, ${this.disagreements.length} differ`);
    }
    if (batch.length) await this.compare(batch);
  }

  /** Sets the gray releases of some configs in one change, and asks everybody about each. */
  async compare(ruleSets) {
    await this.follow(await this.set(ruleSets));
    const asks = ruleSets.flatMap(({ askers, ...ruleSet }, i) =>
      askers.map((asker) => ({ key: keys[i], ruleSet, ...asker })),
    );
    const ask = (how) => inParallel(asks.length, width, (i) => how(this.api, namespace, asks[i].key, asks[i]));
    const evaluated = ask(gray.askEvaluate);
    const got = ask(gray.askGet);
    const heard = gray.askSdk(this.probe, namespace, asks);
    this.collect(asks, 'evaluate', await evaluated, (expected) => expected);
    this.collect(asks, 'GET', await got, gray.seen);
    this.collect(asks, 'SDK', await heard, gray.seen);
    this.nCases += asks.length;
    for (const { expected } of asks) this.reasons[expected.reason] = (this.reasons[expected.reason] ?? 0) + 1;
  }

  async set(ruleSets) {
    const operations = ruleSets.flatMap(({ salt, rules, stable }, i) => [
      { op: 'publish', namespace, key: keys[i], version: stable },
      { op: 'gray', namespace, key: keys[i], salt, rules },
    ]);
    return (await this.api.post(`${root}/transactions`, { operations })).data.revision;
  }

  /** Waits until the SDK reads what this change brought; all of it is seen at once. */
  async follow(revision) {
    const isRead = async () => (await this.probe.get(namespace, keys[0])).value.revision >= revision;
    await until(isRead, `the SDK reads revision ${revision}`);
  }

  collect(asks, who, found, expectedOf) {
    asks.forEach((ask, i) => {
      const expected = expectedOf(ask.expected);
      if (JSON.stringify(found[i]) !== JSON.stringify(expected))
        this.disagreements.push({ who, found: found[i], ...ask, expected });
    });
  }

  judge() {
    this.tell(`${this.nCases} cases: ${JSON.stringify(this.reasons)}`);
    for (const one of this.disagreements.slice(0, shownMax)) this.tell(JSON.stringify(one));
    assert.equal(this.nCases, this.size.nRuleSets * this.size.nAskers, 'every case was compared');
    assert.equal(this.disagreements.length, 0, `${this.disagreements.length} answers differ (seed ${this.seed})`);
  }
}

async function main([nRuleSets = '100000', nAskers = '1']) {
  const start = Date.now();
  const tell = (text) => console.log(`${((Date.now() - start) / 1000).toFixed(1).padStart(6)} s  ${text}`);
  const random = new Random();

  tell(`CONFER_SEED=${random.seed}`);
  await new Agreement({ nRuleSets: Number(nRuleSets), nAskers: Number(nAskers) }, { tell, random }).run();
  tell('all agree');
}

if (require.main === module)
  main(process.argv.slice(2)).catch((error) => {
    console.error(error);
    process.exitCode = 1;
  });

module.exports = { Agreement };
