// A look into a store's file from outside, with the program sqlite3; the server may be running on it.
'use strict';

const { spawnSync } = require('node:child_process');
const path = require('node:path');

const hasSqlite = !spawnSync('sqlite3', ['-version']).error;

/** Why a test that needs the program is skipped; false when it is not. */
const skip = hasSqlite ? false : 'the program sqlite3 is not installed';

const databaseOf = (data) => path.join(data, 'confer.db');

function sqlite(args, input) {
  const { status, stdout, stderr } = spawnSync('sqlite3', ['-bail', ...args], {
    input,
    encoding: 'utf8',
    maxBuffer: 2 ** 30,
  });
  if (status !== 0) throw new Error(`sqlite3 fails: ${stderr}`);
  return stdout;
}

/** The rows of a query, as objects. */
function query(data, sql) {
  return JSON.parse(sqlite(['-readonly', '-json', '-cmd', '.timeout 10000', databaseOf(data)], sql) || '[]');
}

/** Changes a store behind the server's back; the server must be stopped. */
function alter(data, sql) {
  sqlite([databaseOf(data)], sql);
}

module.exports = { alter, databaseOf, query, skip, sqlite };
