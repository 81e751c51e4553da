// What somebody does who has never seen the console: sign in, find, look, edit, compare, publish, notice, roll back. A
// client of the SDK is connected all the while, and gets what the page says that it gets. In both languages.
'use strict';

const assert = require('node:assert/strict');
const { describe, test } = require('node:test');
const { useBrowser } = require('../lib/browser.js');
const { configPath } = require('../lib/client.js');
const { useConferd } = require('../lib/conferd.js');
const texts = require('../lib/console-texts.js');
const { startProbe } = require('../lib/probe.js');
const { until } = require('../lib/waiting.js');

const locales = { en: 'en-GB', zh: 'zh-CN' };
const limits = (rate) => `{\n  "rate_limit": ${rate},\n  "burst": 20\n}\n`;

for (const [language, t] of Object.entries(texts))
  describe(`The console in ${t.name}`, () => {
    const server = useConferd();
    const { visit } = useBrowser(server);
    const namespace = 'prod.acme.orders';
    const key = 'limits.json';

    test('From the first look to the rollback', async (test) => {
      await server.api.post('/api/v1/namespaces', { name: namespace });
      await server.api.put(configPath(namespace, key), {
        content: limits(100),
        publish: true,
        comment: 'a start',
      });
      const probe = startProbe(test, {
        server: server.origin,
        token: server.token,
        namespace,
        listen: 'all',
      });
      await probe.waitReady();
      const holds = async (rate) => {
        const held = await probe.dump();
        return held[namespace]?.[key]?.content === limits(rate);
      };

      const visitor = await visit(test, { locale: locales[language] });
      const { page } = visitor;
      await visitor.open();
      assert.equal(await page.title(), 'Confer');
      await visitor.signIn();
      await page.getByPlaceholder(t.browse.searchAll).fill('RATE_limit');
      await page.getByRole('link', { name: key }).click();
      await page.locator('.cm-content', { hasText: '"rate_limit": 100' }).waitFor();
      await visitor.text('a start').waitFor();
      await visitor.text(t.instances.legend(1, 1, 1)).waitFor();

      await visitor.button(new RegExp(t.config.edit)).first().click();
      await visitor.write(limits(500));
      await visitor.button(t.editor.review).click();
      await visitor.dialog.locator('.cm-content', { hasText: '"rate_limit": 500' }).waitFor();
      await visitor.dialog.getByText(t.review.who({ n: 1, isMore: false })).waitFor();
      await visitor.dialog.getByLabel(t.review.comment).fill('the big sale');
      await visitor.dialog.getByRole('button', { name: t.review.saveAndPublish }).click();
      await visitor.text(t.review.published(2)).waitFor();
      await until(() => holds(500), 'the client has what was published');
      await visitor.text(t.instances.legend(1, 1, 2)).waitFor();

      await page.getByRole('tab', { name: t.config.tabs.compare }).click();
      await page.locator('.cm-merge-a', { hasText: '"rate_limit": 100' }).waitFor();
      await page.locator('.cm-merge-b', { hasText: '"rate_limit": 500' }).waitFor();
      await page.getByText(t.compare.inline, { exact: true }).click();
      await page.locator('.cm-deletedChunk', { hasText: '"rate_limit": 100' }).waitFor();

      await visitor.button(new RegExp(t.config.rollBack)).first().click();
      await visitor.dialog.getByText(t.rollback.who({ n: 1, isMore: false })).waitFor();
      await visitor.dialog.locator('.cm-deletedChunk', { hasText: '"rate_limit": 500' }).waitFor();
      await visitor.dialog.getByRole('button', { name: t.rollback.ok(1) }).click();
      await visitor.text(t.rollback.done(1)).waitFor();
      await until(() => holds(100), 'the client has what was rolled back to');
      await visitor.text(t.instances.legend(1, 1, 1)).waitFor();

      await page.getByRole('tab', { name: t.config.tabs.releases }).click();
      await page.getByRole('cell', { name: t.releases.kinds.rollback }).waitFor();
      await page.getByRole('link', { name: t.app.audit, exact: true }).click();
      await page.getByText(t.audit.actions['config.rollback']).first().waitFor();
    });
  });
