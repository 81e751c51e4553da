// Takes the pictures of the guide: node tests/e2e/pictures.js. Not a test; run by hand when the page has changed.
'use strict';

const path = require('node:path');
const { chromium } = require('playwright-core');
const { executablePath, Visitor } = require('../lib/browser.js');
const { configPath } = require('../lib/client.js');
const { Conferd } = require('../lib/conferd.js');
const { Probe } = require('../lib/probe.js');
const { en: t } = require('../lib/console-texts.js');
const { until } = require('../lib/waiting.js');

const namespace = 'prod.acme.orders';
const key = 'limits.json';
const directory = path.join(__dirname, '..', '..', 'docs', 'pictures');
const limits = (rate, burst) =>
  `${JSON.stringify({ rate_limit: rate, burst, regions: ['eu', 'us'] }, null, 2)}\n`;

async function fill(api) {
  for (const name of ['prod', 'prod.acme', 'prod.acme.billing', namespace, 'staging.acme.orders'])
    await api.post('/api/v1/namespaces', { name });
  const put = (name, content, more) =>
    api.put(configPath(namespace, name), { content, publish: true, ...more });
  await put(key, limits(100, 20), { comment: 'a start' });
  await put(key, limits(250, 20), { comment: 'more room in the morning' });
  await put(key, limits(500, 40), { comment: 'the big sale' });
  await put('app.yaml', 'server:\n  port: 8080\nlog:\n  level: info\n', { comment: 'first release' });
  await put('flags.toml', '[checkout]\nnew_form = true\n', { comment: 'the new form' });
  await put('log.properties', 'level=info\n', { publish: false });
  await put('routes.xml', '<routes/>\n', { comment: 'none yet' });
}

async function take(browser, server) {
  const visitor = await Visitor.come(browser, server.origin, { viewport: { width: 1280, height: 720 } });
  const { page } = visitor;
  const shoot = async (name) => {
    await visitor.rest();
    await page.screenshot({ path: path.join(directory, `${name}.png`) });
  };

  await visitor.signIn(`#/configs/${namespace}`);
  await page.locator('.row', { hasText: 'routes.xml' }).waitFor();
  await shoot('list');
  await visitor.open(`#/configs/${namespace}/${key}`);
  await visitor.text(t.instances.legend(8, 8, 3)).waitFor();
  await shoot('config');
  await visitor.button(new RegExp(t.config.rollBack)).click();
  await visitor.dialog.locator('.cm-merge-b', { hasText: '250' }).waitFor();
  await shoot('rollback');
  await server.api.put(configPath(namespace, key), { content: limits(900, 40), comment: 'canaries first' });
  await server.api.put(configPath(namespace, key, 'gray'), {
    rules: [
      { match: { ring: ['canary'] }, split: [{ version: 4, weight: 100 }] },
      { split: [{ version: 4, weight: 20 }] },
    ],
    plan: {
      rule: 1,
      steps: [
        { weight: 20, hold: '10m' },
        { weight: 50, hold: '30m' },
        { weight: 100, hold: '1h' },
      ],
      abort_on: { refused: 1 },
      promote: true,
    },
    comment: 'canaries, then the others step by step',
  });
  await visitor.open(`#/configs/${namespace}/${key}/gray`);
  await page.locator('.gray-ramp').waitFor();
  await until(
    async () =>
      (await page.getByRole('row').filter({ hasText: 'ring = canary' }).textContent()).endsWith('220'),
    'the canaries have it',
  );
  await shoot('gray');
  await visitor.leave();
}

async function main() {
  const server = await new Conferd().start();
  const probes = Array.from(
    { length: 8 },
    (_, i) =>
      new Probe({
        server: server.origin,
        token: server.token,
        namespace,
        listen: 'all',
        instance: `orders-${i}`,
        tag: `ring=${i < 2 ? 'canary' : 'stable'}`,
      }),
  );
  const browser = await chromium.launch({ executablePath, args: ['--no-sandbox', '--disable-gpu'] });

  try {
    await fill(server.api);
    for (const probe of probes) await probe.waitReady();
    await take(browser, server);
  } finally {
    await browser.close();
    for (const probe of probes) await probe.finish();
    await server.finish();
  }
}

main();
