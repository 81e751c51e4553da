// confer, the command line: each command, what it prints for people and for programs, how it fails.
'use strict';

const assert = require('node:assert/strict');
const { execFileSync, spawnSync } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');
const { before, describe, test } = require('node:test');
const { configPath, namespacePath } = require('../lib/client.js');
const { temporaryDirectory, useConferd } = require('../lib/conferd.js');
const { Confer, codes } = require('../lib/confer.js');

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
  const confer = new Confer(server);

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
    const { status, stderr } = spawnSync('/bin/sh', ['-c', `exec "${require('../lib/confer.js').program}" help >/dev/full`], { encoding: 'utf8' });
    assert.equal(status, refused);
    assert.match(stderr, /the standard output: No space left/);
  });
});

describe('Command lines and credentials', () => {
  const server = useConferd();
  const confer = new Confer(server);

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

  test('The completion knows commands, options, values, namespaces and keys', async () => {
    await server.api.createNamespaces('completed');
    await server.api.publish('completed', 'some-key', '1');
    const script = path.join(directoryOf({ 'c.bash': (await confer.run('completion', 'bash')).stdout }), 'c.bash');
    const complete = (...words) =>
      execFileSync('bash', ['-c', '. "$1"; shift; COMP_WORDS=(confer "$@"); COMP_CWORD=$#; compopt() { :; }; _confer; printf "%s\\n" "${COMPREPLY[@]}"', '-', script, ...words], {
        encoding: 'utf8',
        env: {
          ...process.env,
          PATH: `${path.dirname(require('../lib/confer.js').program)}:${process.env.PATH}`,
          HOME: confer.home,
          CONFER_SERVER: server.origin,
          CONFER_TOKEN: server.token,
        },
      }).trim().split('\n');
    assert.deepEqual(complete('pu'), ['put', 'publish']);
    assert.deepEqual(complete('profile', ''), ['set', 'list', 'use', 'delete']);
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
  const confer = new Confer(server);

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
    fs.chmodSync(path.join(to, 'a'), 0o640);
    fs.symlinkSync('target', path.join(to, 'b'));
    await confer.run('export', 'modes', to);
    assert.equal(fs.statSync(path.join(to, 'a')).mode & 0o777, 0o640);
    assert.equal(fs.readFileSync(path.join(to, 'a'), 'utf8'), 'new');
    assert.equal(fs.readFileSync(path.join(to, 'target'), 'utf8'), 'kept');
    assert.deepEqual(fs.readdirSync(to).sort(), ['a', 'b', 'target']);
  });
});
