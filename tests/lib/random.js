// Chance that can be repeated: CONFER_SEED=n makes a run choose as the one that printed n.
'use strict';

/** mulberry32: small, and good enough to choose test cases. */
class Random {
  constructor(seed = Number(process.env.CONFER_SEED) || Math.floor(Math.random() * 2 ** 31)) {
    this.seed = seed;
    this.state = seed >>> 0;
  }

  /** A number in [0, 1). */
  next() {
    this.state = (this.state + 0x6d2b79f5) >>> 0;
    let t = this.state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  }

  /** An integer from @from to @to, both included. */
  integer(from, to) {
    return from + Math.floor(this.next() * (to - from + 1));
  }

  pick(list) {
    return list[this.integer(0, list.length - 1)];
  }
}

module.exports = { Random };
