// Cost as the store grows: the same reads and publishes with 100, 10,000 and 100,000 configs.
'use strict';

const fs = require('node:fs');
const path = require('node:path');
const { putBody } = require('./content.js');
const { goal, ratios, spread, table } = require('./figures.js');
const { wrk } = require('./load.js');
const { settle, startConferd, token } = require('./program.js');
const { publishLoad } = require('./publish.js');
const { alternate } = require('./rounds.js');
const { fill, pathHead } = require('./store.js');

const sizes = [100, 10000, 100000];
const connections = 64;
const flat = 0.9;

async function growth(work, { rounds, seconds }) {
  const bodyFile = path.join(work, 'put.json');
  fs.writeFileSync(bodyFile, putBody);

  const contestants = [];
  for (const count of sizes) {
    const server = await startConferd(path.join(work, `store-${count}`), { name: `conferd with ${count} configs` });
    await fill(server.url, count, 1);
    contestants.push({ count, server, title: count.toLocaleString('en-US') });
  }
  // The smallest is measured twice in each round: what it differs from itself is the noise.
  contestants.push({ ...contestants[0], title: `${contestants[0].title} again` });

  const rows = [];
  const loads = {
    read: ({ count, server }, duration) => wrk(server, 'get.lua', [pathHead, count, token], { connections, seconds: duration }),
    publish: ({ count, server }, duration) => publishLoad(server, { count, bodyFile, connections, seconds: duration }),
  };
  for (const [kind, load] of Object.entries(loads)) {
    for (const contestant of contestants) await load(contestant, 1);
    const results = await alternate(contestants, rounds, async (contestant) => {
      settle(work);
      return load(contestant, seconds);
    });

    const of = (contestant, field) => results.get(contestant).map((result) => result[field]);
    for (const contestant of contestants) {
      const ratio = ratios(of(contestant, 'perSecond'), of(contestants[0], 'perSecond'));
      rows.push([
        kind, contestant.title, spread(of(contestant, 'perSecond')), spread(of(contestant, 'p50Ms')), spread(of(contestant, 'p99Ms')),
        spread(of(contestant, 'cpuUs')), spread(ratio), spread(ratios(of(contestants[0], 'cpuUs'), of(contestant, 'cpuUs'))),
      ]);
      if (contestant.count !== sizes[0]) goal(`growth-${kind}-${contestant.count}`, 'ratio', ratio, '>=', flat);
    }
  }

  table(
    `Growth: ${connections} connections; ratio to the figure with ${sizes[0]} configs, "again" being the same server measured twice`,
    ['load', 'configs', 'requests/s', 'p50 ms', 'p99 ms', 'CPU us/request', 'ratio', 'ratio by CPU'],
    rows,
  );
}

module.exports = growth;
