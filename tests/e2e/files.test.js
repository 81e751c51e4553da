// The console's files, as any client sees them: compressed, cached as their names allow, and with a strict policy.
'use strict';

const assert = require('node:assert/strict');
const http = require('node:http');
const { describe, test } = require('node:test');
const zlib = require('node:zlib');
const { useConferd } = require('../lib/conferd.js');

const firstLoadMaxBytes = 500 * 1024;

function get(url, headers = {}, method = 'GET') {
  return new Promise((resolve, reject) => {
    http
      .request(url, { headers, method }, (response) => {
        const chunks = [];
        response.on('data', (chunk) => chunks.push(chunk));
        response.on('end', () =>
          resolve({ status: response.statusCode, headers: response.headers, body: Buffer.concat(chunks) }),
        );
      })
      .on('error', reject)
      .end();
  });
}

const textOf = ({ body }) => zlib.gunzipSync(body).toString('utf8');
const pathsIn = (text, pattern) => [...new Set([...text.matchAll(pattern)].map(([, path]) => path))];

describe('The files of the console', () => {
  const server = useConferd();
  const at = (path) => `${server.origin}${path}`;
  const index = () => get(at('/'));
  const assets = async () => pathsIn(textOf(await index()), /(?:src|href)="\.(\/assets\/[^"]+)"/g);

  test('The index needs no credentials, and is asked for again each time', async () => {
    const { status, headers } = await index();
    assert.equal(status, 200);
    assert.equal(headers['content-type'], 'text/html; charset=utf-8');
    assert.equal(headers['cache-control'], 'no-cache');
    const again = await get(at('/'), { 'If-None-Match': headers.etag });
    assert.deepEqual([again.status, again.body.length], [304, 0]);
    assert.equal((await get(at('/'), { 'If-None-Match': '"another"' })).status, 200);
  });

  test('What it names has a hash in its name, and is kept', async () => {
    const paths = await assets();
    assert.ok(paths.length >= 3);
    for (const path of paths) {
      assert.match(path, /-[\w-]{8}\.(js|css|svg)$/);
      const { status, headers } = await get(at(path));
      assert.equal(status, 200, path);
      assert.equal(headers['cache-control'], 'public, max-age=31536000, immutable');
      assert.equal(headers['content-encoding'], 'gzip');
    }
  });

  test('Its policy allows no inline script, no inline style, nobody else, and no frame around it', async () => {
    for (const path of ['/', ...(await assets())]) {
      const { headers } = await get(at(path));
      const policy = headers['content-security-policy'];
      assert.match(policy, /default-src 'none'; script-src 'self'; style-src 'self';/);
      assert.match(policy, /frame-ancestors 'none'/);
      assert.doesNotMatch(policy, /unsafe|https?:|\*/);
      assert.equal(headers['x-content-type-options'], 'nosniff');
      assert.equal(headers['referrer-policy'], 'no-referrer');
    }
  });

  test('A first look takes less than 500 KiB, whichever page it is at', async () => {
    const sizes = new Map([['/', (await index()).body.length]]);
    for (const path of await assets()) sizes.set(path, (await get(at(path))).body.length);
    const [main] = [...sizes.keys()].filter((path) => path.endsWith('.js'));
    const pages = pathsIn(textOf(await get(at(main))), /"\.\/((?:config|audit|mirrors)-page-[\w-]+\.js)"/g);
    assert.equal(pages.length, 3);
    const shared = [...sizes.values()].reduce((sum, size) => sum + size);
    for (const page of pages) {
      const { body } = await get(at(`/assets/${page}`));
      assert.ok(shared + body.length < firstLoadMaxBytes, `${page}: ${shared + body.length} bytes`);
    }
  });

  test('Nothing else is there', async () => {
    assert.equal((await get(at('/assets/absent.js'))).status, 404);
    assert.equal((await get(at('/index.html'))).status, 404);
    assert.equal((await get(at('/'), {}, 'POST')).status, 405);
    const head = await get(at('/'), {}, 'HEAD');
    assert.deepEqual([head.status, head.body.length], [200, 0]);
  });
});
