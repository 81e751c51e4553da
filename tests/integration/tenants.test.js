// The example of the tenants, as it is written: etcd, Redis and two servers, each killed as the page says.
'use strict';

const assert = require('node:assert/strict');
const fs = require('node:fs');
const path = require('node:path');
const { test } = require('node:test');
const { temporaryDirectory } = require('../lib/conferd.js');
const { Shell, follow, steps } = require('../lib/guide.js');
const { freePorts } = require('../lib/targets.js');

const page = fs.readFileSync(path.join(__dirname, '..', '..', 'docs', 'tenants.md'), 'utf8');
const build = path.dirname(path.dirname(path.resolve(process.env.CONFER_CONFERD)));

// What it waits for would be waited for without end.
test('The page prints what the page shows', { timeout: 300000 }, async (t) => {
  const shell = new Shell(temporaryDirectory());
  t.after(() => shell.close());
  const [client, peer, redis, first, second] = await freePorts(5);
  const local = (port) => `127.0.0.1:${port}`;

  await shell.run(`PATH=${build}/server:${build}/client-sdk/cli:$PATH`);
  await shell.run(`ETCD=http://${local(client)} PEERS=http://${local(peer)} REDIS=${redis} A=${local(first)} B=${local(second)}`);
  await follow(shell, page);
});

test('It has ten steps and more', () => {
  assert.ok(steps(page).length >= 10);
});
