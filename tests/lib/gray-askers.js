// Asks everybody who evaluates gray releases what somebody gets. An asker is `{unit, tags}`; what comes back is shaped as
// the script's answers are, so that all can be compared.
'use strict';

const assert = require('node:assert/strict');
const { spawn } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');
const readline = require('node:readline');
const { configPath } = require('./client.js');

const scripts = path.join(__dirname, '..', 'gray');
const vectors = path.join(__dirname, '..', 'data', 'gray-vectors.json');
const operationsMax = 128; // of a transaction

const readVectors = () => JSON.parse(fs.readFileSync(vectors, 'utf8'));

/** What version n of every config here holds. */
const contentOf = (version) => `version ${version}`;

/** What is to be seen of an answer where the reasons are not told. */
const seen = ({ version, gray, rule }) => ({ version, gray, rule: gray ? rule : null });

/** Makes transactions of any number of operations. */
async function transactions(api, operations) {
  for (let i = 0; i < operations.length; i += operationsMax)
    await api.transaction(operations.slice(i, i + operationsMax));
}

/** Gives each config of @stables, `{KEY: version}`, @nVersions versions, and puts that one in force. */
async function saveVersions(api, namespace, stables, nVersions) {
  const save = (key, version, stable) => ({
    op: 'put', namespace, key, content: contentOf(version), publish: version === stable,
  });
  const numbers = Array.from({ length: nVersions }, (_, i) => i + 1);
  const operations = Object.entries(stables).flatMap(([key, stable]) =>
    numbers.map((version) => save(key, version, stable)),
  );
  await transactions(api, operations);
}

const bodyOf = ({ unit, tags }) => (unit === null ? { tags } : { unit, tags });

/** The query of a GET that is evaluated: one without an instance and tags is not. */
function queryOf({ unit, tags }) {
  const pairs = Object.entries(tags).map(([name, value]) => ['tag', `${name}:${value}`]);
  if (unit !== null || pairs.length === 0) pairs.push(['instance', unit ?? '']);
  return pairs.map((pair) => pair.map(encodeURIComponent).join('=')).join('&');
}

function shownOf(data) {
  assert.equal(data.content, contentOf(data.version), 'the content is that of the version');
  assert.equal('gray' in data, 'rule' in data, 'what an arm chose tells its rule');
  return { version: data.version, gray: data.gray ?? false, rule: data.rule ?? null };
}

/** What POST …/evaluate says. */
async function askEvaluate(api, namespace, key, asker) {
  return (await api.post(configPath(namespace, key, 'evaluate'), bodyOf(asker))).data;
}

/** What GET …/{key}?instance=&tag= gives. */
async function askGet(api, namespace, key, asker) {
  return shownOf((await api.get(`${configPath(namespace, key)}?${queryOf(asker)}`)).data);
}

/** What confer_get_for() gives each asker; an asker has a `key` beside its unit and tags. */
async function askSdk(probe, namespace, askers) {
  const answers = await probe.getForAll(askers.map(({ key, unit, tags }) => [namespace, key, { unit, tags }]));
  return answers.map((answer) => {
    assert.ok(Array.isArray(answer), `an asker is answered ${answer}`);
    const [version, gray, rule] = answer;
    return { version, gray, rule };
  });
}

/**
 * Random rule sets with what the script says of their askers, `{salt, rules, stable, askers: [{unit, tags, expected}]}`,
 * one after the other. The same seed makes the same.
 */
async function* randomRuleSets(seed, nRuleSets, nAskers) {
  const args = [path.join(scripts, 'generate.py'), seed, nRuleSets, nAskers].map(String);
  const env = { ...process.env, PYTHONDONTWRITEBYTECODE: '1' };
  const child = spawn('python3', args, { env, stdio: ['ignore', 'pipe', 'inherit'] });
  const ended = new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', resolve);
  });

  try {
    for await (const line of readline.createInterface({ input: child.stdout })) yield JSON.parse(line);
    assert.equal(await ended, 0, 'generate.py ends well');
  } finally {
    child.kill();
  }
}

module.exports = { askEvaluate, askGet, askSdk, randomRuleSets, readVectors, saveVersions, seen };
