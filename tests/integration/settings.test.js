// Settings: from a file, the environment and flags, and what is wrong stops the start by name.
'use strict';

const assert = require('node:assert/strict');
const fs = require('node:fs');
const path = require('node:path');
const { after, describe, test } = require('node:test');
const { configPath } = require('../lib/client.js');
const { Conferd, runConferd, temporaryDirectory } = require('../lib/conferd.js');

const directory = temporaryDirectory();
let serial = 0;

function settingsFile(text) {
  const file = path.join(directory, `settings-${serial++}.yaml`);
  fs.writeFileSync(file, text);
  return file;
}

describe('Wrong settings', () => {
  /** Starts with what is wrong; the start must end with a message that @message matches, before anything was made. */
  async function refuses({ args = [], env = {} }, ...messages) {
    const data = path.join(directory, `data-${serial++}`);
    const { code, stdout, stderr } = await runConferd(
      ['--data', data, '--listen', '127.0.0.1:0', ...args],
      env,
    );
    assert.ok(code > 0, `status ${code}: ${stdout}${stderr}`);
    for (const message of messages) assert.match(stderr, message);
    assert.doesNotMatch(stdout, /ready/);
    assert.ok(!fs.existsSync(data), 'nothing was made');
  }

  for (const [args, ...messages] of [
    [['--no-such-setting', '1'], /--no-such-setting/],
    [['--thread', '1'], /--thread\b/, /--threads/],
    [['--threads'], /--threads/],
    [['--threads', ''], /--threads/],
    [['--threads', 'four'], /--threads/],
    [['--threads', '-1'], /--threads/],
    [['--threads', '65'], /--threads/, /64/],
    [['--threads', '1.5'], /--threads/],
    [['--threads', '99999999999999999999'], /--threads/],
    [['--threads', '1', '--threads', '2'], /--threads/],
    [['--content-max-bytes', '17 MiB'], /--content-max-bytes/],
    [['--content-max-bytes', '1 MB'], /--content-max-bytes/],
    [['--content-max-bytes', '1 s'], /--content-max-bytes/],
    [['--body-max-bytes', '64 KiB', '--content-max-bytes', '1 MiB'], /content.max.bytes/],
    [['--query-timeout-ms', '1'], /--query-timeout-ms/],
    [['--metrics-public', 'yes please'], /--metrics-public/],
    [['--log-level', 'loud'], /--log-level/, /debug/],
    [['--listen', 'nowhere'], /--listen/],
    [['--listen', '127.0.0.1:65536'], /--listen/],
    [['--listen', '127.0.0.1'], /--listen/],
    [['--config', '/no/such/file.yaml'], /\/no\/such\/file\.yaml/],
    [['--config', directory], /./],
    [['stray'], /stray/],
    [['-x'], /-x/],
    [['--'], /--/],
  ]) {
    test(`The flags ${args.join(' ').replace(directory, 'DIRECTORY')} stop the start`, () =>
      refuses({ args }, ...messages));
  }

  for (const [name, value] of [
    ['CONFER_THREADS', 'four'],
    ['CONFER_THREADS', ''],
    ['CONFER_CONTENT_MAX_BYTES', '0'],
    ['CONFER_NO_SUCH_SETTING', '1'],
    ['CONFER_threads', '1'],
    ['CONFER_ADMIN_PASSWORD', 'short'],
    ['CONFER_ADMIN_TOKEN', 'short'],
    ['CONFER_ADMIN_TOKEN', 'with a blank in the middle'],
    ['CONFER_CONFIG', '/no/such/file.yaml'],
  ]) {
    test(`The variable ${name}=${value} stops the start`, () =>
      refuses(
        { env: { [name]: value } },
        name === 'CONFER_CONFIG' ? /\/no\/such\/file\.yaml/ : new RegExp(name),
      ));
  }

  test('A secret that is wrong is not repeated in the message', async () => {
    const { stderr } = await runConferd(['--data', path.join(directory, 'x')], {
      CONFER_ADMIN_TOKEN: 'blank in here',
    });
    assert.doesNotMatch(stderr, /blank in here/);
  });

  for (const [what, text, line, name] of [
    ['an unknown name', '# settings\nthreads: 2\nthraeds: 3\n', 3, 'thraeds'],
    ['a wrong type', 'threads: 2\nmetrics_public: 7\n', 2, 'metrics_public'],
    ['a value out of range', '\n\nthreads: 1000\n', 3, 'threads'],
    ['a list for a value', 'threads: [1, 2]\n', 1, 'threads'],
    ['a mapping for a value', 'log_level: info\nlisten:\n  host: x\n', 2, 'listen'],
    ['no value', 'threads:\n', 1, 'threads'],
    ['a name that is there twice', 'threads: 1\nlog_level: info\nthreads: 2\n', 3, 'threads'],
    ['broken YAML', 'threads: 1\n\tlog_level: info\n', 2, ''],
    ['a list', '- threads\n', 1, ''],
    ['a second document', 'threads: 1\n---\nthreads: 2\n', null, ''],
    ["a flag's spelling", 'content-max-bytes: 5000\n', 1, 'content-max-bytes'],
  ]) {
    test(`A file with ${what} stops the start, and the message names file, line and setting`, async () => {
      const file = settingsFile(text);
      await refuses(
        { args: ['--config', file] },
        new RegExp(`${file}${line ? `:${line}\\b` : ''}`),
        new RegExp(name),
      );
    });
  }
});

describe('Right settings', () => {
  const server = new Conferd();
  after(() => server.finish());

  async function threadsWith(args, env) {
    server.args = args;
    Object.assign(server.env, { CONFER_THREADS: undefined, CONFER_CONFIG: undefined, ...env });
    await server.start();
    const { threads } = await server.api.status();
    await server.stop();
    return threads;
  }

  test('A flag beats the environment, the environment the file, and the file the default', async () => {
    const file = settingsFile('threads: 1\n');
    assert.equal(await threadsWith(['--config', file]), 1);
    assert.equal(await threadsWith([], { CONFER_CONFIG: file }), 1);
    assert.equal(await threadsWith(['--config', file], { CONFER_THREADS: '2' }), 2);
    assert.equal(await threadsWith(['--config', file, '--threads', '3'], { CONFER_THREADS: '2' }), 3);
    assert.equal(await threadsWith(['--threads=4'], { CONFER_THREADS: '2' }), 4);
  });

  test('A file may be empty, and values may carry units', async () => {
    assert.ok((await threadsWith(['--config', settingsFile('')])) >= 1);
    assert.equal(
      await threadsWith([
        '--config',
        settingsFile('# x\nthreads: "2"\nquery_timeout_ms: 7 s\nbody_max_bytes: 40 MiB\n'),
      ]),
      2,
    );
  });

  test('The limit of contents is a setting', async () => {
    server.args = ['--content-max-bytes', '2 KiB'];
    await server.start();
    await server.api.createNamespaces('limits');
    await server.api.publish('limits', 'k', 'x'.repeat(2048));
    await server.api.put(
      configPath('limits', 'k'),
      { content: 'x'.repeat(2049) },
      { status: 413, reason: 'content_too_large' },
    );
    await server.stop();
    server.args = ['--content-max-bytes', '1 KiB'];
    await server.start();
    assert.equal(
      (await server.api.read('limits', 'k')).content.length,
      2048,
      'what is there stays, even beyond a new limit',
    );
    await server.stop();
  });

  test('The limits of bodies and headers are settings', async () => {
    server.args = [
      '--body-max-bytes', '64 KiB', '--content-max-bytes', '8 KiB', '--headers-max-bytes', '2 KiB',
    ];
    await server.start();
    const { api } = server;
    await api.put(configPath('limits', 'k'), `{"content": "x"${' '.repeat(65536)}}`, {
      status: 413,
      reason: 'body_too_large',
    });
    await api.put(configPath('limits', 'k'), `{"content": "x"${' '.repeat(60000)}}`);
    await api.get(configPath('limits', 'k'), {
      headers: { 'x-large': 'x'.repeat(2048) },
      status: 431,
      reason: 'headers_too_large',
    });
    await server.stop();
  });
});

describe('What the program says of itself', () => {
  test('--help lists every setting, and the manual does too', async () => {
    const help = await runConferd(['--help']);
    const manual = await runConferd(['--manual']);
    assert.deepEqual([help.code, manual.code], [0, 0]);
    const flags = [...new Set(help.stdout.match(/--[a-z][a-z-]+/g))];
    for (const flag of ['--config', '--listen', '--data', '--verify', '--backup', '--restore', '--threads'])
      assert.ok(flags.includes(flag), flag);
    assert.match(manual.stdout, /^\.TH /m);
    const text = manual.stdout.replace(/\\-/g, '-');
    for (const flag of flags) assert.ok(text.includes(flag), `the manual knows ${flag}`);
  });

  test('--version tells the version that the status tells', async () => {
    const { code, stdout } = await runConferd(['--version']);
    assert.equal(code, 0);
    const server = await new Conferd().start();
    const { version } = await server.api.status();
    await server.stop();
    assert.ok(stdout.includes(version), `${stdout} tells ${version}`);
  });
});
