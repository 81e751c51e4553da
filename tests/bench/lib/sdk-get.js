// The SDK: confer_get() of a random one of 10,000 configs, and of the same one each time, on one thread and on two.
'use strict';

const path = require('node:path');
const { goal, ratios, spread, table } = require('./figures.js');
const { helper, paths, startConferd, token } = require('./program.js');
const { fill } = require('./store.js');

const configs = 10000;
const goalNs = 100;
const goalRatio = 1.8;

async function sdkGet(work, { rounds, seconds }) {
  const server = await startConferd(path.join(work, 'store'));
  await fill(server.url, configs, 1);
  const results = helper(paths.sdkGet, [
    '--server', server.url, '--token', token, '--count', String(configs), '--rounds', String(rounds), '--seconds', String(seconds / 2),
  ]);
  await server.stop();

  const of = (field) => results.map((result) => result[field].per_second);
  const cpuNs = (field) => results.map((result) => result[field].cpu_ns);
  const ns = (field, threads) => of(field).map((perSecond) => (threads * 1e9) / perSecond);
  const millions = (field) => of(field).map((perSecond) => perSecond / 1e6);
  const row = (title, one, two) => [
    [`${title}, 1 thread`, spread(ns(one, 1)), spread(cpuNs(one)), spread(millions(one)), '1'],
    [`${title}, 2 threads`, spread(ns(two, 2)), spread(cpuNs(two)), spread(millions(two)), spread(ratios(of(two), of(one)))],
  ];
  table(
    `confer_get() and confer_value_unref() of one of ${configs.toLocaleString('en-US')} configs of 1 KiB`,
    ['what', 'ns', 'CPU ns', 'millions/s', 'to one thread'],
    [
      ...row('read a random one', 'read_one', 'read_two'),
      ...row('read the same one', 'same_one', 'same_two'),
      ...row('choose the key alone', 'choose_one', 'choose_two'),
    ],
  );
  goal('sdk-get', 'time', ns('read_one', 1), '<=', goalNs, ' ns');
  goal('sdk-get-threads', 'ratio', ratios(of('read_two'), of('read_one')), '>=', goalRatio);
  goal('sdk-get-threads-same', 'ratio', ratios(of('same_two'), of('same_one')), '>=', goalRatio);
}

module.exports = sdkGet;
