// The judge of frames: schema/push.schema.json, which says what clients and servers may send.
'use strict';

const fs = require('node:fs');
const path = require('node:path');
const Ajv = require('ajv/dist/2020.js');
const addFormats = require('ajv-formats');

const file = path.join(__dirname, '..', '..', 'schema', 'push.schema.json');
const schema = JSON.parse(fs.readFileSync(file, 'utf8'));
const ajv = new Ajv({ allErrors: true, strict: true, strictRequired: false, allowUnionTypes: true });
addFormats(ajv);
ajv.addSchema(schema);

/** A function that returns what is wrong with a frame, as a list of sentences. */
function checker(name) {
  const validate = ajv.getSchema(`${schema.$id}#/$defs/${name}`);
  return (frame) =>
    validate(frame) ? [] : validate.errors.map(({ instancePath, message }) => `${instancePath} ${message}`);
}

module.exports = { checkClientFrame: checker('clientFrame'), checkServerFrame: checker('serverFrame') };
