// The way in and out.
'use strict';

const assert = require('node:assert/strict');
const { describe, test } = require('node:test');
const { useBrowser } = require('../lib/browser.js');
const { useConferd } = require('../lib/conferd.js');
const texts = require('../lib/console-texts.js');

const t = texts.en;

describe('Signing in to the console', () => {
  const server = useConferd();
  const { visit } = useBrowser(server);

  test('A wrong password is refused in the words of the server, and no name is needed to be guessed', async (test) => {
    const visitor = await visit(test);
    await visitor.signIn('', 'wrong');
    await visitor.text(t.errors.reasons.unauthenticated).waitFor();
    await visitor.text('the user name or the password is wrong').waitFor();
    assert.equal(await visitor.page.locator('.header').count(), 0);
  });

  test('Before somebody signs in, nothing is asked of the API, so that nothing is refused', async (test) => {
    const asked = [];
    const visitor = await visit(test);
    visitor.page.on('request', (request) => asked.push(new URL(request.url()).pathname));
    await visitor.open('#/audit');
    await visitor.page.locator('#password').waitFor();
    assert.deepEqual(
      asked.filter((path) => path.startsWith('/api/')),
      [],
    );
  });

  test('The address that was opened is where one is after signing in, and again after a reload', async (test) => {
    const visitor = await visit(test);
    await visitor.signIn('#/audit');
    await visitor.page.getByRole('heading', { name: t.audit.title }).waitFor();
    await visitor.page.reload();
    await visitor.page.getByRole('heading', { name: t.audit.title }).waitFor();
  });

  test('Signing out ends the session on the server', async (test) => {
    const visitor = await visit(test);
    await visitor.signIn();
    await visitor.button(/admin/).click();
    const [cookie] = await visitor.context.cookies();
    assert.deepEqual([cookie.name, cookie.httpOnly, cookie.sameSite], ['confer_session', true, 'Strict']);
    await visitor.page.getByRole('menuitem', { name: t.app.signOut }).click();
    await visitor.page.locator('#password').waitFor();
    const answer = await fetch(`${server.origin}/api/v1/me`, {
      headers: { Cookie: `confer_session=${cookie.value}` },
    });
    assert.equal(answer.status, 401);
  });

  test('Language and theme are those of the browser until others are chosen, and stay', async (test) => {
    const visitor = await visit(test, { locale: 'zh-CN', colorScheme: 'dark' });
    const { page } = visitor;
    const root = page.locator('html');
    await visitor.open();
    await visitor.text(texts.zh.signIn.title).waitFor();
    assert.deepEqual(
      [await root.getAttribute('lang'), await root.getAttribute('data-appearance')],
      ['zh-CN', 'dark'],
    );
    await page.getByRole('button', { name: texts.zh.app.language }).click();
    await page.getByRole('menuitem', { name: 'English' }).click();
    await visitor.text(t.signIn.title).waitFor();
    await page.getByRole('button', { name: t.app.light }).click();
    await page.reload();
    await visitor.text(t.signIn.title).waitFor();
    assert.deepEqual(
      [await root.getAttribute('lang'), await root.getAttribute('data-appearance')],
      ['en', 'light'],
    );
  });
});
