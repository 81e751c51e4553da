// The real command line, run with a home of its own against a server of the test's.
'use strict';

const assert = require('node:assert/strict');
const { spawn } = require('node:child_process');
const path = require('node:path');
const { afterEach } = require('node:test');
const { program: conferd, temporaryDirectory } = require('./conferd.js');

const program = path.resolve(
  process.env.CONFER_CLI || path.join(path.dirname(conferd), '..', 'client-sdk', 'cli', 'confer'),
);
const deadlineMs = 60000; // What takes longer hangs.
const sanitizerReport = /ERROR: \w+Sanitizer|WARNING: ThreadSanitizer|runtime error:/;

const codes = { done: 0, refused: 1, usage: 2, notFound: 3, conflict: 4, noAccess: 5, unreachable: 6 };

const running = new Set();

process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});

function environment(extra) {
  const names = ['PATH', 'LANG', 'TMPDIR', 'ASAN_OPTIONS', 'LSAN_OPTIONS', 'TSAN_OPTIONS', 'UBSAN_OPTIONS'];
  const kept = names.filter((name) => process.env[name]).map((name) => [name, process.env[name]]);
  const all = { TZ: 'UTC', ...Object.fromEntries(kept), ...extra };
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined));
}

/** One run of confer, watched while it lasts. */
class Run {
  constructor(args, { env, cwd, input }) {
    this.args = args;
    this.chunks = [];
    this.stderr = '';
    this.child = spawn(program, args, { env, cwd, stdio: ['pipe', 'pipe', 'pipe'] });
    running.add(this.child);
    this.child.stdin.on('error', () => {}); // Who does not read its input is free not to.
    this.child.stdin.end(input);
    this.child.stdout.on('data', (chunk) => this.chunks.push(chunk));
    this.child.stderr.setEncoding('utf8').on('data', (text) => {
      this.stderr += text;
    });
    this.ended = new Promise((resolve, reject) => {
      this.child.on('error', reject);
      this.child.on('close', (code, signal) => resolve({ code, signal }));
    });
  }

  get bytes() {
    return Buffer.concat(this.chunks);
  }

  get stdout() {
    return this.bytes.toString('utf8');
  }

  get lines() {
    return this.stdout.split('\n').slice(0, -1);
  }

  kill(signal) {
    this.child.kill(signal);
  }

  /** Waits for its end. @expected: the exit code. */
  async end(expected = codes.done) {
    const timer = setTimeout(() => this.child.kill('SIGKILL'), deadlineMs);
    const { code, signal } = await this.ended.finally(() => clearTimeout(timer));
    running.delete(this.child);
    assert.ok(!sanitizerReport.test(this.stderr), this.stderr);
    const what = `confer ${this.args.join(' ')} says: ${this.stderr}`;
    assert.deepEqual({ code, signal }, { code: expected, signal: null }, what);
    return this;
  }
}

class Confer {
  /** @server: a Conferd */
  constructor(server) {
    this.server = server;
    this.home = temporaryDirectory();
  }

  /** Begins a run. @options: `env`, variables (undefined takes one away); `cwd`; `input` */
  start(args, { env = {}, cwd = this.home, input = '' } = {}) {
    const { origin, token } = this.server;
    return new Run(args, {
      env: environment({ HOME: this.home, CONFER_SERVER: origin, CONFER_TOKEN: token, ...env }),
      cwd,
      input,
    });
  }

  /** A run that must end well. */
  async run(...args) {
    return this.start(args).end();
  }

  /** The same, and what it prints as JSON. */
  async json(...args) {
    return JSON.parse((await this.run(...args, '-o', 'json')).stdout);
  }

  /** A run that must fail with @code and exactly one line, which must match @line. */
  async fails(code, line, args, options) {
    const run = await this.start(args, options).end(code);
    assert.equal(run.stdout, '');
    assert.match(run.stderr, /^confer: [^\n]*\n$/, 'one line is said');
    assert.match(run.stderr, line);
    return run;
  }
}

/** The command line for the suite that calls this; a test that fails leaves no run behind. */
function useConfer(server) {
  afterEach(() => {
    for (const child of running) child.kill('SIGKILL');
  });
  return new Confer(server);
}

module.exports = { Confer, codes, program, useConfer };
