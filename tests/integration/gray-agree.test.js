// A small part of what tests/gray/run compares: script, server and SDK say the same of random gray releases.
'use strict';

const { test } = require('node:test');
const { Agreement } = require('../gray/agree.js');
const { Random } = require('../lib/random.js');

test('Script, server and SDK agree on 2,000 random rule sets, units and tags', async (t) => {
  const random = new Random();
  t.diagnostic(`CONFER_SEED=${random.seed}`);
  await new Agreement({ nRuleSets: 1000, nAskers: 2 }, { tell: (text) => t.diagnostic(text), random }).run();
});
