// Runs the scenes from the command line and tells what happens; `tests/chaos/run` builds what they need.
'use strict';

const { Random } = require('../lib/random.js');
const { Scene } = require('./scene.js');
const { SlowScene } = require('./slow-scene.js');

const scenes = { clients: Scene, slow: SlowScene };

async function main(args) {
  const size = args.includes('--short') ? 'short' : 'long';
  const named = args.filter((argument) => argument !== '--short');
  const random = new Random();
  const start = Date.now();
  const tell = (text) => console.log(`${((Date.now() - start) / 1000).toFixed(1).padStart(6)} s  ${text}`);

  tell(`CONFER_SEED=${random.seed}`);
  for (const name of named.length ? named : Object.keys(scenes)) {
    await new scenes[name](size, { tell, random }).run();
    tell(`${name}: passed`);
  }
}

main(process.argv.slice(2)).catch((error) => {
  console.error(error);
  console.log('failed');
  process.exitCode = 1;
});
