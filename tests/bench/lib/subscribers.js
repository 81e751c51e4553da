// Memory: what 10,000 idle subscribers add to the server's resident memory, sessions and subscriptions included.
'use strict';

const path = require('node:path');
const { goal, spread, table } = require('./figures.js');
const { startConferd, startEtcd, startRedis } = require('./program.js');
const { Receiver, makeNamespaces, subscriberFlags } = require('./receiver.js');
const { alternate } = require('./rounds.js');

const roundsMax = 3; // each with a server of its own, which begins with a fresh heap
const goalKib = 3;

async function startFreshConferd(directory) {
  const server = await startConferd(directory, { flags: subscriberFlags });
  await makeNamespaces(server.url);
  return server;
}

// Resident KiB that each subscriber adds: when all are current, and when each has got (and acknowledged) a change besides.
async function growth(work, { protocol, subscribers, start, isAcking }, run) {
  const server = await start(path.join(work, `${protocol}-${run}`));
  const receiver = new Receiver(work, protocol, server, { isAcking });
  await server.calm();
  const before = server.memory().rss;
  await receiver.connect(subscribers);
  await server.calm();
  const connected = server.memory().rss;
  await receiver.publish(1);
  await server.calm();
  const changed = server.memory().rss;

  const lost = await receiver.disconnect();
  await receiver.stop();
  await server.stop();
  if (lost > 0) throw new Error(`${server.name} closed ${lost} subscribers`);
  const kib = (mib) => ((mib - before) * 1024) / subscribers;
  return { name: server.name, connected: kib(connected), changed: kib(changed) };
}

async function subscribers(work, { rounds }) {
  const contestants = [
    { title: 'that acknowledge', protocol: 'confer', subscribers: 10000, start: startFreshConferd, isAcking: true },
    { title: 'that do not', protocol: 'confer', subscribers: 10000, start: startFreshConferd },
    { title: '', protocol: 'redis', subscribers: 10000, start: () => startRedis(work) },
    { title: '', protocol: 'etcd', subscribers: 1000, start: () => startEtcd(work) },
  ];
  let run = 0;
  const results = await alternate(contestants, Math.min(rounds, roundsMax), (contestant) => growth(work, contestant, ++run));

  const of = (contestant, field) => results.get(contestant).map((result) => result[field]);
  table(
    `Resident memory that each subscriber adds to the server, KiB (${Math.min(rounds, roundsMax)} fresh servers of each)`,
    ['server', 'subscribers', 'all current', 'after a change to all'],
    contestants.map((contestant) => [
      of(contestant, 'name')[0], `${contestant.subscribers.toLocaleString('en-US')} ${contestant.title}`.trim(),
      spread(of(contestant, 'connected')), spread(of(contestant, 'changed')),
    ]),
  );
  const largest = results.get(contestants[0]).map(({ connected, changed }) => Math.max(connected, changed));
  goal('subscriber-memory', 'resident', largest, '<=', goalKib, ' KiB');
}

module.exports = subscribers;
