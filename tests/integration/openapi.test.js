// The description itself: the server hands it out, and it is whole.
'use strict';

const assert = require('node:assert/strict');
const { describe, test } = require('node:test');
const { useConferd } = require('../lib/conferd.js');
const openapi = require('../lib/openapi.js');

const { document } = openapi;

/** Calls @visit(node, keys) for everything in the document. */
function walk(visit, node = document, keys = []) {
  if (typeof node !== 'object' || node === null) return;
  visit(node, keys);
  for (const [key, value] of Object.entries(node)) walk(visit, value, [...keys, key]);
}

describe('The description of the API', () => {
  const { api } = useConferd();

  test('The server hands out the very file', async () => {
    const { text } = await api.get('/openapi.yaml', { auth: null });
    assert.ok(text === openapi.text);
  });

  test('Every schema in it compiles, without anything that nobody understands', () => {
    let count = 0;
    walk((node, keys) => {
      const isSchema =
        keys[keys.length - 1] === 'schema' || keys.slice(0, -1).join('/') === 'components/schemas';
      if (!isSchema) return;
      assert.ok(openapi.validator(keys), keys.join('/'));
      count++;
    });
    assert.ok(count > 100);
  });

  test('Every object says that there is nothing else in it', () => {
    walk((node, keys) => {
      if (node.type !== 'object' || keys.includes('examples')) return;
      const isChoice = Boolean(node.oneOf);
      const isMap = typeof node.additionalProperties === 'object';
      assert.ok(node.additionalProperties === false || isMap || isChoice, `${keys.join('/')} lets anything in`);
    });
  });

  test('Every reference leads somewhere, and every component is used', () => {
    const used = new Set(
      openapi
        .operations()
        .flatMap(({ operation }) =>
          (operation.security || document.security)
            .flatMap(Object.keys)
            .map((name) => `securitySchemes/${name}`),
        ),
    );
    walk((node) => {
      if (!node.$ref) return;
      assert.ok(openapi.resolve(node.$ref.slice(2).split('/')).value);
      used.add(node.$ref.replace('#/components/', ''));
    });
    const byRule = [
      'responses/PathNotFound', 'responses/MethodNotAllowed', 'responses/HeadersTooLarge',
      'responses/ExpectationFailed',
    ]; // for any path
    for (const [kind, components] of Object.entries(document.components)) {
      for (const name of Object.keys(components)) {
        assert.ok(
          used.has(`${kind}/${name}`) || byRule.includes(`${kind}/${name}`),
          `${kind}/${name} is not used`,
        );
      }
    }
  });

  test('Every operation has a name of its own, a sentence, and its statuses', () => {
    const ids = openapi.operations().map(({ operation }) => operation.operationId);
    assert.deepEqual(ids, [...new Set(ids)]);
    for (const { method, template, operation } of openapi.operations()) {
      const what = `${method} ${template}`;
      assert.match(operation.summary, /^[A-Z].*\.$/, what);
      assert.ok(['101', '200', '201'].some((status) => operation.responses[status]), what);
      const isOpen = operation.security && operation.security.length === 0;
      assert.ok(
        isOpen || operation.responses['401'],
        `${what} needs credentials, but does not say what happens without`,
      );
      const isUnsafe = method !== 'GET' && !isOpen;
      if (isUnsafe)
        assert.ok(
          operation.security.some(({ csrf }) => csrf),
          `${what} says nothing of CSRF`,
        );
      const declared = [...(document.paths[template].parameters || []), ...(operation.parameters || [])]
        .map((parameter) =>
          parameter.$ref ? openapi.resolve(parameter.$ref.slice(2).split('/')).value : parameter,
        )
        .filter((parameter) => parameter.in === 'path')
        .map(({ name }) => name);
      assert.deepEqual(
        declared.sort(),
        [...template.matchAll(/\{(\w+)\}/g)].map((match) => match[1]).sort(),
        what,
      );
    }
  });

  test('Every path in it exists on the server', async () => {
    for (const { method, template } of openapi.operations()) {
      const path = template
        .replace('{namespace}', 'absent')
        .replace('{key}', 'absent')
        .replace('{mirror}', 'absent')
        .replace('{ingest}', 'absent')
        .replace('{version}', '1');
      const answer = await api.request(method, path, { status: 'any', badRequest: true });
      assert.ok(
        answer.status !== 405 && answer.reason !== 'not_found',
        `${method} ${template}: ${answer.status}`,
      );
    }
  });
});
