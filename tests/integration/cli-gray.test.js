// confer gray: what it asks of the server, what it prints, how it fails; and what instances and readers see of it.
'use strict';

const assert = require('node:assert/strict');
const fs = require('node:fs');
const path = require('node:path');
const { before, describe, test } = require('node:test');
const { temporaryDirectory, useConferd } = require('../lib/conferd.js');
const { codes, useConfer } = require('../lib/confer.js');
const { until } = require('../lib/waiting.js');

const { refused, usage, notFound } = codes;

describe('confer gray', () => {
  const server = useConferd();
  const { api } = server;
  const confer = useConfer(server);

  before(() => api.createNamespaces('prod'));

  /** A config with version 1 in force and version 2 saved. */
  async function config(key) {
    await api.publish('prod', key, 'one');
    await api.save('prod', key, 'two');
    return ['prod', key];
  }

  /** The path of a file with this content, as JSON unless it is a text. */
  function file(content) {
    const name = path.join(temporaryDirectory(), 'input.json');
    fs.writeFileSync(name, typeof content === 'string' ? content : JSON.stringify(content));
    return name;
  }

  const gray = (command, ...args) => confer.run('gray', command, ...args);
  const shown = (...args) => confer.json('gray', 'show', ...args);
  const evaluated = (...args) => confer.json('gray', 'evaluate', ...args);

  /** The rows of the table whose first heading is this, as arrays of cells; a table without rows has no heading. */
  function rowsOf({ lines }, heading) {
    const first = lines.findIndex((line) => line.startsWith(heading));
    const rest = first < 0 ? [] : lines.slice(first + 1);
    const n = rest.indexOf('');
    return rest.slice(0, n < 0 ? rest.length : n).map((line) => line.split(/ {2,}/));
  }

  /** Instances of these ids and tags that follow the key, once they have its value. */
  async function instances(key, who) {
    const runs = new Map(
      Object.entries(who).map(([id, tags]) => {
        const args = tags.flatMap((tag) => ['--tag', tag]);
        return [id, confer.start(['watch', 'prod', key, '--instance', id, ...args, '-o', 'json'])];
      }),
    );
    const versions = () => Object.fromEntries([...runs].map(([id, { lines }]) => [id, lines.map((line) => JSON.parse(line).config.version)]));
    await until(() => [...runs.values()].every(({ lines }) => lines.length === 1), 'the first values');
    return { runs, versions };
  }

  test('A release goes from preview to promotion', async () => {
    const at = await config('scene');
    const ids = Array.from({ length: 6 }, (_, i) => `instance-${i}`);
    const { runs, versions } = await instances('scene', Object.fromEntries(ids.map((id) => [id, [`ring=${id.at(-1) < 2 ? 'canary' : 'late'}`]])));

    // Nothing happens by the preview, and its salt chooses the same: any of them, or none.
    const revision = await api.revision();
    const preview = await confer.json('gray', 'preview', ...at, '--version', '2', '--weight', '50');
    assert.equal(preview.instances, ids.length);
    assert.equal(preview.changing, preview.items.length);
    const text = await gray('preview', ...at, '--version', '2', '--weight', '50', '--salt', preview.salt);
    assert.equal(text.lines[0], `${preview.changing} of 6 connected instances would change; the salt is ${preview.salt}`);
    assert.deepEqual(rowsOf(text, 'INSTANCE'), preview.items.map(({ id, app, address, bucket }) => [id, app, address, '1', '2', '0', String(bucket)]));
    assert.equal(await api.revision(), revision);

    const set = await gray('set', ...at, '--version', '2', '--weight', '5', '--match', 'ring=canary', '--salt', preview.salt, '--comment', 'canaries');
    assert.equal(set.stdout, 'prod/scene: the gray release is in force; version 1 is stable\n');
    const { rules, salt, comment } = await shown(...at);
    assert.deepEqual({ rules, salt, comment }, { rules: [{ match: { ring: ['canary'] }, split: [{ version: 2, weight: 5 }] }], salt: preview.salt, comment: 'canaries' });

    // Widened to all canaries: they have it, nobody else hears of it.
    await gray('set', ...at, '--version', '2', '--weight', '100', '--match', 'ring=canary');
    await until(async () => {
      const { arms, stable } = (await shown(...at)).instances;
      return arms[0].applied === 2 && stable.applied === 4;
    }, 'what all have applied');
    await until(() => ids.slice(0, 2).every((id) => versions()[id].length === 2), 'what both canaries print');
    assert.deepEqual(versions(), Object.fromEntries(ids.map((id, i) => [id, i < 2 ? [1, 2] : [1]])));
    const { config: chosen } = JSON.parse(runs.get(ids[0]).lines[1]);
    assert.deepEqual({ gray: chosen.gray, rule: chosen.rule }, { gray: true, rule: 0 });
    assert.equal((await shown(...at)).salt, preview.salt);
    const show = await gray('show', ...at);
    assert.match(show.stdout, new RegExp(`^CONFIG +prod/scene\nstable +1\nsalt +${preview.salt}\n`));
    assert.deepEqual(rowsOf(show, 'RULE'), [
      ['0', '2', '100 %', '2', '2', '0', 'ring is canary'],
      ['-', '1', '-', '4', '4', '0', 'the others'],
    ]);

    const ramp = await gray('ramp', ...at, '--steps', '0.5:10m,10:1d,100', '--abort-refused', '1', '--abort-percent', '2.5', '--promote');
    assert.match(ramp.stdout, /^prod\/scene: the ramp is running, step 1 of 3 at 0\.5 % until \S+ \S+; version 1 is stable\n$/);
    const { plan } = await shown(...at);
    assert.equal(plan.promote, true);
    assert.deepEqual(plan.abort_on, { refused: 1, refused_percent: 2.5 });
    assert.match((await gray('show', ...at)).stdout, /^plan +0\.5 % for 10m, 10 % for 1d, 100 %; withdrawn when 1 or 2\.5 % refuse it; then promoted$/m);

    assert.match((await gray('ramp', ...at, '--pause')).stdout, /the ramp is paused, step 1 of 3 at 0\.5 %; /);
    await confer.fails(refused, /paused/, ['gray', 'ramp', ...at, '--pause']);
    assert.match((await gray('ramp', ...at, '--resume', '--comment', 'on')).stdout, /the ramp is running, step 1 of 3/);

    const promote = await gray('promote', ...at, '--comment', 'it is good');
    assert.equal(promote.stdout, 'prod/scene: version 2 is in force, and the gray release has ended\n');
    await until(() => Object.values(versions()).every((heard) => heard.at(-1) === 2), 'all');
    await confer.fails(notFound, /no gray release/, ['gray', 'show', ...at]);
    assert.deepEqual(rowsOf(await confer.run('history', ...at, '--releases'), 'TIME').slice(0, 3).map(([, kind, version]) => [kind, version]), [['promote', '2'], ['gray', '2'], ['gray', '2']]);
    const audited = async (action) => (await confer.json('audit', '--key', 'scene', '--action', action)).items.length;
    assert.deepEqual(await Promise.all(['gray.set', 'gray.pause', 'gray.resume', 'gray.promote'].map(audited)), [3, 1, 1, 1]);
    for (const run of runs.values()) {
      run.kill('SIGTERM');
      await run.end();
    }
  });

  test('Rules come from a file or from the standard input, with a plan', async () => {
    const at = await config('files');
    const rules = [
      { match: { region: ['eu', 'us'], app_version: { semver: '>=2.1.0' } }, split: [{ version: 2, weight: 10.1 }] },
      { split: [{ version: 2, weight: 0.001 }, { version: 1, weight: 99.999 }] },
    ];
    await gray('set', ...at, '--rules', file(rules));
    assert.deepEqual((await shown(...at)).rules, rules);
    assert.deepEqual(rowsOf(await gray('show', ...at), 'RULE').map(([rule, version, weight, , , , who]) => [rule, version, weight, who]), [
      ['0', '2', '10.1 %', 'region is one of eu, us and app_version is a version >=2.1.0'],
      ['1', '2', '0.001 %', 'everyone'],
      ['1', '1', '99.999 %', 'everyone'],
      ['-', '1', '-', 'the others'],
    ]);

    const plan = { steps: [{ weight: 3, hold: '1h' }, { weight: 4 }], rule: 0 };
    await confer.start(['gray', 'set', ...at, '--rules', '-', '--plan', file(plan), '-q'], { input: JSON.stringify(rules) }).end();
    const set = await shown(...at);
    assert.deepEqual([set.rules[0].split[0].weight, set.ramp.state, set.plan.rule], [3, 'running', 0]);
    assert.deepEqual(set.rules[1], rules[1], 'the other rules are as they were');

    // A ramp takes the rules that are in force.
    await gray('ramp', ...at, '--steps', '20:1h,30:1h', '--rule', '0');
    const ramped = await shown(...at);
    assert.deepEqual([ramped.rules[0].split[0].weight, ramped.rules[0].match, ramped.salt], [20, rules[0].match, set.salt]);

    // And one without a plan drops it.
    await gray('set', ...at, '--rules', file(rules));
    assert.equal((await shown(...at)).ramp, null);
  });

  test('A ramp can begin a gray release', async () => {
    const at = await config('ramp');
    const { rules, ramp } = await confer.json('gray', 'ramp', ...at, '--steps', '2.5:1h,100', '--version', '2', '--match', 'ring=canary', '--match', 'ring=early', '--salt', 's');
    assert.deepEqual(rules, [{ match: { ring: ['canary', 'early'] }, split: [{ version: 2, weight: 2.5 }] }]);
    assert.deepEqual({ ...ramp, next_at: typeof ramp.next_at }, { state: 'running', step: 0, weight: 2.5, next_at: 'string' });
  });

  test('evaluate explains, and get reads what somebody gets', async () => {
    const at = await config('who');
    assert.match((await gray('evaluate', ...at)).stdout, /^prod\/who: version 1: there is no gray release\n$/);
    const rules = [{ match: { ring: ['a:b c'] }, split: [{ version: 2, weight: 100 }] }, { split: [{ version: 2, weight: 50 }] }];
    await gray('set', ...at, '--rules', file(rules), '--salt', 'salt');

    const tag = ['--tag', 'ring=a:b c', '--tag', 'x=1'];
    assert.deepEqual(await evaluated(...at, ...tag), { version: 2, gray: true, rule: 0, bucket: null, reason: 'arm' });
    assert.equal((await gray('evaluate', ...at, ...tag)).stdout, 'prod/who: version 2: an arm of rule 0 chose it\n');
    assert.equal((await gray('evaluate', ...at)).stdout, 'prod/who: version 1: rule 1 left the stable one, for want of a unit\n');
    assert.equal((await confer.run('get', ...at, ...tag)).stdout, 'two');
    assert.equal((await confer.run('get', ...at)).stdout, 'one', 'who says nothing gets the stable one');
    const read = await confer.json('get', ...at, ...tag);
    assert.deepEqual({ version: read.version, gray: read.gray, rule: read.rule }, { version: 2, gray: true, rule: 0 });

    const units = Array.from({ length: 20 }, (_, i) => `user ${i}`);
    const verdicts = await Promise.all(units.map((unit) => evaluated(...at, '--unit', unit)));
    assert.equal(new Set(verdicts.map(({ version }) => version)).size, 2, 'half of them');
    for (const [i, unit] of units.slice(0, 6).entries())
      assert.equal((await confer.run('get', ...at, '--instance', unit)).stdout, verdicts[i].version === 2 ? 'two' : 'one');
  });

  test('abort withdraws it, with a comment too, and a rollback can end it', async () => {
    const at = await config('end');
    const set = () => gray('set', ...at, '--version', '2', '--weight', '100');
    await set();
    assert.equal((await gray('abort', ...at)).stdout, 'prod/end: the gray release is withdrawn\n');
    await confer.fails(notFound, /no gray release/, ['gray', 'abort', ...at]);
    await set();
    assert.equal((await gray('abort', ...at, '--comment', 'too slow')).stdout, 'prod/end: the gray release is withdrawn\n');
    assert.match((await confer.run('history', ...at, '--releases')).lines[1], /abort .* too slow$/);

    await confer.run('publish', ...at);
    await gray('set', ...at, '--version', '1', '--weight', '1');
    await confer.run('rollback', ...at);
    assert.equal((await shown(...at)).stable, 1);
    await confer.run('rollback', ...at, '--to', '2', '--end-gray');
    await confer.fails(notFound, /no gray release/, ['gray', 'show', ...at]);
  });

  test('promote takes a version where there are several', async () => {
    const at = await config('several');
    await api.save('prod', 'several', 'three');
    await gray('set', ...at, '--rules', file([{ split: [{ version: 2, weight: 1 }, { version: 3, weight: 1 }] }]));
    await confer.fails(refused, /version/, ['gray', 'promote', ...at]);
    assert.match((await gray('promote', ...at, '--version', '3')).stdout, /version 3 is in force/);
  });

  test('An instance that refuses is named, with what it says', async () => {
    await api.createNamespaces('veto');
    await api.publish('veto', 'a', 'one');
    await api.save('veto', 'a', 'two');
    const at = ['veto', 'a'];
    const to = temporaryDirectory();
    const run = confer.start(['render', to, '--namespace', 'veto', '--instance', 'the-one', '--tag', 'ring=canary', '--check', 'grep -q one']);
    await until(() => fs.existsSync(path.join(to, 'a')), 'the file');
    await gray('set', ...at, '--version', '2', '--weight', '100', '--match', 'ring=canary');
    await until(async () => (await shown(...at)).instances.arms[0].refused === 1, 'the refusal');
    const show = await gray('show', ...at);
    assert.deepEqual(rowsOf(show, 'RULE')[0], ['0', '2', '100 %', '1', '0', '1', 'ring is canary']);
    assert.deepEqual(rowsOf(show, 'INSTANCE'), [['the-one', '2', 'the check command ended with status 1']]);
    assert.equal(fs.readFileSync(path.join(to, 'a'), 'utf8'), 'one');
    run.kill('SIGTERM');
    await run.end();
  });

  test('preview lists as many as it is told', async () => {
    const at = await config('limited');
    const { runs } = await instances('limited', { a: [], b: [], c: [] });
    const preview = await gray('preview', ...at, '--version', '2', '--weight', '100', '--limit', '2');
    assert.match(preview.lines[0], /^3 of 3 connected instances would change/);
    assert.equal(rowsOf(preview, 'INSTANCE').length, 2);
    assert.equal(preview.stderr, 'confer: 2 of the 3 are listed, see --limit\n');
    for (const run of runs.values()) {
      run.kill('SIGTERM');
      await run.end();
    }
  });

  test('What the server refuses is told with its field, and changes nothing', async () => {
    const at = await config('wrong');
    const revision = await api.revision();
    const set = (...args) => ['gray', 'set', ...at, ...args];
    await confer.fails(refused, /\(rules\[0\]\.split\[0\]\.version\)/, set('--version', '9', '--weight', '5'));
    await confer.fails(refused, /\(rules\[1\]\.split\[0\]\.weight/, set('--rules', file([{ split: [{ version: 2, weight: 1 }] }, { split: [{ version: 2, weight: -1 }] }])));
    await confer.fails(refused, /\(plan\.steps\[0\]\.hold/, ['gray', 'ramp', ...at, '--version', '2', '--steps', '1:10,100']);
    await confer.fails(refused, /\(plan\.rule/, ['gray', 'ramp', ...at, '--version', '2', '--steps', '1', '--rule', '1']);
    await confer.fails(refused, /\(rules/, set('--rules', file({ rules: [] })));
    await confer.fails(notFound, /no gray release/, ['gray', 'ramp', ...at, '--steps', '1']);
    await confer.fails(notFound, /absent/, ['gray', 'set', 'prod', 'absent', '--version', '1', '--weight', '1']);
    await confer.fails(notFound, /namespace/, ['gray', 'show', 'nowhere', 'a']);
    await api.save('prod', 'unpublished', '1');
    await confer.fails(refused, /published/, ['gray', 'set', 'prod', 'unpublished', '--version', '1', '--weight', '1']);
    await confer.fails(notFound, /no gray release/, ['gray', 'show', ...at]);
    assert.equal(await api.revision(), revision + 1, 'the one that was saved');
  });

  test('What cannot be meant is refused before anything is sent', async () => {
    const at = ['prod', 'unasked'];
    const env = { CONFER_SERVER: 'http://127.0.0.1:1' };
    const fails = (code, line, ...args) => confer.fails(code, line, args, { env });
    await fails(usage, /the rules are missing: --version N --weight W, or --rules FILE/, 'gray', 'set', ...at);
    await fails(usage, /--version needs --weight/, 'gray', 'set', ...at, '--version', '2');
    await fails(usage, /--weight: 101 is not a number of 0 to 100/, 'gray', 'set', ...at, '--version', '2', '--weight', '101');
    await fails(usage, /--match: canary is not NAME=VALUE/, 'gray', 'preview', ...at, '--version', '2', '--weight', '1', '--match', 'canary');
    await fails(usage, /--rules excludes/, 'gray', 'set', ...at, '--rules', 'x', '--version', '2');
    await fails(refused, /no-such: No such file/, 'gray', 'set', ...at, '--rules', 'no-such');
    await fails(refused, /input\.json: line 2, column \d+: /, 'gray', 'set', ...at, '--rules', file('[\n,]'));
    await fails(refused, /duplicate/, 'gray', 'set', ...at, '--rules', file('[{"match": {"a": ["1"], "a": ["2"]}}]'));
    await fails(usage, /--steps is missing/, 'gray', 'ramp', ...at);
    await fails(usage, /--steps: ten is not a number/, 'gray', 'ramp', ...at, '--steps', '1:10m,ten:1h');
    await fails(usage, /need --steps/, 'gray', 'ramp', ...at, '--promote');
    await fails(usage, /--pause and --resume stand alone/, 'gray', 'ramp', ...at, '--pause', '--resume');
    await fails(usage, /--pause and --resume stand alone/, 'gray', 'ramp', ...at, '--resume', '--steps', '1');
    await fails(usage, /--tag: ring stands twice/, 'gray', 'evaluate', ...at, '--tag', 'ring=a', '--tag', 'ring=b');
    await fails(usage, /--version excludes --instance and --tag/, 'get', ...at, '--version', '1', '--tag', 'a=b');
    await fails(usage, /--tag: Ring is no name of a tag/, 'watch', 'prod', '--tag', 'Ring=a');
    await fails(usage, /there is no command gray sohw; did you mean gray show\?/, 'gray', 'sohw', ...at);
    await fails(usage, /gray needs a second word/, 'gray');
  });
});
