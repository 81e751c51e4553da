// The page of the mirrors, against a real Redis that comes and goes and an HTTP endpoint that refuses what it is told to.
'use strict';

const assert = require('node:assert/strict');
const fs = require('node:fs');
const http = require('node:http');
const path = require('node:path');
const { after, before, describe, test } = require('node:test');
const { useBrowser } = require('../lib/browser.js');
const { configPath } = require('../lib/client.js');
const { temporaryDirectory, useConferd } = require('../lib/conferd.js');
const texts = require('../lib/console-texts.js');
const { useMirrors } = require('../lib/mirrors.js');
const { Etcd, Redis } = require('../lib/targets.js');
const { until } = require('../lib/waiting.js');

const t = texts.en;
const namespace = 'prod.acme';
const keys = ['limits.json', 'odd.json', 'worse.json'];
const phone = { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true };

/** Takes changes by HTTP, but for the keys that are refused; below /locked nothing at all. */
class Endpoint {
  constructor() {
    this.refused = new Set();
    this.taken = new Map();
    this.server = http.createServer((request, response) => {
      const chunks = [];
      request.on('data', (chunk) => chunks.push(chunk));
      request.on('end', () => {
        response.statusCode = request.url === '/locked' ? 401 : this.take(JSON.parse(Buffer.concat(chunks)));
        response.end(response.statusCode === 400 ? 'not of our schema' : '');
      });
    });
  }

  take({ changes }) {
    if (changes.some(({ key }) => this.refused.has(key))) return 400;
    for (const { key, content } of changes) this.taken.set(key, content);
    return 200;
  }

  async start() {
    await new Promise((resolve) => this.server.listen(0, '127.0.0.1', resolve));
    this.origin = `http://127.0.0.1:${this.server.address().port}`;
  }

  stop() {
    this.server.closeAllConnections();
    this.server.close();
  }
}

describe('The mirrors in the console', () => {
  const redis = new Redis();
  const endpoint = new Endpoint();
  const file = path.join(temporaryDirectory(), 'mirrors.yaml');
  before(async () => {
    await Promise.all([redis.start(), endpoint.start()]);
    fs.writeFileSync(file, JSON.stringify({
      cache: { kind: 'redis', endpoints: redis.endpoint, namespace: 'prod', retry_max_ms: '200 ms', prune: true, key: 'c:{namespace}:{key}' },
      locked: { kind: 'http', endpoints: `${endpoint.origin}/locked` },
      search: { kind: 'http', endpoints: `${endpoint.origin}/search` },
    }));
  });
  after(async () => {
    endpoint.stop();
    await redis.kill();
  });
  const server = useConferd({ args: ['--mirrors', file] });
  const { visit } = useBrowser(server);
  const put = (key, content) => server.api.put(configPath(namespace, key), { content, publish: true });

  const card = (visitor, name) =>
    visitor.page.locator('.mirror').filter({ has: visitor.page.getByRole('heading', { name, exact: true }) });
  const letter = (visitor, key) => visitor.page.locator('.ant-table-row').filter({ hasText: key });
  const press = (visitor, key, label) =>
    letter(visitor, key).getByRole('button', { name: `${label}: ${namespace} / ${key}` }).click();

  /** Has the endpoint refuse @refused, and releases new contents of these. */
  async function refuse(...refused) {
    endpoint.refused = new Set(refused);
    for (const key of refused) await put(key, `{"at": ${Date.now()}, "key": "${key}"}\n`);
  }

  test('There is something to mirror, and one key is refused', async () => {
    await server.api.createNamespaces('prod', namespace);
    for (const key of keys) await put(key, '{"n": 1}\n');
    await until(() => redis.run('DBSIZE') === 3, 'Redis has them');
    await refuse('odd.json');
  });

  test('A mirror that is well says what it writes to and how far it is', async (test) => {
    const visitor = await visit(test);
    await visitor.signIn();
    await visitor.page.getByRole('link', { name: t.app.mirrors }).click();
    const cache = card(visitor, 'cache');
    for (const text of [
      t.mirrors.states.running, t.mirrors.meanings.running, 'Redis', 'c:{namespace}:{key}', t.mirrors.of('prod'),
      t.mirrors.waiting(0), t.mirrors.reached(await server.api.revision()), t.mirrors.lastSuccess, t.mirrors.nLetters(0),
    ])
      await cache.getByText(text, { exact: !text.endsWith(':') }).first().waitFor();
    await card(visitor, 'search').getByText(t.mirrors.ofAll).waitFor();
    await card(visitor, 'search').getByText(t.mirrors.nLetters(1)).waitFor();
  });

  test('A mirror that is refused says why, and that somebody has to do something', async (test) => {
    const visitor = await visit(test);
    await visitor.signIn('#/mirrors');
    const locked = card(visitor, 'locked');
    await locked.getByText(t.mirrors.states.denied, { exact: true }).waitFor();
    await locked.getByText(t.mirrors.meanings.denied).waitFor();
    await locked.getByText('401').waitFor();
    await locked.getByText(t.mirrors.noSuccess).waitFor();
  });

  test('A comparison that is asked for tells what it found and repaired', async (test) => {
    const visitor = await visit(test);
    await visitor.signIn('#/mirrors');
    redis.run('DEL', `c:${namespace}:limits.json`);
    redis.run('HSET', `c:${namespace}:worse.json`, 'n', 'not ours');
    redis.run('SET', 'c:stranger', '1');
    const cache = card(visitor, 'cache');
    await cache.getByRole('button', { name: t.mirrors.compareNow }).click();
    await visitor.text(t.mirrors.resyncAsked).waitFor();
    await cache.getByText(t.mirrors.drift(1, 1, 2)).waitFor();
    await cache.getByText(t.mirrors.foreign(1, 1)).waitFor();
    await cache.getByText(t.mirrors.keys(3)).waitFor();
    assert.equal(redis.run('EXISTS', 'c:stranger'), 0);

    endpoint.taken.clear();
    await card(visitor, 'search').getByRole('button', { name: t.mirrors.sendAll }).click();
    await card(visitor, 'search').getByText(t.mirrors.sent(2)).waitFor();
    assert.deepEqual([...endpoint.taken.keys()].sort(), ['limits.json', 'worse.json']);
    await visitor.open('#/audit');
    await visitor.text(t.audit.actions['mirror.resync']).waitFor();
  });

  test('A target that goes and comes back is seen without a reload', async (test) => {
    const visitor = await visit(test);
    await visitor.signIn('#/mirrors');
    const cache = card(visitor, 'cache');
    await cache.getByText(t.mirrors.states.running, { exact: true }).waitFor();
    await redis.kill('SIGTERM');
    await put('limits.json', '{"n": 2}\n');
    await cache.getByText(t.mirrors.states.waiting, { exact: true }).waitFor();
    await cache.getByText(t.mirrors.meanings.waiting).waitFor();
    await cache.getByText(t.mirrors.waiting(1)).waitFor();
    await cache.getByRole('note').waitFor();
    await redis.start();
    await cache.getByText(t.mirrors.states.running, { exact: true }).waitFor();
    await cache.getByText(t.mirrors.waiting(0)).waitFor();
    assert.equal(await cache.getByRole('note').count(), 0);
    assert.deepEqual(redis.run('HGETALL', `c:${namespace}:limits.json`), { n: '2' });
  });

  test('A dead letter says why, leads to its config, and is tried again until it is taken', async (test) => {
    const visitor = await visit(test);
    const { page } = visitor;
    await refuse('odd.json');
    await visitor.signIn('#/mirrors');
    await card(visitor, 'search').getByRole('link', { name: t.mirrors.nLetters(1) }).click();
    const row = letter(visitor, 'odd.json');
    await row.waitFor();
    await row.locator('.ant-table-row-expand-icon').click();
    await page.locator('.entry').getByText(/400/).waitFor();
    const revision = (await server.api.get(configPath(namespace, 'odd.json'))).data.revision;
    await page.locator('.entry').getByText(String(revision), { exact: true }).waitFor();

    await press(visitor, 'odd.json', t.aside.retry);
    await visitor.text(t.aside.letters.retried(1)).waitFor();
    await row.getByText('2', { exact: true }).waitFor();
    endpoint.refused.clear();
    await press(visitor, 'odd.json', t.aside.retry);
    await visitor.text(t.aside.letters.none).waitFor();
    assert.match(endpoint.taken.get('odd.json'), /odd/);

    await refuse('odd.json');
    await row.getByRole('link').click();
    await page.waitForURL(`**/#/configs/${namespace}/odd.json`);
  });

  test('A dead letter that is dropped stays away until the next release', async (test) => {
    const visitor = await visit(test);
    await refuse('odd.json');
    await visitor.signIn('#/mirrors/search');
    await press(visitor, 'odd.json', t.aside.dropAsk);
    await visitor.dialog.locator('.ant-modal-confirm-title', { hasText: t.aside.letters.dropOneTitle(`${namespace} / odd.json`) }).waitFor();
    await visitor.dialog.getByText(t.aside.letters.dropText).waitFor();
    await visitor.dialog.getByRole('button', { name: t.common.cancel }).click();
    await letter(visitor, 'odd.json').waitFor();
    await press(visitor, 'odd.json', t.aside.dropAsk);
    await visitor.dialog.getByRole('button', { name: t.aside.drop, exact: true }).click();
    await visitor.text(t.aside.letters.dropped(1)).waitFor();
    await visitor.text(t.aside.letters.none).waitFor();

    endpoint.refused.clear();
    await put('odd.json', '{"next": true}\n');
    await until(() => endpoint.taken.get('odd.json') === '{"next": true}\n', 'the next release is written');
  });

  test('All are tried again, and all are dropped', async (test) => {
    const visitor = await visit(test);
    await visitor.signIn('#/mirrors/search');
    await visitor.text(t.aside.letters.none).waitFor();
    await refuse('odd.json', 'worse.json');
    await letter(visitor, 'odd.json').waitFor();
    await letter(visitor, 'worse.json').waitFor();
    endpoint.refused.delete('worse.json');
    await visitor.button(t.aside.retryAll).click();
    await visitor.text(t.aside.letters.retried(2)).waitFor();
    await letter(visitor, 'worse.json').waitFor({ state: 'detached' });
    await letter(visitor, 'odd.json').waitFor();

    await refuse('odd.json', 'worse.json');
    await letter(visitor, 'worse.json').waitFor();
    await visitor.button(t.aside.dropAllAsk).click();
    await visitor.dialog.locator('.ant-modal-confirm-title', { hasText: t.aside.letters.dropAllTitle('search') }).waitFor();
    await visitor.dialog.getByRole('button', { name: t.aside.dropAll, exact: true }).click();
    await visitor.text(t.aside.letters.dropped(2)).waitFor();
    await visitor.text(t.aside.letters.none).waitFor();
    await visitor.open('#/audit');
    await visitor.text(t.audit.actions['mirror.drop']).waitFor();
    await visitor.text(t.audit.actions['mirror.retry']).waitFor();
  });

  test('A name that no mirror has is said to be none', async (test) => {
    const visitor = await visit(test);
    await visitor.signIn('#/mirrors/nothing');
    await visitor.text(t.errors.reasons.mirror_not_found).waitFor();
  });

  for (const [language, words] of Object.entries(texts))
    test(`It fits a phone, ${words.name}`, async (test) => {
      await refuse('odd.json');
      const visitor = await visit(test, { locale: language, ...phone });
      const { page } = visitor;
      const fits = async (what) =>
        assert.ok(
          await page.evaluate(() => document.documentElement.scrollWidth <= window.innerWidth),
          `${what} is as wide as the phone`,
        );
      await visitor.signIn();
      await page.getByRole('link', { name: words.app.mirrors }).tap();
      await card(visitor, 'cache').getByText(words.mirrors.states.running, { exact: true }).waitFor();
      await fits('the list');
      await card(visitor, 'search').getByRole('link', { name: words.mirrors.nLetters(1) }).tap();
      await letter(visitor, 'odd.json').waitFor();
      await fits('the dead letters');
      const name = `${words.aside.dropAsk}: ${namespace} / odd.json`;
      await visitor.button(name).tap();
      await visitor.dialog.getByText(words.aside.letters.dropText).waitFor();
      await fits('the confirmation');
      await visitor.dialog.getByRole('button', { name: words.aside.drop, exact: true }).tap();
      await visitor.text(words.aside.letters.none).waitFor();
    });

  test('The keyboard alone leads to a dead letter and drops it', async (test) => {
    await refuse('odd.json');
    const visitor = await visit(test);
    const { page } = visitor;
    await visitor.signIn();
    await page.getByPlaceholder(t.browse.searchAll).waitFor();
    const follow = async (locator) => {
      await locator.waitFor();
      await visitor.tabTo(locator);
      await page.keyboard.press('Enter');
    };
    await follow(page.getByRole('link', { name: t.app.mirrors }));
    await follow(card(visitor, 'search').getByRole('link', { name: t.mirrors.nLetters(1) }));
    await follow(visitor.button(`${t.aside.dropAsk}: ${namespace} / odd.json`));
    await follow(visitor.dialog.getByRole('button', { name: t.aside.drop, exact: true }));
    await visitor.text(t.aside.letters.none).waitFor();
  });

  for (const colorScheme of ['light', 'dark'])
    test(`axe finds nothing serious, ${colorScheme}`, async (test) => {
      await refuse('odd.json');
      const visitor = await visit(test, { colorScheme });
      const { page } = visitor;
      const check = async (what) => assert.deepEqual(await visitor.findings(), [], what);

      await visitor.signIn('#/mirrors');
      await card(visitor, 'locked').getByText(t.mirrors.states.denied, { exact: true }).waitFor();
      await card(visitor, 'search').getByText(t.mirrors.nLetters(1)).waitFor();
      await check('list');
      await redis.kill('SIGTERM');
      await put('limits.json', `{"theme": "${colorScheme}"}\n`);
      await card(visitor, 'cache').getByText(t.mirrors.states.waiting, { exact: true }).waitFor();
      await check('a target that is down');
      await redis.start();
      await visitor.open('#/mirrors/search');
      await letter(visitor, 'odd.json').locator('.ant-table-row-expand-icon').click();
      await page.locator('.entry').waitFor();
      await check('dead letters');
      await press(visitor, 'odd.json', t.aside.dropAsk);
      await visitor.dialog.waitFor();
      await check('the confirmation');
    });
});

describe('A server without mirrors', () => {
  const server = useConferd();
  const { visit } = useBrowser(server);

  for (const colorScheme of ['light', 'dark'])
    test(`The page says that there are none, and where to read how there will be, ${colorScheme}`, async (test) => {
      const visitor = await visit(test, { colorScheme });
      await visitor.signIn('#/mirrors');
      await visitor.text(t.mirrors.none).waitFor();
      assert.match(t.mirrors.none, /docs\/mirrors\.md/);
      assert.deepEqual(await visitor.findings(), []);
    });
});

describe('A server that shares its mirrors with others', () => {
  const etcd = new Etcd();
  const redis = new Redis();
  const server = useMirrors([etcd, redis], () => ({
    cache: { kind: 'redis', endpoints: redis.endpoint },
    leader: { kind: 'election', endpoints: etcd.endpoint, ttl_ms: '2 s' },
  }));
  const { visit } = useBrowser(server);

  test('It says that it leads; and that nobody is known to, and why, when etcd is gone', async (test) => {
    const visitor = await visit(test);
    await visitor.signIn('#/mirrors');
    await visitor.page.getByText(/^This server leads, as /).waitFor();
    await visitor.text(t.mirrors.states.running).waitFor();
    await etcd.kill();
    await visitor.page.getByText(t.mirrors.nobodyLeads).waitFor();
    await visitor.page.getByText(etcd.endpoint).waitFor();
    await visitor.text(t.mirrors.states.standby).waitFor();
    await visitor.text(t.mirrors.meanings.standby).waitFor();
  });
});
