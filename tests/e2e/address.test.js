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
    await api.post('/api/v1/namespaces', { name: namespace });
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
