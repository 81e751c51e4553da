// The evaluator of gray releases: 8 rules of 2 conditions each, on one thread, beside its floor.
'use strict';

const { goal, ratios, spread, table } = require('./figures.js');
const { helper, paths } = require('./program.js');

const goalMillions = 5;

async function grayEvaluate(work, { rounds, seconds }) {
  const results = helper(paths.grayEvaluate, ['--rounds', String(rounds), '--seconds', String(seconds / 2)]);
  const ns = results.map((result) => result.ns);
  const floorNs = results.map((result) => result.floor_ns);
  const millions = (times) => times.map((time) => 1e3 / time);

  table(
    'Who gets which version: 8 rules of 2 conditions each, the last decides by weight; 1 thread',
    ['what', 'CPU ns', 'millions/s', 'to the floor'],
    [
      ['evaluate', spread(ns), spread(millions(ns)), spread(ratios(ns, floorNs))],
      ['floor: hash and 16 comparisons', spread(floorNs), spread(millions(floorNs)), '1'],
    ],
  );
  goal('gray-evaluate', 'rate', millions(ns), '>=', goalMillions, ' million/s');
}

module.exports = grayEvaluate;
