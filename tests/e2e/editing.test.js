// Writing: what the server refuses is shown where it is, what somebody else overtook is a choice, and nothing that was
// typed is lost.
'use strict';

const assert = require('node:assert/strict');
const { describe, test } = require('node:test');
const { useBrowser } = require('../lib/browser.js');
const { configPath } = require('../lib/client.js');
const { useConferd } = require('../lib/conferd.js');
const { en: t } = require('../lib/console-texts.js');
const { until } = require('../lib/waiting.js');

const namespace = 'prod.editing';
const hashOf = (key, tab = '') => `#/configs/${namespace}/${key}${tab && `/${tab}`}`;

describe('Editing in the console', () => {
  const server = useConferd();
  const { visit } = useBrowser(server);
  const { api } = server;
  let n = 0;

  /** A config of its own, live with @content. */
  async function given(content) {
    const key = `config-${++n}.json`;
    if (n === 1) await api.post('/api/v1/namespaces', { name: namespace });
    await api.put(configPath(namespace, key), { content, publish: true });
    return key;
  }
  const newest = async (key) => (await api.get(configPath(namespace, key, 'versions'))).data.items[0];

  /** Somebody who has the config open in the editor. */
  async function editing(test, key, options) {
    const visitor = await visit(test, options);
    await visitor.signIn(hashOf(key, 'edit'));
    await visitor.page.locator('.cm-content').waitFor();
    return visitor;
  }
  async function review(visitor) {
    await visitor.button(t.editor.review).click();
    await visitor.dialog.getByText(t.review.title, { exact: true }).waitFor();
  }

  test('A content that does not parse is refused at its line, and can be mended', async (test) => {
    const key = await given('{"a": 1}\n');
    const visitor = await editing(test, key);
    await visitor.write('{\n  "a": 1,,\n}\n');
    await review(visitor);
    await visitor.dialog.getByRole('button', { name: t.review.saveAndPublish }).click();
    await visitor.text(t.editor.invalid).waitFor();
    await visitor.page.locator('.cm-lintRange-error').waitFor();
    await visitor.page.getByText(/^line 2, column \d+: /).waitFor();
    assert.equal((await newest(key)).version, 1);
    assert.equal(await visitor.page.locator('.cm-lint-marker-error').count(), 1);

    await visitor.write('{\n  "a": 2\n}\n');
    await review(visitor);
    await visitor.dialog.getByRole('button', { name: t.review.saveAndPublish }).click();
    await visitor.text(t.review.published(2)).waitFor();
  });

  test('Saving alone publishes nothing; publishing it later asks with the difference', async (test) => {
    const key = await given('{"a": 1}\n');
    const visitor = await editing(test, key);
    await visitor.write('{"a": 2}\n');
    await review(visitor);
    await visitor.dialog.getByRole('button', { name: t.review.save, exact: true }).click();
    await visitor.text(t.review.saved(2)).waitFor();
    await visitor.text(t.config.newer(2, 'admin')).waitFor();
    assert.equal((await api.get(configPath(namespace, key))).data.version, 1);

    await visitor.button(t.config.publishVersion(2)).click();
    await visitor.dialog.locator('.cm-merge-b', { hasText: '"a": 2' }).waitFor();
    await visitor.dialog.getByLabel(t.review.comment).fill('now');
    await visitor.dialog.getByRole('button', { name: t.publish.ok, exact: true }).click();
    await visitor.text(t.review.published(2)).waitFor();
    assert.equal((await api.get(configPath(namespace, key))).data.comment, 'now');
  });

  test('A version that cannot be loaded is told, and nothing is released that was not shown', async (test) => {
    const key = await given('{"a": 1}\n');
    await api.put(configPath(namespace, key), { content: '{"a": 2}\n' });
    const visitor = await visit(test, { allowed: /Failed to load resource: net::/ });
    const { page } = visitor;
    await visitor.signIn(hashOf(key));
    await page.locator('.cm-content', { hasText: '"a": 1' }).waitFor();
    await page.route('**/versions/2', (route) => route.abort());
    await visitor.button(t.config.publishVersion(2)).click();
    await visitor.dialog.getByText(t.errors.unreachable).waitFor();
    await visitor.dialog.getByLabel(t.review.comment).press('Enter');
    await page.unroute('**/versions/2');
    await visitor.dialog.getByRole('button', { name: t.common.retry }).click();
    await visitor.dialog.locator('.cm-merge-b', { hasText: '"a": 2' }).waitFor();
    assert.equal((await api.get(configPath(namespace, key))).data.version, 1);
    await visitor.dialog.getByLabel(t.review.comment).press('Enter');
    await visitor.text(t.review.published(2)).waitFor();

    await page.route('**/versions/2', (route) => route.abort());
    await page.reload();
    await visitor.button(new RegExp(t.config.edit)).first().click();
    await visitor.text(t.errors.unreachable).waitFor();
    await page.unroute('**/versions/2');
    await visitor.button(t.common.retry).click();
    await page.locator('.edit .cm-content', { hasText: '"a": 2' }).waitFor();
  });

  test('A config that is to be new is not disturbed by what the page asks meanwhile', async (test) => {
    await given('{"a": 1}\n');
    const visitor = await visit(test);
    const { page } = visitor;
    await page.clock.install();
    await visitor.signIn(hashOf('absent.json', 'edit'));
    await visitor.write('{"a": "new"}\n');
    await page.locator('.edit').evaluate((element) => (element.isTheSame = true));
    let release;
    const isHeld = new Promise((resolve) => (release = resolve));
    await page.route('**/absent.json/versions?*', async (route) => {
      await isHeld;
      await route.continue();
    });
    const asked = page.waitForRequest('**/absent.json/versions?*');
    await page.clock.fastForward(11000);
    await asked;
    release();
    assert.ok(await page.locator('.edit').evaluate((element) => element.isTheSame));
  });

  for (const choice of ['merge', 'overwrite', 'discard'])
    test(`An edit that was overtaken is a choice: ${choice}`, async (test) => {
      const key = await given('{"a": 1}\n');
      // Chromium itself gives what is typed over marked text a style, which the policy strips off again.
      const visitor = await editing(test, key, { allowed: /inline style.* style attributes/ });
      await visitor.write('{"a": "mine"}\n');
      await api.put(configPath(namespace, key), { content: '{"a": "theirs"}\n', publish: true });
      await visitor.text(t.config.overtaken(2)).waitFor();
      await review(visitor);
      await visitor.dialog.getByRole('button', { name: t.review.saveAndPublish }).click();
      await visitor.text(t.conflict.title).waitFor();
      await visitor.dialog.locator('.cm-merge-a', { hasText: 'theirs' }).waitFor();
      await visitor.dialog.locator('.cm-merge-b', { hasText: 'mine' }).waitFor();
      assert.equal((await newest(key)).version, 2);

      if (choice === 'merge') {
        await visitor.dialog.locator('.cm-merge-b .cm-content').click();
        await visitor.page.keyboard.press('Control+a');
        await visitor.page.keyboard.insertText('{"a": "both"}\n');
      }
      await visitor.dialog.getByRole('button', { name: t.conflict[choice] }).click();
      if (choice === 'discard') {
        await visitor.page.locator('.cm-content', { hasText: 'theirs' }).waitFor();
        assert.equal((await newest(key)).version, 2);
        return;
      }
      if (choice === 'merge') await review(visitor);
      await visitor.dialog.getByRole('button', { name: t.review.saveAndPublish }).click();
      await visitor.text(t.review.published(3)).waitFor();
      const wanted = choice === 'merge' ? '{"a": "both"}\n' : '{"a": "mine"}\n';
      assert.equal((await api.get(configPath(namespace, key))).data.content, wanted);
    });

  test('What is typed survives a reload, and can be discarded', async (test) => {
    const key = await given('{"a": 1}\n');
    const visitor = await editing(test, key);
    await visitor.write('{"a": "not saved"}\n');
    await visitor.text(t.editor.draftKept).waitFor();
    await visitor.page.reload();
    await visitor.page.locator('.cm-content', { hasText: 'not saved' }).waitFor();

    await visitor.button(t.editor.close).click();
    await visitor.button(t.config.goOn).click();
    await visitor.page.locator('.edit .cm-content', { hasText: 'not saved' }).waitFor();
    await visitor.open(hashOf(key));
    await visitor.button(t.config.discard).click();
    await visitor.dialog.getByRole('button', { name: t.config.discard }).click();
    await visitor.button(t.config.goOn).waitFor({ state: 'detached' });
    await visitor.open(hashOf(key, 'edit'));
    await visitor.page.locator('.cm-content', { hasText: '"a": 1' }).waitFor();
  });

  test('Two tabs that write on one config lose nothing of each other silently', async (test) => {
    const key = await given('{"a": 1}\n');
    const visitor = await editing(test, key);
    const { page } = visitor;
    const other = await visitor.context.newPage();
    const open = async () => {
      await other.goto(`${server.origin}/${hashOf(key, 'edit')}`);
      await other.locator('.cm-content', { hasText: '"a"' }).waitFor();
    };
    const writeThere = async (text) => {
      await other.locator('.cm-content').click();
      await other.keyboard.press('Control+a');
      await other.keyboard.insertText(text);
    };
    const says = (where, text) => where.locator('.cm-content', { hasText: text }).waitFor();
    const isAsked = (where) => where.getByText(t.editor.elsewhere).waitFor();

    await open();
    await visitor.write('{"a": "here"}\n');
    await says(other, '"here"'); // nobody has written there
    await visitor.write('{"a": "here, too"}\n');
    await says(other, '"here, too"');
    assert.equal(await other.getByText(t.editor.elsewhere).count(), 0);

    await writeThere('{"a": "there"}\n');
    await isAsked(page);
    await says(page, '"here, too"');
    await visitor.text(t.editor.draftWaits).waitFor();
    await visitor.button(t.editor.keepMine).click();
    await isAsked(other);
    await says(other, '"there"');
    await other.getByRole('button', { name: t.editor.takeTheirs }).click();
    await says(other, '"here, too"');

    await writeThere('{"a": "there again"}\n');
    await isAsked(page);
    await other.close();
    await review(visitor);
    await visitor.dialog.getByRole('button', { name: t.review.saveAndPublish }).click();
    await visitor.text(t.review.published(2)).waitFor();
    assert.equal((await newest(key)).content, '{"a": "here, too"}\n');
    await visitor.button(t.config.goOn).click();
    await says(page, '"there again"');
  });

  test('What is typed survives a session that is over', async (test) => {
    const key = await given('{"a": 1}\n');
    const visitor = await editing(test, key);
    await visitor.write('{"a": "kept"}\n');
    await visitor.context.clearCookies();
    await review(visitor);
    await visitor.dialog.getByRole('button', { name: t.review.saveAndPublish }).click();
    await visitor.text(t.signIn.expired).waitFor();
    await visitor.enter();
    await visitor.text(t.signIn.expired).waitFor({ state: 'hidden' });
    await visitor.button(new RegExp(t.review.saveAndPublish)).click();
    await visitor.text(t.review.published(2)).waitFor();
    assert.equal((await api.get(configPath(namespace, key))).data.content, '{"a": "kept"}\n');
  });

  test('A text is saved byte for byte: line ends, a missing last one, what is not ASCII', async (test) => {
    await given('{"a": 1}\n');
    await api.put(configPath(namespace, 'crlf.properties'), { content: 'a=1\r\nb=ü\r\n', publish: true });
    const visitor = await editing(test, 'crlf.properties');
    await visitor.page.locator('.cm-content').click();
    await visitor.page.keyboard.press('Control+End');
    await visitor.page.keyboard.type('c=数');
    await review(visitor);
    await visitor.dialog.getByRole('button', { name: t.review.save, exact: true }).click();
    await visitor.text(t.review.saved(2)).waitFor();
    assert.equal((await newest('crlf.properties')).content, 'a=1\r\nb=ü\r\nc=数');
  });

  test('A new namespace, and a new config in it', async (test) => {
    const visitor = await visit(test);
    await visitor.signIn();
    await visitor.button(t.browse.newNamespace).click();
    await visitor.dialog.getByLabel(t.browse.namespaceName).fill('prod.made.here');
    await visitor.dialog.getByRole('button', { name: t.browse.create }).click();
    await visitor.page.getByRole('heading', { name: 'prod.made.here' }).waitFor();
    await visitor.button(new RegExp(t.browse.newConfig)).click();
    await visitor.dialog.getByLabel(t.browse.keyLabel).fill('first.yaml');
    await visitor.dialog.getByRole('button', { name: t.browse.create }).click();
    await visitor.text(t.editor.creating).waitFor();
    await visitor.write('level: info\n');
    await visitor.button(t.editor.review).click();
    await visitor.dialog.getByRole('button', { name: t.review.saveAndPublish }).click();
    await visitor.text(t.review.published(1)).waitFor();
    const { data } = await api.get(configPath('prod.made.here', 'first.yaml'));
    assert.deepEqual([data.content, data.format], ['level: info\n', 'yaml']);
  });

  test('Deleting asks first, and rolling back brings it back', async (test) => {
    const key = await given('{"a": 1}\n');
    const visitor = await visit(test);
    await visitor.signIn(hashOf(key));
    await visitor.button(t.app.more, { exact: true }).click();
    await visitor.page.getByRole('menuitem', { name: t.config.delete }).click();
    await visitor.dialog.getByText(t.remove.text).waitFor();
    await visitor.dialog.getByRole('button', { name: t.remove.ok, exact: true }).click();
    await visitor.text(t.config.deleted).waitFor();
    await api.get(configPath(namespace, key), { status: 404 });

    await visitor.button(new RegExp(t.config.rollBack)).click();
    await visitor.dialog.getByRole('button', { name: t.rollback.ok(1) }).click();
    await visitor.text(t.rollback.done(1)).waitFor();
    await until(
      async () => (await api.get(configPath(namespace, key), { status: 'any' })).status === 200,
      'it is back',
    );
  });
});
