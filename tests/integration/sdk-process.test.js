// What a client of the SDK does to the process that it lives in: descriptors, signals, threads, output, secrets.
'use strict';

const assert = require('node:assert/strict');
const fs = require('node:fs');
const path = require('node:path');
const { describe, test } = require('node:test');
const { temporaryDirectory } = require('../lib/conferd.js');
const { ModelServer } = require('../lib/model-server.js');
const { Peer } = require('../lib/peer.js');
const { startProbe } = require('../lib/probe.js');
const { until } = require('../lib/waiting.js');

const namespace = 'prod';

async function startAll(t, options = {}) {
  const store = new ModelServer();
  store.put(namespace, 'k', 'a content that nobody may log');
  const peer = await new Peer((connection) => store.serve(connection)).start();
  t.after(() => peer.finish());
  const cache = path.join(temporaryDirectory(), 'cache');
  const probe = startProbe(t, { server: peer.origin, namespace, cache, token: 'the-secret-token', ...options });
  await probe.untilHolds(namespace, store.effective(namespace));
  return { store, peer, probe, cache };
}

/** The value of a line of a file in /proc. */
const field = (file, name) => new RegExp(`^${name}:\\s*(\\S+)`, 'm').exec(fs.readFileSync(file, 'utf8'))[1];
const signals = (file, name) => BigInt(`0x${field(file, name)}`);
const bit = (signal) => 1n << BigInt(signal - 1);
const sigint = 2, sigabrt = 6, sigill = 4, sigbus = 7, sigfpe = 8, sigkill = 9, sigsegv = 11, sigpipe = 13, sigstop = 19;
const cloexec = 0o2000000;

/** What this process was started with and hands on without wanting to. */
const linksOf = (directory) =>
  fs.readdirSync(directory).flatMap((fd) => {
    try {
      return [fs.readlinkSync(`${directory}/${fd}`)];
    } catch {
      return []; // the one that the directory was read with
    }
  });
const inherited = new Set(linksOf('/proc/self/fd').filter((link) => link.startsWith('pipe:')));

/** The probe's own process: the last of a chain, where it runs under a wrapper. */
const procOf = (probe) => `/proc/${probe.child.pid}`;

describe('A client in a process', { skip: process.env.CONFER_PROBE_WRAPPER ? 'a wrapper does things of its own' : false }, () => {
  for (const application of [false, true])
    test(`Its descriptors are closed on exec (${application ? 'the application' : 'a thread'} runs listeners)`, async (t) => {
      const { probe } = await startAll(t, { application });
      const proc = procOf(probe);
      const isInherited = (fd) => inherited.has(fs.readlinkSync(`${proc}/fd/${fd}`));
      const own = fs.readdirSync(`${proc}/fd`).filter((fd) => Number(fd) > 2 && !isInherited(fd));
      assert.ok(own.length > 0, 'a client has descriptors');
      for (const fd of own) {
        const flags = parseInt(field(`${proc}/fdinfo/${fd}`, 'flags'), 8);
        assert.ok(flags & cloexec, `${fs.readlinkSync(`${proc}/fd/${fd}`)} stays open across exec`);
      }
    });

  test('It handles and ignores no signal, and its threads block all', async (t) => {
    const { probe } = await startAll(t);
    const proc = procOf(probe);
    const sanitizers = [sigabrt, sigill, sigbus, sigfpe, sigsegv].reduce((all, signal) => all | bit(signal), 0n);
    assert.equal(signals(`${proc}/status`, 'SigCgt') & ~sanitizers & 0x7fffffffn, 0n, 'no handler');
    assert.equal(signals(`${proc}/status`, 'SigIgn') & (bit(sigpipe) | bit(sigint)), 0n, 'none is ignored');

    const threads = fs.readdirSync(`${proc}/task`).filter((thread) => Number(thread) !== probe.child.pid);
    assert.ok(threads.length >= 2, 'one for the network, one for listeners');
    const needed = 0x7fffffffn & ~bit(sigkill) & ~bit(sigstop);
    const open = threads.filter((thread) => (signals(`${proc}/task/${thread}/status`, 'SigBlk') & needed) !== needed);
    // The sanitizers' own thread blocks none.
    assert.ok(open.length <= 1, `${open.length} of ${threads.length} threads take signals`);
  });

  test('The end of a client ends its threads, and closes its descriptors', async (t) => {
    const { probe, store } = await startAll(t, { clients: 3 });
    const count = () => fs.readdirSync(`${procOf(probe)}/fd`).length;
    const threads = () => fs.readdirSync(`${procOf(probe)}/task`).length;
    for (let client = 0; client < 3; client++)
      await probe.untilHolds(namespace, store.effective(namespace), { client });
    const before = [count(), threads()];
    for (let i = 0; i < 20; i++) {
      await probe.command('restart');
      await probe.untilHolds(namespace, store.effective(namespace));
    }
    await until(() => count() <= before[0] && threads() <= before[1], 'nothing is left of the old ones');
  });

  test('It prints nothing, and its log has neither contents nor token', async (t) => {
    const { probe, peer, store } = await startAll(t, { log: true });
    peer.connections[0].sendText('{"broken": "a content that nobody may log"');
    store.put(namespace, 'k', 'another content that nobody may log');
    peer.connections[0].cut();
    await probe.untilHolds(namespace, store.effective(namespace));
    await probe.finish();
    const log = probe.events.filter(({ event }) => event === 'log');
    assert.ok(log.length > 0, 'it says something');
    assert.doesNotMatch(JSON.stringify(log), /nobody may log|the-secret-token/);
    assert.equal(probe.stderr, '');
  });
});
