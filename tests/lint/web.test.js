// What the compiler says of the console's sources, and that its languages say the same things.
'use strict';

const assert = require('node:assert/strict');
const { spawnSync } = require('node:child_process');
const path = require('node:path');
const { test } = require('node:test');
const texts = require('../lib/console-texts.js');

const web = path.join(__dirname, '..', '..', 'web');

/** The names of all texts, those of lists included. */
function names(node, prefix = '') {
  if (typeof node !== 'object') return [prefix];
  return Object.entries(node).flatMap(([name, value]) => names(value, `${prefix}/${name}`));
}

test('TypeScript finds nothing', () => {
  const { status, stdout } = spawnSync(
    process.execPath,
    [path.join(web, 'node_modules', 'typescript', 'bin', 'tsc')],
    {
      cwd: web,
      encoding: 'utf8',
    },
  );
  assert.equal(status, 0, stdout);
});

test('Every text is there in every language', () => {
  assert.ok(names(texts.en).length > 100);
  const ours = (t) =>
    names(t)
      .filter((name) => !name.startsWith('/editor/phrases'))
      .sort(); // English is the editor's own
  assert.deepEqual(ours(texts.zh), ours(texts.en));
});
