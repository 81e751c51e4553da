// Stores filled through the REST API, as large as a benchmark needs them.
'use strict';

const { content, placeholder } = require('./content.js');
const { must, parallel } = require('./http.js');
const { token } = require('./program.js');

const namespace = 'prod.acme.orders';
const pathHead = `/api/v1/namespaces/${namespace}/configs/service-`;
const operationsPerTransaction = 128;
const connections = 8;

function key(i) {
  return `service-${String(i).padStart(6, '0')}.json`;
}

function pathOf(i) {
  return `${pathHead}${String(i).padStart(6, '0')}.json`;
}

// Publishes `versions` versions of each of `configs` configs, all contents different, 128 to a transaction.
async function fill(url, configs, versions) {
  const [before, after] = JSON.stringify(content).split(placeholder);
  const perVersion = Math.ceil(configs / operationsPerTransaction);
  const start = process.hrtime.bigint();

  await must(url, 'POST', '/api/v1/namespaces', { token, body: JSON.stringify({ name: namespace }) });
  for (let version = 1; version <= versions; version++) {
    await parallel(perVersion, connections, async (n, agent) => {
      const operations = [];
      for (let i = n * operationsPerTransaction; i < Math.min(configs, (n + 1) * operationsPerTransaction); i++) {
        const sequence = String(version * 1e7 + i).padStart(placeholder.length, '0');
        operations.push(
          `{"op":"put","namespace":"${namespace}","key":"${key(i)}","content":${before}${sequence}${after},"format":"json","publish":true}`,
        );
      }
      await must(url, 'POST', '/api/v1/transactions', { token, agent, body: `{"operations":[${operations.join(',')}]}` });
    });
  }

  const { data } = JSON.parse((await must(url, 'GET', '/api/v1/status', { token })).body);
  if (data.configs !== configs) throw new Error(`the store has ${data.configs} configs instead of ${configs}`);
  return Number(process.hrtime.bigint() - start) / 1e9;
}

async function revision(url) {
  return JSON.parse((await must(url, 'GET', '/api/v1/status', { token })).body).data.revision;
}

module.exports = { fill, revision, pathHead, pathOf };
