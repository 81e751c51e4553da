// Durable publishes: PUT with "publish": true against etcd's puts, through its JSON gateway and through gRPC, on the same disk.
'use strict';

const fs = require('node:fs');
const path = require('node:path');
const { etcdGrpcBody, etcdPutBody, putBody, putTextBody } = require('./content.js');
const { ratios, short, spread, table, goal } = require('./figures.js');
const { must } = require('./http.js');
const { h2load, wrk } = require('./load.js');
const { helper, paths, settle, startConferd, startEtcd, token } = require('./program.js');
const { alternate } = require('./rounds.js');
const { fill, pathHead, revision } = require('./store.js');

const configs = 1000;
const concurrencies = [64, 8, 1];
const walPageBytes = 4096;

async function etcdRevision(url) {
  const answer = await must(url, 'POST', '/v3/kv/range', { body: '{"key":"AA=="}' });
  return Number(JSON.parse(answer.body).header.revision);
}

// Watches a file while `action` runs; answers [what action returned, the file's largest size in MiB].
async function withLargestSize(file, action) {
  let largest = 0;
  const look = () => {
    const size = fs.statSync(file, { throwIfNoEntry: false })?.size ?? 0;
    largest = Math.max(largest, size / 1024 ** 2);
  };
  const timer = setInterval(look, 50);
  try {
    return [await action(), largest];
  } finally {
    clearInterval(timer);
  }
}

// Numbers the runs, so that no two send the same content.
let runs = 0;

function publishLoad(program, { count = configs, bodyFile, connections, seconds }) {
  return wrk(program, 'put.lua', [pathHead, count, token, bodyFile, ++runs], { connections, seconds });
}

// As `load`, and sure that each request that was counted made a change: the server's own counter has gone that far.
async function counted(program, counter, load) {
  const before = await counter(program.url);
  const result = await load();
  const changes = (await counter(program.url)) - before;
  if (changes < result.requests) {
    throw new Error(`${program.name} answered ${result.requests} writes and made ${changes} changes`);
  }
  return result;
}

async function publish(work, { rounds, seconds }) {
  const directory = path.join(work, 'store');
  const files = { put: path.join(work, 'put.json'), text: path.join(work, 'put-text.json'), etcd: path.join(work, 'etcd.json'), grpc: path.join(work, 'etcd.grpc') };
  fs.writeFileSync(files.put, putBody);
  fs.writeFileSync(files.text, putTextBody);
  fs.writeFileSync(files.etcd, etcdPutBody());
  fs.writeFileSync(files.grpc, etcdGrpcBody());

  const confer = await startConferd(directory);
  const etcd = await startEtcd(work);
  await fill(confer.url, configs, 1);

  let walMib = 0;
  const contestants = {
    confer: async (options) => {
      const load = () => publishLoad(confer, { bodyFile: files.put, ...options });
      const [result, largest] = await withLargestSize(path.join(directory, 'confer.db-wal'), () => counted(confer, revision, load));
      walMib = Math.max(walMib, largest);
      return result;
    },
    text: (options) => counted(confer, revision, () => publishLoad(confer, { bodyFile: files.text, ...options })),
    json: (options) =>
      counted(etcd, etcdRevision, () => wrk(etcd, 'etcd-put.lua', [configs, files.etcd, ++runs], options)),
    grpc: (options) => counted(etcd, etcdRevision, () => h2load(etcd, 'etcdserverpb.KV/Put', files.grpc, options)),
  };
  const names = { confer: 'conferd, JSON (parsed)', text: 'conferd, text (as etcd takes it)', json: 'etcd, JSON gateway', grpc: 'etcd, gRPC' };
  const disk = { append: [], overwrite: [] };
  const rows = [];

  for (const connections of concurrencies) {
    const measure = async (who) => {
      settle(work);
      return contestants[who]({ connections, seconds });
    };

    for (const who of Object.keys(contestants)) await contestants[who]({ connections, seconds: 1 });
    const entrants = Object.keys(contestants);
    if (connections === 1) entrants.push('disk');
    const results = await alternate(entrants, rounds, async (who) => {
      if (who !== 'disk') return measure(who);
      settle(work);
      for (const line of helper(paths.fsyncRate, ['--size', String(walPageBytes), '--seconds', String(seconds / 2), work])) {
        disk[line.mode].push(line.per_second);
      }
      return undefined;
    });

    const of = (who, field) => results.get(who).map((result) => result[field]);
    const ratioTo = (who, ours = 'confer') => ratios(of(ours, 'perSecond'), of(who, 'perSecond'));
    for (const who of Object.keys(contestants)) {
      rows.push([
        connections, names[who], spread(of(who, 'perSecond')), spread(of(who, 'p50Ms')), spread(of(who, 'p99Ms')),
        spread(of(who, 'cpuUs')), who === 'confer' ? '1' : spread(ratioTo(who)),
      ]);
    }
    if (connections === 64) {
      goal('publish-64-json', 'ratio', ratioTo('json'), '>=', 2);
      goal('publish-64-grpc', 'ratio', ratioTo('grpc'), '>=', 1.3);
      goal('publish-64-json-text', 'ratio', ratioTo('json', 'text'), '>=', 2);
      goal('publish-64-grpc-text', 'ratio', ratioTo('grpc', 'text'), '>=', 1.3);
      goal('publish-64-p99', 'time', of('confer', 'p99Ms'), '<=', 10, ' ms');
      goal('publish-64-p99-json', 'ratio', ratios(of('confer', 'p99Ms'), of('json', 'p99Ms')), '<=', 0.5);
    }
    if (connections === 1) {
      goal('publish-1-grpc', 'ratio', ratioTo('grpc'), '>=', 1);
      for (const mode of ['append', 'overwrite']) {
        rows.push([1, `disk, ${mode} + fdatasync`, spread(disk[mode]), '-', '-', '-', spread(ratios(of('confer', 'perSecond'), disk[mode]))]);
      }
    }
  }

  table(
    `Durable publishes of 1 KiB to ${configs.toLocaleString('en-US')} configs; ratio: conferd's to that one's (disk: writes of ${walPageBytes} bytes)`,
    ['connections', 'server', 'writes/s', 'p50 ms', 'p99 ms', 'CPU us/write', 'ratio'],
    rows,
  );
  console.log(`Largest write-ahead log seen: ${short(walMib)} MiB`);
}

module.exports = { publish, publishLoad };
