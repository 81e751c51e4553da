// A browser with the console in it. Whatever the page says that it should not say (a script's error, a breach of its
// policy, a request to somebody else) fails the test.
'use strict';

const assert = require('node:assert/strict');
const { after, before } = require('node:test');
const axe = require('axe-core');
const { chromium } = require('playwright-core');
const { password } = require('./conferd.js');

const executablePath = process.env.CONFER_CHROMIUM || '/usr/bin/chromium';
const deadlineMs = 30000;

/** What a browser notes about an answer that the page expects and shows. */
const expected =
  /Failed to load resource: the server responded with a status of (400|401|404|409|412|422|429|503)/;

class Visitor {
  /** @options: playwright's for a context; `allowed`, a pattern of console messages that the test provokes */
  static async come(browser, origin, { allowed, ...options } = {}) {
    const visitor = new Visitor();
    visitor.origin = origin;
    visitor.allowed = allowed;
    visitor.complaints = [];
    visitor.context = await browser.newContext({
      locale: 'en-GB',
      reducedMotion: 'reduce',
      viewport: { width: 1280, height: 800 },
      ...options,
    });
    visitor.context.setDefaultTimeout(deadlineMs);
    visitor.page = await visitor.context.newPage();
    visitor.listen();
    return visitor;
  }

  listen() {
    const { page } = this;
    page.on('pageerror', (error) => this.complaints.push(`error: ${error.stack}`));
    page.on('console', (message) => {
      const text = message.text();
      const isBad = message.type() === 'error' || message.type() === 'warning';
      if (isBad && !expected.test(text) && !this.allowed?.test(text))
        this.complaints.push(`${message.type()}: ${text}`);
    });
    page.on('request', (request) => {
      const { protocol, origin } = new URL(request.url());
      if (protocol !== 'data:' && origin !== this.origin)
        this.complaints.push(`a request to ${request.url()}`);
    });
  }

  async open(hash = '') {
    await this.page.goto(`${this.origin}/${hash}`);
  }

  async signIn(hash = '', word = password) {
    await this.open(hash);
    await this.page.locator('#username').fill('admin');
    await this.enter(word);
  }

  /** Gives the password to the page, or to the dialog that asks for it again. */
  async enter(word = password) {
    const field = this.page.locator('#password');
    await field.fill(word);
    await this.page.locator('form').filter({ has: field }).locator('button[type=submit]').click();
  }

  /** Nothing moves any more. */
  async rest() {
    await this.page.waitForFunction(() =>
      document
        .getAnimations()
        .every((one) => one.playState === 'finished' || one.effect.getComputedTiming().endTime === Infinity),
    );
  }

  button(name, options = {}) {
    return this.page.getByRole('button', { name, exact: typeof name === 'string', ...options });
  }

  /** The dialog that is open. */
  get dialog() {
    return this.page.getByRole('dialog').last();
  }

  /** Puts @text in the place of what the editor holds. */
  async write(text) {
    await this.page.locator('.cm-content').last().click();
    await this.page.keyboard.press('Control+a');
    await this.page.keyboard.insertText(text);
  }

  text(text) {
    return this.page.getByText(text).first();
  }

  /** What axe finds that is serious, by the rules of WCAG 2.1 AA. */
  async findings() {
    await this.rest();
    await this.page.evaluate(axe.source);
    const { violations } = await this.page.evaluate(() =>
      window.axe.run({ runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa'] }),
    );
    return violations
      .filter(({ impact }) => impact === 'serious' || impact === 'critical')
      .flatMap(({ id, nodes }) =>
        nodes.map(
          ({ html, failureSummary }) => `${id}: ${html.slice(0, 160)} ${failureSummary.slice(0, 300)}`,
        ),
      );
  }

  /** Goes to @locator by the Tab key. */
  async tabTo(locator) {
    for (let i = 0; i < 60; i++) {
      if (
        await locator
          .evaluate(
            (element) => element === document.activeElement || element.contains(document.activeElement),
          )
          .catch(() => false)
      )
        return;
      await this.page.keyboard.press('Tab');
    }
    assert.fail(`Tab does not lead to ${locator}`);
  }

  async leave() {
    await this.context.close();
    assert.deepEqual(this.complaints, []);
  }
}

/** A browser for the suite that calls this; @visit() makes a visitor, who is judged when the test @t is over. */
function useBrowser(server) {
  const ours = {};
  before(async () => {
    ours.browser = await chromium.launch({ executablePath, args: ['--no-sandbox', '--disable-gpu'] });
  });
  after(() => ours.browser?.close());
  return {
    async visit(t, options) {
      const visitor = await Visitor.come(ours.browser, server.origin, options);
      t.after(() => visitor.leave());
      return visitor;
    },
  };
}

module.exports = { Visitor, executablePath, useBrowser };
