// What mirrors write to: a real Redis and a real etcd on free ports, with directories of their own, to be killed, frozen
// and emptied; and what is in them, as their own tools tell it.
'use strict';

const assert = require('node:assert/strict');
const { execFileSync, spawn } = require('node:child_process');
const fs = require('node:fs');
const net = require('node:net');
const path = require('node:path');
const { temporaryDirectory } = require('./conferd.js');
const { until } = require('./waiting.js');

const running = new Set();

process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});

/** @n ports that were free a moment ago. */
async function freePorts(n) {
  const servers = await Promise.all(
    Array.from({ length: n }, () => new Promise((resolve, reject) => {
      const server = net.createServer().once('error', reject);
      server.listen(0, '127.0.0.1', () => resolve(server));
    })),
  );
  const ports = servers.map((server) => server.address().port);
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}

/** A program that a mirror writes to. */
class Target {
  /** @more: further flags of the program */
  constructor(...more) {
    this.more = more;
    this.directory = temporaryDirectory();
    this.log = path.join(this.directory, 'log');
  }

  async start() {
    this.ports ??= await freePorts(2);
    const [command, ...args] = [...this.command(), ...this.more];
    const log = fs.openSync(this.log, 'a');
    this.child = spawn(command, args, { stdio: ['ignore', log, log] });
    fs.closeSync(log);
    running.add(this.child);
    this.ended = new Promise((resolve) => {
      this.child.on('close', resolve);
    }).then(() => running.delete(this.child));
    await until(() => this.answers(), `${command} answers; see ${this.log}`);
    return this;
  }

  answers() {
    try {
      return this.ping();
    } catch {
      return false;
    }
  }

  async kill(signal = 'SIGKILL') {
    this.child.kill(signal);
    await this.ended;
  }

  /** Ends it, whatever state it is in. */
  async stop() {
    if (!running.has(this.child)) return;
    this.thaw();
    await this.kill();
  }

  freeze() {
    this.child.kill('SIGSTOP');
  }

  thaw() {
    this.child.kill('SIGCONT');
  }

  /** It has lost all that it held. */
  async restartEmpty() {
    await this.kill();
    fs.rmSync(path.join(this.directory, 'data'), { recursive: true, force: true });
    await this.start();
  }
}

const json = { encoding: 'utf8', maxBuffer: 1 << 30 };

class Redis extends Target {
  command() {
    const data = path.join(this.directory, 'data');
    fs.mkdirSync(data, { recursive: true });
    return [
      'redis-server', '--port', String(this.ports[0]), '--bind', '127.0.0.1', '--dir', data, '--save', '', '--appendonly',
      'yes', '--appendfsync', 'everysec',
    ];
  }

  get endpoint() {
    return `127.0.0.1:${this.ports[0]}`;
  }

  /** What one command answers. */
  run(...args) {
    return JSON.parse(execFileSync('redis-cli', ['-p', String(this.ports[0]), '--json', ...args], json));
  }

  ping() {
    return this.run('PING') === 'PONG';
  }

  /** What all commands answer, in one run of the tool. Arguments are quoted for it. */
  runAll(commands) {
    const quote = (text) => `"${text.replace(/[\\"]/g, '\\$&').replace(/\n/g, '\\n')}"`;
    const input = commands.map((command) => command.map(quote).join(' ')).join('\n');
    const text = execFileSync('redis-cli', ['-p', String(this.ports[0]), '--json'], { ...json, input: `${input}\n` });
    return text.split('\n').filter((line) => line !== '').map((line) => JSON.parse(line));
  }

  /** All that it holds: strings, and Hashes as objects of strings. */
  contents() {
    const keys = this.run('KEYS', '*');
    if (keys.length === 0) return {};
    const types = this.runAll(keys.map((key) => ['TYPE', key]));
    const values = this.runAll(keys.map((key, i) => [types[i] === 'hash' ? 'HGETALL' : 'GET', key]));
    return Object.fromEntries(keys.map((key, i) => [key, values[i]]));
  }
}

class Etcd extends Target {
  command() {
    const peer = `http://127.0.0.1:${this.ports[1]}`;
    return [
      'etcd', '--data-dir', path.join(this.directory, 'data'), '--listen-client-urls', this.endpoint,
      '--advertise-client-urls', this.endpoint, '--listen-peer-urls', peer, '--initial-advertise-peer-urls', peer,
      '--initial-cluster', `default=${peer}`, '--log-level', 'error',
    ];
  }

  get endpoint() {
    return `http://127.0.0.1:${this.ports[0]}`;
  }

  run(...args) {
    return execFileSync('etcdctl', [`--endpoints=${this.endpoint}`, '--command-timeout=10s', ...args], {
      ...json, env: { ...process.env, ETCDCTL_API: '3' }, stdio: ['ignore', 'pipe', 'pipe'],
    });
  }

  ping() {
    return this.run('endpoint', 'health', '--command-timeout=1s') !== null;
  }

  /** All keys that begin with @prefix, and what they hold. */
  contents(prefix = '/confer/') {
    const { kvs = [] } = JSON.parse(this.run('get', '--prefix', prefix, '-w', 'json'));
    const decode = (text = '') => Buffer.from(text, 'base64').toString('utf8');
    return Object.fromEntries(kvs.map(({ key, value }) => [decode(key), decode(value)]));
  }
}

/** What Redis is to hold of a content: a JSON object as a Hash. */
function asRedis({ format, content }) {
  if (format !== 'json') return content;
  const value = JSON.parse(content.replace(/^\ufeff/, ''));
  if (value === null || typeof value !== 'object' || Array.isArray(value)) return content;
  const members = Object.entries(value);
  if (members.length === 0) return undefined;
  return Object.fromEntries(members.map(([name, member]) => [
    name, typeof member === 'string' ? member : JSON.stringify(member),
  ]));
}

/** All configs that a server serves, with their contents. */
async function servedBy(api) {
  const configs = [];
  for (const { name } of await api.walk('/api/v1/namespaces', { limit: 1000 }))
    configs.push(...await api.walk(`/api/v1/namespaces/${name}/configs`, { content: true, limit: 1000 }));
  return configs.filter(({ version }) => version !== null);
}

/** What a Redis with keys {namespace}:{key} is to hold. */
function expectedInRedis(configs) {
  return Object.fromEntries(
    configs.map((config) => [`${config.namespace}:${config.key}`, asRedis(config)]).filter(([, value]) => value !== undefined),
  );
}

/** What an etcd with keys /confer/{namespace_path}/{key} is to hold. */
function expectedInEtcd(configs) {
  return Object.fromEntries(
    configs.map(({ namespace, key, content }) => [`/confer/${namespace.replaceAll('.', '/')}/${key}`, content]),
  );
}

/** Waits until @target holds what @api serves; tells what differs if it never does. */
async function untilMirrored(api, target, expectedOf) {
  const expected = expectedOf(await servedBy(api));
  const isSame = () => {
    try {
      assert.deepEqual(target.contents(), expected);
      return true;
    } catch {
      return false;
    }
  };
  try {
    await until(isSame, 'the target holds what is served');
  } catch (error) {
    assert.deepEqual(target.contents(), expected, error.message);
  }
  return expected;
}

module.exports = { Etcd, Redis, asRedis, expectedInEtcd, expectedInRedis, freePorts, servedBy, untilMirrored };
