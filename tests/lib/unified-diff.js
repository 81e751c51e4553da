// A small `patch`: applies a unified diff, strictly, without any guessing.
'use strict';

const assert = require('node:assert/strict');

/** Lines with their ends; the last one may have none. */
const linesOf = (text) => text.match(/[^\n]*\n|[^\n]+$/g) || [];

/** The lines of a diff as `{mark, text}`, where "\ No newline at end of file" has been taken into account. */
function markedLines(diff) {
  const lines = [];
  for (const line of linesOf(diff)) {
    if (line === '\\ No newline at end of file\n')
      lines[lines.length - 1].text = lines[lines.length - 1].text.slice(0, -1);
    else lines.push({ mark: line[0], text: line.slice(1) });
  }
  return lines;
}

/** One side of a hunk's header: where it begins in the lines (from 0), and how many it has. */
function rangeOf(start, count) {
  const n = count === undefined ? 1 : Number(count);
  return { at: n === 0 ? Number(start) : Number(start) - 1, n };
}

/** `{from, to, hunks}`: the two names in the header and how many hunks there are; throws when it is no diff of @old. */
function applyDiff(old, diff) {
  if (diff === '') return { text: old, hunks: 0 };

  const [first, second, ...rest] = markedLines(diff);
  assert.ok(first.text.startsWith('-- ') && second.text.startsWith('++ '), diff.slice(0, 200));
  const input = linesOf(old);
  const output = [];
  let at = 0;
  let hunks = 0;
  let from;
  let to;
  let toAt;

  const endHunk = () => {
    if (hunks)
      assert.deepEqual(
        [at, output.length],
        [from.at + from.n, toAt + to.n],
        'the counts in the header of a hunk are right',
      );
  };
  for (const { mark, text } of rest) {
    if (mark === '@') {
      endHunk();
      const [, a, b, c, d] = /^@ -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@/.exec(text);
      from = rangeOf(a, b);
      to = rangeOf(c, d);
      assert.ok(from.at >= at, 'hunks are in order');
      output.push(...input.slice(at, from.at));
      at = from.at;
      toAt = output.length;
      assert.equal(toAt, to.at, 'a hunk begins where its header says');
      hunks++;
    } else {
      if (mark === ' ' || mark === '-') assert.equal(input[at++], text, 'the diff is one of this text');
      if (mark === ' ' || mark === '+') output.push(text);
      assert.ok(' -+'.includes(mark), `a line begins with "${mark}"`);
    }
  }
  endHunk();
  output.push(...input.slice(at));
  return {
    text: output.join(''),
    hunks,
    names: [first.text.slice(3).trimEnd(), second.text.slice(3).trimEnd()],
  };
}

module.exports = { applyDiff };
