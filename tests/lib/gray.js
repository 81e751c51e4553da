// Gray releases by REST, and where a unit falls by the specification.
'use strict';

const { configPath } = require('./client.js');

const rotate = (value, bits) => (value << bits) | (value >>> (32 - bits));

/** MurmurHash3 by Austin Appleby, variant x86, 32 bit, of a Buffer and with seed 0. */
function murmur3(bytes) {
  const mix = (k) => Math.imul(rotate(Math.imul(k, 0xcc9e2d51), 15), 0x1b873593);
  const whole = bytes.length & ~3;
  let h = 0;

  for (let i = 0; i < whole; i += 4) h = (Math.imul(rotate(h ^ mix(bytes.readInt32LE(i)), 13), 5) + 0xe6546b64) | 0;
  let rest = 0;
  for (let i = bytes.length - 1; i >= whole; i--) rest = (rest << 8) | bytes[i];
  h ^= mix(rest) ^ bytes.length;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}

/** 0 to 99999. */
const bucket = (salt, unit) => murmur3(Buffer.from(`${salt}\x1f${unit}`)) % 100000;

/** `[from, to)` of these, the units whose buckets lie in it. */
const unitsBetween = (salt, from, to, units) =>
  units.filter((unit) => bucket(salt, unit) >= from && bucket(salt, unit) < to);

const grayPath = (namespace, key, ...rest) => configPath(namespace, key, 'gray', ...rest);

/** Rules of one arm for everyone, or for those whom @match is for. */
const oneArm = (version, weight, match) => [{ ...(match && { match }), split: [{ version, weight }] }];

/** A config of @contents, one version each, the first of which is in force. */
async function publishFirst(api, namespace, key, contents) {
  for (const [i, content] of contents.entries()) await api.save(namespace, key, content, { publish: i === 0 });
}

module.exports = { bucket, grayPath, oneArm, publishFirst, unitsBetween };
