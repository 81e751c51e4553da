// The API's description as a judge: schema/openapi.yaml, compiled once, says of every request and answer what is wrong.
'use strict';

const fs = require('node:fs');
const path = require('node:path');
const Ajv = require('ajv/dist/2020');
const addFormats = require('ajv-formats');
const YAML = require('yaml');

const file = process.env.CONFER_OPENAPI || path.join(__dirname, '..', '..', 'schema', 'openapi.yaml');
const text = fs.readFileSync(file, 'utf8');
const document = YAML.parse(text);

const id = 'https://confer.invalid/openapi.yaml';
const ajv = new Ajv({
  allErrors: true,
  strict: true,
  allowUnionTypes: true,
  strictRequired: false,
  discriminator: true,
});
addFormats(ajv);
ajv.addVocabulary(Object.keys(document));
ajv.addSchema({ $id: id, ...document }, undefined, false, false);

// Any server adds these; they are HTTP's, not the contract's.
const transportHeaders = new Set([
  'connection', 'content-length', 'content-type', 'date', 'keep-alive', 'server', 'transfer-encoding',
]);

const escapePointer = (token) => encodeURIComponent(token.replace(/~/g, '~0').replace(/\//g, '~1'));

/** The compiled schema that a list of keys leads to. */
const compiled = new Map();
function validator(keys) {
  const pointer = `#/${keys.map(escapePointer).join('/')}`;
  if (!compiled.has(pointer)) compiled.set(pointer, ajv.getSchema(id + pointer));
  return compiled.get(pointer);
}

/** Follows `$ref`s; returns the thing itself and the keys that lead to it. */
function resolve(keys) {
  let value = keys.reduce((node, key) => node[key], document);
  while (value.$ref) {
    keys = value.$ref
      .slice(2)
      .split('/')
      .map((token) => token.replace(/~1/g, '/').replace(/~0/g, '~'));
    value = keys.reduce((node, key) => node[key], document);
  }
  return { value, keys };
}

const templates = Object.keys(document.paths).map((template) => ({
  template,
  names: [...template.matchAll(/\{(\w+)\}/g)].map((match) => match[1]),
  pattern: new RegExp(`^${template.replace(/[.]/g, '\\.').replace(/\{\w+\}/g, '([^/]+)')}$`),
}));

/** Finds what the description says of a path: its template, and the raw values of its parameters. */
function findPath(pathname) {
  for (const { template, names, pattern } of templates) {
    const match = pattern.exec(pathname);
    if (match) return { template, values: Object.fromEntries(names.map((name, i) => [name, match[i + 1]])) };
  }
  return null;
}

/** All operations: `{template, method, operation}`. */
function operations() {
  const methods = ['get', 'put', 'post', 'delete', 'patch'];
  return Object.entries(document.paths).flatMap(([template, item]) =>
    methods
      .filter((method) => item[method])
      .map((method) => ({ template, method: method.toUpperCase(), operation: item[method] })),
  );
}

function parametersOf(template, method) {
  const item = document.paths[template];
  const lists = [
    [item.parameters, ['paths', template, 'parameters']],
    [item[method].parameters, ['paths', template, method, 'parameters']],
  ];
  return lists.flatMap(([list, keys]) => (list || []).map((_, i) => resolve([...keys, String(i)])));
}

function fromText(schema, string) {
  const type = schema.$ref ? resolve(schema.$ref.slice(2).split('/')).value.type : schema.type;
  if (type === 'integer') return /^-?[0-9]+$/.test(string) ? Number(string) : string;
  if (type === 'boolean') return { true: true, false: false }[string] ?? string;
  return string;
}

function check(keys, value, what) {
  const validate = validator(keys);
  return validate(value) ? [] : [`${what}: ${ajv.errorsText(validate.errors, { dataVar: '' })}`];
}

function decoded(string) {
  try {
    return decodeURIComponent(string);
  } catch {
    return string;
  }
}

const isArray = (parameter) => parameter.schema.type === 'array';

/** Whether the query parameter of this name may be repeated. */
const isList = (parameters, name) =>
  parameters.some(({ value }) => value.in === 'query' && value.name === name && isArray(value));

function checkParameters(parameters, found, query, headers) {
  const problems = [];
  const known = new Set(
    parameters.filter(({ value }) => value.in === 'query').map(({ value }) => value.name),
  );

  for (const name of query.keys()) {
    if (!known.has(name)) problems.push(`query parameter ${name} is unknown`);
    else if (query.getAll(name).length > 1 && !isList(parameters, name)) problems.push(`query parameter ${name} is there twice`);
  }
  for (const { value: parameter, keys } of parameters) {
    const string = {
      path: () => decoded(found.values[parameter.name]),
      query: () => (isArray(parameter) && query.has(parameter.name) ? query.getAll(parameter.name) : query.get(parameter.name)),
      header: () => headers[parameter.name.toLowerCase()],
    }[parameter.in]();

    if (string === null || string === undefined) {
      if (parameter.required) problems.push(`${parameter.in} parameter ${parameter.name} is missing`);
    } else {
      const value = fromText(parameter.schema, string);
      problems.push(...check([...keys, 'schema'], value, `${parameter.in} parameter ${parameter.name}`));
    }
  }
  return problems;
}

function parse(bytes) {
  try {
    return { value: JSON.parse(bytes.toString('utf8')) };
  } catch (error) {
    return { problem: error.message };
  }
}

/**
 * checkRequest() - what is wrong with a request, as a list of sentences
 * @request: `{method, pathname, query: URLSearchParams, headers (lower case), body: Buffer or null}`
 */
function checkRequest({ method, pathname, query, headers, body }) {
  const found = findPath(pathname);
  if (!found) return [`path ${pathname} is not in the description`];

  const key = method === 'HEAD' ? 'get' : method.toLowerCase();
  const operation = document.paths[found.template][key];
  if (!operation) return [`${method} ${found.template} is not in the description`];

  const problems = checkParameters(parametersOf(found.template, key), found, query, headers);
  if (body && body.length) {
    const { value, problem } = parse(body);
    if (!operation.requestBody) problems.push('a body is not expected');
    else if (problem) problems.push(`the body is not JSON: ${problem}`);
    else {
      const keys = ['paths', found.template, key, 'requestBody', 'content', 'application/json', 'schema'];
      problems.push(...check(keys, value, 'the body'));
    }
  } else if (operation.requestBody && operation.requestBody.required) {
    problems.push('the body is missing');
  }
  return problems;
}

// What any request may be answered with, whether or not there is an operation that could say so.
const everywhere = { 405: 'MethodNotAllowed', 417: 'ExpectationFailed', 431: 'HeadersTooLarge' };
const nowhere = { ...everywhere, 400: 'BadRead', 401: 'Unauthenticated', 404: 'PathNotFound' };

function responseKeys(method, pathname, status) {
  const found = findPath(pathname);
  const key = method === 'HEAD' ? 'get' : method.toLowerCase();
  const operation = found && document.paths[found.template][key];

  if (operation && operation.responses[status])
    return ['paths', found.template, key, 'responses', String(status)];
  const name = (operation ? everywhere : nowhere)[status];
  return name ? ['components', 'responses', name] : null;
}

function checkHeaders(response, keys, headers) {
  const problems = [];
  const documented = response.headers || {};
  const names = new Set(Object.keys(documented).map((name) => name.toLowerCase()));

  for (const name of Object.keys(headers)) {
    if (!names.has(name) && !transportHeaders.has(name))
      problems.push(`header ${name} is not in the description`);
  }
  for (const name of Object.keys(documented)) {
    const header = resolve([...keys, 'headers', name]);
    const string = [headers[name.toLowerCase()]].flat()[0];

    if (string !== undefined) problems.push(...check([...header.keys, 'schema'], string, `header ${name}`));
    else if (header.value.required) problems.push(`header ${name} is missing`);
  }
  return problems;
}

function checkBody(response, keys, { method, headers, bytes, isRaw }) {
  const mediaType = (headers['content-type'] || '').split(';')[0];

  if (!response.content || method === 'HEAD')
    return bytes.length ? ['there is a body where none is expected'] : [];
  if (!response.content[mediaType]) return [`media type "${mediaType}" is not in the description`];
  if (isRaw || !response.content[mediaType].schema) return [];

  const parsed = mediaType === 'application/json' ? parse(bytes) : { value: bytes.toString('utf8') };
  if (parsed.problem) return [`the body is not JSON: ${parsed.problem}`];
  return check([...keys, 'content', mediaType, 'schema'], parsed.value, 'the body');
}

/**
 * checkAnswer() - what is wrong with an answer, as a list of sentences
 * @answer: `{method, pathname, status, headers, bytes, isRaw}`; isRaw: the body is a bare content
 */
function checkAnswer(answer) {
  const start = responseKeys(answer.method, answer.pathname, answer.status);
  if (!start) return [`status ${answer.status} is not in the description`];

  const { value: response, keys } = resolve(start);
  return [...checkHeaders(response, keys, answer.headers), ...checkBody(response, keys, answer)];
}

module.exports = {
  ajv,
  checkAnswer,
  checkRequest,
  document,
  file,
  findPath,
  operations,
  resolve,
  text,
  validator,
};
