// A few first: rules as forms and as JSON, a preview that holds, a ramp that is paused, promoting and withdrawing. The
// instances are clients of the SDK, and what the page says of them is what they have.
'use strict';

const assert = require('node:assert/strict');
const { describe, test } = require('node:test');
const { useBrowser } = require('../lib/browser.js');
const { configPath } = require('../lib/client.js');
const { useConferd } = require('../lib/conferd.js');
const texts = require('../lib/console-texts.js');
const { startProbe } = require('../lib/probe.js');
const { until } = require('../lib/waiting.js');

const namespace = 'prod.gray';
const content = (n) => `{"n": ${n}}\n`;

for (const [language, t] of Object.entries(texts))
  describe(`Gray releases in the console, ${t.name}`, () => {
    const server = useConferd();
    const { visit } = useBrowser(server);
    const { api } = server;
    let n = 0;

    /** A config with version 1 live and version 2 saved, its page at the gray release, and instances by their tags. */
    async function given(test, rings, options) {
      const key = `gray-${++n}.json`;
      if (n === 1) await api.post('/api/v1/namespaces', { name: namespace });
      await api.put(configPath(namespace, key), { content: content(1), publish: true });
      await api.put(configPath(namespace, key), { content: content(2) });
      const probes = rings.map((ring, i) =>
        startProbe(test, {
          server: server.origin,
          token: server.token,
          namespace,
          listen: 'all',
          instance: `${ring}-${i}`,
          tag: `ring=${ring}`,
        }),
      );
      for (const probe of probes) await probe.waitReady();
      const visitor = await visit(test, { locale: language, ...options });
      await visitor.signIn(`#/configs/${namespace}/${key}/gray`);
      await visitor.text(t.gray.newTitle).waitFor();
      const held = async () =>
        Promise.all(probes.map(async (probe) => (await probe.dump())[namespace][key].version));
      const holds = (wanted) =>
        until(async () => JSON.stringify(await held()) === JSON.stringify(wanted), `they hold ${wanted}`);
      return { key, visitor, page: visitor.page, held, holds };
    }
    const weights = (page) => page.locator('.gray-weight input');

    test('By a tag: previewed, released, promoted', async (test) => {
      const { key, visitor, page, holds } = await given(test, ['canary', 'stable', 'canary']);
      await visitor.button(new RegExp(`${t.gray.addCondition}$`)).click();
      await page.getByLabel(t.gray.tag, { exact: true }).fill('ring');
      await page.locator('.gray-values input').fill('canary');
      await page.keyboard.press('Enter');
      await weights(page).first().fill('100');
      await visitor.text(t.gray.changing(2, 3)).waitFor();
      await holds([1, 1, 1]);
      await visitor.button(t.gray.release).click();
      await visitor.text(t.gray.isSet).waitFor();
      await holds([2, 1, 2]);
      const { data } = await api.get(configPath(namespace, key, 'gray'));
      assert.deepEqual(data.rules, [{ match: { ring: ['canary'] }, split: [{ version: 2, weight: 100 }] }]);
      await page
        .getByRole('row')
        .filter({ hasText: 'ring = canary' })
        .getByRole('cell', { name: '2', exact: true })
        .nth(1)
        .waitFor();

      await visitor.button(t.gray.promote(2)).click();
      await visitor.dialog.getByText(t.gray.promoteText(1)).waitFor();
      await visitor.dialog.getByRole('button', { name: t.gray.promoteNow(2) }).click();
      await visitor.text(t.review.published(2)).waitFor();
      await holds([2, 2, 2]);
      await api.get(configPath(namespace, key, 'gray'), { status: 404 });
    });

    test('By weight, as JSON, and withdrawn: exactly those of the preview change', async (test) => {
      const { key, visitor, page, held, holds } = await given(test, ['a', 'b', 'c', 'd']);
      await page.getByText('JSON', { exact: true }).click();
      await visitor.write('{"rules": [{"split": [{"version": 2, "weight": 50}]}]}\n');
      await page.locator('.gray-preview[aria-busy=true]').waitFor();
      const told = await page.locator('.gray-preview[aria-busy=false]').getByRole('status').textContent();
      const n = Number(told.match(/\d+/g)[language === 'zh' ? 1 : 0]);
      await visitor.button(t.gray.release).click();
      await visitor.text(t.gray.isSet).waitFor();
      const { data } = await api.get(configPath(namespace, key, 'gray'));
      assert.equal(data.instances.arms[0].connected, n);
      await until(
        async () => (await held()).filter((version) => version === 2).length === n,
        'the instances of the preview have it',
      );

      await visitor.button(t.gray.withdrawAsk).click();
      await visitor.dialog.getByText(t.gray.withdrawText(n, 1)).waitFor();
      await visitor.dialog.getByRole('button', { name: t.gray.withdraw, exact: true }).click();
      await visitor.text(t.gray.withdrawn).waitFor();
      await holds([1, 1, 1, 1]);
    });

    test('What the server refuses is marked where it is, and nothing is released', async (test) => {
      const { key, visitor, page } = await given(test, []);
      await visitor.button(new RegExp(t.gray.addArm)).click();
      await weights(page).first().fill('70');
      await page.getByRole('combobox', { name: t.gray.version, exact: true }).last().click();
      await page.locator('.ant-select-item-option').first().click();
      await weights(page).nth(1).fill('40');
      await page.locator('.gray-rule .danger', { hasText: 'rules[0].split' }).first().waitFor();
      await visitor.button(t.gray.release).click();
      await page.locator('.gray-rule .danger', { hasText: 'rules[0].split' }).first().waitFor();
      await api.get(configPath(namespace, key, 'gray'), { status: 404 });
    });

    test('A change that is being written outlives an answer that does not come', async (test) => {
      const { key, visitor, page } = await given(test, [], { allowed: /Failed to load resource: net::/ });
      await api.put(configPath(namespace, key, 'gray'), {
        rules: [
          { match: { ring: ['a'] }, split: [{ version: 2, weight: 5 }] },
          { split: [{ version: 2, weight: 5 }] },
        ],
        plan: { rule: 1, steps: [{ weight: 5, hold: '1h' }, { weight: 100 }] },
      });
      await visitor.button(t.gray.edit).click();
      await weights(page).nth(1).fill('7');
      await page.route('**/gray', (route) => route.abort());
      await visitor.text(t.errors.unreachable).waitFor();
      await page.unroute('**/gray');
      await visitor.text(t.errors.unreachable).waitFor({ state: 'detached' });
      assert.equal(await weights(page).nth(1).inputValue(), '7');

      // The rule that the ramp is on becomes the first.
      await visitor.button(t.gray.removeRule).first().click();
      await visitor.button(t.gray.change).click();
      await visitor.text(t.gray.isSet).waitFor();
      const { data } = await api.get(configPath(namespace, key, 'gray'));
      assert.deepEqual([data.rules.length, data.plan.rule], [1, 0]);
    });

    test('Two conditions of one kind on one tag are not made one silently', async (test) => {
      const { visitor, page } = await given(test, []);
      for (const i of [0, 1]) {
        await visitor.button(new RegExp(`plus ${t.gray.addCondition}$`)).click();
        await page.getByLabel(t.gray.tag, { exact: true }).nth(i).fill('ring');
        await page.locator('.gray-values input').nth(i).fill('canary');
        await page.keyboard.press('Enter');
      }
      await visitor.text(t.gray.ambiguous).waitFor();
      assert.ok(await visitor.button(t.gray.release).isDisabled());
    });

    test('A ramp is watched, paused and resumed', async (test) => {
      const { key, visitor, page } = await given(test, ['a']);
      await page.getByRole('switch', { name: t.gray.ramp }).click();
      await visitor.button(t.gray.release).click();
      await visitor.text(t.gray.isSet).waitFor();
      const ramp = async () => (await api.get(configPath(namespace, key, 'gray'))).data.ramp;
      assert.deepEqual([(await ramp()).state, (await ramp()).weight], ['running', 1]);
      await visitor.button(new RegExp(t.gray.pause)).click();
      await visitor.text(t.gray.paused).waitFor();
      assert.equal((await ramp()).state, 'paused');
      await visitor.button(new RegExp(t.gray.resume)).click();
      await visitor.button(new RegExp(t.gray.pause)).waitFor();
      assert.equal((await ramp()).state, 'running');
    });
  });
