// The frames' schema as a judge: schema/push.schema.json, compiled once, says of every frame what is wrong.
'use strict';

const fs = require('node:fs');
const path = require('node:path');
const Ajv = require('ajv/dist/2020');
const addFormats = require('ajv-formats');

const schema = JSON.parse(fs.readFileSync(path.join(__dirname, '..', '..', 'schema', 'push.schema.json'), 'utf8'));
const ajv = new Ajv({ allErrors: true, strict: true, allowUnionTypes: true });
addFormats(ajv);
ajv.addSchema(schema);

/** Of each type of frame its own schema, so that what is wrong is told of the right one. */
const client = ['subscribe', 'ack', 'unsubscribe'];
const server = ['snapshot', 'change', 'current', 'error'];

function faults(frame, types) {
  if (!types.includes(frame?.type)) return [`no frame from this side has the type ${JSON.stringify(frame?.type)}`];
  const validate = ajv.getSchema(`${schema.$id}#/$defs/${frame.type}`);
  if (validate(frame)) return [];
  return validate.errors.map((error) => `${error.instancePath || '/'} ${error.message}`);
}

/** What is wrong with a frame that a client sends; an empty list when nothing is. */
const clientFaults = (frame) => faults(frame, client);
/** What is wrong with a frame that the server sends. */
const serverFaults = (frame) => faults(frame, server);

module.exports = { clientFaults, serverFaults, schema, ajv };
