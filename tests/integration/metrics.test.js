// Metrics: well-formed for Prometheus, true, and silent about names.
'use strict';

const assert = require('node:assert/strict');
const { describe, test } = require('node:test');
const { configPath, namespacePath } = require('../lib/client.js');
const { useConferd } = require('../lib/conferd.js');

const samplePattern = /^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{([^}]*)\})? (NaN|[+-]Inf|[-+0-9.eE]+)$/;
const labelsPattern = /^(?:[a-zA-Z_][a-zA-Z0-9_]*="(?:[^"\\\n]|\\["\\n])*"(?:,(?!$)|$))*$/;

/** Reads the text exposition format, strictly: a map of families `{type, help, samples: [{name, labels, value}]}`. */
function parse(text) {
  const families = new Map();
  let family;

  assert.ok(text.endsWith('\n'), 'the last line ends');
  for (const line of text.slice(0, -1).split('\n')) {
    const [, kind, name, rest] = /^# (HELP|TYPE) ([a-zA-Z_:][a-zA-Z0-9_:]*) (.+)$/.exec(line) || [];
    if (kind) {
      if (!families.has(name)) families.set(name, { samples: [] });
      family = families.get(name);
      assert.ok(!(kind.toLowerCase() in family), `${kind} of ${name} comes once`);
      assert.equal(family.samples.length, 0, `${kind} of ${name} comes before its samples`);
      family[kind.toLowerCase()] = rest;
      family.name = name;
    } else {
      const match = samplePattern.exec(line);
      assert.ok(match, `a sample: ${line}`);
      assert.match(match[2] || '', labelsPattern);
      const base = family.type === 'histogram' ? match[1].replace(/_(bucket|sum|count)$/, '') : match[1];
      assert.equal(base, family.name, 'a sample stands below its family');
      family.samples.push({ name: match[1], labels: match[2] || '', value: Number(match[3]) });
    }
  }
  return families;
}

describe('Metrics', () => {
  const server = useConferd();
  const { api } = server;
  const metrics = async () => {
    const { text, headers } = await api.get('/metrics', { auth: null });
    assert.match(headers['content-type'], /^text\/plain; version=0\.0\.4/);
    return parse(text);
  };
  const valueOf = (families, name, labels = '') =>
    families.get(name).samples.find((sample) => sample.labels === labels).value;

  test('They are in the text exposition format, each with type and sentence', async () => {
    for (const [name, { type, help, samples }] of await metrics()) {
      assert.match(name, /^confer_/);
      assert.ok(['counter', 'gauge', 'histogram'].includes(type), name);
      assert.ok(help.length > 10, name);
      assert.ok(samples.length > 0, name);
      assert.equal(type === 'counter', name.endsWith('_total'), `${name} is a ${type}`);
      const keys = samples.map((sample) => `${sample.name}{${sample.labels}}`);
      assert.deepEqual(keys, [...new Set(keys)], 'no sample comes twice');
    }
  });

  test('Histograms add up', async () => {
    await api.createNamespaces('hist');
    await api.publish('hist', 'k', 'x');
    const histograms = [...(await metrics()).values()].filter(({ type }) => type === 'histogram');
    assert.ok(histograms.length > 0);
    for (const { name, samples } of histograms) {
      const series = new Map();
      for (const sample of samples.filter((each) => each.name === `${name}_bucket`)) {
        const bound = /le="([^"]*)"/.exec(sample.labels)[1];
        const rest = sample.labels.replace(/,?le="[^"]*"/, '').replace(/^,/, '');
        series.set(rest, [
          ...(series.get(rest) || []),
          { bound: bound === '+Inf' ? Infinity : Number(bound), value: sample.value },
        ]);
      }
      for (const [labels, buckets] of series) {
        for (let i = 1; i < buckets.length; i++) {
          assert.ok(
            buckets[i].bound > buckets[i - 1].bound && buckets[i].value >= buckets[i - 1].value,
            name,
          );
        }
        const last = buckets[buckets.length - 1];
        assert.equal(last.bound, Infinity);
        const count = samples.find((sample) => sample.name === `${name}_count` && sample.labels === labels);
        assert.equal(count.value, last.value, `${name}{${labels}}`);
        assert.ok(samples.some((sample) => sample.name === `${name}_sum` && sample.labels === labels));
      }
    }
  });

  test('They count what happens', async () => {
    const before = await metrics();
    for (let i = 0; i < 10; i++) await api.publish('hist', 'k', `${i}`);
    for (let i = 0; i < 5; i++) await api.get(configPath('hist', 'absent'), { status: 404 });
    const now = await metrics();
    const requests = (families, status) =>
      valueOf(families, 'confer_http_requests_total', `class="${status}"`);
    assert.ok(requests(now, '2xx') - requests(before, '2xx') >= 10);
    assert.ok(requests(now, '4xx') - requests(before, '4xx') >= 5);
    const { revision, configs, namespaces } = await api.status();
    assert.equal(valueOf(now, 'confer_store_revision'), revision);
    assert.equal(valueOf(now, 'confer_catalog_configs'), configs);
    assert.equal(valueOf(now, 'confer_catalog_namespaces'), namespaces);
    for (const [name, { type, samples }] of before) {
      if (type === 'gauge') continue;
      for (const sample of samples) {
        const after = now
          .get(name)
          .samples.find((each) => each.name === sample.name && each.labels === sample.labels);
        if (!sample.name.endsWith('_sum'))
          assert.ok(after.value >= sample.value, `${sample.name} never falls`);
      }
    }
  });

  test('They never carry names of namespaces or keys, nor what is in them', async () => {
    await api.createNamespaces('unmistakable-namespace');
    await api.publish('unmistakable-namespace', 'unmistakable-key', 'unmistakable-content');
    await api.read('unmistakable-namespace', 'unmistakable-key');
    await api.get(configPath('unmistakable-absent', 'unmistakable-key'), { status: 404 });
    await api.walk(namespacePath('unmistakable-namespace', 'configs'), { q: 'unmistakable' });
    const { text } = await api.get('/metrics', { auth: null });
    assert.doesNotMatch(text, /unmistakable/);
    assert.ok(!text.includes(server.token));
  });
});

describe('Metrics behind credentials', () => {
  const server = useConferd({ args: ['--metrics-public', 'false'] });
  const { api } = server;

  test('A setting closes them to those without', async () => {
    await api.get('/metrics', { auth: null, status: 401, reason: 'unauthenticated' });
    await api.get('/metrics', { auth: 'Bearer wrong', status: 401 });
    await api.get('/metrics', { status: 200 });
    await api.get('/healthz', { auth: null, status: 200 });
    await api.get('/readyz', { auth: null, status: 200 });
  });
});
