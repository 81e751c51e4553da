// The programs under test: started, asked for their processor time and memory, stopped; none survives the benchmark.
'use strict';

const { spawn, execFileSync } = require('node:child_process');
const fs = require('node:fs');
const net = require('node:net');
const path = require('node:path');
const { call } = require('./http.js');

const repository = path.resolve(__dirname, '../../..');
const build = path.resolve(process.env.CONFER_BENCH_BUILD || path.join(repository, 'build-release'));
const token = 'bench-token-0123456789abcdef0123456789abcdef';

const paths = {
  conferd: path.join(build, 'server/conferd'),
  rival: path.join(build, 'tests/bench/rival-h2o'),
  broadcast: path.join(build, 'tests/bench/rival-broadcast'),
  receiver: path.join(build, 'tests/bench/receiver'),
  sdkGet: path.join(build, 'tests/bench/sdk-get'),
  grayEvaluate: path.join(build, 'tests/bench/gray-evaluate'),
  mirrorEtcd: path.join(build, 'tests/bench/mirror-etcd'),
  fsyncRate: path.join(build, 'tests/bench/fsync-rate'),
  pageCache: path.join(build, 'tests/bench/page-cache'),
};

// The environment without CONFER_*: the server is measured with its own defaults.
const inherited = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('CONFER_')));

const running = new Set();

class Program {
  constructor(name, child, url) {
    this.name = name;
    this.child = child;
    this.url = url;
    this.pid = child.pid;
  }

  // Processor time used so far by all threads, in microseconds.
  cpuUs() {
    let ns = 0;
    for (const task of fs.readdirSync(`/proc/${this.pid}/task`)) {
      try {
        ns += Number(fs.readFileSync(`/proc/${this.pid}/task/${task}/schedstat`, 'utf8').split(' ')[0]);
      } catch (error) {
        if (error.code !== 'ENOENT' && error.code !== 'ESRCH') throw error; // that thread has just ended
      }
    }
    return ns / 1000;
  }

  // Resident memory in MiB: all of it, the part that is not pages of files, and the most that it was.
  memory() {
    const status = fs.readFileSync(`/proc/${this.pid}/status`, 'utf8');
    const mib = (field) => Number(new RegExp(`^${field}:\\s+(\\d+) kB`, 'm').exec(status)[1]) / 1024;
    return { rss: mib('VmRSS'), anonymous: mib('RssAnon'), peak: mib('VmHWM') };
  }

  // From here on, memory().peak is of what follows.
  resetPeak() {
    fs.writeFileSync(`/proc/${this.pid}/clear_refs`, '5');
  }

  // Resolves when the program has done what it still had to do: it uses less than a twentieth of a processor.
  async calm() {
    const deadline = Date.now() + 30000;
    for (let before = this.cpuUs(), used = Infinity; used > 5000; ) {
      if (Date.now() > deadline) throw new Error(`${this.name} does not come to rest`);
      await new Promise((resolve) => setTimeout(resolve, 100));
      used = this.cpuUs() - before;
      before += used;
    }
  }

  async end(signal) {
    running.delete(this);
    if (this.child.exitCode !== null || this.child.signalCode !== null) {
      throw new Error(`${this.name} ended by itself with ${this.child.exitCode ?? this.child.signalCode}`);
    }
    const ended = new Promise((resolve) => this.child.once('exit', resolve));
    const killer = setTimeout(() => this.child.kill('SIGKILL'), 60000);
    this.child.kill(signal);
    await ended;
    clearTimeout(killer);
  }

  async stop() {
    if (running.has(this)) await this.end('SIGTERM');
  }

  // Without a warning, as of a crash.
  async kill() {
    await this.end('SIGKILL');
  }
}

process.on('exit', () => {
  for (const program of running) program.child.kill('SIGKILL');
});

function freePort() {
  return new Promise((resolve, reject) => {
    const server = net.createServer().once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}

// Starts a program, on one processor if `cpu` is given; what it says on stderr goes to `log`.
function launch(name, command, { cpu, log, env = {}, stdin = 'ignore' }) {
  const line = cpu === undefined ? command : ['taskset', '-c', String(cpu), ...command];
  const stderr = fs.openSync(log, 'a');
  const child = spawn(line[0], line.slice(1), { stdio: [stdin, 'pipe', stderr], env: { ...inherited, ...env } });
  fs.closeSync(stderr);
  child.on('error', (error) => {
    console.error(`${name}: ${error.message}`);
    process.exit(1);
  });
  return child;
}

// Resolves to the address in the program's line "... is ready on URL".
function readyLine(name, child, log) {
  return new Promise((resolve, reject) => {
    let text = '';
    child.stdout.setEncoding('utf8');
    child.stdout.on('data', (chunk) => {
      text += chunk;
      const match = / is ready on (http:\/\/\S+)/.exec(text);
      if (match) resolve(match[1]);
    });
    child.once('exit', (code, signal) => reject(new Error(`${name} ended with ${code ?? signal} before it was ready, see ${log}`)));
  });
}

async function start(name, command, options) {
  const child = launch(name, command, options);
  const program = new Program(name, child, undefined);
  running.add(program);
  program.url = await readyLine(name, child, options.log);
  return program;
}

function startConferd(directory, { cpu, threads, port = 0, name = 'conferd', flags = [] } = {}) {
  const command = [paths.conferd, '--listen', `127.0.0.1:${port}`, '--data', directory, ...flags];
  if (threads) command.push('--threads', String(threads));
  return start(name, command, { cpu, log: `${directory}.log`, env: { CONFER_ADMIN_TOKEN: token } });
}

function startRival(work, { cpu, threads, size, bodies = 1, etag }) {
  const command = [paths.rival, '--threads', String(threads), '--size', String(size), '--bodies', String(bodies)];
  if (etag) command.push('--etag', etag);
  return start('bare libh2o', command, { cpu, log: path.join(work, 'rival.log') });
}

function startBroadcast(work, { cpu, threads }) {
  return start('bare epoll', [paths.broadcast, '--threads', String(threads)], { cpu, log: path.join(work, 'broadcast.log') });
}

// Asks again until `isUp` answers true; an error means not yet.
async function untilUp(program, log, isUp) {
  for (let tries = 0; ; tries++) {
    try {
      if (await isUp()) return program;
    } catch (error) {
      if (tries >= 300) throw error;
    }
    if (program.child.exitCode !== null || tries >= 300) throw new Error(`${program.name} does not start, see ${log}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

async function startEtcd(work) {
  const url = `http://127.0.0.1:${await freePort()}`;
  const peer = `http://127.0.0.1:${await freePort()}`;
  const child = launch('etcd', [
    'etcd', '--data-dir', path.join(work, 'etcd'), '--listen-client-urls', url, '--advertise-client-urls', url,
    '--listen-peer-urls', peer, '--initial-advertise-peer-urls', peer, '--initial-cluster', `default=${peer}`,
    '--quota-backend-bytes', String(8 * 1024 ** 3), '--log-level', 'error',
  ], { log: path.join(work, 'etcd.log') });
  child.stdout.resume();
  const program = new Program('etcd', child, url);
  running.add(program);
  return untilUp(program, path.join(work, 'etcd.log'), async () => (await call(url, 'GET', '/health')).body.includes('"true"'));
}

function accepts(port) {
  return new Promise((resolve, reject) => {
    const socket = net.connect(port, '127.0.0.1').once('error', reject);
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
  });
}

// Without persistence, and for clients from every address of the loopback network.
async function startRedis(work) {
  const port = await freePort();
  const log = path.join(work, 'redis.log');
  const child = launch('Redis', [
    'redis-server', '--port', String(port), '--bind', '127.0.0.1', '--protected-mode', 'no', '--save', '', '--appendonly', 'no',
    '--maxclients', '12000', '--dir', work,
  ], { log });
  child.stdout.resume();
  const program = new Program('Redis', child, `redis://127.0.0.1:${port}`);
  running.add(program);
  return untilUp(program, log, () => accepts(port));
}

// Runs a helper that prints one line of JSON per result.
function helper(file, args) {
  return execFileSync(file, args, { encoding: 'utf8' }).trim().split('\n').map((line) => JSON.parse(line));
}

// Puts everything on the disk that waits to be written, so that no contestant pays for the one before it.
function settle(directory) {
  execFileSync('sync', ['-f', directory]);
}

module.exports = {
  Program, paths, token, repository, build, freePort, launch, running, helper, settle,
  startConferd, startRival, startBroadcast, startEtcd, startRedis,
};
