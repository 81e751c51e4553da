// Reads for an instance with a gray release on top, against the same reads without: what evaluating costs.
'use strict';

const path = require('node:path');
const { content, placeholder } = require('./content.js');
const { spread, ratios, table, goal } = require('./figures.js');
const { must, parallel } = require('./http.js');
const { wrk } = require('./load.js');
const { startConferd, token } = require('./program.js');
const { alternate, roundsTitle } = require('./rounds.js');
const { fill, namespace, key, pathHead, pathOf } = require('./store.js');

const configs = 10000;
const asked = [100, configs]; // of so many: those that are being rolled out, and where nothing is in the processor's cache
const units = 100000;
const connections = 64;
const perTransaction = 64; // configs, of two operations each
const shareOfLast = 50; // percent of the instances that get the second version

// Eight rules of two conditions, the last of which holds for the instances of load/get-for.lua.
const rules = [
  ...Array.from({ length: 7 }, (_, i) => ({
    match: { region: ['eu-west', 'us-east'], app_version: { semver: `>=${i + 3}.0.0 <${i + 4}.0.0` } },
    split: [{ version: 2, weight: 100 }],
  })),
  { match: { region: { prefix: 'eu-' }, app_version: { semver: '^2.1.0' } }, split: [{ version: 2, weight: shareOfLast }] },
];

// Gives every config a second version of the same size, and a gray release of it.
async function addGrayReleases(url) {
  const second = content.replace(placeholder, '9'.repeat(placeholder.length));
  const operations = (i) => [
    { op: 'put', namespace, key: key(i), content: second, format: 'json' },
    { op: 'gray', namespace, key: key(i), rules },
  ];
  await parallel(Math.ceil(configs / perTransaction), 8, async (n, agent) => {
    const of = Array.from({ length: Math.min(perTransaction, configs - n * perTransaction) }, (_, i) => operations(n * perTransaction + i));
    await must(url, 'POST', '/api/v1/transactions', { token, agent, body: JSON.stringify({ operations: of.flat() }) });
  });
}

// Some of what the load asks must be chosen by an arm, and the rest not.
async function checkShare(url) {
  let chosen = 0;
  await parallel(400, 16, async (i, agent) => {
    const query = `?instance=orders-${String(i).padStart(6, '0')}&tag=region:eu-west&tag=app_version:2.4.1`;
    const { data } = JSON.parse((await must(url, 'GET', pathOf(0) + query, { token, agent })).body);
    chosen += data.version === 2 && data.gray === true && data.rule === 7;
  });
  if (Math.abs(chosen / 4 - shareOfLast) > 15) throw new Error(`${chosen} of 400 instances are chosen instead of about half`);
}

// @places: as read.js has them
async function readGray(work, places, settings) {
  const { rounds, seconds } = settings;
  const directory = path.join(work, 'store-gray');
  const filler = await startConferd(directory);
  await fill(filler.url, configs, 1);
  await addGrayReleases(filler.url);
  await checkShare(filler.url);
  await filler.stop();

  const rows = [];
  for (const { name, threads, serverCpu, loadCpu } of places) {
    const confer = await startConferd(directory, { cpu: serverCpu, threads });
    const contestants = asked.flatMap((count) => ['without', 'with'].map((kind) => ({ count, kind })));
    const load = ({ count, kind }, duration) =>
      wrk(confer, 'get-for.lua', [pathHead, count, token, units, kind], { threads, connections, cpu: loadCpu, seconds: duration });

    for (const contestant of contestants) await load(contestant, 1);
    const results = await alternate(contestants, rounds, (contestant) => load(contestant, seconds));
    for (const count of asked) {
      const [without, withRules] = contestants.filter((contestant) => contestant.count === count).map((contestant) => results.get(contestant));
      const of = (list, field) => list.map((result) => result[field]);
      const ratio = ratios(of(withRules, 'perSecond'), of(without, 'perSecond'));
      const byCpu = ratios(of(without, 'cpuUs'), of(withRules, 'cpuUs'));
      const row = (title, list, ...columns) =>
        rows.push([
          `${name} ${title}, of ${count.toLocaleString('en-US')}`, spread(of(list, 'perSecond')), spread(of(list, 'p50Ms')),
          spread(of(list, 'p99Ms')), spread(of(list, 'cpuUs')), ...columns,
        ]);
      row('without', without, '1', '1');
      row('with', withRules, spread(ratio), spread(byCpu));
      if (count === asked[0]) goal(`read-gray-${name}`, 'ratio', ratio, '>=', 0.9);
    }
    await confer.stop();
  }

  table(
    `Reads with evaluation, ${roundsTitle(settings)}, for an instance with two tags, and without: of configs that each have a gray release of 8 rules of 2 conditions`,
    ['case', 'requests/s', 'p50 ms', 'p99 ms', 'CPU us/request', 'ratio', 'ratio by CPU'],
    rows,
  );
}

module.exports = readGray;
