// confer, the command line: each command, what it prints for people and for programs, how it fails.
'use strict';

const assert = require('node:assert/strict');
const { execFileSync, spawn, spawnSync } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');
const { before, describe, test } = require('node:test');
const { configPath, namespacePath } = require('../lib/client.js');
const { Conferd, temporaryDirectory, useConferd } = require('../lib/conferd.js');
const { Confer, codes, program, useConfer } = require('../lib/confer.js');
const { mirrorsFile } = require('../lib/mirrors.js');
const { until } = require('../lib/waiting.js');

const { refused, usage, notFound, conflict, noAccess, unreachable } = codes;
const time = /\d{4}-\d\d-\d\d \d\d:\d\d:\d\d/;

/** All regular files below @directory: path from there, and bytes in Latin-1, which keeps them. */
function filesOf(directory, below = '') {
  return fs.readdirSync(path.join(directory, below), { withFileTypes: true }).flatMap((entry) => {
    const name = path.join(below, entry.name);
    return entry.isDirectory()
      ? filesOf(directory, name)
      : [[name, fs.readFileSync(path.join(directory, name), 'latin1')]];
  }).sort(([a], [b]) => (a < b ? -1 : 1));
}

function isAlive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

/** A directory with these files. */
function directoryOf(files) {
  const directory = temporaryDirectory();
  for (const [name, content] of Object.entries(files)) {
    fs.mkdirSync(path.dirname(path.join(directory, name)), { recursive: true });
    fs.writeFileSync(path.join(directory, name), content);
  }
  return directory;
}

describe('Configs', () => {
  const server = useConferd();
  const { api } = server;
  const confer = useConfer(server);

  before(() => api.createNamespaces('prod', 'prod.acme'));

  test('put saves the bytes of a file, and get prints them', async () => {
    const content = '\ufeff{"a": "ü"}\r\n\r\n';
    const file = path.join(directoryOf({ 'a.json': content }), 'a.json');
    const put = await confer.run('put', 'prod', 'a.json', file, '--comment', 'why', '--publish');
    assert.equal(put.stdout, 'prod/a.json: version 1 is saved and in force\n');
    assert.equal(put.stderr, '');
    const { version, comment, format } = await api.read('prod', 'a.json');
    assert.deepEqual({ version, comment, format }, { version: 1, comment: 'why', format: 'json' });
    assert.deepEqual((await confer.run('get', 'prod', 'a.json')).bytes, Buffer.from(content));
  });

  test('put takes the standard input, and a format', async () => {
    for (const [i, file] of [[], ['-']].entries()) {
      const key = `input${i}`;
      await confer.start(['put', 'prod', key, ...file, '--format', 'yaml', '--publish'], { input: 'a: 1\n' }).end();
      const { content, format } = await api.read('prod', key);
      assert.deepEqual({ content, format }, { content: 'a: 1\n', format: 'yaml' });
    }
  });

  test('put says what came of it', async () => {
    const put = async (content, ...args) =>
      (await confer.start(['put', 'prod', 'outcome', ...args], { input: content }).end()).stdout;
    assert.equal(await put('1'), 'prod/outcome: version 1 is saved, and not yet in force\n');
    assert.equal(await put('1'), 'prod/outcome: version 1 has this content already\n');
    assert.equal(await put('1', '--publish'), 'prod/outcome: version 1 has this content already, and is in force\n');
    assert.equal(await put('2', '--quiet'), '');
    assert.equal(JSON.parse(await put('3', '-o', 'json')).version, 3);
  });

  test('put --if-version and --create lose against whoever was faster', async () => {
    await api.publish('prod', 'race', '1');
    await api.publish('prod', 'race', '2');
    await confer.fails(conflict, /version 1 was expected, the newest is 2 \(If-Match\)/, ['put', 'prod', 'race', '--if-version', '1'], { input: 'x' });
    await confer.fails(conflict, /expected not to exist/, ['put', 'prod', 'race', '--create'], { input: 'x' });
    await confer.start(['put', 'prod', 'race', '--if-version', '2'], { input: '3' }).end();
    await confer.start(['put', 'prod', 'race-new', '--create'], { input: '1' }).end();
    await confer.fails(usage, /--create and --if-version exclude each other/, ['put', 'prod', 'race', '--create', '--if-version', '1']);
  });

  test('A content that does not parse is refused with its place', async () => {
    await confer.fails(refused, /not JSON.*\(content, line 2, column \d+\)/, ['put', 'prod', 'bad.json'], { input: '{\n,' });
  });

  test('A content that is no text is refused with its place, and never sent', async () => {
    const revision = await api.revision();
    await confer.fails(refused, /the standard input: line 2, column 2: this is no UTF-8/, ['put', 'prod', 'bad'], { input: Buffer.from('a\nb\xff', 'latin1') });
    await confer.fails(refused, /line 1, column 2: there is a NUL/, ['put', 'prod', 'bad'], { input: 'a\0' });
    await confer.fails(refused, /no-such-file: No such file/, ['put', 'prod', 'bad', 'no-such-file']);
    assert.equal(await api.revision(), revision);
  });

  test('get inherits, takes a version, and prints exactly the data of the server', async () => {
    await api.publish('prod', 'shared', 'one');
    await api.save('prod', 'shared', 'two');
    assert.equal((await confer.run('get', 'prod.acme', 'shared')).stdout, 'one');
    assert.equal((await confer.run('get', 'prod', 'shared', '--version', '2')).stdout, 'two');
    assert.deepEqual(await confer.json('get', 'prod.acme', 'shared'), await api.read('prod.acme', 'shared'));
    await confer.fails(notFound, /namespace/, ['get', 'nowhere', 'shared']);
    await confer.fails(notFound, /absent/, ['get', 'prod', 'absent']);
    await confer.fails(notFound, /version/, ['get', 'prod', 'shared', '--version', '9']);
  });

  test('publish, rollback, diff and history tell one story', async () => {
    await api.publish('prod', 'story', 'a\n', { comment: 'first' });
    await api.save('prod', 'story', 'b\n', { comment: 'second\n\u001b[2J' });
    assert.match((await confer.run('diff', 'prod', 'story')).stdout, /^--- story@1\n\+\+\+ story@2\n[\s\S]*-a\n\+b\n$/);
    assert.equal((await confer.run('diff', 'prod', 'story', '--from', '1', '--to', '1')).stdout, '');
    assert.equal((await confer.run('publish', 'prod', 'story', '--comment', 'go')).stdout, 'prod/story: version 2 is in force\n');

    const history = (await confer.run('history', 'prod', 'story')).lines;
    assert.match(history[0], /^ {3}VERSION {2}SAVED +BY +FORMAT +COMMENT$/);
    assert.match(history[1], new RegExp(`^\\* {2}2 +${time.source} {2}user:admin {2}text +second \\?\\[2J$`));
    assert.match(history[2], /^ {3}1 .* first$/);

    assert.equal((await confer.run('rollback', 'prod', 'story', '--comment', 'back')).stdout, 'prod/story: version 1 is in force\n');
    await confer.fails(refused, /no release before/, ['rollback', 'prod', 'story']);
    await confer.run('rollback', 'prod', 'story', '--to', '2');
    await confer.run('publish', 'prod', 'story', '--version', '1');
    const releases = await confer.json('history', 'prod', 'story', '--releases');
    assert.deepEqual(
      releases.items.map(({ kind, version, comment }) => `${kind} ${version} ${comment}`.trim()),
      ['publish 1', 'rollback 2', 'rollback 1 back', 'publish 2 go', 'publish 1 first'],
    );
    assert.deepEqual(await confer.json('history', 'prod', 'story', '--limit', '1'), {
      items: (await api.walk(configPath('prod', 'story', 'versions'), { content: false })).slice(0, 1),
      cursor: null,
    });
  });

  test('delete takes a comment, and the second one finds nothing', async () => {
    await api.publish('prod', 'gone', '1');
    assert.equal((await confer.run('delete', 'prod', 'gone', '--comment', 'old')).stdout, 'prod/gone: deleted\n');
    await confer.fails(notFound, /gone/, ['delete', 'prod', 'gone']);
    const [{ action, comment }] = (await confer.json('audit', '--key', 'gone', '--limit', '1')).items;
    assert.deepEqual({ action, comment }, { action: 'config.delete', comment: 'old' });
  });

  test('list shows what is asked for', async () => {
    await api.createNamespaces('lists', 'lists.sub');
    await api.publish('lists', 'b', 'needle');
    await api.save('lists', 'a', '1');
    await api.publish('lists', 'c', '1');
    await api.delete(configPath('lists', 'c'));
    const keys = async (...args) => (await confer.run('list', ...args)).lines.slice(1).map((line) => line.split(/ +/).slice(0, 2).join(' '));
    assert.deepEqual(await keys('lists'), ['a -', 'b 1']);
    assert.deepEqual(await keys('lists', '--prefix', 'b'), ['b 1']);
    assert.deepEqual(await keys('lists', '--search', 'NEEDLE'), ['b 1']);
    assert.deepEqual(await keys('lists', '--deleted'), ['a -', 'b 1', 'c deleted']);
    assert.deepEqual(await keys('lists.sub', '--inherit'), ['lists b']);
    assert.deepEqual((await confer.json('list', 'lists', '--content')).items, await api.walk(namespacePath('lists', 'configs'), { content: true }));
    await confer.fails(notFound, /no such namespace/, ['list', 'nowhere']);
    await confer.fails(usage, /-o json/, ['list', 'lists', '--content']);
  });

  test('A list of more than one page is whole', async () => {
    await api.createNamespaces('pages');
    for (let first = 0; first < 1100; first += 100)
      await api.transaction(
        Array.from({ length: 100 }, (_, i) => ({ op: 'put', namespace: 'pages', key: `k${first + i}`, content: '' })),
      );
    assert.equal((await confer.run('list', 'pages')).lines.length, 1101);
    assert.equal((await confer.json('audit', '--namespace', 'pages', '--limit', '1050')).items.length, 1050);
  });

  test('namespaces are made, listed and deleted', async () => {
    assert.equal((await confer.run('namespaces', 'create', 'made', '--description', 'for this')).stdout, 'made: created\n');
    await confer.fails(refused, /made/, ['namespaces', 'create', 'made']);
    assert.match((await confer.run('namespaces', '--prefix', 'made')).lines[1], new RegExp(`^made +${time.source} {2}user:admin {2}for this$`));
    await api.publish('made', 'a', '1');
    await confer.fails(refused, /made/, ['namespaces', 'delete', 'made']);
    assert.equal((await confer.json('namespaces', 'delete', 'made', '--recursive')).configs, 1);
    await confer.fails(notFound, /made/, ['namespaces', 'delete', 'made']);
  });

  test('audit and status are those of the server', async () => {
    await api.publish('prod', 'audited', '1', { comment: 'who' });
    assert.match((await confer.run('audit', '--key', 'audited', '--action', 'config.publish')).lines[1], /user:admin +127\.0\.0\.1 +config\.publish +prod +audited +1 +ok +who$/);
    assert.deepEqual((await confer.json('audit', '--limit', '5')).items, (await api.walk('/api/v1/audit')).slice(0, 5));
    await confer.fails(refused, /since/, ['audit', '--since', 'yesterday']);
    assert.deepEqual(await confer.json('status'), await api.status());
    assert.match((await confer.run('status')).stdout, /^revision +\d+$/m);
  });

  test('What cannot be printed is no success', () => {
    const { status, stderr } = spawnSync('/bin/sh', ['-c', `exec "${program}" help >/dev/full`], { encoding: 'utf8' });
    assert.equal(status, refused);
    assert.match(stderr, /the standard output: No space left/);
  });
});

describe('Command lines and credentials', () => {
  const nobody = { kind: 'http', endpoints: 'http://127.0.0.1:9/' };
  const server = useConferd({ args: mirrorsFile({ nobody }) });
  const confer = useConfer(server);

  test('What is wrong is named, with the nearest right thing', async () => {
    await confer.fails(usage, /there is no command statsu; did you mean status\?/, ['statsu']);
    await confer.fails(usage, /there is no option --pubish; did you mean --publish\?/, ['put', 'a', 'b', '--pubish']);
    await confer.fails(usage, /an argument is missing: confer get NS KEY/, ['get', 'a']);
    await confer.fails(usage, /Prod is no namespace/, ['get', 'Prod', 'a']);
    await confer.fails(usage, /\.\.\/a is no key/, ['get', 'prod', '../a']);
    await confer.fails(usage, /a command is missing/, []);
  });

  test('Who may not is told apart from what is not there', async () => {
    await confer.fails(noAccess, /credentials/, ['status'], { env: { CONFER_TOKEN: 'wrong' } });
    await confer.fails(noAccess, /credentials/, ['list', 'nowhere'], { env: { CONFER_TOKEN: undefined } });
  });

  test('A server that is not there is told apart too', async () => {
    await confer.fails(unreachable, /http:\/\/127\.0\.0\.1:1 cannot be reached/, ['status', '--server', 'http://127.0.0.1:1']);
    await confer.fails(usage, /does not begin with http/, ['status', '--server', '127.0.0.1']);
  });

  test('help explains every command, and so does the manual', async () => {
    const program = (await confer.run('help')).stdout;
    for (const command of ['put', 'import', 'namespaces create', 'profile set']) assert.ok(program.includes(`  ${command} `), command);
    assert.match((await confer.run('help', 'put')).stdout, /^Usage: confer put NS KEY \[FILE\]/);
    assert.equal((await confer.run('put', '--help')).stdout, (await confer.run('help', 'put')).stdout);
    await confer.fails(usage, /did you mean put\?/, ['help', 'putt']);
    assert.match((await confer.run('--version')).stdout, /^confer \d+\.\d+\.\d+\n$/);

    const manual = (await confer.run('manual')).stdout;
    const { status, stderr } = spawnSync('groff', ['-man', '-Tascii', '-ww', '-z'], { input: manual, encoding: 'utf8' });
    assert.deepEqual({ status, stderr }, { status: 0, stderr: '' });
  });

  test('docs/cli.md has every command, option and exit code', async () => {
    const documented = fs.readFileSync(path.join(__dirname, '..', '..', 'docs', 'cli.md'), 'utf8');
    const { stdout } = await confer.run('help');
    const names = [...stdout.slice(0, stdout.indexOf('\nOptions')).matchAll(/^ {2}([a-z]+)/gm)].map(([, name]) => name);
    assert.ok(names.length > 15);
    for (const name of names) assert.ok(documented.includes(`\`${name}`), `${name} is in docs/cli.md`);
    for (const code of Object.values(codes)) assert.match(documented, new RegExp(`^\\| ${code} \\|`, 'm'));
  });

  test('Profiles hold servers and tokens, and show no token', async () => {
    const own = new Confer(server);
    const env = { CONFER_SERVER: undefined, CONFER_TOKEN: undefined };
    const run = (args, options = {}) => own.start(args, { env, ...options }).end();
    const file = path.join(own.home, '.config', 'confer', 'profiles.json');

    await run(['profile', 'set', 'here', '--server', server.origin, '--token-stdin'], { input: `${server.token}\n` });
    await run(['profile', 'set', 'away', '--server', 'https://confer.example/']);
    assert.equal(fs.statSync(file).mode & 0o777, 0o600);
    assert.equal(JSON.parse((await run(['status', '-o', 'json'])).stdout).version.length > 0, true);

    const list = (await run(['profile', 'list'])).stdout;
    assert.match(list, /^\* {2}here +http:\S+ +yes$/m);
    assert.match(list, /^ {3}away +https:\/\/confer\.example:8750 +no$/m);
    assert.ok(!list.includes(server.token));
    assert.ok(!(await run(['profile', 'list', '-o', 'json'])).stdout.includes(server.token));

    // The token is not for another server, even if the other one is named together with the profile.
    const other = server.origin.replace('127.0.0.1', 'localhost');
    await own.fails(noAccess, /credentials/, ['status', '--profile', 'here', '--server', other], { env });

    fs.chmodSync(file, 0o644);
    assert.match((await run(['status'])).stderr, /others can read the token in .*profiles\.json/);
    await run(['profile', 'use', 'away']);
    await own.fails(notFound, /did you mean here\?/, ['profile', 'use', 'hree'], { env });
    assert.equal(fs.statSync(file).mode & 0o777, 0o600, 'whoever writes it mends it');
    await run(['profile', 'delete', 'here']);
    await own.fails(usage, /there is no profile here/, ['status', '--profile', 'here'], { env });
    await own.fails(usage, /--token-stdin/, ['profile', 'set', 'x', '--server', 'http://a', '--token', 'secret'], { env });
  });

  test('The completion knows commands, options, values, namespaces, keys and mirrors', async () => {
    await server.api.createNamespaces('completed');
    await server.api.publish('completed', 'some-key', '1');
    const script = path.join(directoryOf({ 'c.bash': (await confer.run('completion', 'bash')).stdout }), 'c.bash');
    const complete = (...words) =>
      execFileSync('bash', ['-c', '. "$1"; shift; COMP_WORDS=(confer "$@"); COMP_CWORD=$#; compopt() { :; }; _confer; printf "%s\\n" "${COMPREPLY[@]}"', '-', script, ...words], {
        encoding: 'utf8',
        env: {
          ...process.env,
          PATH: `${path.dirname(program)}:${process.env.PATH}`,
          HOME: confer.home,
          CONFER_SERVER: server.origin,
          CONFER_TOKEN: server.token,
        },
      }).trim().split('\n');
    assert.deepEqual(complete('pu'), ['put', 'publish']);
    assert.deepEqual(complete('profile', ''), ['set', 'list', 'use', 'delete']);
    assert.deepEqual(complete('gray', 'p'), ['preview', 'promote']);
    assert.deepEqual(complete('mirror', 'r'), ['resync', 'retry']);
    assert.deepEqual(complete('mirror', 'show', ''), ['nobody']);
    assert.deepEqual(complete('mirror', 'retry', 'nobody', 'comp'), ['completed']);
    assert.deepEqual(complete('mirror', 'retry', 'nobody', 'completed', ''), ['some-key']);
    assert.deepEqual(complete('gray', 'ramp', 'a', 'b', '--abort-'), ['--abort-refused', '--abort-percent']);
    assert.deepEqual(complete('put', 'a', 'b', '--pub'), ['--publish']);
    assert.deepEqual(complete('put', 'a', 'b', '--format', 't'), ['toml', 'text']);
    assert.deepEqual(complete('get', 'comp'), ['completed']);
    assert.deepEqual(complete('-o', 'json', 'get', 'completed', ''), ['some-key']);
    await confer.fails(usage, /for bash and for zsh, not for fish/, ['completion', 'fish']);
    assert.match((await confer.run('completion', 'zsh')).stdout, /^#compdef confer\n/);
  });
});

describe('import and export', () => {
  const server = useConferd();
  const { api } = server;
  const confer = useConfer(server);

  test('A real directory comes back byte for byte', async () => {
    await api.createNamespaces('real');
    const from = path.join(__dirname, '..', '..', 'tests', 'fuzz', 'corpus', 'content');
    const names = fs.readdirSync(from);
    assert.ok(names.length > 20);
    const run = await confer.run('import', from, 'real', '--skip', '--publish', '--comment', 'as it is');
    const leftOut = [...run.stderr.matchAll(/content\/(\S+) cannot be a config/g)].map(([, name]) => name);
    const expected = filesOf(from).filter(([name]) => !leftOut.includes(name));
    assert.ok(expected.length > 20);

    const to = path.join(temporaryDirectory(), 'out');
    await confer.run('export', 'real', to);
    assert.deepEqual(filesOf(to), expected);
    assert.equal((await api.read('real', names.find((name) => !leftOut.includes(name)))).comment, 'as it is');
  });

  test('The sources of this repository go there and back', async () => {
    await api.createNamespaces('sources');
    const from = temporaryDirectory();
    for (const part of ['schema', 'server'])
      fs.cpSync(path.join(__dirname, '..', '..', part), path.join(from, part), { recursive: true });
    const files = filesOf(from);
    assert.ok(files.length > 128, 'it takes more than one transaction');
    const run = await confer.run('import', from, 'sources', '--publish');
    assert.match(run.stderr, new RegExp(`^confer: ${files.length} imported and in force, 0 unchanged, 0 left out\n$`));
    const revision = await api.revision();
    assert.match((await confer.run('import', from, 'sources', '--publish')).stderr, new RegExp(`0 imported and in force, ${files.length} unchanged`));
    assert.equal(await api.revision(), revision);

    const to = temporaryDirectory();
    await confer.run('export', 'sources', to);
    assert.deepEqual(filesOf(to), files);
    assert.match((await confer.run('export', 'sources', to)).stderr, new RegExp(`0 written, ${files.length} unchanged`));
  });

  test('Files that cannot be configs are named, and nothing is imported', async () => {
    await api.createNamespaces('refusing');
    const from = directoryOf({ good: '1', 'sub/good': '2', '.hidden': '', '.git/config': '', 'a b': '', 'a:b': '', 'sub/nul': '\0', latin: Buffer.from([0xff]) });
    fs.symlinkSync('/etc', path.join(from, 'link'));
    fs.symlinkSync('good', path.join(from, 'alias'));
    execFileSync('mkfifo', [path.join(from, 'fifo')]);

    const run = await confer.start(['import', from, 'refusing']).end(refused);
    const named = [...run.stderr.matchAll(/^confer: (.*) cannot be a config: (.*)$/gm)].map(([, file, fault]) => `${path.relative(from, file)}: ${fault}`);
    assert.deepEqual(named, [
      '.git: a key does not begin with a dot',
      '.hidden: a key does not begin with a dot',
      'a b: a key has 1 to 255 of A-Z, a-z, 0-9 and ._@:+-',
      'a:b: a colon in a key stands for a directory',
      'fifo: it is no regular file',
      'latin: line 1, column 1: this is no UTF-8',
      'link: it is a link to a directory',
      'sub/nul: line 1, column 1: there is a NUL',
    ]);
    assert.match(run.stderr, /nothing is imported; --skip/);
    assert.deepEqual((await confer.json('list', 'refusing')).items, []);

    await confer.run('import', from, 'refusing', '--skip');
    assert.deepEqual((await confer.json('list', 'refusing')).items.map(({ key }) => key), ['alias', 'good', 'sub:good']);
  });

  test('A content that the server refuses is named by its file', async () => {
    await api.createNamespaces('strict');
    const from = directoryOf({ 'a.json': '{}', 'sub/b.json': '{,}' });
    await confer.fails(refused, /sub\/b\.json: .*line 1, column 2/, ['import', from, 'strict']);
    assert.deepEqual((await confer.json('list', 'strict')).items, []);
  });

  test('--dry-run says what would be done, and does nothing', async () => {
    await api.createNamespaces('dry');
    await api.publish('dry', 'same', '1');
    await api.publish('dry', 'changed', '1');
    await api.save('dry', 'saved', '1');
    const from = directoryOf({ same: '1', changed: '2', saved: '1', fresh: '1' });
    const revision = await api.revision();
    assert.deepEqual((await confer.run('import', from, 'dry', '--dry-run')).lines, ['update  changed', 'create  fresh']);
    assert.deepEqual((await confer.run('import', from, 'dry', '--dry-run', '--publish')).lines, ['update  changed', 'create  fresh', 'publish saved']);
    assert.deepEqual(await confer.json('import', from, 'dry', '--dry-run'), [
      { key: 'changed', action: 'update' },
      { key: 'fresh', action: 'create' },
    ]);
    assert.equal(await api.revision(), revision);
    await confer.run('import', from, 'dry', '--publish');
    assert.equal((await api.read('dry', 'saved')).version, 1);
    assert.equal((await api.read('dry', 'changed')).content, '2');
  });

  test('A config keeps its format, and the newest version is what counts unless it is published', async () => {
    await api.createNamespaces('formats');
    await api.publish('formats', 'app.conf', 'a: 1\n', { format: 'yaml' });
    await api.save('formats', 'app.conf', 'a: 2\n', { format: 'yaml' });
    const from = directoryOf({ 'app.conf': 'a: 2\n' });
    assert.match((await confer.run('import', from, 'formats')).stderr, /0 imported, 1 unchanged/);
    fs.writeFileSync(path.join(from, 'app.conf'), 'a: 3\n');
    await confer.run('import', from, 'formats', '--publish');
    const { version, format } = await api.read('formats', 'app.conf');
    assert.deepEqual({ version, format }, { version: 3, format: 'yaml' });
  });

  test('A deleted config is made again, and an unknown namespace is none', async () => {
    await api.createNamespaces('again');
    await api.publish('again', 'a', '1');
    await api.delete(configPath('again', 'a'));
    const from = directoryOf({ a: '2' });
    await confer.run('import', from, 'again', '--publish');
    assert.equal((await api.read('again', 'a')).version, 2);
    await confer.fails(notFound, /no such namespace/, ['import', from, 'nowhere']);
    await confer.fails(refused, /no-such: No such file/, ['import', 'no-such', 'again']);
  });

  test('export inherits when asked, leaves out what is not in force, and refuses what is no path', async () => {
    await api.createNamespaces('up', 'up.down');
    await api.publish('up', 'both', 'up');
    await api.publish('up', 'only', 'up');
    await api.publish('up.down', 'both', 'down');
    await api.save('up.down', 'saved', 'x');
    const to = temporaryDirectory();
    await confer.run('export', 'up.down', to);
    assert.deepEqual(filesOf(to), [['both', 'down']]);
    await confer.run('export', 'up.down', to, '--inherit');
    assert.deepEqual(filesOf(to), [['both', 'down'], ['only', 'up']]);

    await api.publish('up.down', 'a:..:..:evil', 'x');
    const elsewhere = temporaryDirectory();
    const run = await confer.start(['export', 'up.down', elsewhere]).end(refused);
    assert.match(run.stderr, /a:\.\.:\.\.:evil cannot be a file.*\n.*nothing is exported/);
    assert.deepEqual(filesOf(elsewhere), []);
    await confer.run('export', 'up.down', elsewhere, '--skip');
    assert.deepEqual(filesOf(elsewhere), [['both', 'down']]);
  });

  test('export keeps the permissions of a file, and follows no link', async () => {
    await api.createNamespaces('modes');
    await api.publish('modes', 'a', 'new');
    await api.publish('modes', 'b', 'new');
    const to = directoryOf({ a: 'old', target: 'kept' });
    fs.chmodSync(path.join(to, 'a'), 0o660);
    fs.symlinkSync('target', path.join(to, 'b'));
    await confer.run('export', 'modes', to);
    assert.equal(fs.statSync(path.join(to, 'a')).mode & 0o777, 0o660);
    assert.equal(fs.readFileSync(path.join(to, 'a'), 'utf8'), 'new');
    assert.equal(fs.readFileSync(path.join(to, 'target'), 'utf8'), 'kept');
    assert.deepEqual(fs.readdirSync(to).sort(), ['a', 'b', 'target']);
  });
});

describe('watch', () => {
  const server = useConferd();
  const { api } = server;
  const confer = useConfer(server);

  before(() => api.createNamespaces('prod', 'prod.acme'));

  /** A script that writes a line to a log, and then does what it is told. */
  function logging(rest = '') {
    const log = path.join(temporaryDirectory(), 'log');
    const script = `echo "$CONFER_CHANGE_NAMESPACE $CONFER_CHANGE_KEY $CONFER_CHANGE_KIND $CONFER_CHANGE_VERSION" >> ${log}; ${rest}`;
    const lines = () => (fs.existsSync(log) ? fs.readFileSync(log, 'utf8').split('\n').slice(0, -1) : []);
    return { script, lines };
  }

  test('It prints what is in force and then every change, inherited ones too', async () => {
    await api.publish('prod', 'text-a', '1', { comment: 'why' });
    const run = confer.start(['watch', 'prod.acme', 'text-a', '--content']);
    await until(() => run.lines.length >= 2, 'the first value');
    assert.match(run.lines[0], new RegExp(`^${time.source}  text-a  initial  version 1  prod  user:admin  why$`));
    assert.equal(run.lines[1], '1');
    await api.publish('prod.acme', 'text-a', 'two\n');
    await until(() => run.lines.length >= 4, 'the change');
    assert.match(run.lines[2], /text-a {2}updated {2}version 1 {2}prod\.acme {2}user:admin$/);
    assert.equal(run.lines[3], 'two');
    await api.publish('prod', 'other', '1');
    await api.delete(configPath('prod.acme', 'text-a'));
    await until(() => run.lines.length >= 6, 'what is inherited again');
    await api.delete(configPath('prod', 'text-a'));
    await until(() => run.lines.length >= 7, 'the removal');
    assert.match(run.lines[6], /text-a {2}removed$/);
    assert.ok(!run.stdout.includes('other'));
    run.kill('SIGINT');
    assert.equal((await run.end()).stderr, '');
  });

  test('-o json has one change a line, with the data of the server', async () => {
    await api.publish('prod', 'json-a', 'ü\n');
    const run = confer.start(['watch', 'prod', 'json-a', 'json-b', '-o', 'json']);
    await until(() => run.lines.length >= 1, 'the first value');
    const namespace = 'prod';
    assert.deepEqual(JSON.parse(run.lines[0]), { kind: 'initial', namespace, key: 'json-a', config: await api.read('prod', 'json-a') });
    await api.publish('prod', 'json-b', '1');
    await until(() => run.lines.length >= 2, 'a new config');
    assert.deepEqual(JSON.parse(run.lines[1]), { kind: 'updated', namespace, key: 'json-b', config: await api.read('prod', 'json-b') });
    await api.delete(configPath('prod', 'json-b'));
    await until(() => run.lines.length >= 3, 'the removal');
    assert.deepEqual(JSON.parse(run.lines[2]), { kind: 'removed', namespace, key: 'json-b', config: null });
    run.kill('SIGTERM');
    await run.end();
  });

  test('It goes on when the server is started again', async () => {
    const own = new Conferd({ data: path.join(temporaryDirectory(), 'data') });
    try {
      await own.start();
      await own.api.createNamespaces('n');
      await own.api.publish('n', 'a', '1');
      const run = new Confer(own).start(['watch', 'n']);
      await until(() => run.lines.length >= 1, 'the first value');
      await own.stop();
      await until(() => /trying again/.test(run.stderr), 'the loss');
      own.args = ['--listen', new URL(own.origin).host];
      own.spawn({ listen: false });
      await own.ready();
      await own.api.publish('n', 'a', '2');
      await until(() => run.lines.length >= 2, 'the change');
      assert.match(run.lines[1], /a {2}updated {2}version 2/);
      assert.equal(run.lines.length, 2, 'a reconnect alone is no change');
      run.kill('SIGINT');
      await run.end();
    } finally {
      await own.finish();
    }
  });

  test('--exec runs a command again at every change, and ends the one before', async () => {
    await api.publish('prod', 'exec-a', '1');
    const { script, lines } = logging("trap 'echo ended; exit 5' TERM; sleep 1000 & wait");
    const run = confer.start(['watch', 'prod', 'exec-a', '--exec', 'sh', '-c', script]);
    await until(() => lines().length === 1, 'the first run');
    await api.publish('prod', 'exec-a', '2');
    await until(() => lines().length === 2, 'the second run');
    await api.delete(configPath('prod', 'exec-a'));
    await until(() => lines().length === 3, 'the third run');
    assert.deepEqual(lines(), ['prod exec-a initial 1', 'prod exec-a updated 2', 'prod exec-a removed ']);
    run.kill('SIGINT');
    assert.equal((await run.end(5)).stdout, 'ended\nended\nended\n', 'each run was told to end');
  });

  test('--exec with one word is for the shell, and its status is told', async () => {
    await api.publish('prod', 'exec-b', '1');
    const { script, lines } = logging('exit 7');
    const run = confer.start(['watch', 'prod', 'exec-b', '--exec', script]);
    await until(() => lines().length === 1 && /ended with status 7/.test(run.stderr), 'the run');
    run.kill('SIGTERM');
    await run.end(7);
  });

  test('What a command leaves running is ended with it', async () => {
    await api.publish('prod', 'exec-c', '1');
    const file = path.join(temporaryDirectory(), 'pid');
    const run = confer.start(['watch', 'prod', 'exec-c', '--exec', `(trap '' TERM; exec sleep 1000) & echo $! > ${file}; trap 'exit 3' TERM; wait`]);
    const pid = Number(await until(() => fs.existsSync(file) && fs.readFileSync(file, 'utf8').trim(), 'the child'));
    run.kill('SIGTERM');
    await run.end(3);
    await until(() => !isAlive(pid), 'the end of the child');
  });

  test('A command that cannot be started is told', async () => {
    await api.publish('prod', 'exec-d', '1');
    const run = confer.start(['watch', 'prod', 'exec-d', '--exec', '/no/such/program', 'x']);
    await until(() => /\/no\/such\/program: No such file/.test(run.stderr), 'the message');
    run.kill('SIGTERM');
    await run.end(127);
  });

  test('--signal is sent to the process in the file, at changes only', async () => {
    await api.publish('prod', 'signal-a', '1');
    const directory = temporaryDirectory();
    const log = path.join(directory, 'log');
    const script = `trap 'echo hup >> ${log}' HUP; echo $$ > ${directory}/pid; while :; do sleep 0.05; done`;
    const target = spawn('sh', ['-c', script], { stdio: 'ignore' });
    try {
      await until(() => fs.existsSync(path.join(directory, 'pid')), 'the process');
      const run = confer.start(['watch', 'prod', 'signal-a', '--signal', 'HUP', '--pid-file', path.join(directory, 'pid')]);
      await until(async () => {
        await api.publish('prod', 'signal-a', String(Math.random()));
        return fs.existsSync(log);
      }, 'the signal');
      assert.match(run.stderr, /is sent SIGHUP/);
      fs.writeFileSync(path.join(directory, 'pid'), '1\n');
      await api.publish('prod', 'signal-a', 'last');
      await until(() => /has no number of a process; nothing is signalled/.test(run.stderr), 'the refusal');
      run.kill('SIGINT');
      await run.end();
    } finally {
      target.kill('SIGKILL');
    }
    await confer.fails(usage, /belong together/, ['watch', 'prod', '--signal', 'HUP']);
    await confer.fails(usage, /no signal HUPP/, ['watch', 'prod', '--signal', 'HUPP', '--pid-file', 'x']);
  });

  test('Who may not watch is told so at once', async () => {
    await confer.fails(noAccess, /token/, ['watch', 'prod'], { env: { CONFER_TOKEN: 'wrong' } });
  });
});

describe('render', () => {
  const server = useConferd();
  const { api } = server;
  const confer = useConfer(server);

  before(() => api.createNamespaces('up'));

  /** The files that are no business of render's own. */
  const rendered = (directory) => filesOf(directory).filter(([name]) => !name.startsWith('.confer'));

  /** What GET /instances says of the config, by the instances that have it. */
  async function told(key) {
    const headers = { authorization: `Bearer ${server.token}` };
    const { items } = (await api.send({ method: 'GET', target: '/api/v1/instances', bytes: null, headers })).data;
    return JSON.stringify(items.filter((item) => JSON.stringify(item).includes(`"${key}"`)));
  }

  test('--once brings the files up to date, and runs the reload command if any changed', async () => {
    await api.createNamespaces('up.once');
    await api.publish('up', 'inherited', 'from above');
    await api.publish('up.once', 'a.json', '{"a": 1}\r\n');
    await api.publish('up.once', 'sub:b.yaml', 'b: 1\n');
    const to = path.join(temporaryDirectory(), 'made');
    const reloads = path.join(temporaryDirectory(), 'reloads');
    const args = ['render', to, '--namespace', 'up.once', '--once', '--reload', `echo reload >> ${reloads}`, '--splay', '50'];
    await confer.run(...args);
    const expected = [['a.json', '{"a": 1}\r\n'], ['inherited', 'from above'], [path.join('sub', 'b.yaml'), 'b: 1\n']];
    assert.deepEqual(rendered(to), expected);
    assert.equal(fs.readFileSync(reloads, 'utf8'), 'reload\n');

    const stamp = fs.statSync(path.join(to, 'a.json')).mtimeMs;
    await confer.run(...args);
    assert.equal(fs.readFileSync(reloads, 'utf8'), 'reload\n', 'nothing changed, nothing is reloaded');
    assert.equal(fs.statSync(path.join(to, 'a.json')).mtimeMs, stamp);
  });

  test('It keeps the files current, and the reload command runs after', async () => {
    await api.createNamespaces('live');
    await api.publish('live', 'a', '1');
    const to = temporaryDirectory();
    const reloads = path.join(temporaryDirectory(), 'reloads');
    fs.writeFileSync(path.join(to, 'mine'), 'not a config');
    const run = confer.start(['render', to, '--namespace', 'live', '--reload', `cat ${to}/a >> ${reloads}; echo >> ${reloads}`]);
    const reloaded = () => (fs.existsSync(reloads) ? fs.readFileSync(reloads, 'utf8').split('\n').slice(0, -1) : []);
    await until(() => reloaded().length === 1, 'the first file');
    fs.chmodSync(path.join(to, 'a'), 0o600);
    await api.publish('live', 'a', '2');
    await until(() => reloaded().length === 2, 'the second version');
    assert.deepEqual(reloaded(), ['1', '2']);
    assert.equal(fs.statSync(path.join(to, 'a')).mode & 0o777, 0o600);
    await api.publish('live', 'b', 'b');
    await until(() => fs.existsSync(path.join(to, 'b')), 'a new config');
    await api.delete(configPath('live', 'b'));
    await until(() => !fs.existsSync(path.join(to, 'b')), 'its removal');
    assert.deepEqual(rendered(to), [['a', '2'], ['mine', 'not a config']]);
    run.kill('SIGTERM');
    await run.end();
  });

  test('The check command can veto: the last good file stays, and the server is told', async () => {
    await api.createNamespaces('checked');
    await api.publish('checked', 'a.conf', 'good 1\n');
    const to = temporaryDirectory();
    const reloads = path.join(temporaryDirectory(), 'reloads');
    const run = confer.start(['render', to, '--namespace', 'checked', '--check', 'test "$CONFER_CHANGE_KEY" = a.conf && grep -q good', '--reload', `echo >> ${reloads}`]);
    const file = path.join(to, 'a.conf');
    await until(() => fs.existsSync(reloads), 'the first file');
    await api.publish('checked', 'a.conf', 'bad\n');
    await until(() => /a\.conf: the check command ended with status 1; the file stays as it is/.test(run.stderr), 'the veto');
    assert.equal(fs.readFileSync(file, 'utf8'), 'good 1\n');
    assert.equal(fs.readFileSync(reloads, 'utf8'), '\n', 'nothing changed, nothing is reloaded');
    assert.deepEqual(fs.readdirSync(path.join(to, '.confer', 'new')), []);
    await until(async () => /the check command ended with status 1/.test(await told('a.conf')), 'the refusal at the server');
    await api.publish('checked', 'a.conf', 'good 2\n');
    await until(() => fs.readFileSync(file, 'utf8') === 'good 2\n', 'the next good one');
    run.kill('SIGINT');
    await run.end();
  });

  test('A file that render has not written is not removed with its config', async () => {
    await api.createNamespaces('foreign');
    await api.publish('foreign', 'a', '1');
    await api.publish('foreign', 'b', '1');
    const to = directoryOf({ a: 'mine' });
    const run = confer.start(['render', to, '--namespace', 'foreign', '--check', 'test "$CONFER_CHANGE_KEY" = b || false']);
    await until(() => fs.existsSync(path.join(to, 'b')), 'the other file');
    await api.delete(configPath('foreign', 'a'));
    await api.delete(configPath('foreign', 'b'));
    await until(() => !fs.existsSync(path.join(to, 'b')), 'the removal');
    assert.deepEqual(rendered(to), [['a', 'mine']]);
    run.kill('SIGINT');
    await run.end();
  });

  test('--once fails when a file was refused', async () => {
    await api.createNamespaces('vetoed');
    await api.publish('vetoed', 'a', '1');
    const to = temporaryDirectory();
    const run = await confer.start(['render', to, '--namespace', 'vetoed', '--once', '--check', 'false']).end(refused);
    assert.match(run.stderr, /a: the check command ended with status 1/);
    assert.deepEqual(rendered(to), []);
    await confer.start(['render', to, '--namespace', 'vetoed', '--once', '--reload', 'exit 3']).end(refused);
  });

  test('A key that is no path, and a file in the way, are refused', async () => {
    await api.createNamespaces('paths');
    await api.publish('paths', 'a:..:..:evil', 'x');
    await api.publish('paths', 'dir', 'x');
    await api.publish('paths', 'fine', 'x');
    const to = directoryOf({ 'top/dir/inside': 'kept' });
    const run = await confer.start(['render', path.join(to, 'top'), '--namespace', 'paths', '--once']).end(refused);
    assert.match(run.stderr, /a:\.\.:\.\.:evil: its key is no path of a file/);
    assert.match(run.stderr, /dir: .*directory/);
    assert.deepEqual(rendered(to).filter(([name]) => !name.includes('.confer')), [['top/dir/inside', 'kept'], ['top/fine', 'x']]);
  });

  test('What was deleted meanwhile is removed at the next start, unless everything is gone', async () => {
    await api.createNamespaces('away');
    await api.publish('away', 'a', '1');
    await api.publish('away', 'b', '1');
    const to = directoryOf({ mine: '1' });
    const args = ['render', to, '--namespace', 'away', '--once'];
    await confer.run(...args);
    await api.delete(configPath('away', 'b'));
    await confer.run(...args);
    assert.deepEqual(rendered(to), [['a', '1'], ['mine', '1']]);
    await api.delete(configPath('away', 'a'));
    assert.match((await confer.run(...args)).stderr, /away has no configs at all, where it had 1: their files stay/);
    assert.deepEqual(rendered(to), [['a', '1'], ['mine', '1']]);
  });

  test('A directory has one render, of one namespace', async () => {
    await api.createNamespaces('one', 'two');
    await api.publish('one', 'a', '1');
    const to = temporaryDirectory();
    const run = confer.start(['render', to, '--namespace', 'one']);
    await until(() => fs.existsSync(path.join(to, 'a')), 'the file');
    await confer.fails(refused, /another confer render keeps/, ['render', to, '--namespace', 'one', '--once']);
    run.kill('SIGTERM');
    await run.end();
    await confer.fails(refused, /has the files of the namespace one, not of two/, ['render', to, '--namespace', 'two', '--once']);
    await confer.fails(usage, /--namespace is missing/, ['render', to]);
  });

  test('Without a server --once says so, and the files stay', async () => {
    const to = directoryOf({ a: '1' });
    await confer.fails(unreachable, /./, ['render', to, '--namespace', 'one', '--once', '--server', 'http://127.0.0.1:1']);
    assert.deepEqual(rendered(to), [['a', '1']]);
  });
});
