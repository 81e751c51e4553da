// The change stream: what a client that follows it is told, and what a client that misbehaves is told.
'use strict';

const assert = require('node:assert/strict');
const crypto = require('node:crypto');
const { after, describe, test } = require('node:test');
const { configPath, root } = require('../lib/client.js');
const { Conferd, useConferd } = require('../lib/conferd.js');
const { connect, receive } = require('../lib/raw.js');
const { Replica, StreamClient, metric, path } = require('../lib/stream.js');
const { inParallel, until } = require('../lib/waiting.js');

const contents = ({ namespaces }) =>
  Object.fromEntries(
    Object.entries(namespaces).flatMap(([namespace, keys]) =>
      Object.values(keys).map(({ key, content }) => [`${namespace} ${key}`, content]),
    ),
  );

describe('The answer to a subscription', () => {
  const server = useConferd({ args: ['--threads', '2'] });
  const { api } = server;
  let epoch;

  test('It is a snapshot of the namespace and of all above it', async () => {
    await api.createNamespaces('prod', 'prod.acme', 'prod.acme.orders', 'other');
    await api.publish('prod', 'low.txt', 'of prod');
    await api.publish('prod.acme', 'middle.json', '{"a": 1}', { comment: 'Grüße "x"' });
    await api.publish('prod.acme.orders', 'high.txt', 'of orders');
    await api.publish('other', 'else.txt', 'of other');
    await api.save('prod', 'draft.txt', 'not published');
    const { revision, epoch: of } = await api.status();
    epoch = of;

    const stream = await StreamClient.open(server);
    stream.subscribe(['prod.acme.orders']);
    const snapshot = await stream.snapshot();
    assert.equal(snapshot.seq, revision);
    assert.equal(snapshot.epoch, epoch);
    assert.deepEqual(contents(snapshot), {
      'prod low.txt': 'of prod',
      'prod.acme middle.json': '{"a": 1}',
      'prod.acme.orders high.txt': 'of orders',
    });
    const { gray, ...release } = snapshot.namespaces['prod.acme']['middle.json'];
    assert.equal(gray, null);
    assert.deepEqual({ namespace: 'prod.acme', ...release }, await api.read('prod.acme', 'middle.json'));
    await stream.silence();
    await stream.close();
  });

  test('A namespace that does not exist has what is above it, or nothing', async () => {
    const stream = await StreamClient.open(server);
    stream.subscribe(['prod.acme.absent']);
    assert.deepEqual(Object.keys(contents(await stream.snapshot())), ['prod low.txt', 'prod.acme middle.json']);
    stream.subscribe(['nowhere']);
    assert.deepEqual(contents(await stream.snapshot()), {});
    await stream.close();
  });

  test('Keys narrow it, here and above', async () => {
    const stream = await StreamClient.open(server);
    stream.subscribe([{ name: 'prod.acme.orders', keys: ['low.txt', 'absent', 'high.txt'] }]);
    assert.deepEqual(contents(await stream.snapshot()), {
      'prod low.txt': 'of prod',
      'prod.acme.orders high.txt': 'of orders',
    });
    await api.publish('prod.acme', 'middle.json', '{"a": 2}');
    await api.publish('prod.acme', 'absent', 'now it is');
    const { payload } = await stream.next('change');
    assert.deepEqual(payload.changes.map(({ namespace, releases }) => [namespace, releases.map(({ key }) => key)]), [
      ['prod.acme', ['absent']],
    ]);
    await stream.silence();
    await stream.close();
  });

  test('It is current where nothing changed', async () => {
    const { revision } = await api.status();
    const stream = await StreamClient.open(server);
    stream.subscribe([{ name: 'prod', since: revision }], { epoch });
    assert.deepEqual(await stream.next(), {
      seq: revision,
      type: 'current',
      payload: { epoch, namespaces: ['prod'] },
    });
    await stream.silence();
    await stream.close();
  });

  test('It is exactly the changes in scope, where some were missed', async () => {
    const { revision } = await api.status();
    await api.publish('prod', 'low.txt', 'second');
    await api.publish('other', 'else.txt', 'second');
    await api.delete(configPath('prod', 'low.txt'));
    await api.publish('prod.acme', 'middle.json', '{"a": 3}');
    const { revision: last } = await api.status();

    const stream = await StreamClient.open(server);
    stream.subscribe([{ name: 'prod.acme', since: revision }, { name: 'nowhere', since: revision }], { epoch });
    const seen = [await stream.next('change'), await stream.next('change'), await stream.next('change')];
    assert.deepEqual(
      seen.map(({ seq }) => seq),
      [revision + 1, revision + 3, revision + 4],
    );
    assert.equal(seen[0].payload.changes[0].releases[0].content, 'second');
    assert.deepEqual(seen[1].payload.changes, [{ namespace: 'prod', releases: [], deleted: ['low.txt'] }]);
    const current = await stream.next('current');
    assert.deepEqual([current.seq, current.payload.namespaces.sort()], [last, ['nowhere', 'prod.acme']]);
    await stream.silence();
    await stream.close();
  });

  test('It is a snapshot where the client names no revision, a wrong one, or another epoch', async () => {
    const { revision } = await api.status();
    const cases = [
      [{ name: 'prod' }, epoch],
      [{ name: 'prod', since: 0 }, epoch],
      [{ name: 'prod', since: revision + 1 }, epoch],
      [{ name: 'prod', since: revision }, undefined],
      [{ name: 'prod', since: revision }, 'f'.repeat(32)],
    ];
    for (const [name, of] of cases) {
      const stream = await StreamClient.open(server);
      stream.subscribe([name], { epoch: of });
      assert.equal((await stream.snapshot()).seq, revision, JSON.stringify([name, of]));
      await stream.close();
    }
  });

  test('Each name has its own answer, and a later subscription speaks of its names only', async () => {
    const { revision } = await api.status();
    const stream = await StreamClient.open(server);
    stream.subscribe([{ name: 'prod', since: revision }, { name: 'other' }], { epoch });
    assert.deepEqual((await stream.next('current')).payload.namespaces, ['prod']);
    assert.deepEqual(contents(await stream.snapshot()), { 'other else.txt': 'second' });

    stream.subscribe(['prod.acme.orders']);
    assert.ok('prod.acme.orders high.txt' in contents(await stream.snapshot()));
    stream.subscribe([{ name: 'nowhere', since: revision }], { epoch });
    assert.deepEqual((await stream.next('current')).payload.namespaces, ['nowhere']);

    const change = await api.publish('other', 'else.txt', 'third');
    assert.equal((await stream.next('change')).seq, change.revision);
    await stream.silence();
    await stream.close();
  });

  test('A snapshot of much comes in several frames', async () => {
    const large = 'x'.repeat(100 * 1024);
    await api.createNamespaces('large');
    await inParallel(12, 4, (i) => api.publish('large', `k${i}`, large + i));
    const stream = await StreamClient.open(server);
    stream.subscribe(['large']);
    const snapshot = await stream.snapshot();
    assert.ok(snapshot.n > 2, `${snapshot.n} frames`);
    assert.equal(Object.keys(snapshot.namespaces.large).length, 12);
    for (let i = 0; i < 12; i++) assert.equal(snapshot.namespaces.large[`k${i}`].content, large + i);
    await stream.close();
  });
});

describe('Changes', () => {
  const server = useConferd({ args: ['--threads', '2'] });
  const { api } = server;

  test('A transaction is one change, of all that is in scope', async () => {
    await api.createNamespaces('a', 'a.b', 'c');
    await api.publish('a', 'gone', 'x');
    const [wide, narrow, keyed] = await inParallel(3, 3, () => StreamClient.open(server));
    wide.subscribe(['a.b', 'c']);
    narrow.subscribe(['a']);
    keyed.subscribe([{ name: 'c', keys: ['k'] }]);
    for (const stream of [wide, narrow, keyed]) await stream.snapshot();

    const { data } = await api.post(`${root}/transactions`, {
      operations: [
        { op: 'put', namespace: 'a', key: 'k', content: '1', publish: true },
        { op: 'put', namespace: 'a.b', key: 'k', content: '2', publish: true },
        { op: 'put', namespace: 'c', key: 'other', content: '3', publish: true },
        { op: 'delete', namespace: 'a', key: 'gone' },
      ],
    });
    const seen = async (stream) => {
      const { seq, payload } = await stream.next('change');
      assert.equal(seq, data.revision);
      return payload.changes
        .flatMap(({ namespace, releases, deleted }) => [
          ...releases.map(({ key, content }) => `${namespace} ${key}=${content}`),
          ...deleted.map((key) => `${namespace} ${key} gone`),
        ])
        .sort();
    };
    assert.deepEqual(await seen(wide), ['a gone gone', 'a k=1', 'a.b k=2', 'c other=3']);
    assert.deepEqual(await seen(narrow), ['a gone gone', 'a k=1']);
    for (const stream of [wide, narrow, keyed]) {
      await stream.silence();
      await stream.close();
    }
  });

  test('What is saved and not published is no change', async () => {
    const stream = await StreamClient.open(server);
    stream.subscribe(['a']);
    await stream.snapshot();
    await api.save('a', 'draft', 'x');
    await api.createNamespaces('a.new');
    await stream.silence();
    await stream.close();
  });

  test('A change is encoded once for all who get the same of it, whatever the loop', async () => {
    const streams = await inParallel(20, 5, () => StreamClient.open(server));
    streams.forEach((stream, i) => stream.subscribe([i % 2 ? 'a.b' : 'a']));
    for (const stream of streams) await stream.snapshot();
    const before = await metric(server, 'confer_stream_encoded_total');
    await api.publish('a', 'k', 'for all');
    for (const stream of streams) await stream.next('change');
    assert.equal((await metric(server, 'confer_stream_encoded_total')) - before, 1);
    for (const stream of streams) await stream.close();
  });

  test('Unsubscribing ends it, as far as nothing else covers it', async () => {
    const stream = await StreamClient.open(server);
    stream.subscribe(['a', 'a.b', 'c']);
    await stream.snapshot();
    stream.send('unsubscribe', { namespaces: ['a', 'c'] });
    await stream.silence();
    await api.publish('c', 'k', 'unheard');
    await api.publish('a', 'k', 'inherited');
    const { payload } = await stream.next('change');
    assert.equal(payload.changes[0].releases[0].content, 'inherited');
    stream.send('unsubscribe', { namespaces: ['a.b'] });
    await stream.silence();
    await api.publish('a', 'k', 'unheard too');
    await stream.silence();
    await stream.close();
  });

  test('None is lost between the snapshot and the first change', async () => {
    const writes = 120;
    let isWriting = true;
    await api.createNamespaces('race');
    await api.publish('race', 'n', '0');
    const writer = (async () => {
      for (let i = 1; i <= writes; i++) await api.publish('race', 'n', String(i));
      isWriting = false;
    })();

    const joined = [];
    while (isWriting) {
      const stream = await StreamClient.open(server);
      stream.subscribe(['race']);
      joined.push(stream);
    }
    await writer;
    assert.ok(joined.length > 5);
    for (const stream of joined) {
      const first = Number((await stream.snapshot()).namespaces.race.n.content);
      let last = first;
      while (last < writes) {
        const { payload } = await stream.next('change');
        assert.equal(Number(payload.changes[0].releases[0].content), last + 1);
        last++;
      }
      await stream.silence();
      await stream.close();
    }
  });

  test('None is lost by those who come and go under writes', async () => {
    const keys = 5;
    const { epoch } = await api.status();
    await api.createNamespaces('busy');
    let isWriting = true;
    const writers = inParallel(300, 6, (i) => api.publish('busy', `k${i % keys}`, `v${i}`)).then(() => {
      isWriting = false;
    });
    const follow = async () => {
      const replica = new Replica();
      while (isWriting) {
        const stream = await StreamClient.open(server);
        stream.subscribe([{ name: 'busy', ...(replica.revision && { since: replica.revision }) }], { epoch });
        for (let i = 0; i < 7; i++) {
          const frame = await stream.next();
          if (frame.type === 'current') {
            assert.ok(frame.seq >= replica.revision);
            replica.revision = frame.seq;
            break;
          }
          replica.apply(frame);
        }
        await stream.close();
      }
      const stream = await StreamClient.open(server);
      stream.subscribe([{ name: 'busy', ...(replica.revision && { since: replica.revision }) }], { epoch });
      for (let frame = await stream.next(); frame.type !== 'current'; frame = await stream.next()) {
        replica.apply(frame);
        if (frame.type === 'snapshot') break;
      }
      await stream.silence();
      await stream.close();
      return replica;
    };
    const [replicas] = await Promise.all([inParallel(4, 4, follow), writers]);
    const real = await api.walk(`${root}/namespaces/busy/configs`, { content: 'true' });
    const wanted = Object.fromEntries(real.map(({ key, content }) => [`busy ${key}`, content]));
    for (const replica of replicas) assert.deepEqual(Object.fromEntries([...replica.contents].sort()), wanted);
  });
});

describe('The memory of changes', () => {
  const server = useConferd({ args: ['--threads', '1', '--stream-tail-max-changes', '5'] });
  const { api } = server;

  test('It ends where its limit is, and what is older gets a snapshot', async () => {
    await api.createNamespaces('n');
    for (let i = 0; i < 9; i++) await api.publish('n', 'k', String(i));
    const { revision, epoch } = await api.status();
    assert.equal(await metric(server, 'confer_stream_tail_changes'), 5);

    const answer = async (since) => {
      const stream = await StreamClient.open(server);
      stream.subscribe([{ name: 'n', since }], { epoch });
      const { type, seq } = await stream.next();
      await stream.close();
      return [type, seq];
    };
    assert.deepEqual(await answer(revision - 5), ['change', revision - 4]);
    assert.deepEqual(await answer(revision - 6), ['snapshot', revision]);
  });

  test('It begins anew with the server', async () => {
    const { revision, epoch } = await api.status();
    await server.restart();
    const stream = await StreamClient.open(server);
    stream.subscribe([{ name: 'n', since: revision }], { epoch });
    assert.equal((await stream.next('current')).seq, revision);
    stream.subscribe([{ name: 'n', since: revision - 1 }], { epoch });
    await stream.snapshot();
    await stream.close();
  });
});

describe('The handshake', () => {
  const server = useConferd();
  const { api } = server;
  const good = {
    upgrade: 'websocket',
    connection: 'Upgrade',
    'sec-websocket-version': '13',
    'sec-websocket-key': crypto.randomBytes(16).toString('base64'),
    'sec-websocket-protocol': 'confer.v1',
  };
  const wrong = [
    ['no upgrade', { upgrade: undefined, connection: undefined }, 'Upgrade'],
    ['another protocol', { upgrade: 'h2c' }, 'Upgrade'],
    ['another version', { 'sec-websocket-version': '8' }, 'Sec-WebSocket-Version'],
    ['no key', { 'sec-websocket-key': undefined }, 'Sec-WebSocket-Key'],
    ['a short key', { 'sec-websocket-key': 'abc' }, 'Sec-WebSocket-Key'],
    ['no sub-protocol', { 'sec-websocket-protocol': undefined }, 'Sec-WebSocket-Protocol'],
    ['another sub-protocol', { 'sec-websocket-protocol': 'confer.v2, chat' }, 'Sec-WebSocket-Protocol'],
  ];
  const headers = (changes) =>
    Object.fromEntries(Object.entries({ ...good, ...changes }).filter(([, value]) => value !== undefined));

  for (const [what, changes, field] of wrong) {
    test(`With ${what} it is refused`, async () => {
      await api.get(path, { headers: headers(changes), status: 400, reason: 'invalid_header', field });
    });
  }

  test('Credentials are needed, and right ones', async () => {
    await api.get(path, { headers: headers({}), auth: null, status: 401 });
    await assert.rejects(StreamClient.open(server, { token: 'x'.repeat(64) }), /401/);
  });

  test('A page of another server may not open it, one of this server may', async () => {
    await assert.rejects(StreamClient.open(server, { headers: { origin: 'http://evil.example' } }), /403/);
    const stream = await StreamClient.open(server, { headers: { origin: server.origin } });
    await stream.close();
  });

  test('A session of the web page opens it', async () => {
    const { headers: answered } = await api.post(
      `${root}/login`,
      { username: 'admin', password: server.password },
      { auth: null },
    );
    const cookie = answered['set-cookie'][0].split(';')[0];
    const stream = await StreamClient.open(server, { token: null, headers: { cookie, origin: server.origin } });
    stream.subscribe(['n']);
    await stream.snapshot();
    await stream.close();
    await assert.rejects(
      StreamClient.open(server, { token: null, headers: { cookie, origin: 'http://evil.example' } }),
      /403/,
    );
  });

  test('The sub-protocol may stand among others', async () => {
    const stream = await StreamClient.open(server, { protocol: ['chat', 'confer.v1'] });
    assert.equal(stream.socket.protocol, 'confer.v1');
    await stream.close();
  });
});

describe('Frames that are wrong', () => {
  const server = useConferd({ args: ['--stream-namespaces-max', '3'] });
  const cases = [
    ['no JSON', 'hello', 'malformed_frame'],
    ['an array', '[]', 'malformed_frame'],
    ['an unknown type', '{"seq":0,"type":"hello","payload":{}}', 'unknown_type'],
    ['a type of the server', '{"seq":0,"type":"current","payload":{"epoch":"e","namespaces":[]}}', 'unknown_type'],
    ['no payload', '{"seq":0,"type":"subscribe"}', 'invalid_field'],
    ['a bad name', '{"seq":0,"type":"subscribe","payload":{"namespaces":[{"name":"A b"}]}}', 'invalid_field'],
    ['a name that is not followed', '{"seq":0,"type":"unsubscribe","payload":{"namespaces":["b"]}}', 'not_subscribed'],
    [
      'too many names',
      JSON.stringify({ seq: 0, type: 'subscribe', payload: { namespaces: ['b', 'c', 'd'].map((name) => ({ name })) } }),
      'too_many_namespaces',
    ],
  ];

  test('Each is answered with an error, changes nothing, and the connection lives on', async () => {
    await server.api.createNamespaces('a', 'b');
    const stream = await StreamClient.open(server);
    stream.subscribe(['a']);
    await stream.snapshot();
    for (const [what, text, reason] of cases) {
      stream.socket.send(text);
      const { payload } = await stream.next('error');
      assert.equal(payload.reason, reason, what);
      assert.ok(payload.message.length > 5, what);
    }
    await server.api.publish('b', 'k', 'unheard');
    await server.api.publish('a', 'k', 'heard');
    assert.equal((await stream.next('change')).payload.changes[0].releases[0].content, 'heard');
    assert.equal(await metric(server, 'confer_stream_refused_total{what="namespaces"}'), 1);
    await stream.close();
  });

  test('Unknown members are passed over', async () => {
    const stream = await StreamClient.open(server);
    stream.socket.send(
      '{"seq":0,"type":"subscribe","new":[1],"payload":{"more":{"a":[]},"namespaces":[{"name":"a","x":null}]}}',
    );
    await stream.snapshot();
    await stream.close();
  });
});

describe('Breaches of the protocol', () => {
  const server = useConferd({ args: ['--stream-message-max-bytes', '65536'] });

  /** A client's frame. */
  function frame(opcode, payload = '', { fin = true, rsv = 0, mask = true, size } = {}) {
    const bytes = Buffer.from(payload);
    const key = crypto.randomBytes(4);
    const length = size ?? bytes.length;
    const head = [(fin ? 0x80 : 0) | (rsv << 4) | opcode];
    if (length < 126) head.push(length);
    else if (length < 65536) head.push(126, length >> 8, length & 255);
    else head.push(127, 0, 0, 0, 0, (length >>> 24) & 255, (length >> 16) & 255, (length >> 8) & 255, length & 255);
    head[1] |= mask ? 0x80 : 0;
    return Buffer.concat([
      Buffer.from(head),
      mask ? key : Buffer.alloc(0),
      mask ? bytes.map((byte, i) => byte ^ key[i % 4]) : bytes,
    ]);
  }

  async function open() {
    const connection = await connect(server.origin);
    connection.socket.write(
      [
        `GET ${path} HTTP/1.1`,
        'Host: x',
        `Authorization: Bearer ${server.token}`,
        'Upgrade: websocket',
        'Connection: Upgrade',
        'Sec-WebSocket-Version: 13',
        'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
        'Sec-WebSocket-Protocol: confer.v1',
        '',
        '',
      ].join('\r\n'),
    );
    const bytes = await receive(connection, (received) => received.includes('\r\n\r\n'));
    const head = bytes.toString('latin1');
    assert.match(head, /^HTTP\/1\.1 101 /);
    assert.match(head, /sec-websocket-accept: s3pPLMBiTxaQ9kYGzzhZRbK\+xOo=/i); // RFC 6455, 1.3
    connection.begin = bytes.indexOf('\r\n\r\n') + 4;
    return connection;
  }

  const closing = (connection) => {
    const bytes = connection.received().subarray(connection.begin);
    return bytes[0] === 0x88 ? bytes.readUInt16BE(2) : null;
  };

  const subscribe = '{"seq":0,"type":"subscribe","payload":{"namespaces":[{"name":"a"}]}}';
  const cases = [
    ['an unmasked frame', [frame(1, subscribe, { mask: false })], 1002],
    ['a reserved bit', [frame(1, subscribe, { rsv: 4 })], 1002],
    ['an unknown kind of frame', [frame(3, 'x')], 1002],
    ['an unknown kind of control frame', [frame(11, 'x')], 1002],
    ['a continuation of nothing', [frame(0, 'x')], 1002],
    ['a new message inside another', [frame(1, 'x', { fin: false }), frame(1, 'x')], 1002],
    ['a ping in pieces', [frame(9, 'x', { fin: false })], 1002],
    ['a ping that is too long', [frame(9, 'x'.repeat(126))], 1002],
    ['a close with half a code', [frame(8, 'x')], 1002],
    ['a close with a code that may not be sent', [frame(8, Buffer.from([3, 0xed]))], 1002],
    ['a binary frame', [frame(2, 'x')], 1003],
    ['a text that is not UTF-8', [frame(1, Buffer.from([0x7b, 0xff]))], 1007],
    ['a message that is too long', [frame(1, 'xx', { size: 65537 })], 1009],
    [
      'a message that is too long in pieces',
      [frame(1, 'x'.repeat(40000), { fin: false }), frame(0, 'x'.repeat(40000))],
      1009,
    ],
  ];

  for (const [what, frames, code] of cases) {
    test(`For ${what} the stream is closed with ${code}`, async () => {
      const connection = await open();
      connection.socket.write(Buffer.concat(frames));
      await until(() => closing(connection), `a close frame for ${what}`);
      assert.equal(closing(connection), code);
      connection.socket.write(frame(8, Buffer.from([code >> 8, code & 255])));
      await connection.closed;
      connection.socket.destroy();
    });
  }

  test('A message may come in any pieces, with pings between them', async () => {
    const connection = await open();
    const bytes = Buffer.concat([
      frame(1, subscribe.slice(0, 20), { fin: false }),
      frame(9, 'p'),
      frame(0, subscribe.slice(20, 30), { fin: false }),
      frame(0, subscribe.slice(30)),
    ]);
    for (const byte of bytes) {
      await new Promise((resolve) => {
        connection.socket.write(Buffer.from([byte]), resolve);
      });
    }
    const seen = await receive(connection, (received) => received.includes('"snapshot"'));
    assert.deepEqual([...seen.subarray(connection.begin, connection.begin + 3)], [0x8a, 1, 'p'.charCodeAt(0)]);
    connection.socket.destroy();
  });

  test('A close is answered with its code, and the server ends the connection', async () => {
    const connection = await open();
    connection.socket.write(frame(8, Buffer.concat([Buffer.from([0x0f, 0xa0]), Buffer.from('bye')])));
    await connection.closed;
    assert.equal(closing(connection), 4000);
    connection.socket.destroy();
  });

  test('A client that resets its connection leaves nothing behind', async () => {
    const connection = await open();
    connection.socket.write(frame(1, subscribe).subarray(0, 9));
    connection.socket.resetAndDestroy();
    await until(
      async () => (await metric(server, 'confer_stream_connections{kind="websocket"}')) === 0,
      'no stream is counted any more',
    );
  });
});

describe('A reader that does not read', () => {
  const limit = 512 * 1024;
  const server = useConferd({
    args: ['--threads', '1', '--stream-queue-max-bytes', String(limit)],
  });
  const { api } = server;

  test('It costs no more than its limit, holds up nobody, and gets a snapshot when it reads again', async () => {
    await api.createNamespaces('n');
    const [slow, quick] = await inParallel(2, 2, () => StreamClient.open(server));
    slow.subscribe(['n']);
    quick.subscribe(['n']);
    await slow.snapshot();
    await quick.snapshot();
    slow.socket.pause();

    const replica = new Replica();
    let n = 0;
    while ((await metric(server, 'confer_stream_overflows_total')) < 1) {
      assert.ok(++n < 400, 'the queue never overflows');
      await inParallel(16, 2, (i) => api.publish('n', `k${i}`, `${n} ${'x'.repeat(32 * 1024)}`));
      for (let i = 0; i < 16; i++) replica.apply(await quick.next('change'));
    }
    for (let i = 0; i < 3; i++) {
      await api.publish('n', 'k0', `after ${i}`);
      replica.apply(await quick.next('change'));
    }
    assert.ok((await metric(server, 'confer_stream_memory_bytes')) < 32 * 1024 * 1024 + 4 * limit);

    const late = new Replica();
    slow.socket.resume();
    while (late.revision < replica.revision) late.apply(await slow.next());
    assert.deepEqual([...late.contents].sort(), [...replica.contents].sort());
    await slow.silence();
    assert.equal((await metric(server, 'confer_stream_snapshots_total')) >= 3, true);
    await slow.close();
    await quick.close();
  });
});

describe('An answer that is not read', () => {
  const server = useConferd({ args: ['--threads', '1', '--stream-queue-max-bytes', '64KiB'] });
  const { api } = server;

  test('It is never replaced by a snapshot of something else: the stream is closed with 1013', async () => {
    await api.createNamespaces('n', 'large');
    await inParallel(80, 4, (i) => api.publish('large', `k${i}`, 'x'.repeat(256 * 1024)));
    const { revision, epoch } = await api.status();
    const stream = await StreamClient.open(server);
    stream.subscribe([{ name: 'n', since: revision }, 'large'], { epoch });
    await stream.next('current');
    stream.socket.pause();
    const overflows = () => metric(server, 'confer_stream_overflows_total');
    for (let n = 0; (await overflows()) === 0; n++) {
      assert.ok(n < 200, 'the queue never overflows');
      await api.publish('n', 'k', `${n} ${'x'.repeat(32 * 1024)}`);
    }
    stream.socket.resume();
    assert.equal((await stream.closed).code, 1013);
    assert.ok(!stream.frames.some(({ type, payload }) => type === 'snapshot' && !payload.more));
  });
});

describe('The memory of all streams', () => {
  const server = useConferd({
    args: [
      '--threads', '1', '--stream-queue-max-bytes', '64MiB', '--stream-memory-max-bytes', '4MiB',
      '--stream-tail-max-bytes', '0',
    ],
  });
  const { api } = server;

  test('Past its limit, the slowest is closed with 1013', async () => {
    await api.createNamespaces('n');
    const slow = await StreamClient.open(server);
    slow.subscribe(['n']);
    await slow.snapshot();
    slow.socket.pause();
    const closed = async () => (await metric(server, 'confer_stream_closed_total{reason="memory"}')) > 0;
    for (let n = 0; !(await closed()); n++) {
      assert.ok(n < 60, 'the memory has no limit');
      await inParallel(8, 4, (i) => api.publish('n', `k${i}`, `${n} ${'x'.repeat(256 * 1024)}`));
    }
    slow.socket.resume();
    assert.equal((await slow.closed).code, 1013);
  });
});

describe('Heartbeats', () => {
  const server = useConferd({
    args: ['--stream-ping-interval-ms', '200ms', '--stream-silence-ms', '3s'],
  });

  test('An idle stream is pinged and lives; one that is silent is closed', async () => {
    const alive = await StreamClient.open(server);
    const silent = new StreamClient(server);
    silent.socket.pong = () => {}; // what ws answers pings with
    silent.socket._receiver?.removeAllListeners('ping');
    await silent.opened;
    silent.socket._receiver.removeAllListeners('ping');
    await silent.closed;
    assert.equal(await metric(server, 'confer_stream_closed_total{reason="silent"}'), 1);
    assert.ok(alive.pings > 1);
    assert.equal(alive.closeCode, undefined);
    alive.subscribe(['n']);
    await alive.snapshot();
    await alive.close();
  });
});

describe('The number of streams', () => {
  const server = useConferd({ args: ['--stream-connections-max', '2'] });

  test('It is limited, over all threads, and those that end make room', async () => {
    const streams = [await StreamClient.open(server), await StreamClient.open(server)];
    await assert.rejects(StreamClient.open(server), /503/);
    assert.equal(await metric(server, 'confer_stream_refused_total{what="connection"}'), 1);
    await streams.pop().close();
    streams.push(
      await until(() => StreamClient.open(server).catch(() => null), 'there is room for another stream'),
    );
    await server.api.status();
    for (const stream of streams) await stream.close();
  });
});

describe('The end of the server', () => {
  const server = new Conferd({ args: ['--stop-timeout-ms', '60s'] });
  after(() => server.finish());

  test('Streams are closed with 1001, and nobody is waited for', async () => {
    await server.start();
    const [reads, paused] = await inParallel(2, 2, () => StreamClient.open(server));
    reads.subscribe(['n']);
    await reads.snapshot();
    paused.socket.pause();
    await server.stop();
    assert.equal((await reads.closed).code, 1001);
    assert.doesNotMatch(server.stderr, /stop-timeout/);
    paused.socket.terminate();
  });
});

describe('The access log', () => {
  const server = useConferd({ args: ['--access-log', '-'] });

  test('A stream has its line when it ends', async () => {
    const stream = await StreamClient.open(server);
    stream.subscribe(['n']);
    await stream.snapshot();
    assert.doesNotMatch(server.stdout, /"status":101/);
    await stream.close();
    await until(() => /"status":101/.test(server.stdout), 'the line of the stream');
    const line = server.stdout.split('\n').find((at) => at.includes('"status":101'));
    const { method, path: of, user, bytes } = JSON.parse(line);
    assert.deepEqual([method, of, user], ['GET', path, 'user:admin']);
    assert.ok(bytes > 100);
  });
});
