// Prints the tests that failed, each with what is known of it: ./test ends with them, since what stands far up in the
// output of a long run is not read, or not kept.
//
//   node failures.js tap FILE       of node's TAP reporter
//   node failures.js meson FILE     of meson's log
'use strict';

const fs = require('node:fs');

const MESON_TAIL_BYTES = 4000;

const [, , kind, file] = process.argv;
const lines = fs.readFileSync(file, 'utf8').split('\n');

// The lines of the YAML block that follows line i, if there is one.
function blockAfter(i) {
  if (lines[i + 1]?.trim() !== '---') return [];
  const indentation = lines[i + 1].indexOf('---');
  const end = lines.findIndex((line, j) => j > i && line === ' '.repeat(indentation) + '...');

  return lines.slice(i + 2, end < 0 ? undefined : end).map((line) => line.slice(indentation));
}

// A suite fails when one of its tests does: that one is told, and once is enough.
function* ofTap() {
  for (const [i, line] of lines.entries()) {
    const name = /^\s*not ok \d+ - (.*)$/.exec(line)?.[1];
    const block = name === undefined ? [] : blockAfter(i);

    if (name !== undefined && !block.includes("failureType: 'subtestsFailed'")) yield [name, block];
  }
}

function* ofMeson() {
  for (const { name, result, stdout = '', stderr = '' } of lines.filter(Boolean).map((line) => JSON.parse(line))) {
    const bad = stdout.split('\n').filter((line) => /^(not ok|# )/.test(line));

    if (result !== 'OK') yield [`${name} (${result})`, [...bad, ...stderr.slice(-MESON_TAIL_BYTES).split('\n')]];
  }
}

for (const [name, details] of kind === 'tap' ? ofTap() : ofMeson())
  console.log([`FAILED: ${name}`, ...details.map((line) => `        ${line}`), ''].join('\n'));
