// Counts what a meson test log says: the lines of each TAP program, and programs that ended badly without one.
//
//   node count-meson.js LOG     prints "PASSED FAILED"
'use strict';

const fs = require('node:fs');

let passed = 0;
let failed = 0;

for (const line of fs.readFileSync(process.argv[2], 'utf8').split('\n').filter(Boolean)) {
  const { result, stdout = '' } = JSON.parse(line);
  const good = (stdout.match(/^ok /gm) ?? []).length;
  const bad = (stdout.match(/^not ok /gm) ?? []).length;
  passed += good + (result === 'OK' && good === 0 ? 1 : 0);
  failed += bad + (result !== 'OK' && bad === 0 ? 1 : 0);
}

console.log(`${passed} ${failed}`);
