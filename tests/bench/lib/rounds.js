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

// For differences of a few percent: many short rounds. What the machine does meanwhile changes from one second to the next, and the error of the
// median falls with the number of rounds, while twice as long a round is hardly more exact.
function finer({ rounds, seconds }) {
  return { rounds: 6 * rounds, seconds: seconds / 4 };
}

function roundsTitle({ rounds, seconds }) {
  return `${rounds} rounds of ${seconds} s`;
}

module.exports = { alternate, finer, roundsTitle };
