// The short form of the slow scene of tests/chaos/run, whose README.md says what happens here.
'use strict';

const { test } = require('node:test');
const { SlowScene } = require('../chaos/slow-scene.js');

test('A subscriber that does not read costs its limit, delays nobody, and converges', async (t) => {
  await new SlowScene('short', { tell: (text) => t.diagnostic(text) }).run();
});
