// What the tools say of the C sources: clang-format, clang-tidy and cppcheck. Each must have nothing to say.
//
// clang-tidy reads how a source is compiled from the build directory CONFER_BUILD, build-asan by default.
'use strict';

const assert = require('node:assert/strict');
const { spawn } = require('node:child_process');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { test } = require('node:test');

const root = path.join(__dirname, '..', '..');
const build = path.resolve(root, process.env.CONFER_BUILD || 'build-asan');
const nCores = os.cpus().length;

/** The files below @directory whose names match @pattern. */
function filesBelow(directory, pattern) {
  return fs.readdirSync(path.join(root, directory), { withFileTypes: true }).flatMap((entry) => {
    const name = `${directory}/${entry.name}`;
    if (entry.isDirectory()) return entry.name === 'node_modules' ? [] : filesBelow(name, pattern);
    return pattern.test(name) ? [name] : [];
  });
}

/** Runs a tool; returns what it complains of, or "" when its status is 0. */
function complaints(tool, args) {
  return new Promise((resolve, reject) => {
    const child = spawn(tool, args, { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] });
    const output = { stdout: '', stderr: '' };

    for (const stream of ['stdout', 'stderr'])
      child[stream].setEncoding('utf8').on('data', (text) => {
        output[stream] += text;
      });
    child.on('error', reject);
    child.on('close', (status, signal) =>
      resolve(
        status === 0 ? '' : output.stdout || output.stderr || `${tool} ended with ${signal ?? status}\n`,
      ),
    );
  });
}

/** Does @work for every one of @items, as many at a time as there are cores, and joins what comes of it. */
async function forAll(items, work) {
  const results = [];
  let next = 0;

  async function worker() {
    while (next < items.length) {
      const i = next++;
      results[i] = await work(items[i]);
    }
  }
  await Promise.all(Array.from({ length: nCores }, worker));
  return results.join('');
}

function expectNone(text) {
  if (text) assert.fail(`\n${text}`);
}

test('Every C and C++ file is as clang-format writes it', async () => {
  const files = ['schema', 'server', 'client-sdk', 'tests'].flatMap((directory) => filesBelow(directory, /\.(c|h|cc|hh)$/));
  assert.ok(files.length > 100);
  const unformatted = await forAll(files, async (file) =>
    (await complaints('clang-format', ['--dry-run', '-Werror', file])) ? `${file}\n` : '',
  );
  expectNone(unformatted && `To be mended with clang-format -i:\n${unformatted}`);
});

test('clang-tidy finds nothing', async () => {
  const files = ['schema', 'server', 'client-sdk'].flatMap((directory) => filesBelow(directory, /\.c$/));
  assert.ok(files.length > 50);
  assert.ok(fs.existsSync(path.join(build, 'compile_commands.json')), `${build} is a build directory`);
  expectNone(await forAll(files, (file) => complaints('clang-tidy', ['--quiet', '-p', build, file])));
});

test('cppcheck finds nothing', async () => {
  expectNone(
    await complaints('cppcheck', [
      '--quiet', `-j${nCores}`, '--std=c11', '--error-exitcode=1', '--inline-suppr',
      '--enable=warning,performance,portability', '--suppressions-list=tests/lint/cppcheck.supp',
      '-DH2O_USE_LIBUV=0', '-Ischema', '-Iserver', '-Iclient-sdk', '-Iclient-sdk/include', '-Iclient-sdk/src', 'schema', 'server', 'client-sdk',
    ]),
  );
});
