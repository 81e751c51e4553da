// Waiting for conditions, and doing many things at once.
'use strict';

const { setTimeout: pause } = require('node:timers/promises');

const deadlineMs = 30000;

/** Asks @condition again and again until it returns something true, and returns that. */
async function until(condition, what, limitMs = deadlineMs) {
  for (const start = Date.now(); ;) {
    const value = await condition();
    if (value) return value;
    if (Date.now() - start > limitMs) throw new Error(`still not so after ${limitMs} ms: ${what}`);
    await pause(10);
  }
}

/** Calls @work(0) … @work(count - 1), at most @width at once; returns the results in order. */
async function inParallel(count, width, work) {
  const results = new Array(count);
  let next = 0;

  async function worker() {
    while (next < count) {
      const i = next++;
      results[i] = await work(i);
    }
  }
  await Promise.all(Array.from({ length: Math.min(width, count) }, worker));
  return results;
}

module.exports = { inParallel, until };
