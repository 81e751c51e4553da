// After a restart: 10,000 subscribers come back at once, those that can resume and those that need a snapshot, until all are current again.
'use strict';

const path = require('node:path');
const { goal, spread, table } = require('./figures.js');
const { freePort, startConferd } = require('./program.js');
const { Receiver, makeNamespaces, subscriberFlags } = require('./receiver.js');
const { alternate } = require('./rounds.js');

const subscribers = 10000;
const moreConfigs = 19; // beside the one that changes

const kinds = [
  { title: 'from their revision', isResuming: true },
  { title: 'by a snapshot', isResuming: false },
];

// Each subscriber must have been told what it asked for, whole; and each must get the next change.
async function check(receiver, { isResuming }, answer) {
  const [told, releases] = isResuming ? [answer.currents, 0] : [answer.snapshots, moreConfigs + 1];
  if (told !== subscribers || answer.releases_least !== releases || answer.releases_most !== releases) {
    throw new Error(`not every subscriber was told what it needs: ${JSON.stringify(answer)}`);
  }
  await receiver.publish(1);
}

async function reconnect(work, { rounds }) {
  const directory = path.join(work, 'store');
  const options = { port: await freePort(), flags: subscriberFlags };
  let server = await startConferd(directory, options);
  await makeNamespaces(server.url, moreConfigs);

  const receiver = new Receiver(work, 'confer', server);
  await receiver.connect(subscribers);

  const results = await alternate(kinds, rounds, async (kind) => {
    await server.stop();
    await receiver.disconnect();
    server = await startConferd(directory, options);
    await receiver.follow(server);
    await server.calm();
    server.resetPeak();
    const before = { cpuUs: server.cpuUs(), rss: server.memory().rss };
    const answer = await receiver.connect(subscribers, kind);
    await server.calm();
    const after = { cpuUs: server.cpuUs(), ...server.memory() };
    await check(receiver, kind, answer);
    return {
      seconds: answer.ms / 1000,
      cpuSeconds: (after.cpuUs - before.cpuUs) / 1e6,
      cpuUs: (after.cpuUs - before.cpuUs) / subscribers,
      restMib: before.rss,
      peakMib: after.peak,
      current: answer.currents + answer.snapshots,
    };
  });
  await receiver.disconnect();
  await receiver.stop();
  await server.stop();

  const of = (kind, field) => results.get(kind).map((result) => result[field]);
  table(
    `Reconnect of ${subscribers.toLocaleString('en-US')} subscribers after a restart, ${moreConfigs + 1} configs each, as fast as they can`,
    ['clients come back', 'all current after s', 'server CPU s', 'CPU us/subscriber', 'resident before MiB', 'peak MiB'],
    kinds.map((kind) => [
      kind.title, spread(of(kind, 'seconds')), spread(of(kind, 'cpuSeconds')), spread(of(kind, 'cpuUs')), spread(of(kind, 'restMib')),
      spread(of(kind, 'peakMib')),
    ]),
  );
  for (const kind of kinds) {
    goal(`reconnect-${kind.isResuming ? 'resume' : 'snapshot'}`, 'current again', of(kind, 'current'), '>=', subscribers);
  }
}

module.exports = reconnect;
