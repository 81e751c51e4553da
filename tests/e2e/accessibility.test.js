// Every page and dialog, in both themes: axe finds nothing serious, and the keyboard alone leads through.
'use strict';

const assert = require('node:assert/strict');
const { describe, test } = require('node:test');
const { useBrowser } = require('../lib/browser.js');
const { configPath } = require('../lib/client.js');
const { useConferd } = require('../lib/conferd.js');
const { en: t } = require('../lib/console-texts.js');

const namespace = 'prod.access';
const hash = `#/configs/${namespace}/limits.json`;

describe('Access to the console', () => {
  const server = useConferd();
  const { visit } = useBrowser(server);
  const { api } = server;

  test('There is something to look at', async () => {
    await api.post('/api/v1/namespaces', { name: namespace });
    for (const n of [1, 2, 3])
      await api.put(configPath(namespace, 'limits.json'), { content: `{\n  "n": ${n}\n}\n`, publish: n < 3 });
    await api.put(configPath(namespace, 'app.yaml'), { content: 'level: info # so far\n', publish: true });
  });

  for (const colorScheme of ['light', 'dark'])
    test(`axe finds nothing serious, ${colorScheme}`, async (test) => {
      const visitor = await visit(test, { colorScheme });
      const { page } = visitor;
      const check = async (what) => assert.deepEqual(await visitor.findings(), [], what);

      await visitor.open();
      await page.locator('#password').waitFor();
      await check('sign-in');
      await visitor.signIn(`#/configs/${namespace}`);
      await page.locator('.row').first().waitFor();
      await check('list');
      await visitor.button(t.browse.newNamespace).click();
      await visitor.dialog.waitFor();
      await check('new namespace');
      await page.keyboard.press('Escape');

      for (const tab of ['', '/compare', '/releases', '/instances', '/gray', '/edit']) {
        await visitor.open(hash + tab);
        await page
          .locator(tab === '/edit' || !tab ? '.code' : '[role=tabpanel]')
          .first()
          .waitFor();
        await page.locator('[data-state=live]').waitFor();
        await check(`config${tab}`);
      }
      await visitor.open(hash);
      await visitor.button(new RegExp(t.config.rollBack)).click();
      await visitor.dialog.locator('.diff').waitFor();
      await check('rollback');

      await visitor.open('#/audit');
      await page.locator('.ant-table-row').first().waitFor();
      await check('audit');

      await visitor.open(`#/configs/${namespace}/app.yaml/gray`);
      await page.getByRole('switch').click();
      await visitor.button(new RegExp(t.gray.addRule)).click();
      await check('the form of a gray release');
      await api.put(configPath(namespace, 'app.yaml', 'gray'), {
        rules: [{ match: { ring: ['canary'] }, split: [{ version: 1, weight: 10 }] }],
        plan: { steps: [{ weight: 1, hold: '1h' }, { weight: 100 }] },
      });
      await visitor.open(hash);
      await visitor.open(`#/configs/${namespace}/app.yaml/gray`);
      await page.locator('.gray-ramp').waitFor();
      await check('a gray release that runs');
      await api.delete(configPath(namespace, 'app.yaml', 'gray'));
    });

  test('The keyboard alone signs in, finds a config and rolls it back', async (test) => {
    const visitor = await visit(test);
    const { page } = visitor;

    await visitor.open();
    await page.locator('#password').waitFor();
    await page.keyboard.type(server.password);
    await page.keyboard.press('Enter');
    await page.getByPlaceholder(t.browse.searchAll).waitFor();
    await page.keyboard.type('limits');
    const link = page.getByRole('link', { name: 'limits.json' });
    await link.waitFor();
    await visitor.tabTo(link);
    await page.keyboard.press('Enter');
    const rollBack = visitor.button(new RegExp(t.config.rollBack));
    await rollBack.waitFor();
    await visitor.tabTo(rollBack);
    await page.keyboard.press('Enter');
    await visitor.dialog.locator('.diff').waitFor();
    await visitor.tabTo(visitor.dialog.getByRole('button', { name: t.rollback.ok(1) }));
    await page.keyboard.press('Enter');
    await visitor.text(t.rollback.done(1)).waitFor();
    assert.equal((await api.get(configPath(namespace, 'limits.json'))).data.version, 1);
  });
});
