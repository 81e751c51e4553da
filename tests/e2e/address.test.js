// What the address names, and what is shown where that cannot be.
'use strict';

const assert = require('node:assert/strict');
const { describe, test } = require('node:test');
const { useBrowser } = require('../lib/browser.js');
const { configPath } = require('../lib/client.js');
const { useConferd } = require('../lib/conferd.js');
const { en: t } = require('../lib/console-texts.js');

const namespace = 'prod.address';
const key = 'limits.json';

describe('The addresses of the console', () => {
  const server = useConferd();
  const { visit } = useBrowser(server);
  const { api } = server;

  test('There is something to look at', async () => {
    await api.post('/api/v1/namespaces', { name: namespace, description: 'Where the Orders go' });
    await api.put(configPath(namespace, key), { content: '{"a": 1}\n', publish: true });
  });

  test('One with a stray % is a name that nothing has', async (test) => {
    const visitor = await visit(test);
    await visitor.signIn('#/configs/100%');
    await visitor.page.getByRole('heading', { name: '100%' }).waitFor();
  });

  test('The audit of a config, and then the whole audit', async (test) => {
    const visitor = await visit(test);
    const { page } = visitor;
    await visitor.signIn(`#/audit?namespace=${namespace}&key=${key}`);
    await page.locator('.ant-table-row').first().waitFor();
    assert.equal(await page.getByLabel(t.audit.namespace).inputValue(), namespace);
    await page.getByRole('link', { name: t.app.audit, exact: true }).click();
    await page.getByText(t.audit.actions.login, { exact: true }).first().waitFor();
    assert.equal(await page.getByLabel(t.audit.namespace).inputValue(), '');
  });

  test('A namespace is found by words of its description, and its link opens a tab of its own', async (test) => {
    const visitor = await visit(test);
    const { page } = visitor;
    await visitor.signIn();
    await page.getByPlaceholder(t.browse.findNamespace).pressSequentially('the orders ');
    const link = page.getByRole('link', { name: namespace });
    await link.waitFor();
    const opened = visitor.context.waitForEvent('page');
    await link.click({ modifiers: ['ControlOrMeta'] });
    await (await opened).getByRole('heading', { name: namespace }).waitFor();
    await page.getByRole('heading', { name: t.browse.all }).waitFor();
  });

  test('A search that failed can be tried again', async (test) => {
    const visitor = await visit(test, { allowed: /Failed to load resource: net::/ });
    const { page } = visitor;
    await visitor.signIn();
    await page.route('**/configs?*', (route) => route.abort());
    await page.getByPlaceholder(t.browse.searchAll).fill('limits');
    await visitor.text(t.errors.unreachable).waitFor();
    await page.unroute('**/configs?*');
    await visitor.button(t.common.retry).click();
    await page.getByRole('link', { name: key }).waitFor();
  });

  test('A page that was opened without a session fills itself after signing in', async (test) => {
    const visitor = await visit(test);
    const { page } = visitor;
    await visitor.signIn();
    await page.getByPlaceholder(t.browse.searchAll).waitFor();
    await visitor.context.clearCookies();
    await page.getByRole('link', { name: t.app.audit, exact: true }).click();
    await visitor.text(t.signIn.expired).waitFor();
    await visitor.enter();
    await page.locator('.ant-table-row').first().waitFor();
    await api.put(configPath(namespace, 'late.json'), { content: '1', publish: true });
    await page.locator('.ant-table-row', { hasText: 'late.json' }).first().waitFor();
  });

  test('A page whose script is gone says so, and the others stay', async (test) => {
    const visitor = await visit(test, { allowed: /./ });
    const { page } = visitor;
    await page.route('**/assets/audit-page-*.js', (route) => route.fulfill({ status: 404, body: '' }));
    await visitor.signIn();
    await page.getByRole('link', { name: t.app.audit, exact: true }).click();
    await visitor.text(t.app.broken).waitFor();
    await page.getByRole('link', { name: t.app.configs, exact: true }).click();
    await page.getByPlaceholder(t.browse.searchAll).waitFor();
    await page.goBack();
    await visitor.text(t.app.broken).waitFor();
    await page.unroute('**/assets/audit-page-*.js');
    await visitor.button(t.app.reload).click();
    await page.getByRole('heading', { name: t.audit.title }).waitFor();
  });
});
