// Medians, spreads, tables and goals: how the benchmarks state what they measured.
'use strict';

function median(numbers) {
  const sorted = [...numbers].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

// Three significant digits, without an exponent.
function short(number) {
  if (!Number.isFinite(number)) return '-';
  const size = Math.abs(number);
  if (size >= 100) return Math.round(number).toLocaleString('en-US');
  return number.toFixed(size >= 10 ? 1 : 2);
}

// "median [min..max]"
function spread(numbers, format = short) {
  if (numbers.some((n) => n === undefined)) return '-';
  return `${format(median(numbers))} [${format(Math.min(...numbers))}..${format(Math.max(...numbers))}]`;
}

// Each of a divided by the one of b that was measured in the same round.
function ratios(a, b) {
  return a.map((value, i) => value / b[i]);
}

function table(title, head, rows) {
  const lines = [head, ...rows];
  const widths = head.map((_, i) => Math.max(...lines.map((line) => String(line[i]).length)));
  const text = (line) => line.map((cell, i) => String(cell).padEnd(widths[i])).join('  ').trimEnd();
  console.log(`\n${title}`);
  console.log(text(head));
  console.log(widths.map((n) => '-'.repeat(n)).join('  '));
  for (const row of rows) console.log(text(row));
}

const goals = [];

// Records how a figure stands to its goal; numbers are the figure's values, one per round, and their median is judged.
function goal(name, what, numbers, sign, bound, unit = '') {
  const value = median(numbers);
  const isMet = { '>=': value >= bound, '<=': value <= bound, '<': value < bound }[sign];
  goals.push(`goal ${name}: ${what} ${spread(numbers)}${unit} (goal ${sign} ${bound}${unit}) ${isMet ? 'met' : 'missed'}`);
}

function printGoals() {
  console.log('');
  for (const line of goals) console.log(line);
}

module.exports = { median, short, spread, ratios, table, goal, printGoals };
