// confer ingest: what it asks of the server, what it prints, how it fails.
'use strict';

const assert = require('node:assert/strict');
const { describe, test } = require('node:test');
const { codes, useConfer } = require('../lib/confer.js');
const { put, readIngest, untilIngest, untilTakenIn, useIngests } = require('../lib/ingests.js');
const { Etcd } = require('../lib/targets.js');
const { until } = require('../lib/waiting.js');

const { usage, notFound } = codes;

describe('confer ingest', () => {
  const etcd = new Etcd();
  const server = useIngests(etcd, () => ({
    tenants: { kind: 'ingest', endpoints: etcd.endpoint, from: '/tenants/{id}', namespace: 'tenants.{id}', key: 'config' },
  }));
  const { api } = server;
  const confer = useConfer(server);
  const ingest = (...args) => confer.run('ingest', ...args);
  const cells = (lines) => lines.map((line) => line.split(/ {2,}/));
  const forPeople = (time) => time.replace('T', ' ').replace(/\..*/, '');
  const quarantine = async () => (await confer.json('ingest', 'quarantine', 'tenants')).items;

  test('They are listed and shown, and what is programmed for is the data of the server', async () => {
    await put(etcd, '/tenants/t1', '1');
    await put(etcd, '/tenants/t2', '{');
    await untilTakenIn(api, 'tenants', etcd);
    await untilIngest(api, 'tenants', ({ quarantined }) => quarantined === 1, 'one is quarantined');

    const now = await readIngest(api, 'tenants');
    assert.deepEqual(cells((await ingest()).lines), [
      ['INGEST', 'FROM', 'STATE', 'REVISION', 'QUARANTINED', 'LAST SUCCESS', 'ERROR'],
      ['tenants', '/tenants/{id}', 'running', String(now.revision), '1', forPeople(now.last_success_at), '-'],
    ]);
    assert.deepEqual((await confer.json('ingest', 'list')).items.map(({ name }) => name), ['tenants']);
    assert.deepEqual(cells((await ingest('show', 'tenants')).lines).map(([name]) => name), [
      'INGEST', 'from', 'namespace', 'key', 'format', 'state', 'error', 'retry_at', 'etcd_revision', 'revision', 'quarantined',
      'left', 'ignored', 'last_success_at', 'read_at', 'keys_read',
    ]);
  });

  test('Quarantined keys are listed, tried again and dropped', async () => {
    const [key] = await quarantine();
    assert.deepEqual(cells((await ingest('quarantine', 'tenants')).lines), [
      ['ETCD KEY', 'MOD REVISION', 'ATTEMPTS', 'FIRST', 'LAST', 'PROBLEM'],
      ['/tenants/t2', String(key.mod_revision), '1', forPeople(key.first_at), forPeople(key.last_at), key.problem],
    ]);
    assert.equal((await ingest('retry', 'tenants', '/tenants/t2')).stdout, 'tenants: keys tried again: 1\n');
    await until(async () => (await quarantine())[0].attempts === 2, 'it was tried');
    assert.equal((await ingest('drop', 'tenants')).stdout, 'tenants: keys dropped: 1\n');
    assert.deepEqual(await quarantine(), []);
    assert.equal((await ingest('resync', 'tenants')).stdout, 'tenants: a full read begins\n');
  });

  test('It fails with the code of the reason', async () => {
    const fails = (code, line, ...args) => confer.fails(code, line, ['ingest', ...args]);
    await fails(notFound, /there is no ingest 'nobody'/, 'show', 'nobody');
    await fails(notFound, /no such quarantined key/, 'retry', 'tenants', '/tenants/none');
    await fails(usage, /No Name is no name of an ingest/, 'show', 'No Name');
    await fails(usage, /an argument is missing: confer ingest show INGEST/, 'show');
  });
});
