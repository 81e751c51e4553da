// The real server, started on a free port with a directory of its own, watched while it runs, and ended in any case.
'use strict';

const assert = require('node:assert/strict');
const { spawn } = require('node:child_process');
const crypto = require('node:crypto');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { after, before } = require('node:test');
const { Client } = require('./client.js');

const program = path.resolve(
  process.env.CONFER_CONFERD || path.join(__dirname, '..', '..', 'build', 'server', 'conferd'),
);
const password = 'correct horse battery staple';
const deadlineMs = 60000; // What takes longer hangs.

const readyLine = /^conferd is ready on (http:\/\/\S+)\n/m;
const sanitizerReport = /ERROR: \w+Sanitizer|WARNING: ThreadSanitizer|runtime error:/;

const running = new Set();
const directories = new Set();

// Nothing is left behind, however this process ends, short of SIGKILL.
process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL');
  for (const directory of directories) fs.rmSync(directory, { recursive: true, force: true });
});
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => process.exit(1));

/** A directory that goes when the tests of this file are over. */
function temporaryDirectory() {
  const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'confer-test-'));
  directories.add(directory);
  return directory;
}

const suppressions = (name) => `suppressions=${path.join(__dirname, '..', name)}:print_suppressions=0`;

/** What the server may see of our environment: nobody's CONFER_* but the test's own. */
function environment(extra) {
  const names = [
    'PATH', 'HOME', 'LANG', 'TMPDIR', 'ASAN_OPTIONS', 'LSAN_OPTIONS', 'TSAN_OPTIONS', 'UBSAN_OPTIONS',
  ];
  const kept = names
    .filter((name) => process.env[name] !== undefined)
    .map((name) => [name, process.env[name]]);
  const sanitizers = { LSAN_OPTIONS: suppressions('lsan.supp'), TSAN_OPTIONS: suppressions('tsan.supp') };
  const all = { ...sanitizers, ...Object.fromEntries(kept), ...extra };
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined));
}

function spawnConferd(args, env, options = {}) {
  const child = spawn(program, args, {
    env: environment(env),
    stdio: ['ignore', 'pipe', 'pipe'],
    ...options,
  });

  running.add(child);
  child.output = { stdout: '', stderr: '' };
  for (const stream of ['stdout', 'stderr']) {
    child[stream].setEncoding('utf8');
    child[stream].on('data', (text) => {
      child.output[stream] += text;
    });
  }
  child.ended = new Promise((resolve) => {
    child.on('error', (error) => resolve({ code: null, signal: null, error }));
    child.on('close', (code, signal) => resolve({ code, signal }));
  }).then((end) => {
    running.delete(child);
    child.end = end;
    return end;
  });
  return child;
}

/** Rejects when @promise takes too long. */
async function within(promise, what, onTimeout = () => {}) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => {
      onTimeout();
      reject(new Error(`${what} takes longer than ${deadlineMs} ms`));
    }, deadlineMs);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

function assertNoSanitizerReport(stderr) {
  const at = stderr.search(sanitizerReport);
  assert.equal(
    at,
    -1,
    `a sanitizer has something to say:\n${stderr.slice(Math.max(0, at - 200), at + 6000)}`,
  );
}

/** Runs conferd to its end, as for --verify; returns `{code, signal, stdout, stderr}`. */
async function runConferd(args, env = {}, options = {}) {
  const child = spawnConferd(args, env, options);
  const end = await within(child.ended, `conferd ${args.join(' ')}`, () => child.kill('SIGKILL'));
  if (end.error) throw end.error;
  assertNoSanitizerReport(child.output.stderr);
  return { ...end, ...child.output };
}

class Conferd {
  /**
   * @options: `args`, flags beside --listen and --data; `env`, variables beside the admin's token and password;
   *   `data`, an existing directory; `token`; `keepPort`, to listen at every start where the first one did
   */
  constructor({ args = [], env = {}, data, token = crypto.randomBytes(32).toString('hex'), keepPort } = {}) {
    this.args = args;
    this.keepPort = keepPort;
    this.address = '127.0.0.1:0';
    this.token = token;
    this.password = password;
    this.data = data || path.join(temporaryDirectory(), 'data');
    this.env = { CONFER_ADMIN_TOKEN: token, CONFER_ADMIN_PASSWORD: password, ...env };
    this.api = new Client(() => this.origin, { token });
  }

  /** Starts the process without waiting for anything. @listen: on a free port; else `args` say where. */
  spawn({ listen = true } = {}) {
    assert.ok(!this.child || this.child.end, 'conferd is running already');
    this.isEnding = false;
    this.origin = null;
    const flags = listen ? ['--listen', this.address] : [];
    this.child = spawnConferd([...flags, '--data', this.data, ...this.args], this.env);
  }

  async start() {
    this.spawn();
    await this.ready();
    return this;
  }

  /** Waits for the line that says where the server listens. */
  async ready() {
    const { child } = this;
    const said = new Promise((resolve, reject) => {
      const look = () => {
        const match = readyLine.exec(child.output.stdout);
        if (match) resolve(match[1]);
      };
      child.stdout.on('data', look);
      child.ended.then((end) =>
        reject(new Error(`conferd ended (${describe(end)}) before it was ready:\n${this.stderr}`)),
      );
      look();
    });
    this.origin = await within(said, 'the start of conferd', () => child.kill('SIGKILL'));
    if (this.keepPort) this.address = new URL(this.origin).host;
  }

  get stdout() {
    return this.child.output.stdout;
  }

  get stderr() {
    return this.child.output.stderr;
  }

  get isRunning() {
    return Boolean(this.child) && !this.child.end;
  }

  /** SIGTERM; it must end well. */
  async stop() {
    this.isEnding = true;
    this.child.kill('SIGTERM');
    const end = await this.end();
    assert.deepEqual(end, { code: 0, signal: null }, `conferd ended badly:\n${this.stderr.slice(-4000)}`);
  }

  async kill(signal = 'SIGKILL') {
    this.isEnding = true;
    this.child.kill(signal);
    return this.end();
  }

  /** Waits for the process's end, whatever brings it. */
  async end() {
    const end = await within(this.child.ended, 'the end of conferd', () => this.child.kill('SIGKILL'));
    this.api.close();
    assertNoSanitizerReport(this.stderr);
    return end;
  }

  async restart() {
    await this.stop();
    await this.start();
  }

  /** For after the tests: whatever happened, the server is gone, and it went well or by our own hand. */
  async finish() {
    if (this.isRunning) await this.stop();
    else if (this.child) this.checkEnd();
  }

  checkEnd() {
    assertNoSanitizerReport(this.stderr);
    assert.ok(
      this.isEnding,
      `conferd ended on its own (${describe(this.child.end)}):\n${this.stderr.slice(-4000)}`,
    );
  }
}

const describe = ({ code, signal, error }) => (error ? error.message : signal || `status ${code}`);

/** A server for the suite that calls this: started before its tests, stopped and judged after them. */
function useConferd(options) {
  const server = new Conferd(options);
  before(() => server.start());
  after(() => server.finish());
  return server;
}

module.exports = {
  Conferd,
  assertNoSanitizerReport,
  environment,
  password,
  program,
  runConferd,
  temporaryDirectory,
  useConferd,
  within,
};
