// The ingests on the page of the mirrors, and their quarantine, against a real etcd that comes and goes.
'use strict';

const assert = require('node:assert/strict');
const { describe, test } = require('node:test');
const { useBrowser } = require('../lib/browser.js');
const { configPath } = require('../lib/client.js');
const texts = require('../lib/console-texts.js');
const { useMirrors } = require('../lib/mirrors.js');
const { Etcd } = require('../lib/targets.js');
const { until } = require('../lib/waiting.js');

const t = texts.en;
const { quarantine } = t.aside;
const phone = { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true };
const pattern = '/tenants/{id}';

describe('The ingests in the console', () => {
  const etcd = new Etcd();
  const server = useMirrors([etcd], () => ({
    tenants: { kind: 'ingest', endpoints: etcd.endpoint, from: pattern, namespace: 'tenants.{id}', key: 'config' },
  }));
  const { visit } = useBrowser(server);
  const put = (id, value) => etcd.run('put', `/tenants/${id}`, value);
  const read = (id) => server.api.get(configPath(`tenants.${id}`, 'config'), { status: 'any' });
  const holds = (id, content) => until(async () => (await read(id)).data?.content === content, `tenants.${id} holds ${content}`);

  const card = (visitor) =>
    visitor.page.locator('.mirror').filter({ has: visitor.page.getByRole('heading', { name: 'tenants', exact: true }) });
  const row = (visitor, id) => visitor.page.locator('.ant-table-row').filter({ hasText: `/tenants/${id}` });
  const press = (visitor, id, label) => row(visitor, id).getByRole('button', { name: `${label}: /tenants/${id}` }).click();

  test('There is something to take in, and one key is no JSON', async () => {
    put('t1', '{"rate_limit":100}');
    await holds('t1', '{"rate_limit":100}');
    put('t1', '{"rate_limit":');
  });

  test('An ingest says what it reads, what it makes of it, and that something is quarantined', async (test) => {
    const visitor = await visit(test);
    await visitor.signIn();
    await visitor.page.getByRole('link', { name: t.app.mirrors }).click();
    for (const text of [t.ingests.states.running, t.ingests.meanings.running, pattern, 'tenants.{id} / config', t.ingests.nQuarantined(1)])
      await card(visitor).getByText(text, { exact: true }).waitFor();
    await card(visitor).getByText(t.ingests.lastSuccess).waitFor();
  });

  test('A quarantined key says why, leads to its config, and heals when etcd has something good', async (test) => {
    const visitor = await visit(test);
    await visitor.signIn('#/mirrors');
    await card(visitor).getByRole('link', { name: t.ingests.nQuarantined(1) }).click();
    await row(visitor, 't1').locator('.ant-table-row-expand-icon').click();
    const opened = visitor.page.locator('.entry');
    await opened.getByText('tenants.t1 / config').waitFor();
    await opened.getByText(/JSON/).waitFor();
    await press(visitor, 't1', t.aside.retry);
    await visitor.text(quarantine.retried(1)).waitFor();
    assert.equal((await read('t1')).data.content, '{"rate_limit":100}', 'the last good value stays');

    put('t1', '{"rate_limit":200}');
    await visitor.text(quarantine.none).waitFor();
    await holds('t1', '{"rate_limit":200}');
    put('t1', 'no JSON');
    await row(visitor, 't1').getByRole('link').click();
    await visitor.page.waitForURL('**/#/configs/tenants.t1/config');
  });

  test('What is dropped is no longer listed, until the key changes', async (test) => {
    const visitor = await visit(test);
    await visitor.signIn('#/ingests/tenants');
    await press(visitor, 't1', t.aside.dropAsk);
    await visitor.dialog.locator('.ant-modal-confirm-title', { hasText: quarantine.dropOneTitle('/tenants/t1') }).waitFor();
    await visitor.dialog.getByText(quarantine.dropText).waitFor();
    await visitor.dialog.getByRole('button', { name: t.aside.drop, exact: true }).click();
    await visitor.text(quarantine.dropped(1)).waitFor();
    await visitor.text(quarantine.none).waitFor();

    put('t1', 'no JSON either');
    put('t2', 'nor this');
    await row(visitor, 't2').waitFor();
    await visitor.button(t.aside.retryAll).click();
    await visitor.text(quarantine.retried(2)).waitFor();
    await visitor.button(t.aside.dropAllAsk).click();
    await visitor.dialog.getByRole('button', { name: t.aside.dropAll, exact: true }).click();
    await visitor.text(quarantine.dropped(2)).waitFor();
    await visitor.text(quarantine.none).waitFor();
    await visitor.open('#/audit');
    await visitor.text(t.audit.actions['ingest.retry']).first().waitFor();
    await visitor.text(t.audit.actions['ingest.drop']).first().waitFor();
  });

  test('An etcd that goes and comes back is seen without a reload; then all is read again', async (test) => {
    const visitor = await visit(test);
    await visitor.signIn('#/mirrors');
    await etcd.kill();
    await card(visitor).getByText(t.ingests.states.waiting, { exact: true }).waitFor();
    await card(visitor).getByRole('note').waitFor();
    await etcd.start();
    await card(visitor).getByText(t.ingests.states.running, { exact: true }).waitFor();
    await card(visitor).getByRole('button', { name: t.ingests.readAll }).click();
    await visitor.text(t.ingests.resyncAsked).waitFor();
    await visitor.open('#/audit');
    await visitor.text(t.audit.actions['ingest.resync']).first().waitFor();
  });

  test('A name that no ingest has is said to be none', async (test) => {
    const visitor = await visit(test);
    await visitor.signIn('#/ingests/nothing');
    await visitor.text(t.errors.reasons.ingest_not_found).waitFor();
  });

  for (const [language, words] of Object.entries(texts))
    test(`It fits a phone, and axe finds nothing serious, ${words.name}`, async (test) => {
      put('t3', `no JSON, ${language}`);
      const visitor = await visit(test, { locale: language, ...phone });
      const fits = async (what) => {
        const isSo = await visitor.page.evaluate(() => document.documentElement.scrollWidth <= window.innerWidth);
        assert.ok(isSo, `${what} is as wide as the phone`);
        assert.deepEqual(await visitor.findings(), [], what);
      };
      await visitor.signIn('#/mirrors');
      await card(visitor).getByRole('link', { name: words.ingests.nQuarantined(1) }).waitFor();
      await fits('the list');
      await card(visitor).getByRole('link', { name: words.ingests.nQuarantined(1) }).tap();
      await row(visitor, 't3').waitFor();
      await fits('the quarantine');
    });
});
