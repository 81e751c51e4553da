// What the console says in each language, from its own sources.
'use strict';

const fs = require('node:fs');
const path = require('node:path');

const web = path.join(__dirname, '..', '..', 'web');
const { transformSync } = require(path.join(web, 'node_modules', 'esbuild'));

function textsOf(name) {
  const source = fs.readFileSync(path.join(web, 'src', 'i18n', `${name}.ts`), 'utf8');
  const { code } = transformSync(source, { loader: 'ts', format: 'cjs' });
  const exports = {};
  new Function('module', 'exports', code)(
    {
      set exports(value) {
        Object.assign(exports, { value });
      },
    },
    exports,
  );
  return exports.value[name];
}

module.exports = { en: textsOf('en'), zh: textsOf('zh') };
