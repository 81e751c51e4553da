// Runs wrk and h2load against a program and answers what they measured. A failed or refused request ends the benchmark: figures of a server that
// answers errors quickly are worth nothing.
'use strict';

const { spawn } = require('node:child_process');
const path = require('node:path');

const scripts = path.resolve(__dirname, '../load');

// @interruptMs: when to tell it to come to an end, if it would not by itself
function run(command, { cpu, interruptMs } = {}) {
  const line = cpu === undefined ? command : ['taskset', '-c', String(cpu), ...command];
  return new Promise((resolve, reject) => {
    const child = spawn(line[0], line.slice(1), { stdio: ['ignore', 'pipe', 'pipe'], timeout: interruptMs, killSignal: 'SIGINT' });
    let text = '';
    child.stdout.on('data', (chunk) => (text += chunk));
    child.stderr.on('data', (chunk) => (text += chunk));
    child.once('error', reject);
    child.once('close', (code) => {
      if (code === 0) resolve(text);
      else reject(new Error(`${command[0]} ended with ${code}:\n${text}`));
    });
  });
}

// Processor time that the program spent per request while `load` ran.
async function withCpu(program, load) {
  const before = program.cpuUs();
  const result = await load();
  result.cpuUs = (program.cpuUs() - before) / result.requests;
  return result;
}

// { requests, perSecond, bytesPerRequest, p50Ms, p99Ms, cpuUs }. wrk itself knows whole seconds only, and tells what it has when it is interrupted.
function wrk(program, script, args, { threads = 1, connections, seconds, cpu }) {
  return withCpu(program, async () => {
    const output = await run(
      [
        'wrk', '-t', String(threads), '-c', String(connections), '-d', `${Math.ceil(seconds)}s`, '--timeout', '30s',
        '-s', path.join(scripts, script), program.url, '--', ...args.map(String),
      ],
      { cpu, interruptMs: Number.isInteger(seconds) ? undefined : seconds * 1000 },
    );
    const match = /^RESULT (.*)$/m.exec(output);
    if (!match) throw new Error(`wrk printed no result:\n${output}`);
    const result = JSON.parse(match[1]);
    if (Object.values(result.errors).some((n) => n > 0) || result.requests === 0) {
      throw new Error(`the load against ${program.name} had errors: ${match[1]}`);
    }
    return {
      requests: result.requests,
      perSecond: result.requests / (result.us / 1e6),
      bytesPerRequest: result.bytes / result.requests,
      p50Ms: result.p50_us / 1000,
      p99Ms: result.p99_us / 1000,
    };
  });
}

// gRPC calls with one and the same message, each on a stream of its own, one stream at a time per connection.
function h2load(program, call, bodyFile, { connections, seconds }) {
  return withCpu(program, async () => {
    const output = await run([
      'h2load', '-t', '1', '-c', String(connections), '-m', '1', '-D', String(seconds), '-d', bodyFile,
      '-H', 'content-type: application/grpc', '-H', 'te: trailers', `${program.url}/${call}`,
    ]);
    const number = (pattern) => Number(pattern.exec(output)?.[1] ?? NaN);
    const ok = number(/^status codes: (\d+) 2xx/m);
    const perSecond = number(/^finished in .*?, ([\d.]+) req\/s/m);
    const failed = number(/ (\d+) failed/) + number(/ (\d+) errored/) + number(/ (\d+) timeout/);
    if (!(ok > 0 && failed === 0 && perSecond > 0)) throw new Error(`the gRPC load had errors:\n${output}`);
    return { requests: ok, perSecond };
  });
}

module.exports = { wrk, h2load };
