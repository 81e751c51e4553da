// Rounds in which every contestant is measured once, in another order each time, so that what the machine does meanwhile hits all alike.
'use strict';

// Calls measure(contestant) for each in each round; answers a map from contestant to the list of what it returned, one per round.
async function alternate(contestants, rounds, measure) {
  const results = new Map(contestants.map((contestant) => [contestant, []]));
  for (let round = 0; round < rounds; round++) {
    const turn = (round >> 1) % contestants.length;
    const order = [...contestants.slice(turn), ...contestants.slice(0, turn)];
    if (round % 2) order.reverse();
    for (const contestant of order) results.get(contestant).push(await measure(contestant));
  }
  return results;
}

// For differences of a few percent: as much time in twice as many rounds, so that a stall of the disk or a loud neighbour falls into fewer of them.
function finer({ rounds, seconds }) {
  return { rounds: 2 * rounds, seconds: Math.ceil(seconds / 2) };
}

function roundsTitle({ rounds, seconds }) {
  return `${rounds} rounds of ${seconds} s`;
}

module.exports = { alternate, finer, roundsTitle };
