// Confer's benchmarks. README.md beside this file says what is measured and how to read it; `tests/bench/run` builds what is needed and starts this.
'use strict';

const { execFileSync } = require('node:child_process');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { printGoals } = require('./lib/figures.js');
const { build, running } = require('./lib/program.js');
const { roundsTitle } = require('./lib/rounds.js');

const benches = {
  read: require('./lib/read.js'),
  publish: require('./lib/publish.js').publish,
  start: require('./lib/start.js'),
  growth: require('./lib/growth.js'),
  fanout: require('./lib/fanout.js'),
  subscribers: require('./lib/subscribers.js'),
  reconnect: require('./lib/reconnect.js'),
  'sdk-get': require('./lib/sdk-get.js'),
  'gray-evaluate': require('./lib/gray-evaluate.js'),
  mirrors: require('./lib/mirrors.js'),
};

function wholeNumber(name, fallback) {
  const value = Number(process.env[name] || fallback);
  if (!(Number.isInteger(value) && value > 0)) throw new Error(`${name} must be a whole number above 0`);
  return value;
}

function makeWork() {
  const base = process.env.TMPDIR || build;
  const work = fs.mkdtempSync(path.join(base, 'bench-'));
  const kind = execFileSync('stat', ['-f', '-c', '%T', work], { encoding: 'utf8' }).trim();
  if (['tmpfs', 'ramfs'].includes(kind)) {
    fs.rmSync(work, { recursive: true });
    throw new Error(`${base} is a ${kind}: durable writes can only be measured on a disk; set TMPDIR to a directory on one`);
  }
  return { work, kind };
}

async function main() {
  const name = process.argv[2] || 'all';
  const chosen = name === 'all' ? Object.keys(benches) : [name];
  if (process.argv.length > 3 || !chosen.every((bench) => Object.hasOwn(benches, bench))) {
    console.error(`usage: tests/bench/run [${Object.keys(benches).join('|')}|all]`);
    return 2;
  }

  const settings = { rounds: wholeNumber('CONFER_BENCH_ROUNDS', 7), seconds: wholeNumber('CONFER_BENCH_SECONDS', 2) };
  const { work, kind } = makeWork();
  process.on('exit', () => {
    if (!process.env.CONFER_BENCH_KEEP) fs.rmSync(work, { recursive: true, force: true });
  });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
    process.on(signal, () => {
      console.error(`ended by ${signal}`);
      process.exit(1);
    });
  }

  console.log(`${os.cpus().length} x ${os.cpus()[0].model}, Linux ${os.release()}, data on ${kind}; medians [least..most] of ${roundsTitle(settings)}, if nothing else is said`);
  for (const bench of chosen) {
    const started = Date.now();
    const directory = path.join(work, bench);
    fs.mkdirSync(directory);
    await benches[bench](directory, settings);
    for (const program of [...running]) await program.stop();
    if (!process.env.CONFER_BENCH_KEEP) fs.rmSync(directory, { recursive: true });
    console.log(`(${bench}: ${Math.round((Date.now() - started) / 1000)} s)`);
  }
  printGoals();
  return 0;
}

main().then(
  (code) => process.exit(code),
  (error) => {
    console.error(`the benchmark broke: ${error.stack}`);
    process.exit(1);
  },
);
