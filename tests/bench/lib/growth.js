// Cost as the store grows: the same reads and publishes with 100, 10,000 and 100,000 configs, beside what the same growth costs rivals.
'use strict';

const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { etcdFillBody, etcdPutBody, putBody } = require('./content.js');
const { goal, ratios, spread, table } = require('./figures.js');
const { must, parallel } = require('./http.js');
const { wrk } = require('./load.js');
const { settle, startConferd, startEtcd, startRival, token } = require('./program.js');
const { publishLoad } = require('./publish.js');
const { alternate, finer, roundsTitle } = require('./rounds.js');
const { fill, pathHead, pathOf } = require('./store.js');

const sizes = [100, 10000, 100000];
const connections = 64;
const flat = 0.9;
const etcdPutsPerTransaction = 64;

const title = (count) => count.toLocaleString('en-US');

// The smallest is measured twice in each round: what it differs from itself is the noise.
async function startConfers(work) {
  const servers = [];
  for (const count of sizes) {
    const server = await startConferd(path.join(work, `store-${count}`), { name: `conferd with ${count} configs` });
    await fill(server.url, count, 1);
    servers.push({ count, server, of: 'conferd', title: title(count) });
  }
  return [...servers, { ...servers[0], title: `${servers[0].title} again` }];
}

async function startRivals(work, confer) {
  const { body } = await must(confer.server.url, 'GET', pathOf(0), { token });
  const rivals = [];
  for (const count of sizes) {
    const server = await startRival(work, { threads: os.availableParallelism(), size: Buffer.byteLength(body), bodies: count });
    rivals.push({ count, server, of: 'bare libh2o', title: title(count) });
  }
  return rivals;
}

async function startEtcds(work) {
  const etcds = [];
  for (const count of sizes) {
    const directory = path.join(work, `etcd-${count}`);
    fs.mkdirSync(directory);
    const server = await startEtcd(directory);
    await parallel(Math.ceil(count / etcdPutsPerTransaction), 8, (n, agent) => {
      const from = n * etcdPutsPerTransaction;
      return must(server.url, 'POST', '/v3/kv/txn', { agent, body: etcdFillBody(from, Math.min(count, from + etcdPutsPerTransaction)) });
    });
    etcds.push({ count, server, of: 'etcd, JSON gateway', title: title(count) });
  }
  return etcds;
}

// Measures conferd and a rival, each with every size. Answers the rows of the table.
async function grow(work, kind, confers, rivals, load, { rounds, seconds }) {
  const contestants = [...confers, ...rivals];
  for (const contestant of contestants) await load(contestant, 1);
  const results = await alternate(contestants, rounds, async (contestant) => {
    settle(work);
    return load(contestant, seconds);
  });

  const of = (contestant, field) => results.get(contestant).map((result) => result[field]);
  const smallest = (contestant) => contestants.find((one) => one.of === contestant.of);
  const kept = (contestant, field) => ratios(of(contestant, field), of(smallest(contestant), field));
  for (const confer of confers.slice(1, sizes.length)) {
    const rival = rivals.find(({ count }) => count === confer.count);
    goal(`growth-${kind}-${confer.count}`, 'ratio', kept(confer, 'perSecond'), '>=', flat);
    goal(`growth-${kind}-${confer.count}-rival`, 'ratio to what the rival keeps', ratios(kept(confer, 'perSecond'), kept(rival, 'perSecond')), '>=', flat);
  }
  return contestants.map((contestant) => [
    kind, contestant.of, contestant.title, spread(of(contestant, 'perSecond')), spread(of(contestant, 'p50Ms')), spread(of(contestant, 'p99Ms')),
    spread(of(contestant, 'cpuUs')), spread(kept(contestant, 'perSecond')), spread(ratios(of(smallest(contestant), 'cpuUs'), of(contestant, 'cpuUs'))),
  ]);
}

async function growth(work, options) {
  const settings = finer(options);
  const bodyFile = path.join(work, 'put.json');
  const etcdFile = path.join(work, 'etcd.json');
  fs.writeFileSync(bodyFile, putBody);
  fs.writeFileSync(etcdFile, etcdPutBody());

  const confers = await startConfers(work);
  const rivals = await startRivals(work, confers[0]);
  const read = ({ count, server }, seconds) => wrk(server, 'get.lua', [pathHead, count, token], { connections, seconds });
  const rows = await grow(work, 'read', confers, rivals, read, settings);
  for (const { server } of rivals) await server.stop();

  let runs = 0;
  const publish = ({ of, count, server }, seconds) =>
    of === 'conferd'
      ? publishLoad(server, { count, bodyFile, connections, seconds })
      : wrk(server, 'etcd-put.lua', [count, etcdFile, ++runs], { connections, seconds });
  rows.push(...(await grow(work, 'publish', confers, await startEtcds(work), publish, settings)));

  table(
    `Growth, ${roundsTitle(settings)}: ${connections} connections; ratio to the figure of the same server with ${sizes[0]} configs, "again" being that one measured twice`,
    ['load', 'server', 'configs', 'requests/s', 'p50 ms', 'p99 ms', 'CPU us/request', 'ratio', 'ratio by CPU'],
    rows,
  );
}

module.exports = growth;
