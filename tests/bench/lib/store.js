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

// The order in which configs get their versions: each config `versions` times, well shuffled and the same at every run, so that what is in force
// ends up scattered over the store as in one that has grown for years.
function shuffled(configs, versions) {
  const order = Uint32Array.from({ length: configs * versions }, (_, i) => i % configs);
  let random = 1;
  for (let i = order.length - 1; i > 0; i--) {
    random = (Math.imul(random, 1664525) + 1013904223) >>> 0;
    const j = Math.floor((random / 2 ** 32) * (i + 1));
    [order[i], order[j]] = [order[j], order[i]];
  }
  return order;
}

// Publishes `versions` versions of each of `configs` configs, all contents different, 128 to a transaction. Answers the seconds that it took.
async function fill(url, configs, versions, format = 'json') {
  const [before, after] = JSON.stringify(content).split(placeholder);
  const order = shuffled(configs, versions);
  const start = process.hrtime.bigint();
  const put = (i) =>
    `{"op":"put","namespace":"${namespace}","key":"${key(order[i])}","content":${before}` +
    `${String(i).padStart(placeholder.length, '0')}${after},"format":"${format}","publish":true}`;

  await must(url, 'POST', '/api/v1/namespaces', { token, body: JSON.stringify({ name: namespace }) });
  await parallel(Math.ceil(order.length / operationsPerTransaction), connections, async (n, agent) => {
    const operations = [];
    for (let i = n * operationsPerTransaction; i < Math.min(order.length, (n + 1) * operationsPerTransaction); i++) {
      operations.push(put(i));
    }
    await must(url, 'POST', '/api/v1/transactions', { token, agent, body: `{"operations":[${operations.join(',')}]}` });
  });

  const { data } = JSON.parse((await must(url, 'GET', '/api/v1/status', { token })).body);
  if (data.configs !== configs) throw new Error(`the store has ${data.configs} configs instead of ${configs}`);
  return Number(process.hrtime.bigint() - start) / 1e9;
}

async function revision(url) {
  return JSON.parse((await must(url, 'GET', '/api/v1/status', { token })).body).data.revision;
}

module.exports = { fill, key, namespace, revision, pathHead, pathOf };
