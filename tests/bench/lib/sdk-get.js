// The SDK: confer_get() of a random one of 10,000 configs, on one thread and on two.
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

  const of = (field) => results.map((result) => result[field]);
  const ns = (field, threads) => of(field).map((perSecond) => (threads * 1e9) / perSecond);
  const millions = (field) => of(field).map((perSecond) => perSecond / 1e6);
  const row = (title, field, threads) =>
    [title, spread(ns(field, threads)), spread(millions(field)), field === 'one' ? '1' : spread(ratios(of(field), of('one')))];
  table(
    `confer_get() and confer_value_unref() of a random one of ${configs.toLocaleString('en-US')} configs of 1 KiB`,
    ['threads', 'ns/read', 'million reads/s', 'to one thread'],
    [row('1', 'one', 1), row('2', 'shared', 2), row('2, a client each', 'apart', 2)],
  );
  goal('sdk-get', 'time', ns('one', 1), '<=', goalNs, ' ns');
  goal('sdk-get-threads', 'ratio', ratios(of('shared'), of('one')), '>=', goalRatio);
}

module.exports = sdkGet;
