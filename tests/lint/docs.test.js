// The documents and the program say the same: settings, events of the log, metrics, reasons. No link is dead.
'use strict';

const assert = require('node:assert/strict');
const fs = require('node:fs');
const path = require('node:path');
const { describe, test } = require('node:test');
const YAML = require('yaml');
const { runConferd, useConferd } = require('../lib/conferd.js');
const { mirrorsFile } = require('../lib/mirrors.js');

const root = path.join(__dirname, '..', '..');
const read = (file) => fs.readFileSync(path.join(root, file), 'utf8');

/** The files below @directory whose names end in @ending. */
function filesBelow(directory, ending) {
  return fs.readdirSync(path.join(root, directory), { withFileTypes: true }).flatMap((entry) => {
    const name = `${directory}/${entry.name}`;
    if (entry.isDirectory()) return filesBelow(name, ending);
    return name.endsWith(ending) ? [name] : [];
  });
}

const withoutCode = (markdown) => markdown.replace(/^```[\s\S]*?^```/gm, '').replace(/`[^`\n]*`/g, '');
const inBackticks = (text) => [...text.matchAll(/`([^`]+)`/g)].map(([, name]) => name);

/** The rows, as lists of cells, of the table in @markdown whose first column is called @heading. */
function tableRows(markdown, heading) {
  const lines = markdown.split('\n');
  const start = lines.findIndex((line) => line.startsWith(`| ${heading} |`));
  assert.notEqual(start, -1, `there is a table of "${heading}"`);
  const end = lines.findIndex((line, i) => i > start && !line.startsWith('|'));
  const rows = lines.slice(start + 2, end === -1 ? lines.length : end);
  return rows.map((line) => line.split('|').slice(1, -1).map((cell) => cell.trim()));
}

/** Each name that stands in a first cell, sorted. */
const namesInTable = (markdown, heading) =>
  tableRows(markdown, heading).flatMap(([first]) => inBackticks(first)).sort();

const operations = read('docs/operations.md');

describe('Settings', () => {
  /** What --help lists, settings with their defaults. A secret is listed by its variable, and has none. */
  async function settingsOfHelp() {
    const { stdout } = await runConferd(['--help']);
    const settings = new Map();
    let name;

    for (const line of stdout.slice(stdout.indexOf('\nProgram\n')).split('\n')) {
      const [, flag, variable] = /^ {2}(?:--([a-z-]+)|CONFER_([A-Z_]+))\b/.exec(line) ?? [];
      const [, value] = /^ +Default: ([^(]*[^( ])/.exec(line) ?? [];
      if (flag || variable) name = flag?.replace(/-/g, '_') ?? variable.toLowerCase();
      if (flag || variable) settings.set(name, '');
      if (value) settings.set(name, value);
    }
    return settings;
  }

  test('docs/operations.md has those of --help, with their defaults', async () => {
    const documented = tableRows(operations, 'setting').map(([names, value]) => {
      assert.equal(inBackticks(names).length, 1, `one setting a row: ${names}`);
      return [inBackticks(names)[0], value.replace(/`/g, '')];
    });
    const settings = [...(await settingsOfHelp())];
    assert.ok(settings.length > 10, 'the help was understood');
    assert.deepEqual(documented.sort(), settings.sort());
  });
});

describe('Events of the log', () => {
  test('docs/operations.md has those that the server logs', () => {
    const logged = filesBelow('server', '.c').flatMap((file) =>
      [...read(file).matchAll(/\blog_(?:error|warning|info|debug)\(\s*"([^"]+)"/g)].map(([, event]) => event),
    );
    assert.ok(logged.length > 0, 'the sources were understood');
    assert.deepEqual(namesInTable(operations, 'event'), [...new Set(logged)].sort());
  });

  test('Every call names its event itself', () => {
    const others = filesBelow('server', '.c').flatMap((file) =>
      [...read(file).matchAll(/\blog_(?:error|warning|info|debug)\(\s*[^"\s].*/g)].map(
        ([call]) => `${file}: ${call}`,
      ),
    );
    assert.deepEqual(others, []);
  });
});

describe('Metrics', () => {
  const nobody = { kind: 'http', endpoints: 'http://127.0.0.1:9/' }; // Without a mirror there are no metrics of any.
  const leader = { kind: 'election', endpoints: 'http://127.0.0.1:9' };
  const { api } = useConferd({ args: mirrorsFile({ nobody, leader }) });

  test('docs/operations.md has those that the server exposes', async () => {
    const { text } = await api.get('/metrics');
    const exposed = [...text.matchAll(/^# TYPE (\S+)/gm)].map(([, name]) => name);
    assert.ok(exposed.length > 0);
    assert.deepEqual(namesInTable(operations, 'metric'), exposed.sort());
  });
});

describe('Reasons', () => {
  const source = read('server/http/reason.c');
  const rows = [...source.matchAll(/\[REASON_\w+\] = \{ "(\w+)", (\d+) \}/g)];
  const reasons = rows.map(([, name, status]) => `${status} ${name}`);

  test('The sources were understood', () => {
    const [, names] = /typedef enum Reason \{([\s\S]*?)REASON_N,/.exec(read('server/http/reason.h'));
    assert.equal(reasons.length, names.match(/REASON_\w+/g).length);
  });

  test('docs/api.md has them, each with its status', () => {
    // In a row of several statuses a dot stands between the reasons of one and the next.
    const documented = tableRows(read('docs/api.md'), 'status').flatMap(([statuses, names]) =>
      names.split('·').flatMap((part, i) => {
        const status = statuses.split(', ')[i];
        return inBackticks(part).map((name) => `${status} ${name}`);
      }),
    );
    assert.deepEqual(documented.sort(), [...reasons].sort());
  });

  test('schema/openapi.yaml has them, each with its status', () => {
    const documented = new Set();

    (function walk(node) {
      if (!node || typeof node !== 'object') return;
      const { code, reason } = node.properties ?? {};
      if (code && reason)
        for (const name of reason.enum ?? [reason.const]) documented.add(`${code.const} ${name}`);
      Object.values(node).forEach(walk);
    })(YAML.parse(read('schema/openapi.yaml')));
    assert.deepEqual([...documented].sort(), [...reasons].sort());
  });
});

describe('Links', () => {
  for (const file of ['README.md', ...filesBelow('docs', '.md')])
    test(`Those of ${file} lead somewhere`, () => {
      const links = [...withoutCode(read(file)).matchAll(/\]\(([^)\s]+)[^)]*\)/g)];
      const targets = links.map(([, target]) => target).filter((target) => !/^([a-z]+:|#)/.test(target));
      const pathOf = (target) => path.join(root, path.dirname(file), decodeURI(target.replace(/#.*/, '')));
      assert.deepEqual(targets.filter((target) => !fs.existsSync(pathOf(target))), []);
    });
});
