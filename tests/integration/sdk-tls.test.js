// TLS of the SDK, with certificates made here and a scripted peer behind them: whom the client trusts, and as whom it comes.
'use strict';

const assert = require('node:assert/strict');
const fs = require('node:fs');
const { before, describe, test } = require('node:test');
const { Authority, skip } = require('../lib/certificates.js');
const { ModelServer } = require('../lib/model-server.js');
const { Peer } = require('../lib/peer.js');
const { startProbe } = require('../lib/probe.js');
const { until } = require('../lib/waiting.js');

const namespace = 'prod';

describe('TLS', { skip }, () => {
  let authority;
  let stranger;
  let local;

  before(() => {
    authority = new Authority('The authority');
    stranger = new Authority('A stranger');
    local = authority.issue('local', { names: 'DNS:localhost,IP:127.0.0.1' });
  });

  const store = new ModelServer();
  store.put(namespace, 'k', 'secret');

  async function startPeer(t, tls) {
    const peer = await new Peer((connection) => store.serve(connection), { tls }).start();
    t.after(() => peer.finish());
    return peer;
  }

  const start = (t, peer, options) => startProbe(t, { server: peer.origin, namespace, token: 'token', ...options });
  const holdsAll = (probe) => probe.untilHolds(namespace, store.effective(namespace));

  /** The client says TLS, and has said nothing itself: neither token nor name of a namespace. */
  async function assertRefused(probe, peer) {
    await until(async () => (await probe.state()).error === 'TLS', 'the client says TLS');
    assert.equal((await probe.get(namespace, 'k')).error, 'NOT_READY');
    assert.ok(peer.connections.every(({ request }) => !request), 'no request was sent');
  }

  test('A server whose authority is trusted is followed', async (t) => {
    const peer = await startPeer(t, local);
    const probe = start(t, peer, { ca: authority.certificate });
    await holdsAll(probe);
    peer.connections[0].cut();
    await until(() => peer.connections.length > 1, 'it comes again');
    await holdsAll(probe);
  });

  test('By name, and the name is asked for', async (t) => {
    let asked;
    const peer = await startPeer(t, { ...local, SNICallback: (name, done) => done(null, (asked = name) && null) });
    const probe = start(t, peer, {
      server: `https://localhost:${peer.port}`, ca: authority.certificate,
    });
    await holdsAll(probe);
    assert.equal(asked, 'localhost');
  });

  test('A server of another authority is refused, before anything is said', async (t) => {
    const peer = await startPeer(t, stranger.issue('other', { names: 'IP:127.0.0.1' }));
    await assertRefused(start(t, peer, { ca: authority.certificate }), peer);
  });

  test('The system does not know our authority', async (t) => {
    const peer = await startPeer(t, local);
    await assertRefused(start(t, peer, {}), peer);
  });

  test('A certificate of another name is refused', async (t) => {
    const peer = await startPeer(t, authority.issue('elsewhere', { names: 'DNS:elsewhere.example' }));
    await assertRefused(start(t, peer, { ca: authority.certificate }), peer);
  });

  test('… unless that is the name to be expected', async (t) => {
    const peer = await startPeer(t, authority.issue('expected', { names: 'DNS:elsewhere.example' }));
    await holdsAll(start(t, peer, { ca: authority.certificate, serverName: 'elsewhere.example' }));
    const wrong = start(t, peer, { ca: authority.certificate, serverName: 'nowhere.example' });
    await until(async () => (await wrong.state()).error === 'TLS', 'the client says TLS');
  });

  test('A certificate whose time is over is refused', async (t) => {
    const peer = await startPeer(t, authority.issue('old', { names: 'IP:127.0.0.1', days: -1 }));
    await assertRefused(start(t, peer, { ca: authority.certificate }), peer);
  });

  describe('A server that asks for a certificate', () => {
    const asking = () => ({ ...local, ca: fs.readFileSync(authority.certificate), requestCert: true, rejectUnauthorized: true });

    test('is shown ours', async (t) => {
      const peer = await startPeer(t, asking());
      const ours = authority.issue('ours');
      const probe = start(t, peer, {
        ca: authority.certificate, certificate: `${ours.certificateFile},${ours.keyFile}`,
      });
      await holdsAll(probe);
      assert.equal(peer.connections[0].socket.getPeerCertificate().subject.CN, 'ours');
    });

    test('refuses a client without one, and the client says TLS', async (t) => {
      const peer = await startPeer(t, asking());
      await assertRefused(start(t, peer, { ca: authority.certificate }), peer);
    });

    // This server says why in no alert; it just closes.
    test('refuses a stranger\'s', async (t) => {
      const peer = await startPeer(t, asking());
      const theirs = stranger.issue('theirs');
      const probe = start(t, peer, {
        ca: authority.certificate, certificate: `${theirs.certificateFile},${theirs.keyFile}`,
      });
      await until(async () => (await probe.state()).error !== 'OK', 'the client says that something is wrong');
      assert.equal((await probe.get(namespace, 'k')).error, 'NOT_READY');
      assert.equal(peer.connections.length, 0);
    });
  });

  test('With a plain server first, and a right one second, the right one serves', async (t) => {
    const plain = await new Peer(() => {}).start();
    t.after(() => plain.finish());
    const peer = await startPeer(t, local);
    const probe = start(t, peer, {
      server: [plain.origin.replace('http:', 'https:'), peer.origin], ca: authority.certificate,
    });
    // It may begin with the silent one, and gives it 45 s.
    await probe.untilHolds(namespace, store.effective(namespace), { limitMs: 100000 });
  });
});
