// Drives the probe: clients of the SDK in a process of their own (tests/sdk/probe.h says what it tells and obeys).
'use strict';

const assert = require('node:assert/strict');
const { spawn } = require('node:child_process');
const path = require('node:path');
const readline = require('node:readline');
const { assertNoSanitizerReport, environment, program: conferd, within } = require('./conferd.js');
const { until } = require('./waiting.js');

const build = path.join(path.dirname(conferd), '..');
const program = path.join(build, 'tests', 'sdk', 'probe');

const running = new Set();
process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});

/** A command that every probe is run under, as one line: "valgrind --quiet". */
const wrapperWords = (process.env.CONFER_PROBE_WRAPPER ?? '').split(' ').filter(Boolean);

/** Reconnects at once, so that no test waits. */
const quickBackoff = '1,5,60000';

/** Well below what the probe takes in one line. */
const commandMaxBytes = 512 * 1024;

/** `{server: [a, b], quiet: true}` as flags. */
function flagsOf(options) {
  return Object.entries(options).flatMap(([name, value]) => {
    const flag = `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
    if (value === true) return [flag];
    return [value].flat().filter((one) => one !== undefined && one !== false).flatMap((one) => [flag, String(one)]);
  });
}

class Probe {
  /**
   * @options: the probe's flags, a list for one that is repeated; `env`, variables; `allowed`, a pattern
   *   of the breaches that the test provokes
   */
  constructor({ env = {}, allowed, ...options }) {
    const flags = flagsOf({ backoff: quickBackoff, ...options });
    const [command, ...args] = [...wrapperWords, program, ...flags];
    this.allowed = allowed;
    this.events = [];
    this.waiting = [];
    this.stderr = '';
    this.child = spawn(command, args, { env: environment(env), stdio: ['pipe', 'pipe', 'pipe'] });
    running.add(this.child);
    this.child.stdin.on('error', () => {}); // its end is told by its status
    this.child.stderr.setEncoding('utf8').on('data', (text) => {
      this.stderr += text;
    });
    readline.createInterface({ input: this.child.stdout }).on('line', (line) => this.take(JSON.parse(line)));
    this.ended = new Promise((resolve) => {
      this.child.on('error', (error) => resolve({ code: null, signal: null, error }));
      this.child.on('close', (code, signal) => resolve({ code, signal }));
    }).then((end) => {
      running.delete(this.child);
      this.end = end;
      for (const { reject } of this.waiting.splice(0)) reject(new Error(`the probe is gone: ${this.stderr}`));
      return end;
    });
  }

  take(event) {
    if (event.event === 'answer') this.waiting.shift().resolve(event);
    else this.events.push(event);
  }

  /** Runs a command; returns its answer. */
  command(text, client = 0) {
    if (this.end) return Promise.reject(new Error(`the probe is gone: ${this.stderr}`));
    const answer = new Promise((resolve, reject) => this.waiting.push({ resolve, reject }));
    this.child.stdin.write(`@${client} ${text}\n`);
    return within(answer, `the probe's answer to "${text}"`);
  }

  async get(namespace, key) {
    return this.command(`get ${namespace} ${key}`);
  }

  /** What a request gets: @request is `{unit, tags}`. */
  getFor(namespace, key, request, client = 0) {
    return this.command(`get_for ${namespace} ${key} ${JSON.stringify(request)}`, client);
  }

  /**
   * What many requests get: @requests are `[NAMESPACE, KEY, {unit, tags}]`; answers `[version, gray, rule]` of each, or
   * an error's name.
   */
  async getForAll(requests, client = 0) {
    const answers = [];
    let line = [];
    let size = 0;
    const ask = async () => {
      if (line.length) answers.push(...(await this.command(`get_for_all [${line.join()}]`, client)).answers);
      line = [];
      size = 0;
    };
    for (const request of requests) {
      const text = JSON.stringify(request);
      if (size + Buffer.byteLength(text) > commandMaxBytes) await ask();
      line.push(text);
      size += Buffer.byteLength(text) + 1;
    }
    await ask();
    return answers;
  }

  /** Gives a client another tag; without a value the tag goes. */
  setTag(name, value, client = 0) {
    return this.command(`set_tag ${name}${value === undefined ? '' : ` ${value}`}`, client);
  }

  /** What a client holds: `{NAMESPACE: {KEY: value}}`. */
  async dump(client = 0) {
    return (await this.command('dump', client)).namespaces;
  }

  /** What a listener was told last of each config. */
  async heard(listener = 1, client = 0) {
    return (await this.command(`heard ${listener}`, client)).namespaces;
  }

  state(client = 0) {
    return this.command('state', client);
  }

  waitReady(ms = 30000, client = 0) {
    return this.command(`wait ${ms}`, client);
  }

  /** Changes that were told, of one key or of all. */
  changes(key) {
    return this.events.filter((event) => event.event === 'change' && (!key || event.key === key));
  }

  get states() {
    return this.events.filter(({ event }) => event === 'state').map(({ to }) => to);
  }

  get breaches() {
    return this.events.filter(
      ({ event, what }) => event === 'breach' && !(this.allowed && this.allowed.test(what)),
    );
  }

  /** Waits until a client is in this state. */
  async untilState(wanted, client = 0) {
    return until(async () => {
      const now = await this.state(client);
      return now.state === wanted && now;
    }, `the client is ${wanted}`);
  }

  /** Waits for an event that @matches. */
  untilEvent(matches, what) {
    return until(() => this.events.find(matches), what);
  }

  /**
   * Waits until a client holds exactly @expected, `{KEY: release}`, in @namespace; then that its contents are what
   * their hashes say, and that its listeners were told all of it. A version that went and came back between two calls
   * is not told again, so that what was told may bear an older revision.
   */
  async untilHolds(namespace, expected, { client = 0, listener = 1, limitMs } = {}) {
    const wanted = summary(expected);
    const toTell = versions(wanted);
    let found;
    let told;
    const holds = async () => {
      found = (await this.dump(client))[namespace];
      if (listener) told = (await this.heard(listener, client))[namespace];
      const isTold = !listener || JSON.stringify(versions(summary(told))) === JSON.stringify(toTell);
      return JSON.stringify(summary(found)) === JSON.stringify(wanted) && isTold;
    };
    await until(holds, `client ${client} holds what it should in ${namespace}`, limitMs).catch((error) => {
      assert.deepEqual(
        { held: summary(found), told: listener ? versions(summary(told)) : toTell },
        { held: wanted, told: toTell },
        error.message,
      );
    });
    for (const { content_sha256: real, sha256, key } of Object.values(found)) assert.equal(real, sha256, key);
  }

  /** Ends it as a good program ends: clients stopped and freed, nothing leaked, no promise broken. */
  async finish() {
    if (!this.end) this.child.stdin.end();
    const end = await within(this.ended, 'the end of the probe', () => this.child.kill('SIGABRT'));
    assertNoSanitizerReport(this.stderr);
    assert.deepEqual(end, { code: 0, signal: null }, `the probe ended badly:\n${this.stderr.slice(-4000)}`);
    assert.deepEqual(this.breaches, []);
  }

  /** Ends it as a power failure would. */
  async kill() {
    this.child.kill('SIGKILL');
    await this.ended;
    assertNoSanitizerReport(this.stderr);
    assert.deepEqual(this.breaches, []);
  }

  pause() {
    this.child.kill('SIGSTOP');
  }

  resume() {
    this.child.kill('SIGCONT');
  }
}

/** What makes two holdings equal, in an order that does not matter. Null for what is not known at all. */
function summary(values) {
  if (!values) return {};
  return Object.fromEntries(
    Object.keys(values)
      .filter((key) => values[key])
      .sort()
      .map((key) => {
        const { namespace, version, revision, sha256 } = values[key];
        return [key, { namespace, version, revision, sha256 }];
      }),
  );
}

/** The same without the revisions. */
function versions(held) {
  return Object.fromEntries(
    Object.entries(held).map(([key, { namespace, version, sha256 }]) => [key, { namespace, version, sha256 }]),
  );
}

/** A probe for the test or suite @t: judged when it is over. */
function startProbe(t, options) {
  const probe = new Probe(options);
  t.after(() => probe.finish());
  return probe;
}

module.exports = { Probe, build, program, quickBackoff, startProbe, summary };
