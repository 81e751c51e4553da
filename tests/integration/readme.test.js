// The tour of the README, as it is written: every block of shell is run, and must print what stands below it.
'use strict';

const assert = require('node:assert/strict');
const fs = require('node:fs');
const path = require('node:path');
const { test } = require('node:test');
const { Conferd, temporaryDirectory } = require('../lib/conferd.js');
const { Shell, follow, pattern, steps } = require('../lib/guide.js');

const readme = fs.readFileSync(path.join(__dirname, '..', '..', 'README.md'), 'utf8');
const tour = readme.slice(readme.indexOf('## A tour'), readme.indexOf('## Where to read on'));

test('the tour of the README prints what the README shows', async (t) => {
  const cwd = temporaryDirectory();
  const server = new Conferd({ data: path.join(cwd, 'confer-data'), env: { CONFER_ADMIN_PASSWORD: undefined } });
  const shell = new Shell(cwd);
  t.after(async () => {
    shell.close();
    await server.finish();
  });
  // The README cannot know the port.
  const run = async (text) => {
    await server.start();
    await shell.run(`C=${server.origin}/api/v1`);
    await follow(shell, text);
  };
  const [before, after] = tour.split('Now stop the server');

  await run(before);
  await server.kill();
  await run(after);
});

test('the tour has ten steps and more, and a pattern can fail', () => {
  assert.ok(steps(tour).length >= 10);
  assert.doesNotMatch('{"a":2}\n', pattern('{"a":1}\n'));
  assert.match('{"a":1,"b":2}\n', pattern('{"a":1,…}\n'));
});
