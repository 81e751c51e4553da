// An HTTP client that checks every request it sends, and every answer it gets, against schema/openapi.yaml.
'use strict';

const assert = require('node:assert/strict');
const http = require('node:http');
const openapi = require('./openapi.js');

const root = '/api/v1';

// A connection that has been idle for this long is not used again: the server is about to close it, after 10 s.
const idleMs = 5000;

/** The path of a namespace, or of what is below it. */
const namespacePath = (...names) => [`${root}/namespaces`, ...names.map(encodeURIComponent)].join('/');

/** The path of a config, or of what is below it: `configPath('prod', 'app.yaml', 'versions', 3)`. */
const configPath = (namespace, key, ...rest) => namespacePath(namespace, 'configs', key, ...rest);

/** Percent-encodes throughout, so that "+" and " " mean the same to everyone. An array is a parameter repeated. */
function queryText(query) {
  const pairs = Object.entries(query)
    .filter(([, value]) => value !== undefined)
    .flatMap(([name, value]) => [value].flat().map((one) => [name, one]));
  return pairs.map(([name, value]) => `${encodeURIComponent(name)}=${encodeURIComponent(value)}`).join('&');
}

/** One answer. `data`, `reason`, `details` and `message` are those of the envelope, where there is one. */
class Answer {
  constructor(response, bytes) {
    this.status = response.statusCode;
    this.headers = response.headers;
    this.bytes = bytes;
    if ((this.headers['content-type'] || '').startsWith('application/json')) this.readEnvelope();
  }

  readEnvelope() {
    try {
      const envelope = JSON.parse(this.text);
      ({ data: this.data, reason: this.reason, details: this.details, message: this.message } = envelope);
    } catch {
      // The description's judge says so, with the place.
    }
  }

  get text() {
    return this.bytes.toString('utf8');
  }
}

class Client {
  /**
   * @origin: a function that returns where the server is now, "http://127.0.0.1:8750"
   * @options: `{token}`, the bearer token that goes with every request unless it says `auth`;
   *   `{connections}`, how many may be open at once
   */
  constructor(origin, { token, connections = 64 } = {}) {
    this.origin = origin;
    this.token = token;
    this.agent = new http.Agent({ keepAlive: true, maxSockets: connections, timeout: idleMs });
  }

  /** Closes the connections; the next request opens new ones. */
  close() {
    this.agent.destroy();
  }

  /** Another client of the same server, with connections of its own. */
  another(options = {}) {
    return new Client(this.origin, { token: this.token, ...options });
  }

  /**
   * request() - one request and its answer
   * @path: with what follows the host, "/api/v1/namespaces"; may carry a query of its own
   * @options:
   *   query    object of query parameters
   *   body     object, sent as JSON; string or Buffer, sent as it is
   *   headers  object
   *   auth     value of the Authorization header; null for none
   *   status   the status that must come; 2xx when left out, "any" for any
   *   reason, field  what the refusal must say: its reason, and the field of its first detail
   *   badRequest     true: the request breaks the contract on purpose (implied by `status: 400`)
   */
  async request(method, path, options = {}) {
    const { query = {}, headers = {}, auth = this.token && `Bearer ${this.token}` } = options;
    const body =
      typeof options.body === 'object' && !Buffer.isBuffer(options.body)
        ? JSON.stringify(options.body)
        : options.body;
    const bytes = body === undefined ? null : Buffer.from(body);
    const text = queryText(query);
    const target = text ? `${path}${path.includes('?') ? '&' : '?'}${text}` : path;
    const call = {
      method,
      target,
      bytes,
      headers: { ...(auth ? { authorization: auth } : {}), ...lowerCase(headers) },
    };

    this.checkRequest(call, options);
    const answer = await this.send(call);
    this.checkAnswer(call, answer);
    this.checkExpected(call, answer, options);
    return answer;
  }

  send({ method, target, bytes, headers }) {
    const { hostname, port } = new URL(this.origin());
    const length = bytes ? { 'content-length': bytes.length } : {};
    const type = bytes ? { 'content-type': 'application/json' } : {};

    return new Promise((resolve, reject) => {
      const request = http.request(
        {
          agent: this.agent,
          hostname,
          port,
          method,
          path: target,
          headers: { ...type, ...length, ...headers },
        },
        (response) => {
          const chunks = [];
          response.on('data', (chunk) => chunks.push(chunk));
          response.on('end', () => resolve(new Answer(response, Buffer.concat(chunks))));
          response.on('error', reject);
        },
      );
      request.on('error', reject);
      request.end(bytes || undefined);
    });
  }

  checkRequest({ method, target, bytes, headers }, { badRequest, status }) {
    if (badRequest || status === 400) return;
    const { pathname, query } = split(target);
    const problems = openapi.checkRequest({ method, pathname, query, headers, body: bytes });
    assert.deepEqual(problems, [], `the test sends what the contract forbids: ${method} ${target}`);
  }

  checkAnswer({ method, target }, answer) {
    const { pathname, query } = split(target);
    const isRaw = query.get('raw') === 'true' && answer.status === 200;
    const problems = openapi.checkAnswer({ method, pathname, isRaw, ...answer });
    assert.deepEqual(
      problems,
      [],
      `${method} ${target} is answered ${answer.status} against the contract: ${excerpt(answer)}`,
    );
  }

  checkExpected({ method, target }, answer, { status, reason, field }) {
    const what = `${method} ${target} is answered ${answer.status}: ${excerpt(answer)}`;
    const isExpected =
      status === undefined
        ? answer.status >= 200 && answer.status < 300
        : status === 'any' || answer.status === status;

    assert.ok(isExpected, `${status || '2xx'} is expected, but ${what}`);
    if (reason) assert.equal(answer.reason, reason, what);
    if (field) assert.equal(answer.details && answer.details[0].field, field, what);
  }

  get(path, options) {
    return this.request('GET', path, options);
  }

  head(path, options) {
    return this.request('HEAD', path, options);
  }

  delete(path, options) {
    return this.request('DELETE', path, options);
  }

  put(path, body, options) {
    return this.request('PUT', path, { body, ...options });
  }

  post(path, body, options) {
    return this.request('POST', path, { body, ...options });
  }

  patch(path, body, options) {
    return this.request('PATCH', path, { body, ...options });
  }

  /*
   * What most tests do, and what comes back as data.
   */

  async createNamespaces(...names) {
    for (const name of names) await this.post(`${root}/namespaces`, { name });
  }

  /** Saves a version. @fields: format, comment, publish. */
  async save(namespace, key, content, fields = {}, options = {}) {
    return (await this.put(configPath(namespace, key), { content, ...fields }, options)).data;
  }

  /** Saves a version and puts it in force. */
  async publish(namespace, key, content, fields = {}, options = {}) {
    return this.save(namespace, key, content, { publish: true, ...fields }, options);
  }

  /** Reads what is in force. */
  async read(namespace, key, query = {}) {
    return (await this.get(configPath(namespace, key), { query })).data;
  }

  async transaction(operations, options = {}) {
    return (await this.post(`${root}/transactions`, { operations }, options)).data;
  }

  async status() {
    return (await this.get(`${root}/status`)).data;
  }

  async revision() {
    return (await this.status()).revision;
  }

  /** All items of a list, page by page. @onPage is awaited after each page but the last. */
  async walk(path, query = {}, onPage = async () => {}) {
    const items = [];
    for (let cursor; ;) {
      const { data } = await this.get(path, { query: { ...query, cursor } });
      items.push(...data.items);
      if (data.cursor === null) return items;
      cursor = data.cursor;
      await onPage(data);
    }
  }
}

/** Path and query as they are: URL would resolve the dots that some tests are about. */
function split(target) {
  const at = target.indexOf('?');
  return at < 0
    ? { pathname: target, query: new URLSearchParams() }
    : { pathname: target.slice(0, at), query: new URLSearchParams(target.slice(at + 1)) };
}

const lowerCase = (headers) =>
  Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));

const excerpt = (answer) => answer.bytes.subarray(0, 600).toString('utf8');

const basic = (name, password) => `Basic ${Buffer.from(`${name}:${password}`).toString('base64')}`;

module.exports = { Client, basic, configPath, namespacePath, root };
