// Law 1: acknowledged is durable. kill -9 under 32 writers, again and again on one directory, and nothing is lost,
// halved or doubled.
'use strict';

const assert = require('node:assert/strict');
const { after, describe, test } = require('node:test');
const { configPath, namespacePath, root } = require('../lib/client.js');
const { Conferd, runConferd } = require('../lib/conferd.js');
const { Random } = require('../lib/random.js');
const store = require('../lib/store.js');

const rounds = 24;
const writers = 32;
const namespaces = ['d', 'd.e', 'f'];

const place = ({ namespace, key }) => `${namespace} ${key}`;
const change = ({ revision, namespace, key, version }) => `${revision} ${namespace} ${key} ${version}`;
const touched = ({ revision, namespace, key }) => `${revision} ${namespace} ${key}`;
/** Does a release event change what is served? To delete what was never published does not. */
const moves = ({ version, from_version }) => version !== null || from_version !== null;
const lostConnection = /ECONNRESET|ECONNREFUSED|EPIPE|socket hang up/;

/** One write of a writer, as `{operations, send}`; the operations are those of a transaction. */
function choose(random, api, writer, serial) {
  const own = { namespace: namespaces[writer % namespaces.length], key: `own-${writer}` };
  const shared = { namespace: 'd', key: `shared-${random.integer(0, 3)}` };
  const content = `${serial} of writer ${writer} ${'x'.repeat(random.pick([0, 10, 1000, 20000]))}`;
  const publish = { publish: true };
  const put = (where, rest = {}) => ({ op: 'put', ...where, content, ...rest });
  const single = (operation) => ({ operations: [operation], send: () => sendSingle(api, operation) });

  const kind = random.integer(1, 100);
  if (kind <= 50) return single(put(own, publish));
  if (kind <= 65) return single(put(own));
  if (kind <= 80) return single(put(shared, publish));
  if (kind <= 85) return single({ op: 'rollback', ...own });
  if (kind <= 88) return single({ op: 'delete', ...own });
  const operations = [put(own, publish), put({ ...own, key: `${own.key}-twin` }, publish), put(shared)];
  return { operations, send: () => api.post(`${root}/transactions`, { operations }, { status: 'any' }) };
}

function sendSingle(api, { op, namespace, key, ...body }) {
  const path = configPath(namespace, key);
  if (op === 'put') return api.put(path, body, { status: 'any' });
  if (op === 'delete') return api.delete(path, { status: 'any' });
  return api.post(`${path}/rollback`, {}, { status: 'any' });
}

/** What an answer acknowledges: `{op, namespace, key, version, revision, content, publish}` for each operation. */
function acknowledged({ operations }, { data }) {
  const results = data.results || [data];
  return operations.map((operation, i) => ({
    ...operation,
    version: results[i].version,
    revision: data.revision,
  }));
}

/** Writes until the server is gone; each acknowledged operation goes to @onAcknowledged at once. */
async function writeUntilCut(random, api, writer, onAcknowledged) {
  for (let serial = 0; ; serial++) {
    const write = choose(random, api, writer, `${Date.now()}-${serial}`);
    let answer;
    try {
      answer = await write.send();
    } catch (error) {
      if (lostConnection.test(`${error.code} ${error.message}`)) return;
      throw error;
    }
    if (answer.status < 300) onAcknowledged(acknowledged(write, answer));
    else assert.ok([404, 409].includes(answer.status), answer.text); // nothing to roll back or to delete
  }
}

/** The whole store, read from outside. */
function readStore(data) {
  return {
    revision: store.query(data, 'SELECT revision FROM store')[0].revision,
    versions: store.query(
      data,
      `SELECT n.name AS namespace, c.key, v.version, v.revision, v.content FROM versions v
         JOIN configs c ON c.id = v.config_id JOIN namespaces n ON n.id = c.namespace_id ORDER BY v.id`,
    ),
    releases: store.query(
      data,
      `SELECT n.name AS namespace, c.key, r.version, r.from_version, r.revision FROM releases r
         JOIN configs c ON c.id = r.config_id JOIN namespaces n ON n.id = c.namespace_id ORDER BY r.id`,
    ),
    audit: store.query(
      data,
      'SELECT id, action, namespace, key, version, revision, outcome FROM audit ORDER BY id',
    ),
    outbox: store.query(data, 'SELECT revision, namespace, key, version FROM outbox ORDER BY id'),
  };
}

function assertNothingLost(found, written) {
  const versions = new Map(found.versions.map((row) => [`${place(row)} ${row.version}`, row]));
  const releases = new Map(found.releases.map((row) => [change(row), row]));
  const outbox = new Set(found.outbox.map(change));
  const audit = new Set(found.audit.map(touched));

  for (const write of written) {
    const what = JSON.stringify({ ...write, content: undefined });
    if (write.op === 'put') {
      const row = versions.get(`${place(write)} ${write.version}`);
      assert.ok(row, `the version is gone: ${what}`);
      assert.equal(row.content, write.content, what);
      assert.equal(row.revision, write.revision, what);
    }
    if (write.op !== 'put' || write.publish) {
      const release = releases.get(change(write));
      assert.ok(release, `the release is gone: ${what}`);
      assert.ok(outbox.has(change(write)) || !moves(release), `the outbox row is gone: ${what}`);
    }
    assert.ok(audit.has(touched(write)), `the audit entry is gone: ${what}`);
  }
}

function assertWhole(found) {
  const numbers = new Map();
  let last = 0;
  for (const row of found.versions) {
    numbers.set(place(row), [...(numbers.get(place(row)) || []), row.version]);
    assert.ok(row.revision >= last, 'revisions grow');
    last = row.revision;
  }
  for (const [where, list] of numbers) {
    assert.deepEqual(
      list,
      Array.from({ length: list.length }, (_, i) => i + 1),
      `versions of ${where}`,
    );
  }

  assert.deepEqual(
    found.audit.map(({ id }) => id),
    found.audit.map((_, i) => i + 1),
    'audit entries without a gap',
  );
  const changes = found.audit.filter(({ revision }) => revision !== null);
  const revisions = [...new Set(changes.map(({ revision }) => revision))];
  assert.deepEqual(
    revisions,
    Array.from({ length: found.revision }, (_, i) => i + 1),
    'every revision once, and in order',
  );

  // No half of a change without the other.
  assert.deepEqual(
    found.outbox.map(change),
    found.releases.filter(moves).map(change),
    'an outbox row for each release',
  );
  const audited = (...actions) =>
    changes
      .filter(({ action }) => actions.includes(action))
      .map(touched)
      .sort();
  assert.deepEqual(
    audited('config.publish', 'config.rollback', 'config.delete'),
    found.releases.map(touched).sort(),
  );
  const saves = new Set(audited('config.save', 'config.publish'));
  for (const row of found.versions)
    assert.ok(saves.has(touched(row)), `an audit entry for version ${change(row)}`);
}

/** The same from inside, for what sqlite3 cannot see: that the catalog serves what the store holds. */
async function assertServed(api, found) {
  const inForce = new Map(found.releases.map((row) => [place(row), row]));
  for (const { namespace, key, version, revision } of inForce.values()) {
    const answer = await api.get(configPath(namespace, key), { query: { inherit: 'false' }, status: 'any' });
    assert.equal(answer.status, version === null ? 404 : 200);
    if (version !== null) assert.deepEqual([answer.data.version, answer.data.revision], [version, revision]);
  }
}

describe('Durability', { skip: store.skip }, () => {
  const server = new Conferd();
  const random = new Random();
  const written = [];
  after(() => server.finish());

  async function writeAndKill() {
    const clients = Array.from({ length: writers }, () => server.api.another({ connections: 1 }));
    const killAfter = written.length + random.integer(1, 250);
    let isKilled = false;

    const onAcknowledged = (writes) => {
      written.push(...writes);
      if (isKilled || written.length < killAfter) return;
      isKilled = true;
      setTimeout(() => server.child.kill('SIGKILL'), random.next() * 3);
      server.isEnding = true;
    };
    await Promise.all(clients.map((client, i) => writeUntilCut(random, client, i, onAcknowledged)));
    assert.ok(isKilled, 'nobody but us ends the server');
    for (const client of clients) client.close();
    assert.equal((await server.end()).signal, 'SIGKILL');
  }

  test('The namespaces are there', async () => {
    await server.start();
    await server.api.createNamespaces(...namespaces);
    await server.stop();
  });

  for (let round = 1; round <= rounds; round++) {
    test(`Round ${round}: what was acknowledged before kill -9 is there after it`, async (t) => {
      t.diagnostic(`CONFER_SEED=${random.seed}`);
      server.args = round % 3 ? ['--head-log-max-rows', String(random.integer(1, 40))] : []; // merging heads all the time
      if (server.isRunning) await server.kill(); // the round before has failed
      if (round % 4 === 0) {
        server.spawn(); // and killed while it starts
        setTimeout(() => server.child.kill('SIGKILL'), random.next() * 60);
        server.isEnding = true;
        await server.end();
      }
      await server.start();
      await writeAndKill();
      if (round % 2) await verify(); // at rest, before anyone has recovered the write-ahead log

      await server.start();
      if (round % 2 === 0) await verify(); // while it runs
      const found = readStore(server.data);
      assertNothingLost(found, written);
      assertWhole(found);
      assert.equal(await server.api.revision(), found.revision);
      await assertServed(server.api, found);
      await server.kill();
    });
  }

  async function verify() {
    const { code, stdout, stderr } = await runConferd(['--verify', '--data', server.data]);
    assert.equal(code, 0, stdout + stderr);
    assert.match(stdout, /verified/);
  }

  test('In the end all of it is served over the API', async () => {
    await server.start();
    const { api } = server;
    const found = readStore(server.data);
    const places = new Map(found.versions.map((row) => [place(row), row]));
    for (const { namespace, key } of places.values()) {
      const listed = await api.walk(configPath(namespace, key, 'versions'), { limit: 1000 });
      const stored = found.versions.filter((row) => place(row) === place({ namespace, key })).reverse();
      assert.deepEqual(
        listed.map(({ version, content }) => [version, content]),
        stored.map(({ version, content }) => [version, content]),
      );
    }
    for (const namespace of namespaces) await api.get(namespacePath(namespace));
    assert.ok(written.length > rounds * 10, `${written.length} acknowledged writes`);
  });
});
