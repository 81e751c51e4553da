// Plain requests to the servers under test, outside of the measured load.
'use strict';

const http = require('node:http');

// Resolves to { status, headers, body }, whatever the status. Without an agent the call has a connection of its own: a kept one may be closed
// by the server, for its idleness during a measurement, in the moment of its use.
function call(url, method, path, { token, body, agent = false } = {}) {
  return new Promise((resolve, reject) => {
    const headers = {};
    if (token) headers.Authorization = `Bearer ${token}`;
    if (body !== undefined) {
      headers['Content-Type'] = 'application/json';
      headers['Content-Length'] = Buffer.byteLength(body);
    }
    const request = http.request(url + path, { method, agent, headers }, (response) => {
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

// Runs task(0, agent) to task(n - 1, agent), `width` of them at a time; the agent keeps that many connections.
async function parallel(n, width, task) {
  const agent = new http.Agent({ keepAlive: true, maxSockets: width });
  let next = 0;
  const lane = async () => {
    while (next < n) await task(next++, agent);
  };
  await Promise.all(Array.from({ length: width }, lane));
  agent.destroy();
}

module.exports = { call, must, parallel };
