// libconfer as its users get it: installed, found by pkg-config, compiled against as the documents say, and run.
'use strict';

const assert = require('node:assert/strict');
const { execFileSync, spawn, spawnSync } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');
const { after, before, describe, test } = require('node:test');
const { Conferd, environment, temporaryDirectory } = require('../lib/conferd.js');
const { build } = require('../lib/probe.js');
const { until } = require('../lib/waiting.js');

const root = path.join(__dirname, '..', '..');
const read = (file) => fs.readFileSync(path.join(root, file), 'utf8');

/** The flags without which nothing links to a library that was built with sanitizers. */
function sanitizerFlags() {
  const options = JSON.parse(execFileSync('meson', ['introspect', '--buildoptions', build], { encoding: 'utf8' }));
  const { value } = options.find(({ name }) => name === 'b_sanitize');
  return value === 'none' || value.length === 0 ? [] : [`-fsanitize=${value}`];
}

/** An installation in a directory of its own, and what compiles with it. */
class Installation {
  constructor() {
    this.directory = temporaryDirectory();
    this.run('meson', ['install', '-C', build, '--no-rebuild', '--quiet', '--destdir', this.directory]);
    this.sanitizers = sanitizerFlags();
    this.pcFile = this.find('confer.pc');
    this.env = {
      ...process.env,
      PKG_CONFIG_PATH: path.dirname(this.pcFile),
      PKG_CONFIG_SYSROOT_DIR: this.directory,
      PKG_CONFIG_ALLOW_SYSTEM_LIBS: '1',
    };
    this.libraryDirectory = path.dirname(this.find('libconfer.so'));
  }

  run(command, args, options = {}) {
    const { status, stdout, stderr, error } = spawnSync(command, args, { encoding: 'utf8', ...options });
    if (error) throw error;
    assert.equal(status, 0, `${command} ${args.join(' ')}\n${stdout}${stderr}`);
    return stdout;
  }

  /** The one installed file of this name. */
  find(name) {
    const found = fs
      .readdirSync(this.directory, { recursive: true })
      .filter((file) => path.basename(file) === name && !file.includes('-private'));
    assert.equal(found.length, 1, `${name} is installed once: ${found}`);
    return path.join(this.directory, found[0]);
  }

  pkgConfig(...args) {
    return this.run('pkg-config', [...args, 'confer'], { env: this.env }).trim().split(/\s+/).filter(Boolean);
  }

  /** Compiles @source with what pkg-config says and nothing else; returns the program. */
  compile(name, source, { compiler = 'gcc', flags = [], asStatic = false } = {}) {
    const file = path.join(this.directory, `${name}.${compiler === 'g++' ? 'cc' : 'c'}`);
    const program = path.join(this.directory, name);
    fs.writeFileSync(file, source);
    const libraries = asStatic
      ? ['-Wl,-Bstatic', '-lconfer', '-Wl,-Bdynamic', ...this.pkgConfig('--static', '--libs').filter((flag) => flag !== '-lconfer')]
      : this.pkgConfig('--libs');
    this.run(compiler, [
      '-Wall', '-Wextra', '-Werror', ...flags, ...this.sanitizers, ...this.pkgConfig('--cflags'), file, '-o', program,
      ...libraries,
    ]);
    return program;
  }

  start(program, args, env, options = {}) {
    const child = spawn(program, args, {
      cwd: this.directory,
      stdio: ['ignore', 'pipe', 'pipe'],
      ...options,
      env: { ...environment({}), LD_LIBRARY_PATH: this.libraryDirectory, ...env },
    });
    child.text = '';
    for (const stream of ['stdout', 'stderr'])
      child[stream].setEncoding('utf8').on('data', (text) => {
        child.text += text;
      });
    child.ended = new Promise((resolve) => child.on('close', (code, signal) => resolve({ code, signal })));
    return child;
  }
}

/** The blocks of C in a document that are whole programs. */
const programsIn = (file) =>
  [...read(file).matchAll(/```c\n([\s\S]*?)```/g)].map(([, text]) => text).filter((text) => /\bint main\(/.test(text));

describe('The installed SDK', () => {
  const server = new Conferd({ keepPort: true });
  let installation;
  before(async () => {
    installation = new Installation();
    await server.start();
    await server.api.createNamespaces('prod', 'prod.acme.orders');
    await server.api.publish('prod.acme.orders', 'limits.json', '{"rate": 100}');
  });
  after(() => server.finish());

  test('It exports what the header declares, and nothing else', () => {
    const header = read('client-sdk/include/confer/confer.h').replace(/\/\*[\s\S]*?\*\//g, '');
    const declared = new Set([...header.matchAll(/\b(confer_\w+)\(/g)].map(([, name]) => name));
    for (const [, name] of header.matchAll(/\(\*(confer_\w+)\)/g)) declared.delete(name);
    const library = path.join(installation.libraryDirectory, 'libconfer.so');
    const exported = installation
      .run('nm', ['--dynamic', '--defined-only', library])
      .split('\n')
      .map((line) => line.split(' ')[2]?.replace(/@.*/, ''))
      .filter((name) => name && !/^(CONFER_|__(asan|ubsan|odr|sanitizer))/.test(name));
    assert.deepEqual([...new Set(exported)].sort(), [...declared].sort());
  });

  test('The library says its name and version', () => {
    const library = path.join(installation.libraryDirectory, 'libconfer.so');
    assert.match(installation.run('objdump', ['-p', library]), /SONAME +libconfer\.so\.0$/m);
    const [version] = installation.pkgConfig('--modversion');
    assert.match(read('meson.build'), new RegExp(`version: '${version.replace(/\./g, '\\.')}'`));
    assert.match(read('client-sdk/include/confer/confer.h'), new RegExp(`CONFER_VERSION "${version}"`));
  });

  for (const [what, options] of [
    ['C99, pedantically', { flags: ['-std=c99', '-pedantic'] }],
    ['C11', { flags: ['-std=c11'] }],
    ['C++', { compiler: 'g++' }],
  ])
    test(`The header stands alone in ${what}`, (t) => {
      const { compiler = 'gcc' } = options;
      if (spawnSync(compiler, ['--version']).error) return t.skip(`${compiler} is not installed`);
      const name = `alone-${what.slice(0, 3).replace('+', 'x')}`;
      return installation.compile(name, '#include <confer/confer.h>\nint main(void) { return confer_version()[0] != \'0\'; }\n', options);
    });

  test('It links statically', async () => {
    const program = installation.compile('static', '#include <confer/confer.h>\n#include <stdio.h>\nint main(void) { puts(confer_version()); return 0; }\n', { asStatic: true });
    assert.doesNotMatch(installation.run('ldd', [program]), /libconfer/);
    const child = installation.start(program, []);
    assert.equal((await child.ended).code, 0, child.text);
  });

  const env = () => ({ CONFER_SERVER: server.origin, CONFER_TOKEN: server.token });

  /** What every example does: it prints the config, and once more when it is published again. */
  async function assertFollows(program, content) {
    await server.api.publish('prod.acme.orders', 'limits.json', '{"rate": 100}');
    const child = installation.start(program, [], env());
    try {
      await until(() => child.text.includes('100') || child.exitCode !== null, 'it prints the config');
      assert.match(child.text, /100/);
      await server.api.publish('prod.acme.orders', 'limits.json', content);
      await until(() => child.text.includes('731') || child.exitCode !== null, 'it prints the change');
      assert.match(child.text, /731/);
    } finally {
      child.kill('SIGKILL');
      await child.ended;
    }
    assert.doesNotMatch(child.text, /Sanitizer|runtime error/);
  }

  test('The README\'s program compiles with one line, prints a config, and prints it again', async () => {
    const programs = programsIn('README.md');
    assert.equal(programs.length, 1);
    assert.ok(read('client-sdk/examples/hello.c').endsWith(programs[0]), 'it is the example');
    await assertFollows(installation.compile('readme', programs[0]), '{"rate": 731}');
  });

  test('The README\'s program outlives the server, starts without it from its file, and catches up', async () => {
    const program = installation.compile('outlives', programsIn('README.md')[0]);
    const prints = async (child, text) => {
      await until(() => child.text.includes(text) || child.exitCode !== null, `it prints ${text}`);
      assert.ok(child.text.includes(text), child.text);
    };
    const publish = (rate) => server.api.publish('prod.acme.orders', 'limits.json', `{"rate": ${rate}}`);
    const options = { cwd: temporaryDirectory() };
    await publish(200);

    const first = installation.start(program, [], env(), options);
    await prints(first, '"rate": 200');
    await prints(first, 'connected');
    await until(() => fs.existsSync(path.join(options.cwd, 'hello.cache')), 'the cache is written');
    await server.kill();
    await prints(first, 'reconnecting: values may be old');
    first.kill('SIGKILL');
    await first.ended;

    const second = installation.start(program, [], env(), options);
    try {
      await prints(second, '"rate": 200');
      assert.doesNotMatch(second.text, /^connected$/m);
      await server.start();
      await prints(second, '\nconnected');
      await publish(300);
      await prints(second, '"rate": 300');
    } finally {
      second.kill('SIGKILL');
      await second.ended;
    }
    for (const { text } of [first, second]) assert.doesNotMatch(text, /Sanitizer|runtime error|: gone/);
  });

  test('The example with its own loop tells of states and changes, and ends with its input', async () => {
    const program = installation.compile('own-loop', read('client-sdk/examples/own-loop.c'));
    await server.api.publish('prod.acme.orders', 'limits.json', '{"rate": 400}');
    const child = installation.start(program, [server.origin, 'prod.acme.orders'], env(), { stdio: ['pipe', 'pipe', 'pipe'] });
    const prints = (text) => until(() => child.text.includes(text) || child.exitCode !== null, `it prints ${text}`);
    await prints('the client is connected');
    await prints('{"rate": 400}');
    await server.api.publish('prod.acme.orders', 'limits.json', '{"rate": 500}');
    await prints('{"rate": 500}');
    child.stdin.end();
    assert.deepEqual(await child.ended, { code: 0, signal: null }, child.text);
    assert.match(child.text, /^limits\.json is version \d+: \{"rate": 500\}$/m);
    assert.match(child.text, /the client is disconnected\n$/);
  });

  test('The example of typed reading prints what is there, and its own values where nothing is', async () => {
    const program = installation.compile('typed', read('client-sdk/examples/typed.c'));
    await server.api.publish('prod.acme.orders', 'typed.json', '{"rate": 50, "enabled": true, "regions": ["eu", "us"]}');
    for (const [key, printed] of [
      ['typed.json', 'rate 50\nburst 1.00\nenabled yes\nfirst region eu\n'],
      ['absent.json', 'rate 10\nburst 1.00\nenabled no\nfirst region nowhere\n'],
    ]) {
      const child = installation.start(program, [server.origin, 'prod.acme.orders', key], env());
      assert.deepEqual(await child.ended, { code: 0, signal: null }, child.text);
      assert.equal(child.text, printed);
    }
  });

  test('Every piece of C in docs/sdk.md compiles', () => {
    const pieces = [...read('docs/sdk.md').matchAll(/```c\n([\s\S]*?)```/g)].map(([, text]) => text.replace('…', '(void)rate;'));
    const around = 'int64_t rate = 100; const char *user_id = "u", *country = "c";'; // what a piece may take for granted
    assert.ok(pieces.length > 1);
    pieces.forEach((piece, i) => {
      const [, listener] = /^static void (\w+)\(/.exec(piece) || [];
      const body = listener
        ? `${piece}int main(void) { return ${listener} == NULL; }`
        : `int main(void) { confer_client *client = NULL; ${piece} return rate != 100; }`;
      installation.compile(`sdk-${i}`, `#include <confer/confer.h>\n${around}\n${body}\n`, { flags: ['-Wno-address', '-Wno-unused-parameter'] });
    });
  });

  test('The manual is installed, and can be read', () => {
    const pages = fs
      .readdirSync(installation.directory, { recursive: true })
      .filter((file) => /man3\/.*\.3$/.test(file));
    assert.ok(pages.length > 0);
    for (const page of pages) {
      const { stderr } = spawnSync('man', ['--warnings', '-E', 'UTF-8', '-l', path.join(installation.directory, page)], {
        encoding: 'utf8', env: { ...process.env, MANWIDTH: '80', MANPAGER: 'cat' },
      });
      assert.equal(stderr, '', page);
    }
  });
});
