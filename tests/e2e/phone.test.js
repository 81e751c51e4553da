// What happens on a phone at night: find the config, roll it back.
'use strict';

const assert = require('node:assert/strict');
const { describe, test } = require('node:test');
const { useBrowser } = require('../lib/browser.js');
const { configPath } = require('../lib/client.js');
const { useConferd } = require('../lib/conferd.js');
const texts = require('../lib/console-texts.js');
const { startProbe } = require('../lib/probe.js');
const { until } = require('../lib/waiting.js');

const namespace = 'prod.acme.orders';

describe('The console on a phone', () => {
  const server = useConferd();
  const { visit } = useBrowser(server);
  const { api } = server;

  for (const [language, t] of Object.entries(texts))
    test(`Find the config and roll it back, ${t.name}`, async (test) => {
      const key = `limits-${language}.json`;
      await api.post('/api/v1/namespaces', { name: namespace }, { status: 'any' });
      await api.put(configPath(namespace, key), { content: '{"rate": 100}\n', publish: true });
      await api.put(configPath(namespace, key), { content: '{"rate": 0}\n', publish: true });
      const probe = startProbe(test, {
        server: server.origin,
        token: server.token,
        namespace,
        listen: 'all',
      });
      await probe.waitReady();

      const visitor = await visit(test, {
        locale: language,
        viewport: { width: 390, height: 844 },
        hasTouch: true,
        isMobile: true,
        colorScheme: 'dark',
      });
      const { page } = visitor;
      const fits = async (what) =>
        assert.ok(
          await page.evaluate(() => document.documentElement.scrollWidth <= window.innerWidth),
          `${what} is as wide as the phone`,
        );
      await visitor.signIn();
      await page.getByPlaceholder(t.browse.searchAll).fill(key);
      await page.locator('.row').first().waitFor();
      await fits('the list');
      await page.getByRole('link', { name: key }).tap();
      await page.locator('.cm-content', { hasText: '"rate": 0' }).waitFor();
      await fits('the config');
      await visitor.button(new RegExp(t.config.rollBack)).first().tap();
      await visitor.dialog.locator('.cm-deletedChunk', { hasText: '"rate": 0' }).waitFor();
      await visitor.dialog.getByText(t.rollback.who({ n: 1, isMore: false })).waitFor();
      await fits('the confirmation');
      await visitor.dialog.getByRole('button', { name: t.rollback.ok(1) }).tap();
      await visitor.text(t.rollback.done(1)).waitFor();
      await until(
        async () => (await probe.dump())[namespace]?.[key]?.content === '{"rate": 100}\n',
        'the client has it',
      );
    });
});
