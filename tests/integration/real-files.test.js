// Real input: the config files of this machine go in, and come back byte for byte, also after a restart.
'use strict';

const assert = require('node:assert/strict');
const crypto = require('node:crypto');
const fs = require('node:fs');
const path = require('node:path');
const { describe, test } = require('node:test');
const { configPath, namespacePath } = require('../lib/client.js');
const { useConferd } = require('../lib/conferd.js');
const { inParallel } = require('../lib/waiting.js');

const extensions = {
  json: 'json',
  yaml: 'yaml',
  yml: 'yaml',
  toml: 'toml',
  xml: 'xml',
  properties: 'properties',
  conf: 'text',
};
const places = ['/etc', '/usr/share'];
const sizeMax = 1024 * 1024;
const filesMax = 2000; // so that a machine with very many does not take all day
const width = 8;

function* filesBelow(directory) {
  let entries = [];
  try {
    entries = fs.readdirSync(directory, { withFileTypes: true });
  } catch {
    return; // not ours to read
  }
  for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
    const file = path.join(directory, entry.name);
    if (entry.isDirectory()) yield* filesBelow(file);
    else if (entry.isFile() && path.extname(file).slice(1) in extensions) yield file;
  }
}

/** The bytes of a file that may be a config, or null: UTF-8 without NUL, not too large. */
function readConfig(file) {
  try {
    if (fs.statSync(file).size > sizeMax) return null;
    const bytes = fs.readFileSync(file);
    new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
    return bytes.includes(0) ? null : bytes;
  } catch {
    return null;
  }
}

/** "/usr/share/X11/rgb.conf" becomes the key "X11:rgb.conf" in the namespace "files.usr.share". */
function nameOf(file) {
  const place = places.find((each) => file.startsWith(`${each}/`));
  const key = file
    .slice(place.length + 1)
    .replace(/\//g, ':')
    .replace(/[^A-Za-z0-9._@:+-]/g, '_')
    .replace(/^\./, '_.');
  const hash = crypto.createHash('sha256').update(file).digest('hex').slice(0, 8);
  return {
    namespace: `files${place.replace(/\//g, '.')}`,
    key: key.length <= 255 ? key : `${hash}${key.slice(-240)}`,
  };
}

function collect() {
  const configs = new Map();
  for (const place of places) {
    for (const file of filesBelow(place)) {
      const bytes = configs.size < filesMax && readConfig(file);
      if (!bytes) continue;
      const name = nameOf(file);
      if (!configs.has(`${name.namespace} ${name.key}`)) {
        configs.set(`${name.namespace} ${name.key}`, {
          file,
          bytes,
          ...name,
          format: extensions[path.extname(file).slice(1)],
        });
      }
    }
  }
  return [...configs.values()];
}

function isJson(bytes) {
  try {
    JSON.parse(bytes.toString('utf8').replace(/^\ufeff/, ''));
    return true;
  } catch {
    return false;
  }
}

describe('The config files of this machine', () => {
  const server = useConferd();
  const { api } = server;
  const configs = collect();
  const refused = [];

  async function assertAllThere() {
    await inParallel(configs.length, width, async (i) => {
      const { file, bytes, namespace, key, format } = configs[i];
      const raw = await api.get(configPath(namespace, key), { query: { raw: 'true' } });
      assert.ok(raw.bytes.equals(bytes), `${file}, raw`);
      const { data } = await api.get(configPath(namespace, key));
      assert.ok(Buffer.from(data.content).equals(bytes), file);
      assert.equal(data.sha256, crypto.createHash('sha256').update(bytes).digest('hex'), file);
      assert.equal(data.format, format, file);
    });
  }

  test('There are several hundred of them, of several formats', (t) => {
    const counts = {};
    for (const { format } of configs) counts[format] = (counts[format] || 0) + 1;
    t.diagnostic(`${configs.length} files: ${JSON.stringify(counts)}`);
    assert.ok(configs.length >= 300, `${configs.length} files`);
    assert.ok(Object.keys(counts).length >= 3);
  });

  test('All are taken, but for those that are not what their extension says', async (t) => {
    await api.createNamespaces(...new Set(configs.map(({ namespace }) => namespace)));
    await inParallel(configs.length, width, async (i) => {
      const config = configs[i];
      const body = { content: config.bytes.toString('utf8'), publish: true, comment: config.file };
      const answer = await api.put(configPath(config.namespace, config.key), body, { status: 'any' });
      if (answer.status === 201) {
        assert.equal(answer.data.format, config.format, config.file);
        return;
      }
      assert.deepEqual(
        [answer.status, answer.reason],
        [422, 'invalid_content'],
        `${config.file}: ${answer.text.slice(0, 300)}`,
      );
      refused.push({ ...config, problem: answer.details[0] });
      config.format = 'text';
      await api.put(configPath(config.namespace, config.key), { ...body, format: 'text' }, { status: 201 });
    });

    for (const { file, format, problem } of refused)
      t.diagnostic(`${format} refused: ${file}:${problem.line}:${problem.column}: ${problem.problem}`);
    for (const { file, format, bytes } of refused)
      if (format === 'json') assert.ok(!isJson(bytes), `${file} is JSON`);
    for (const { file, format, bytes } of configs)
      if (format === 'json') assert.ok(isJson(bytes), `${file} is not JSON`);
    assert.ok(refused.length <= configs.length / 50, `${refused.length} of ${configs.length} are refused`);
  });

  test('Each comes back byte for byte', assertAllThere);

  test('Each is in the list of its namespace', async () => {
    for (const namespace of new Set(configs.map((config) => config.namespace))) {
      const keys = configs.filter((config) => config.namespace === namespace).map(({ key }) => key);
      const listed = (await api.walk(namespacePath(namespace, 'configs'), { limit: 100 })).map(
        ({ key }) => key,
      );
      assert.deepEqual(listed, keys.sort());
    }
  });

  test('Each comes back byte for byte after a restart', async () => {
    await server.restart();
    await assertAllThere();
  });
});
