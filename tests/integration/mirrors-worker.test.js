// What a worker of a mirror does and tells while its target is slow, away or failing.
'use strict';

const assert = require('node:assert/strict');
const { describe, test } = require('node:test');
const { setTimeout: pause } = require('node:timers/promises');
const { Endpoint } = require('../lib/endpoint.js');
const { mirrorsFile, readMirror, untilMirror, useMirrors } = require('../lib/mirrors.js');
const { until } = require('../lib/waiting.js');
const { useConferd } = require('../lib/conferd.js');

describe('A target that is slow', () => {
  const target = new Endpoint();
  const server = useMirrors([target], () => ({
    slow: { kind: 'http', endpoints: target.url, batch_max_bytes: '1 KiB', timeout_ms: '30 s' },
  }));
  const { api } = server;

  test('The mirror runs, and tells what waits and how far it has got', async () => {
    const held = [];
    await api.createNamespaces('prod');
    await untilMirror(api, 'slow', ({ state }) => state === 'running', 'it is there');
    target.answer = () => new Promise((resolve) => {
      held.push(() => resolve(200));
    });

    const content = 'x'.repeat(2000);
    const first = await api.publish('prod', 'a', content);
    await until(() => held.length === 1, 'the first is sent');
    await api.publish('prod', 'b', content);
    await api.publish('prod', 'c', content);
    held[0]();
    await until(() => held.length === 2, 'the second is sent');
    held[1]();
    await until(() => held.length === 3, 'the third is sent');

    const { state, waiting, revision } = await readMirror(api, 'slow');
    assert.deepEqual({ state, waiting, revision }, { state: 'running', waiting: 1, revision: first.revision });
    target.answer = () => 200;
    held[2]();
    await untilMirror(api, 'slow', (mirror) => mirror.waiting === 0 && mirror.revision === first.revision + 2, 'all is sent');
  });
});

describe('A target that is away', () => {
  const target = new Endpoint();
  const server = useMirrors([target], () => ({ away: { kind: 'http', endpoints: target.url, timeout_ms: '5 s' } }));
  const { api } = server;

  test('It is told once, and stays told until it is back', async () => {
    const errors = () => api.get('/metrics').then(({ text }) => Number(/confer_mirror_errors_total\{.*"down"\} (\d+)/.exec(text)[1]));
    const lines = () => server.stderr.split('\n').filter((line) => line.includes('mirror.down')).length;
    await api.createNamespaces('prod');
    await untilMirror(api, 'away', ({ state }) => state === 'running', 'it is there');

    await target.stop();
    await api.publish('prod', 'a', '1');
    await untilMirror(api, 'away', ({ state }) => state === 'waiting', 'it is away');
    for (const goal = await errors() + 5; await errors() < goal;) {
      const mirror = await readMirror(api, 'away');
      assert.equal(mirror.state, 'waiting');
      assert.ok(mirror.error && mirror.retry_at);
    }
    assert.equal(lines(), 1);

    await target.start();
    const { error, retry_at } = await untilMirror(api, 'away', ({ state }) => state === 'running', 'it is back');
    assert.deepEqual([error, retry_at], [null, null]);
    assert.equal(target.sentOf('a').length, 1);

    await target.stop();
    await api.publish('prod', 'a', '2');
    await until(() => lines() === 2, 'the next time is told again');
    await target.start();
  });
});

describe('A mirror that gathers changes', () => {
  const target = new Endpoint();
  const server = useMirrors([target], () => ({ calm: { kind: 'http', endpoints: target.url, batch_wait_ms: '1 s' } }));
  const { api } = server;

  test('What is asked of it meanwhile is done', async () => {
    await api.createNamespaces('prod');
    await api.publish('prod', 'a', '1');
    await until(() => target.sentOf('a').length >= 1, 'it is sent');
    await untilMirror(api, 'calm', ({ state, comparison }) => state === 'running' && comparison, 'it rests');

    await api.save('prod', 'a', 'a draft'); // A commit like any other, that there is nothing to do for.
    await pause(200);
    const { comparison } = await readMirror(api, 'calm');
    await api.post('/api/v1/mirrors/calm/resync');
    await untilMirror(api, 'calm', (mirror) => mirror.comparison.time !== comparison.time, 'it has compared');
  });
});

describe('A mirror that is new to its store', () => {
  const target = new Endpoint();
  const server = useConferd();
  const { api } = server;

  test('What it could not send at first it sends after a restart', async () => {
    await api.createNamespaces('prod');
    await api.publish('prod', 'a', '1');
    await target.start();
    target.answer = () => 500;
    server.args = mirrorsFile({
      late: { kind: 'http', endpoints: target.url, attempts_max: 1000, retry_min_ms: '1 h', retry_max_ms: '1 h' },
    });
    await server.restart();
    await untilMirror(api, 'late', ({ state, comparison }) => state === 'running' && comparison, 'it has sent all in vain');

    target.answer = () => 200;
    await server.restart();
    await until(() => target.sentOf('a').length === 1, 'it is sent');
    await target.stop();
  });
});
