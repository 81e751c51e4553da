// Following changes by long poll and by server-sent events.
'use strict';

const assert = require('node:assert/strict');
const http = require('node:http');
const { after, describe, test } = require('node:test');
const { configPath, root } = require('../lib/client.js');
const { Conferd, useConferd } = require('../lib/conferd.js');
const { serverFaults } = require('../lib/push.js');
const { metric, openEvents } = require('../lib/stream.js');
const { inParallel, until } = require('../lib/waiting.js');

const path = `${root}/changes`;

/** What a poll's changes say: `[revision, "namespace key=content" or "namespace key gone", …]` each. */
const told = ({ changes }) =>
  changes.map(({ revision, changes: parts }) => [
    revision,
    ...parts.flatMap(({ namespace, releases, deleted }) => [
      ...releases.map(({ key, content }) => `${namespace} ${key}=${content}`),
      ...deleted.map((key) => `${namespace} ${key} gone`),
    ]),
  ]);

describe('A poll', () => {
  const server = useConferd({ args: ['--threads', '2'] });
  const { api } = server;
  const poll = async (query, options) => (await api.get(path, { query, ...options })).data;
  const parked = () => metric(server, 'confer_stream_connections{kind="poll"}');

  test('Without since it says where we are, at once', async () => {
    await api.createNamespaces('prod', 'prod.acme', 'other');
    await api.publish('prod', 'k', 'one');
    const { epoch, revision } = await api.status();
    assert.deepEqual(await poll({ namespace: 'prod' }), { epoch, revision, snapshot: null, changes: [] });
  });

  test('What has changed since is told at once, with that above, and nothing else', async () => {
    const { revision } = await api.status();
    await api.publish('prod', 'k', 'two');
    await api.publish('other', 'k', 'unheard');
    await api.publish('prod.acme', 'l', 'three');
    await api.delete(configPath('prod', 'k'));
    const answer = await poll({ namespace: 'prod.acme.orders', since: revision });
    assert.deepEqual(told(answer), [
      [revision + 1, 'prod k=two'],
      [revision + 3, 'prod.acme l=three'],
      [revision + 4, 'prod k gone'],
    ]);
    assert.equal(answer.snapshot, null);
    assert.equal(answer.revision, revision + 4);
  });

  test('It waits for a change in scope, and no other wakes it', async () => {
    const { revision, epoch } = await api.status();
    let isAnswered = false;
    const answer = poll({ namespace: 'prod.acme', since: revision, epoch, wait: 60 }).finally(() => {
      isAnswered = true;
    });
    await until(async () => (await parked()) === 1, 'the poll is parked');
    await api.publish('other', 'k', 'again');
    await api.save('prod', 'draft', 'x');
    await api.createNamespaces('prod.new');
    await api.publish('prod.new', 'k', 'beside');
    assert.equal(await parked(), 1);
    assert.equal(isAnswered, false);

    const change = await api.publish('prod', 'k', 'wakes');
    assert.deepEqual(told(await answer), [[change.revision, 'prod k=wakes']]);
    assert.equal(await parked(), 0);
  });

  test('When its time is over it is answered without changes, where we are then', async () => {
    const { revision } = await api.status();
    const answer = poll({ namespace: 'prod.acme', since: revision, wait: 1 });
    const { revision: now } = await api.publish('other', 'k', 'meanwhile');
    const { snapshot, changes, revision: of } = await answer;
    assert.deepEqual([snapshot, changes], [null, []]);
    assert.ok(of >= revision && of <= now);
    assert.deepEqual((await poll({ namespace: 'prod', since: now, wait: 0 })).changes, []);
  });

  test('It is a snapshot where since is 0, in the future or of another epoch', async () => {
    const { revision, epoch } = await api.status();
    for (const query of [
      { since: 0 },
      { since: revision + 1, epoch },
      { since: revision, epoch: 'f'.repeat(32) },
      { since: revision, epoch: '' },
    ]) {
      const answer = await poll({ namespace: 'prod.acme', ...query });
      assert.equal(answer.revision, revision);
      assert.deepEqual(answer.changes, []);
      assert.deepEqual(
        answer.snapshot.namespaces.map(({ namespace, releases }) => [namespace, releases.map(({ key }) => key)]),
        [
          ['prod', ['k']],
          ['prod.acme', ['l']],
        ],
      );
    }
  });

  test('Polling again and again sees every change once, in order', async () => {
    const { revision } = await api.status();
    const writes = 150;
    const writer = inParallel(writes, 3, (i) => api.publish('prod', `k${i % 7}`, `v${i}`));
    const follow = async () => {
      const seen = [];
      for (let since = revision; seen.length < writes; ) {
        const answer = await poll({ namespace: 'prod', since, wait: 30 });
        assert.equal(answer.snapshot, null);
        seen.push(...answer.changes.map((change) => change.revision));
        since = answer.revision;
      }
      return seen;
    };
    const [all] = await Promise.all([inParallel(4, 4, follow), writer]);
    const wanted = Array.from({ length: writes }, (_, i) => revision + 1 + i);
    for (const seen of all) assert.deepEqual(seen, wanted);
  });

  test('Very many changes come in several answers', async () => {
    const { revision } = await api.status();
    await inParallel(30, 4, (i) => api.publish('other', `large${i}`, `${i}${'x'.repeat(100 * 1024)}`));
    const keys = new Set();
    let answers = 0;
    for (let since = revision; keys.size < 30; answers++) {
      const answer = await poll({ namespace: 'other', since, wait: 0 });
      for (const { changes } of answer.changes) for (const { releases } of changes) keys.add(releases[0].key);
      assert.ok(answer.revision > since);
      since = answer.revision;
    }
    assert.ok(answers > 1);
  });

  test('What is asked wrongly is refused', async () => {
    const cases = [
      [{}, 'namespace'],
      [{ namespace: 'A' }, 'namespace'],
      [{ namespace: 'a', since: '-1' }, 'since'],
      [{ namespace: 'a', since: 'x' }, 'since'],
      [{ namespace: 'a', wait: '61' }, 'wait'],
      [{ namespace: 'a', wait: '1.5' }, 'wait'],
    ];
    for (const [query, field] of cases)
      await api.get(path, { query, status: 400, reason: 'invalid_parameter', field });
    await api.get(path, { query: { namespace: 'a', hold: 1 }, status: 400, reason: 'unknown_parameter' });
    await api.get(path, { query: { namespace: 'a' }, auth: null, status: 401 });
    await api.head(path, { query: { namespace: 'a', since: 1 } });
  });

  test('A client that goes away is noticed', async () => {
    const { revision } = await api.status();
    const request = http.get(`${server.origin}${path}?namespace=prod&wait=60&since=${revision}`, {
      agent: false,
      headers: { authorization: `Bearer ${server.token}` },
    });
    request.on('error', () => {});
    await until(async () => (await parked()) === 1, 'the poll is parked');
    request.destroy();
    await until(async () => (await parked()) === 0, 'the poll is given up');
  });
});

describe('Polls that wait', () => {
  const server = useConferd({ args: ['--stream-connections-max', '1'] });
  const { api } = server;

  test('They are limited, and those that are answered at once are not', async () => {
    await api.createNamespaces('n');
    const { revision } = await api.publish('n', 'k', 'x');
    const waiting = api.get(path, { query: { namespace: 'n', since: revision, wait: 60 } });
    await until(
      async () => (await metric(server, 'confer_stream_connections{kind="poll"}')) === 1,
      'the poll is parked',
    );
    await api.get(path, { query: { namespace: 'n', since: revision, wait: 60 }, status: 503, reason: 'busy' });
    await api.get(path, { query: { namespace: 'n', since: revision, wait: 0 } });
    await api.publish('n', 'k', 'y');
    assert.equal((await waiting).data.changes.length, 1);
  });
});

describe('Server-sent events', () => {
  const server = useConferd({ args: ['--threads', '2', '--stream-ping-interval-ms', '200ms'] });
  const { api } = server;
  const check = ({ event, id = 1, data }) => assert.deepEqual(serverFaults({ seq: id, type: event, payload: data }), []);
  const received = (stream, n) => until(() => stream.events.length >= n && stream.events, `${n} events`);

  test('They begin with a snapshot, and go on with changes', async () => {
    await api.createNamespaces('prod', 'prod.acme', 'other');
    await api.publish('prod', 'k', 'one\ntwo');
    const { revision } = await api.status();
    const stream = await openEvents(server, { namespace: 'prod.acme' });
    assert.equal(stream.response.headers['content-type'], 'text/event-stream');
    await received(stream, 1);
    await api.publish('other', 'k', 'unheard');
    await api.publish('prod.acme', 'l', 'heard');
    await received(stream, 2);
    assert.deepEqual(
      stream.events.map(({ event, id }) => [event, id]),
      [
        ['snapshot', revision],
        ['change', revision + 2],
      ],
    );
    stream.events.forEach(check);
    assert.equal(stream.events[0].data.namespaces[0].releases[0].content, 'one\ntwo');
    await until(() => stream.comments > 2, 'comments come while nothing happens');
    stream.destroy();
    await until(
      async () => (await metric(server, 'confer_stream_connections{kind="events"}')) === 0,
      'its end is noticed',
    );
  });

  test('They go on after Last-Event-ID, or after since', async () => {
    const { revision } = await api.status();
    await api.publish('prod', 'k', 'missed');
    const cases = [
      [{ namespace: 'prod' }, { 'last-event-id': String(revision) }],
      [{ namespace: 'prod', since: '0' }, { 'last-event-id': String(revision) }],
      [{ namespace: 'prod', since: String(revision) }, {}],
    ];
    for (const [query, headers] of cases) {
      const stream = await openEvents(server, query, { headers });
      const [{ event, id }] = await received(stream, 1);
      assert.deepEqual([event, id], ['change', revision + 1]);
      stream.destroy();
    }
    await api.get(path, {
      query: { namespace: 'prod' },
      headers: { accept: 'text/event-stream', 'last-event-id': 'x' },
      status: 400,
      reason: 'invalid_header',
    });
  });

  test('Where nothing was missed they begin with the first change', async () => {
    const { revision } = await api.status();
    const stream = await openEvents(server, { namespace: 'prod', since: String(revision) });
    await until(() => stream.comments > 0, 'it is connected');
    await api.publish('prod', 'k', 'the first');
    const [{ event, id }] = await received(stream, 1);
    assert.deepEqual([event, id], ['change', revision + 1]);
    stream.destroy();
  });

  test('A snapshot in several events has its id on the last', async () => {
    await api.createNamespaces('large');
    await inParallel(8, 4, (i) => api.publish('large', `k${i}`, 'x'.repeat(100 * 1024)));
    const stream = await openEvents(server, { namespace: 'large' });
    await until(() => stream.events.some(({ data }) => data.more === false), 'the whole snapshot');
    assert.ok(stream.events.length > 1);
    for (const { id, data } of stream.events) assert.equal(id !== undefined, !data.more);
    stream.events.forEach(check);
    stream.destroy();
  });
});

describe('An event stream that is not read', () => {
  const server = useConferd({ args: ['--threads', '1', '--stream-queue-max-bytes', '64KiB'] });
  const { api } = server;

  test('It is ended, and goes on with the id that it has seen', async () => {
    await api.createNamespaces('n');
    const stream = await openEvents(server, { namespace: 'n' });
    await until(() => stream.events.length === 1, 'the snapshot');
    stream.response.pause();
    for (let n = 0; (await metric(server, 'confer_stream_overflows_total')) === 0; n++) {
      assert.ok(n < 400, 'the queue never overflows');
      await inParallel(8, 4, (i) => api.publish('n', `k${i}`, `${n} ${'x'.repeat(32 * 1024)}`));
    }
    stream.response.resume();
    assert.equal(await stream.closed, 'ended');
    const { id } = stream.events[stream.events.length - 1];
    const again = await openEvents(server, { namespace: 'n' }, { headers: { 'last-event-id': String(id) } });
    await until(() => again.events.length > 0, 'it goes on');
    again.destroy();
  });
});

describe('The end of the server', () => {
  const server = new Conferd({ args: ['--stop-timeout-ms', '60s', '--threads', '2'] });
  after(() => server.finish());

  test('Polls are answered, event streams are ended, and nobody is waited for', async () => {
    await server.start();
    await server.api.createNamespaces('n');
    const { revision } = await server.api.publish('n', 'k', 'x');
    const waiting = server.api.get(path, { query: { namespace: 'n', since: revision, wait: 60 } });
    const stream = await openEvents(server, { namespace: 'n' });
    await until(() => stream.events.length === 1, 'the snapshot');
    await until(
      async () => (await metric(server, 'confer_stream_connections{kind="poll"}')) === 1,
      'the poll is parked',
    );
    await server.stop();
    assert.deepEqual((await waiting).data.changes, []);
    assert.equal(await stream.closed, 'ended');
    assert.doesNotMatch(server.stderr, /stop-timeout/);
  });
});
