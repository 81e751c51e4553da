// The frames of the change stream: the schema, the examples in the documents and the C code mean the same.
'use strict';

const assert = require('node:assert/strict');
const { spawnSync } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');
const { describe, test } = require('node:test');
const { program } = require('../lib/conferd.js');
const push = require('../lib/push.js');

const root = path.join(__dirname, '..', '..');
const corpus = path.join(root, 'tests', 'fuzz', 'corpus', 'frame');
const frameTool = path.join(path.dirname(program), '..', 'tests', 'frame-tool');

/** What the C code says of each text: how it parses, and what it writes for what it read. */
function throughC(texts) {
  const input = texts.map((text) => `${text}\n`).join('');
  const { status, stdout, stderr } = spawnSync(frameTool, { input, encoding: 'utf8', timeout: 60000 });
  assert.equal(status, 0, stderr);
  const verdicts = stdout.trim().split('\n').map((line) => JSON.parse(line));
  assert.equal(verdicts.length, texts.length);
  return verdicts;
}

const faultsOf = (frame) =>
  push.clientTypes.includes(frame?.type) ? push.clientFaults(frame) : push.serverFaults(frame);

/** Frames that are good: those of the corpus of the fuzzer that its unit test takes. */
const seeds = ['subscribe', 'subscribe-least', 'ack', 'unsubscribe', 'snapshot', 'change', 'current', 'error'].map(
  (name) => fs.readFileSync(path.join(corpus, name), 'utf8'),
);

/** Puts each value in turn in the place of each member and element, and takes each away. */
function* mutations(value, put) {
  for (const other of [null, true, -1, 0, 1.5, '', '\u0000', 'x y', 'Ü', [], {}, ['*'], 'a'.repeat(300)]) yield put(other);
  if (typeof value !== 'object' || value === null) return;
  for (const key of Object.keys(value)) {
    yield* mutations(value[key], (other) =>
      put(Array.isArray(value) ? value.map((v, i) => (i === Number(key) ? other : v)) : { ...value, [key]: other }),
    );
    if (!Array.isArray(value)) yield put(Object.fromEntries(Object.entries(value).filter(([name]) => name !== key)));
  }
}

describe('The schema of the frames', () => {
  test('Each part of it compiles, without anything that nobody understands', () => {
    for (const name of Object.keys(push.schema.$defs)) assert.ok(push.validatorOf(name), name);
    for (const type of [...push.clientTypes, ...push.serverTypes]) assert.ok(push.schema.$defs[type], type);
  });

  test('Each part of it says what it is for', () => {
    (function walk(node, at) {
      if (!node || typeof node !== 'object') return;
      if (node.properties)
        for (const [name, field] of Object.entries(node.properties))
          assert.ok(field.$ref || /\w/.test(field.description), `${at}.${name} has a description`);
      for (const [name, child] of Object.entries(node)) walk(child, `${at}.${name}`);
    })(push.schema.$defs, '$defs');
  });

  test('What the server sends has nothing in it that is not described', () => {
    const snapshot = JSON.parse(seeds[4]);
    assert.deepEqual(push.serverFaults(snapshot), []);
    snapshot.payload.namespaces[0].extra = 1;
    assert.notDeepEqual(push.serverFaults(snapshot), []);
  });

  test('The examples of docs/stream.md are frames', () => {
    const text = fs.readFileSync(path.join(root, 'docs', 'stream.md'), 'utf8');
    const examples = [...text.matchAll(/^```json\n([\s\S]*?)^```/gm)].map(([, json]) => JSON.parse(json));
    assert.deepEqual([...new Set(examples.map(({ type }) => type))].sort(), [...push.clientTypes, ...push.serverTypes].sort());
    for (const example of examples) assert.deepEqual(faultsOf(example), [], JSON.stringify(example));
    for (const { outcome, problem } of throughC(examples.map((example) => JSON.stringify(example))))
      assert.equal(outcome, 'ok', problem);
  });
});

describe('The C code and the schema', () => {
  test('What the C code writes is by the schema', () => {
    for (const verdict of throughC(seeds)) {
      assert.equal(verdict.outcome, 'ok', verdict.problem);
      assert.deepEqual(faultsOf(verdict.frame), [], JSON.stringify(verdict.frame));
    }
  });

  test('They agree on which frames of a client are good, whatever is wrong with them', () => {
    const frames = seeds
      .map((text) => JSON.parse(text))
      .filter(({ type }) => push.clientTypes.includes(type))
      .flatMap((frame) => [...mutations(frame, (other) => other)])
      .filter((frame) => push.clientTypes.includes(frame?.type));
    assert.ok(frames.length > 500);

    const verdicts = throughC(frames.map((frame) => JSON.stringify(frame)));
    const differing = frames.filter((frame, i) => (faultsOf(frame).length === 0) !== (verdicts[i].outcome === 'ok'));
    assert.deepEqual(differing.map((frame) => JSON.stringify(frame)), []);
  });

  test('What the schema allows a server to send, the C code reads', () => {
    const frames = seeds
      .map((text) => JSON.parse(text))
      .filter(({ type }) => push.serverTypes.includes(type))
      .flatMap((frame) => [...mutations(frame, (other) => other)])
      .filter((frame) => push.serverTypes.includes(frame?.type) && faultsOf(frame).length === 0);
    assert.ok(frames.length > 50);

    const verdicts = throughC(frames.map((frame) => JSON.stringify(frame)));
    const refused = frames.filter((_, i) => verdicts[i].outcome !== 'ok');
    assert.deepEqual(refused.map((frame) => JSON.stringify(frame)), []);
  });
});
