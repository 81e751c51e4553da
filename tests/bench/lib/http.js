// Plain requests to the servers under test, outside of the measured load.
'use strict';

const http = require('node:http');

const agent = new http.Agent({ keepAlive: true, maxSockets: 16 });

// Resolves to { status, headers, body }, whatever the status.
function call(url, method, path, { token, body, headers = {} } = {}) {
  return new Promise((resolve, reject) => {
    const all = { ...headers };
    if (token) all.Authorization = `Bearer ${token}`;
    if (body !== undefined) {
      all['Content-Type'] = 'application/json';
      all['Content-Length'] = Buffer.byteLength(body);
    }
    const request = http.request(url + path, { method, agent, headers: all }, (response) => {
      const chunks = [];
      response.on('data', (chunk) => chunks.push(chunk));
      response.on('error', reject);
      response.on('end', () => {
        resolve({ status: response.statusCode, headers: response.headers, body: Buffer.concat(chunks).toString() });
      });
    });
    request.on('error', reject);
    request.end(body);
  });
}

// As call(), but anything that is not a 2xx is an error.
async function must(url, method, path, options) {
  const answer = await call(url, method, path, options);
  if (answer.status < 200 || answer.status > 299) {
    throw new Error(`${method} ${path}: ${answer.status} ${answer.body.slice(0, 500)}`);
  }
  return answer;
}

// Runs task(0) to task(n - 1), `width` of them at a time.
async function parallel(n, width, task) {
  let next = 0;
  const lane = async () => {
    while (next < n) await task(next++);
  };
  await Promise.all(Array.from({ length: width }, lane));
}

module.exports = { call, must, parallel };
