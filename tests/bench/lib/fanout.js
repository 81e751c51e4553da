// Fan-out: from the commit of a change to the last subscriber that has read it, against a bare epoll program, etcd's watchers and Redis.
'use strict';

const path = require('node:path');
const { goal, ratios, spread, table } = require('./figures.js');
const { settle, startBroadcast, startConferd, startEtcd, startRedis } = require('./program.js');
const { deliver, makeNamespaces, subscriberFlags } = require('./receiver.js');
const { alternate } = require('./rounds.js');

const cases = [
  { subscribers: 1000, publishes: 20 },
  { subscribers: 10000, publishes: 8 },
];
const etcdSubscribersMax = 1000; // each costs its gateway tens of KiB and of microseconds
const goalRatio = 1.3;

const places = [
  { name: '1t', title: 'one thread, pinned', threads: 1, serverCpu: 0, receiverCpu: 1 },
  { name: '2t', title: 'two threads, not pinned', threads: 2, hasOthers: true },
];

async function startContestants(work, { name, threads, serverCpu, hasOthers }) {
  const placed = { cpu: serverCpu, threads };
  const confer = await startConferd(path.join(work, `store-${name}`), { ...placed, flags: subscriberFlags });
  await makeNamespaces(confer.url);
  const contestants = [
    { protocol: 'bare', server: await startBroadcast(work, placed) },
    { protocol: 'confer', server: confer },
  ];
  if (hasOthers) {
    contestants.push({ protocol: 'redis', server: await startRedis(work) });
    contestants.push({ protocol: 'etcd', server: await startEtcd(work) });
  }
  return contestants;
}

// The size of the frame that conferd sends, which the bare program is to send too.
async function frameSize(work, { server }) {
  return (await deliver(work, 'confer', server, { subscribers: 1, publishes: 1 })).messageBytes;
}

function rowsOf(place, { subscribers }, contestants, results) {
  const of = (protocol, field) => results.get(contestants.find((contestant) => contestant.protocol === protocol)).map((result) => result[field]);
  return contestants.map(({ protocol, server }) => [
    `${subscribers.toLocaleString('en-US')}, ${place.name}`, server.name, spread(of(protocol, 'firstMs')), spread(of(protocol, 'lastMs')),
    protocol === 'bare' ? '1' : spread(ratios(of(protocol, 'lastMs'), of('bare', 'lastMs'))), spread(of(protocol, 'cpuUs')),
    spread(of(protocol, 'totalMs')), protocol === 'confer' ? '1' : spread(ratios(of(protocol, 'totalMs'), of('confer', 'totalMs'))),
  ]);
}

async function fanout(work, { rounds }) {
  const rows = [];
  let frameBytes;

  for (const place of places) {
    const all = await startContestants(work, place);
    frameBytes = await frameSize(work, all.find(({ protocol }) => protocol === 'confer'));
    for (const scene of cases) {
      const contestants = all.filter(({ protocol }) => protocol !== 'etcd' || scene.subscribers <= etcdSubscribersMax);
      const results = await alternate(contestants, rounds, ({ protocol, server }) => {
        settle(work);
        return deliver(work, protocol, server, { ...scene, frameBytes, cpu: place.receiverCpu });
      });

      const [bare, confer] = contestants.map((contestant) => results.get(contestant).map((result) => result.lastMs));
      rows.push(...rowsOf(place, scene, contestants, results));
      goal(`fanout-${scene.subscribers}-${place.name}`, 'ratio to bare epoll', ratios(confer, bare), '<=', goalRatio);
    }
    for (const { server } of all) await server.stop();
  }

  table(
    `Fan-out of a change of 300 bytes (a frame of ${frameBytes} bytes) to all subscribers; ${places.map(({ name, title }) => `${name}: ${title}`).join('; ')}`,
    ['subscribers', 'server', 'commit to first ms', 'commit to last ms', 'to bare', 'CPU us/message', 'publish to last ms', 'to conferd'],
    rows,
  );
}

module.exports = fanout;
