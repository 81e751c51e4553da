// The frames' schema as a judge: schema/push.schema.json, compiled once, says of every frame what is wrong.
'use strict';

const fs = require('node:fs');
const path = require('node:path');
const Ajv = require('ajv/dist/2020');
const addFormats = require('ajv-formats');

const file = path.join(__dirname, '..', '..', 'schema', 'push.schema.json');
const schema = JSON.parse(fs.readFileSync(file, 'utf8'));
const ajv = new Ajv({ allErrors: true, strict: true, allowUnionTypes: true });
addFormats(ajv);
ajv.addSchema(schema);

const clientTypes = ['subscribe', 'ack', 'unsubscribe'];
const serverTypes = ['snapshot', 'change', 'current', 'error'];

/** The schema of a part, by its name under $defs. */
const validatorOf = (name) => ajv.getSchema(`${schema.$id}#/$defs/${name}`);

/** What is wrong with @frame, told by the schema of its own type. */
function faults(frame, types) {
  if (!types.includes(frame?.type)) return [`no frame of this side has the type ${JSON.stringify(frame?.type)}`];
  const validate = validatorOf(frame.type);
  return validate(frame) ? [] : validate.errors.map(({ instancePath, message }) => `${instancePath || '/'} ${message}`);
}

/** What is wrong with a frame that a client sends; an empty list when nothing is. */
const clientFaults = (frame) => faults(frame, clientTypes);

/** What is wrong with a frame that the server sends; an empty list when nothing is. */
const serverFaults = (frame) => faults(frame, serverTypes);

module.exports = { schema, clientTypes, serverTypes, validatorOf, clientFaults, serverFaults };
