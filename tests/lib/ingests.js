// Servers that take configs in from a real etcd, and waiting for them.
'use strict';

const assert = require('node:assert/strict');
const { execFileSync } = require('node:child_process');
const { after, before } = require('node:test');
const { useConferd } = require('./conferd.js');
const { mirrorsFile } = require('./mirrors.js');
const { until } = require('./waiting.js');

/** A server with ingests for the suite that calls this. @entries: makes the file's objects, once @etcd has started. */
function useIngests(etcd, entries, { args = [], ...options } = {}) {
  before(async () => {
    await etcd.start();
    server.args = [...args, ...mirrorsFile(entries())];
  });
  const server = useConferd(options);
  after(() => etcd.stop());
  return server;
}

const readIngest = async (api, name) => (await api.get(`/api/v1/ingests/${name}`)).data;

/** Waits until @condition holds of an ingest; returns the ingest. */
function untilIngest(api, name, condition, what) {
  return until(async () => {
    const ingest = await readIngest(api, name);
    return condition(ingest) && ingest;
  }, `ingest ${name}: ${what}`);
}

const untilRunning = (api, name) => untilIngest(api, name, ({ state }) => state === 'running', 'it watches');

/** Etcd's revision. */
function revisionOf(etcd) {
  return Number(JSON.parse(etcd.run('get', '/nothing', '-w', 'json')).header.revision);
}

/** Waits until the ingest has taken in all that is in @etcd by now. @etcd: its newest change is of a key of the ingest. */
async function untilTakenIn(api, name, etcd) {
  const revision = revisionOf(etcd);
  return untilIngest(api, name, (ingest) => ingest.state === 'running' && ingest.revision >= revision, `it is at ${revision}`);
}

/** One transaction of puts and deletes: `[key, value]`, or `[key]`. */
function transact(etcd, changes) {
  const quote = (text) => `"${text.replace(/[\\"]/g, '\\$&')}"`;
  const lines = changes.map(([key, value]) => (value === undefined ? `del ${quote(key)}` : `put ${quote(key)} ${quote(value)}`));
  execFileSync('etcdctl', [`--endpoints=${etcd.endpoint}`, 'txn'], {
    input: `\n${lines.join('\n')}\n\n\n`, env: { ...process.env, ETCDCTL_API: '3' }, stdio: ['pipe', 'pipe', 'pipe'],
  });
}

const post = (etcd, path, body) => fetch(`${etcd.endpoint}${path}`, { method: 'POST', body: JSON.stringify(body) })
  .then(async (response) => {
    const answer = await response.json();
    assert.equal(response.status, 200, JSON.stringify(answer));
    return answer;
  });

const base64 = (text) => Buffer.from(text).toString('base64');

/** Puts by the gateway, which is quicker than a program each time. Returns the revision. */
async function put(etcd, key, value) {
  const { header } = await post(etcd, '/v3/kv/put', { key: base64(key), value: base64(value) });
  return Number(header.revision);
}

/** Many keys, in transactions. */
async function putAll(etcd, changes, size = 100) {
  for (let i = 0; i < changes.length; i += size)
    await post(etcd, '/v3/kv/txn', {
      success: changes.slice(i, i + size).map(([key, value]) => ({ request_put: { key: base64(key), value: base64(value) } })),
    });
}

/** All versions of a config, oldest first, with their contents. */
async function versionsOf(api, namespace, key) {
  const versions = await api.walk(`/api/v1/namespaces/${namespace}/configs/${key}/versions`, { limit: 1000, content: true });
  return versions.reverse();
}

/** What a config serves, or undefined. */
async function contentOf(api, namespace, key) {
  const { status, data } = await api.get(`/api/v1/namespaces/${namespace}/configs/${key}`, { status: 'any' });
  return status === 200 ? data.content : undefined;
}

const quarantineOf = (api, name) => api.walk(`/api/v1/ingests/${name}/quarantine`);

module.exports = {
  contentOf, put, putAll, quarantineOf, readIngest, revisionOf, transact, untilIngest, untilRunning, untilTakenIn, useIngests, versionsOf,
};
