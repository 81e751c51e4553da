// Includes point downward only, and one folder knows each third-party header.
'use strict';

const assert = require('node:assert/strict');
const fs = require('node:fs');
const path = require('node:path');
const { test } = require('node:test');

const root = path.join(__dirname, '..', '..');

// What each part may include of the others. Everything may include itself.
const mayUse = {
  'schema/model': [],
  'server/util': ['schema/model'],
  'server/store': ['schema/model', 'server/util'],
  'server/access': ['schema/model', 'server/util'],
  'server/mirror': ['schema/model', 'server/util', 'server/store'],
  'server/ingest': ['schema/model', 'server/util', 'server/store', 'server/mirror'],
  'server/http': ['schema/model', 'server/util', 'server/store', 'server/access'],
  'server/push': ['schema/model', 'server/util', 'server/store', 'server/access', 'server/http'],
  'server/ramp': ['schema/model', 'server/util', 'server/store', 'server/access', 'server/http', 'server/push'],
  'server/api': [
    'schema/model', 'server/util', 'server/store', 'server/access', 'server/mirror', 'server/ingest', 'server/http',
    'server/push',
  ],
  'client-sdk/cli': ['schema/model'],
  server: [
    'schema/model', 'server/util', 'server/store', 'server/access', 'server/mirror', 'server/ingest', 'server/http',
    'server/push', 'server/ramp', 'server/api',
  ],
  'client-sdk/include': [],
  'client-sdk/src': ['client-sdk/include', 'schema/model'],
};

// Who may include a foreign header: folders end with a slash.
const owners = {
  'sqlite3.h': ['server/store/'],
  'h2o.h': ['server/http/'], // push/ sees it through http/h2o.h
  'h2o/http1.h': ['server/http/'],
  'wslay/': ['server/push/frame_reader.c'],
  'jansson.h': ['server/api/', 'server/util/content_json.c', 'client-sdk/cli/'],
  'curl/curl.h': ['client-sdk/cli/http.c', 'server/mirror/http_link.c'],
  'hiredis/': ['server/mirror/redis_link.c'],
  'confer/confer.h': ['client-sdk/cli/follow.', 'client-sdk/src/'],
  'nlohmann/': ['server/util/json_schema'],
  're2/': ['server/util/json_schema'],
  'valijson/': ['server/util/json_schema'],
  'yaml.h': ['server/util/content_yaml.c', 'server/util/settings_yaml.c'],
  'libxml/': ['server/util/content_xml.c'],
  'openssl/': ['server/util/digest.', 'client-sdk/src/digest.', 'client-sdk/src/transport_lws.c'],
  'libwebsockets.h': ['client-sdk/src/transport_lws.c'],
};

function sources(directory) {
  return fs.readdirSync(path.join(root, directory), { withFileTypes: true }).flatMap((entry) => {
    const name = `${directory}/${entry.name}`;
    return entry.isDirectory() ? sources(name) : /\.(c|h|cc|hh)$/.test(name) ? [name] : [];
  });
}

function includes(file) {
  const text = fs.readFileSync(path.join(root, file), 'utf8');
  return [...text.matchAll(/^#include ([<"])([^>"]+)[>"]/gm)].map(([, bracket, name]) => ({
    name,
    isOurs: bracket === '"',
  }));
}

/** Where what an #include names may stand, for headers that lie in no folder of their component. */
const isOfSdk = (name) => fs.existsSync(path.join(root, 'client-sdk/src', name));

/** The part of the tree that a path belongs to; the path may be as an #include writes it, from a component's root. */
function partOf(name) {
  if (name.startsWith('confer/')) return 'client-sdk/include';
  if (!name.includes('/') && isOfSdk(name)) return 'client-sdk/src';
  const parts = Object.keys(mayUse).filter((part) => part.includes('/'));
  return parts.find((part) => name.startsWith(`${part}/`) || name.startsWith(`${part.split('/')[1]}/`)) ?? 'server';
}

/** Breaches of @rule in @files, as "file includes header". */
function breaches(files, rule) {
  return files.flatMap((file) =>
    includes(file)
      .filter((include) => !rule(file, include))
      .map((include) => `${file} includes ${include.name}`),
  );
}

function pointsDown(file, include) {
  if (!include.isOurs) return true;
  const from = partOf(file);
  const to = partOf(include.name);
  return to === from || mayUse[from].includes(to);
}

function isOwner(file, include) {
  const header = Object.keys(owners).find((name) => include.name === name || (name.endsWith('/') && include.name.startsWith(name)));
  return include.isOurs || !header || owners[header].some((owner) => file.startsWith(owner));
}

const files = [...sources('schema'), ...sources('server'), ...sources('client-sdk/cli'), ...sources('client-sdk/src')];

test('there are sources to look at', () => {
  assert.ok(files.length > 50);
});

test('no include points upward', () => {
  assert.deepEqual(breaches(files, pointsDown), []);
});

test('an upward include would be found', () => {
  assert.equal(pointsDown('schema/model/buf.h', { name: 'util/log.h', isOurs: true }), false);
  assert.equal(pointsDown('server/store/sql.h', { name: 'http/server.h', isOurs: true }), false);
  assert.equal(pointsDown('server/http/server.c', { name: 'api/app.h', isOurs: true }), false);
  assert.equal(pointsDown('client-sdk/src/client.c', { name: 'util/log.h', isOurs: true }), false);
  assert.equal(pointsDown('server/util/log.c', { name: 'confer/confer.h', isOurs: true }), false);
  assert.equal(pointsDown('schema/model/buf.c', { name: 'value.h', isOurs: true }), false);
});

test('each foreign header is known to its owner alone', () => {
  assert.deepEqual(breaches(files, isOwner), []);
});

test('every header begins with a comment and #pragma once', () => {
  const wrong = files.filter((file) => file.endsWith('.h') && !/^\/\*[\s\S]*?\*\/\n#pragma once\n/.test(fs.readFileSync(path.join(root, file), 'utf8')));
  assert.deepEqual(wrong, []);
});
