// Much of it: a namespace of 10,000 configs, and a document of one MiB. Only what is seen is drawn.
'use strict';

const assert = require('node:assert/strict');
const { describe, test } = require('node:test');
const { useBrowser } = require('../lib/browser.js');
const { configPath } = require('../lib/client.js');
const { useConferd } = require('../lib/conferd.js');
const { en: t } = require('../lib/console-texts.js');
const { inParallel } = require('../lib/waiting.js');

const namespace = 'prod.large';
const nConfigs = 10000;
const perTransaction = 125;
const drawnMax = 120;
const keyOf = (i) => `config-${String(i).padStart(5, '0')}.json`;

/** A JSON document of nearly one MiB. */
function document() {
  const entries = [];
  for (let size = 0; size < 1024 * 1024 - 4096; size += entries[entries.length - 1].length + 2)
    entries.push(
      `  "entry-${entries.length}": {"enabled": true, "weight": ${entries.length % 100}, "note": "${'x'.repeat(40)}"}`,
    );
  return `{\n${entries.join(',\n')}\n}\n`;
}

describe('The console with much in it', () => {
  const server = useConferd();
  const { visit } = useBrowser(server);
  const { api } = server;

  test('10,000 configs are listed, scrolled and searched, a few rows drawn at a time', async (test) => {
    await api.post('/api/v1/namespaces', { name: namespace });
    await inParallel(nConfigs / perTransaction, 4, (n) =>
      api.post('/api/v1/transactions', {
        operations: Array.from({ length: perTransaction }, (_, i) => n * perTransaction + i).map((i) => ({
          op: 'put',
          namespace,
          key: keyOf(i),
          content: `{"needle-${i}": true}\n`,
          publish: true,
        })),
      }),
    );
    const visitor = await visit(test);
    const { page } = visitor;
    await visitor.signIn(`#/configs/${namespace}`);
    const row = (i) => page.locator('.row', { hasText: keyOf(i) });
    await row(0).waitFor();
    assert.ok((await page.locator('.row').count()) < drawnMax);
    await row(3).hover();
    for (let i = 0; !(await row(700).isVisible()); i++) {
      assert.ok(i < 500, 'scrolling leads there');
      await page.mouse.wheel(0, 400); // less than is seen at once, so that no row is passed over
    }
    assert.ok((await page.locator('.row').count()) < drawnMax);
    await page.getByPlaceholder(t.browse.search).fill('NEEDLE-8765"');
    await row(8765).waitFor();
    assert.equal(await page.locator('.row').count(), 1);
    await page.getByPlaceholder(t.browse.search).fill('config-099');
    await row(9900).waitFor();
    await visitor.text(t.browse.shown(100, false)).waitFor();
  });

  test('More instances than are listed are said to be more', async (test) => {
    const instance = {
      id: 'one', app: '', tags: {}, sdk: '', address: '127.0.0.1', connected_at: new Date().toISOString(), revision: 1,
      namespaces: [{ name: 'prod.many', keys: ['*'] }], results: [],
    };
    await api.post('/api/v1/namespaces', { name: 'prod.many' });
    for (const content of ['1', '2']) await api.put(configPath('prod.many', 'n.json'), { content, publish: true });
    const visitor = await visit(test);
    const answer = { code: 200, message: 'ok', data: { items: [instance], cursor: 'Mg' } };
    await visitor.page.route('**/api/v1/instances?*', (route) => route.fulfill({ json: answer }));
    await visitor.signIn('#/configs/prod.many/n.json');
    await visitor.text(/\(1\+\)/).waitFor();
    await visitor.button(new RegExp(t.config.rollBack)).click();
    await visitor.dialog.getByText(t.rollback.who({ n: 1, isMore: true })).waitFor();
  });

  test('A document of one MiB is opened, searched, edited, compared and published', async (test) => {
    const key = 'large.json';
    const content = document();
    await api.post('/api/v1/namespaces', { name: 'prod.document' });
    await api.put(configPath('prod.document', key), { content, publish: true });
    const visitor = await visit(test);
    const { page } = visitor;
    await visitor.signIn(`#/configs/prod.document/${key}`);
    await page.locator('.cm-content', { hasText: '"entry-0"' }).waitFor();
    assert.ok((await page.locator('.cm-line').count()) < 200, 'what is not seen is not drawn');
    await page.locator('.cm-content').click();
    await page.keyboard.press('Control+f');
    await page.keyboard.type('entry-9000"');
    await page.keyboard.press('Enter');
    await page.locator('.cm-line', { hasText: '"entry-9000"' }).waitFor();

    await visitor.open(`#/configs/prod.document/${key}/edit`);
    await page.locator('.edit .cm-content').click();
    await page.keyboard.press('Control+End');
    await page.keyboard.press('ArrowUp');
    await page.keyboard.press('ArrowUp');
    await page.keyboard.press('End');
    await page.keyboard.insertText(',\n  "last": 1');
    await visitor.button(t.editor.review).click();
    await visitor.dialog.locator('.cm-merge-b', { hasText: '"last": 1' }).waitFor();
    await visitor.dialog.getByRole('button', { name: t.review.saveAndPublish }).click();
    await visitor.text(t.review.published(2)).waitFor();
    const { data } = await api.get(configPath('prod.document', key));
    assert.equal(data.content, content.replace(/\n\}\n$/, ',\n  "last": 1\n}\n'));
  });
});
