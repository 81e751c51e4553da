// Servers that mirror, and waiting for their mirrors.
'use strict';

const fs = require('node:fs');
const path = require('node:path');
const { after, before } = require('node:test');
const { temporaryDirectory, useConferd } = require('./conferd.js');
const { until } = require('./waiting.js');

// Retries come quickly, since a test waits for them.
const quick = { timeout_ms: '1 s', retry_min_ms: '10 ms', retry_max_ms: '200 ms' };

const withQuick = (fields) => (fields.kind === 'election' ? fields : { ...quick, ...fields });

/** The file of mirrors: @mirrors are objects by name. JSON is YAML. Returns the arguments for conferd. */
function mirrorsFile(mirrors) {
  const file = path.join(temporaryDirectory(), 'mirrors.yaml');
  const all = Object.entries(mirrors).map(([name, fields]) => [name, withQuick(fields)]);
  fs.writeFileSync(file, JSON.stringify(Object.fromEntries(all)));
  return ['--mirrors', file];
}

/** A server with mirrors for the suite that calls this. @mirrors: makes the file's objects, once @targets have started. */
function useMirrors(targets, mirrors, { args = [], ...options } = {}) {
  before(async () => {
    await Promise.all(targets.map((target) => target.start()));
    server.args = [...args, ...mirrorsFile(mirrors())];
  });
  const server = useConferd(options);
  after(() => Promise.all(targets.map((target) => target.stop())));
  return server;
}

const readMirror = async (api, name) => (await api.get(`/api/v1/mirrors/${name}`)).data;

/** Waits until @condition holds of a mirror; returns the mirror. */
function untilMirror(api, name, condition, what) {
  return until(async () => {
    const mirror = await readMirror(api, name);
    return condition(mirror) && mirror;
  }, `mirror ${name}: ${what}`);
}

/** Waits until a comparison has ended that was begun after now, by each worker: the time that is told is the oldest of theirs. */
async function resync(api, name) {
  const asked = Date.now();
  await api.post(`/api/v1/mirrors/${name}/resync`);
  return (await untilMirror(api, name, ({ comparison }) => comparison && Date.parse(comparison.time) >= asked, 'it was compared')).comparison;
}

module.exports = { mirrorsFile, readMirror, resync, untilMirror, useMirrors };
