// The short form of tests/chaos/run, whose README.md says what happens here.
'use strict';

const { test } = require('node:test');
const { Scene } = require('../chaos/scene.js');
const { Random } = require('../lib/random.js');

test('Clients converge, however often the server is killed', async (t) => {
  const random = new Random();
  t.diagnostic(`CONFER_SEED=${random.seed}`);
  await new Scene('short', { random, tell: (text) => t.diagnostic(text) }).run();
});
