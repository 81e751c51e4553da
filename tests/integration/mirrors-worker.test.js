// What a worker of a mirror does and tells while its target is slow, away or failing.
'use strict';

const assert = require('node:assert/strict');
const path = require('node:path');
const { describe, test } = require('node:test');
const { setTimeout: pause } = require('node:timers/promises');
const { Endpoint } = require('../lib/endpoint.js');
const { mirrorsFile, readMirror, untilMirror, useMirrors } = require('../lib/mirrors.js');
const { until } = require('../lib/waiting.js');
const { runConferd, temporaryDirectory, useConferd } = require('../lib/conferd.js');

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

describe('More dead letters than a mirror may have', () => {
  const target = new Endpoint();
  const server = useMirrors([target], () => ({ few: { kind: 'http', endpoints: target.url, dead_letters_max: 1 } }));
  const { api } = server;

  test('It stops, and goes on when they are dropped', async () => {
    target.answer = ([{ key }]) => (key === 'bad' ? 422 : 200);
    await api.createNamespaces('prod');
    await api.publish('prod', 'bad', '1');
    await untilMirror(api, 'few', ({ state, error }) => state === 'denied' && /dead letters/.test(error), 'it has stopped');
    await api.publish('prod', 'good', '1');
    await api.post('/api/v1/mirrors/few/dead-letters/drop', {});
    await until(() => target.sentOf('good').length === 1, 'the next is sent');
    await untilMirror(api, 'few', ({ state, error }) => state === 'running' && error === null, 'it runs');
  });
});

describe('Mirrors that cannot be', () => {
  for (const [field, fields, text] of [
    ['tls', { kind: 'redis', endpoints: '127.0.0.1:1', tls: true }, /hiredis 0\.14/],
    ['body', { kind: 'http', endpoints: 'http://127.0.0.1:1/', body: '${nope}' }, /\$\{nope\}/],
    ['endpoints', { kind: 'redis', endpoints: 'redis://127.0.0.1' }, /HOST:PORT/],
  ]) {
    test(`${field}: the server does not start, and names mirror and field`, async () => {
      const { code, stderr } = await runConferd([
        '--listen', '127.0.0.1:0', '--data', path.join(temporaryDirectory(), 'data'), ...mirrorsFile({ wrong: fields }),
      ]);
      assert.equal(code, 1);
      assert.match(stderr, new RegExp(`^conferd: .*wrong[.,] ?${field}`));
      assert.match(stderr, text);
      assert.doesNotMatch(stderr, /server\.ready/);
    });
  }
});
