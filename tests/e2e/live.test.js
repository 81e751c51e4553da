// What others do shows up by itself, and what the connection does to the page, too.
'use strict';

const assert = require('node:assert/strict');
const { describe, test } = require('node:test');
const { useBrowser } = require('../lib/browser.js');
const { configPath } = require('../lib/client.js');
const { useConferd } = require('../lib/conferd.js');
const { en: t } = require('../lib/console-texts.js');
const { startProbe } = require('../lib/probe.js');

const namespace = 'prod.live';

describe('The console while others work', () => {
  const server = useConferd({ keepPort: true });
  const { visit } = useBrowser(server);
  const { api } = server;
  const put = (key, content, more) =>
    api.put(configPath(namespace, key), { content, publish: true, ...more });
  const isLive = (visitor) => visitor.page.locator('[data-state=live]').waitFor();

  test('A list shows what somebody else publishes, makes and deletes', async (test) => {
    await api.post('/api/v1/namespaces', { name: namespace });
    await put('b.json', '{"b": 1}\n');
    const visitor = await visit(test);
    await visitor.signIn(`#/configs/${namespace}`);
    const row = (key) => visitor.page.locator('.row', { hasText: key });
    await row('b.json').waitFor();
    await isLive(visitor);
    await put('b.json', '{"b": 2}\n', { comment: 'from elsewhere' });
    await row('b.json').filter({ hasText: 'v2' }).filter({ hasText: 'from elsewhere' }).waitFor();
    await put('a.json', '{"a": 1}\n');
    await row('a.json').waitFor();
    assert.deepEqual(await visitor.page.locator('.row .key').allTextContents(), ['a.json', 'b.json']);
    await api.delete(configPath(namespace, 'b.json'));
    await row('b.json').waitFor({ state: 'detached' });
  });

  test('A config shows what somebody else publishes, with its author and comment', async (test) => {
    await put('page.json', '{"n": 1}\n');
    const visitor = await visit(test);
    await visitor.signIn(`#/configs/${namespace}/page.json`);
    await visitor.page.locator('.cm-content', { hasText: '"n": 1' }).waitFor();
    await isLive(visitor);
    await put('page.json', '{"n": 2}\n', { comment: 'from elsewhere' });
    await visitor.page.locator('.cm-content', { hasText: '"n": 2' }).waitFor();
    await visitor.page.locator('.facts', { hasText: 'from elsewhere' }).waitFor();
    await visitor.page.locator('.versions', { hasText: 'v2' }).waitFor();
  });

  test('An instance that refuses a version is shown, with why', async (test) => {
    await put('refused.json', '{"n": 1}\n');
    const probe = startProbe(test, {
      server: server.origin,
      token: server.token,
      namespace,
      listen: 'all',
      instance: 'orders-1',
    });
    await probe.waitReady();
    const visitor = await visit(test);
    await visitor.signIn(`#/configs/${namespace}/refused.json/instances`);
    await visitor.text(t.instances.legend(1, 1, 1)).waitFor();
    await probe.command('refuse 1 the limit is too high');
    await put('refused.json', '{"n": 2}\n');
    await visitor.page.getByText(t.instances.refusedCount(1)).first().waitFor();
    await visitor.page.locator('.ant-tag', { hasText: t.instances.standings.refused }).hover();
    await visitor.page.getByText('the limit is too high').waitFor();
  });

  test('A server that goes away is told, and nothing is wiped; one that comes back is caught up with', async (test) => {
    await put('lost.json', '{"n": 1}\n');
    const visitor = await visit(test, { allowed: /WebSocket connection|Failed to load resource: net::/ });
    const { page } = visitor;
    await visitor.signIn(`#/configs/${namespace}/lost.json`);
    await page.locator('.cm-content', { hasText: '"n": 1' }).waitFor();
    await isLive(visitor);
    await server.stop();
    await page.locator('[data-state=lost]').waitFor();
    await page.locator('.cm-content', { hasText: '"n": 1' }).waitFor();
    await visitor.button(t.app.more, { exact: true }).click();
    await page.getByRole('menuitem', { name: t.config.delete }).click();
    await visitor.dialog.getByRole('button', { name: t.remove.ok, exact: true }).click();
    await page.locator('.ant-message', { hasText: t.errors.unreachable }).waitFor();
    await visitor.button(/admin/).click();
    await page.getByRole('menuitem', { name: t.app.signOut }).click();
    await page.locator('.ant-message-notice', { hasText: t.errors.unreachable }).nth(1).waitFor();
    await server.start();
    await put('lost.json', '{"n": 2}\n');

    // Sessions end with the server that made them.
    await visitor.text(t.signIn.expired).waitFor();
    await visitor.enter();
    await page.locator('.cm-content', { hasText: '"n": 2' }).waitFor();
    await isLive(visitor);
  });
});
