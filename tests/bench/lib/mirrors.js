// Mirrors: a full synchronisation into Redis against redis-benchmark, into etcd against a bare client that puts the same transactions; how long a
// change takes to the targets; and what publishing costs when they are down.
'use strict';

const { execFileSync } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');
const { putBody } = require('./content.js');
const { goal, ratios, spread, table } = require('./figures.js');
const { must } = require('./http.js');
const { helper, paths, settle, startConferd, startEtcd, startRedis, token } = require('./program.js');
const { publishLoad } = require('./publish.js');
const { alternate } = require('./rounds.js');
const { fill } = require('./store.js');

const configs = 100000;
const pipeline = 128;
const publishConfigs = 1000;

const hostOf = (program) => program.url.replace(/^\w+:\/\//, '');

function mirrorsFile(work, name, mirrors) {
  const file = path.join(work, `${name}.yaml`);
  fs.writeFileSync(file, JSON.stringify(mirrors));
  return ['--mirrors', file];
}

async function readMirror(confer, name) {
  return JSON.parse((await must(confer.url, 'GET', `/api/v1/mirrors/${name}`, { token })).body).data;
}

// Waits for what the server does by itself.
async function until(condition) {
  for (let value; ; await new Promise((resolve) => setTimeout(resolve, 10))) {
    value = await condition();
    if (value) return value;
  }
}

const idle = (confer, name) => until(async () => {
  const mirror = await readMirror(confer, name);
  return mirror.state === 'running' && mirror.waiting === 0 && mirror.comparison && mirror;
});

// Keys that are written in a second by one full comparison of an empty Redis, up to the last of them.
async function synchronise(confer, redis, name, database) {
  const before = (await idle(confer, name)).comparison.time;
  redis('-n', String(database), 'FLUSHDB');
  const started = Date.now();
  await must(confer.url, 'POST', `/api/v1/mirrors/${name}/resync`, { token });
  const { comparison, last_success_at: last } = await until(async () => {
    const mirror = await readMirror(confer, name);
    return mirror.comparison.time !== before && mirror;
  });
  if (comparison.repaired !== configs) throw new Error(`${comparison.repaired} keys were written instead of ${configs}`);
  return configs / ((Date.parse(last) - started) / 1000);
}

// A server whose @configs are all of one format, with mirrors to one Redis.
async function startFilled(work, name, format, mirrors) {
  const confer = await startConferd(path.join(work, name), { flags: mirrorsFile(work, name, mirrors) });
  await fill(confer.url, configs, 1, format);
  for (const mirror of Object.keys(mirrors)) await idle(confer, mirror);
  return confer;
}

async function intoRedis(work, { rounds }) {
  const server = await startRedis(work);
  const port = hostOf(server).split(':')[1];
  const redis = (...args) => execFileSync('redis-cli', ['-p', port, ...args], { encoding: 'utf8' });
  const to = (database, fields) => ({ kind: 'redis', endpoints: hostOf(server), database, batch_max: 1000, ...fields });
  const texts = await startFilled(work, 'texts', 'text', { texts: to(0) });
  const objects = await startFilled(work, 'objects', 'json', { documents: to(1, { value: 'document' }), hashes: to(2) });
  const sizeIn = (database) => Number(redis('-n', String(database), 'STRLEN', redis('-n', String(database), 'RANDOMKEY').trim()));
  const sizes = { texts: sizeIn(0), documents: sizeIn(1) };
  // @command: as redis-benchmark takes it, in a database of its own, since each kind of keys is of another type.
  const benchmark = (database, ...command) => {
    const line = execFileSync('redis-benchmark', [
      '-p', port, '--dbnum', String(database), '-c', '1', '-P', String(pipeline), '-n', String(configs), '-r', String(configs), '--csv', ...command,
    ], { encoding: 'utf8' }).trim().split('\n').pop();
    return Number(line.split('","').at(-7)); // The name of the test, which comes first, may hold anything.
  };
  const set = (size) => benchmark(3, '-d', String(size), '-t', 'set');
  const membersOf = (database) => {
    const key = redis('-n', String(database), 'RANDOMKEY').trim();
    return Object.entries(JSON.parse(redis('-n', String(database), '--json', 'HGETALL', key))).flat();
  };
  const members = membersOf(2);
  const contestants = {
    texts: () => synchronise(texts, redis, 'texts', 0),
    documents: () => synchronise(objects, redis, 'documents', 1),
    hashes: () => synchronise(objects, redis, 'hashes', 2),
    set: () => set(sizes.texts),
    larger: () => set(sizes.documents),
    hset: () => benchmark(4, 'HSET', 'key:__rand_int__', ...members),
  };
  const results = await alternate(Object.keys(contestants), rounds, async (who) => contestants[who]());
  const ratio = (who, rival) => spread(ratios(results.get(who), results.get(rival)));
  const rivalRow = (what, size, who) => [`redis-benchmark -c 1 -P ${pipeline} ${what}`, size, spread(results.get(who)), ''];
  table(
    `Full synchronisation of ${configs.toLocaleString('en-US')} configs into an empty Redis, read back, compared and written, up to the last key`,
    ['who', 'bytes', 'keys/s', 'ratio to redis-benchmark'],
    [
      ['texts, as Strings', sizes.texts, spread(results.get('texts')), ratio('texts', 'set')],
      rivalRow('SET', sizes.texts, 'set'),
      ['documents, as Strings', sizes.documents, spread(results.get('documents')), ratio('documents', 'larger')],
      rivalRow('SET', sizes.documents, 'larger'),
      [`objects, as Hashes of ${members.length / 2} fields`, sizes.texts, spread(results.get('hashes')), ratio('hashes', 'hset')],
      rivalRow('HSET', sizes.texts, 'hset'),
    ],
  );
  goal('mirror-redis-sync', 'ratio', ratios(results.get('texts'), results.get('set')), '>=', 0.5);
  for (const confer of [texts, objects]) await confer.stop();
  await server.stop();
}

async function intoEtcd(work, { rounds }) {
  const etcd = await startEtcd(work);
  const lines = helper(paths.mirrorEtcd, ['--endpoint', etcd.url, '--keys', String(configs), '--rounds', String(rounds)]);
  table(
    `${configs.toLocaleString('en-US')} keys of 1 KiB into etcd in transactions of ${pipeline}`,
    ['who', 'keys/s'],
    [['mirror', spread(lines.map(({ keys, target }) => keys / target))], ['bare libcurl', spread(lines.map(({ keys, bare }) => keys / bare))]],
  );
  goal('mirror-etcd-sync', 'ratio', lines.map(({ ratio }) => ratio), '>=', 0.8);
  await etcd.stop();
}

// The bounds between which the share @wanted of a mirror's changes took, in ms, as its histogram tells.
function quantile(metrics, name, wanted) {
  const buckets = [...metrics.matchAll(new RegExp(`^confer_mirror_latency_seconds_bucket{mirror="${name}",le="([^"]+)"} (\\d+)`, 'gm'))]
    .map(([, bound, count]) => ({ ms: bound === '+Inf' ? Infinity : Number(bound) * 1000, count: Number(count) }));
  return buckets.find(({ count }) => count >= wanted * buckets.at(-1).count).ms;
}

async function publishing(work, { rounds, seconds }) {
  const bodyFile = path.join(work, 'put.json');
  fs.writeFileSync(bodyFile, putBody);
  const redis = await startRedis(work);
  const etcd = await startEtcd(work);
  const servers = {
    none: await startConferd(path.join(work, 'none')),
    down: await startConferd(path.join(work, 'down'), {
      flags: mirrorsFile(work, 'down', {
        redis: { kind: 'redis', endpoints: '127.0.0.1:1' },
        etcd: { kind: 'etcd', endpoints: 'http://127.0.0.1:1' },
      }),
    }),
    up: await startConferd(path.join(work, 'up'), {
      flags: mirrorsFile(work, 'up', {
        redis: { kind: 'redis', endpoints: hostOf(redis) },
        etcd: { kind: 'etcd', endpoints: etcd.url },
      }),
    }),
  };
  for (const server of Object.values(servers)) await fill(server.url, publishConfigs, 1);

  const names = { none: 'without mirrors', down: 'both mirrors down', up: 'both mirrors up' };
  const rows = [];
  for (const connections of [64, 1]) {
    const load = (who, time) => publishLoad(servers[who], { bodyFile, connections, seconds: time });
    for (const who of Object.keys(servers)) await load(who, 1);
    const results = await alternate(Object.keys(servers), rounds, async (who) => {
      settle(work);
      return load(who, seconds);
    });
    const of = (who, field) => results.get(who).map((result) => result[field]);
    for (const who of Object.keys(servers))
      rows.push([connections, names[who], spread(of(who, 'perSecond')), spread(of(who, 'p99Ms')), spread(ratios(of(who, 'perSecond'), of('none', 'perSecond')))]);
    if (connections === 64) goal('mirror-down-publish', 'ratio', ratios(of('down', 'perSecond'), of('none', 'perSecond')), '>=', 0.95);
  }
  table('Durable publishes', ['connections', 'conferd', 'writes/s', 'p99 ms', 'ratio'], rows);

  for (const name of ['redis', 'etcd']) await idle(servers.up, name);
  const metrics = (await must(servers.up.url, 'GET', '/metrics', {})).body;
  for (const name of ['redis', 'etcd'])
    console.log(`From the commit to ${name}: half of the changes within ${quantile(metrics, name, 0.5)} ms, 99 of 100 within ${quantile(metrics, name, 0.99)} ms`);
}

module.exports = async function mirrors(work, settings) {
  const parts = { redis: intoRedis, etcd: intoEtcd, publishing };
  for (const [name, part] of Object.entries(parts)) {
    const directory = path.join(work, name);
    fs.mkdirSync(directory);
    await part(directory, settings);
  }
};
