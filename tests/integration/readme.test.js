// The tour of the README, as it is written: every block of shell is run, and must print what stands below it.
'use strict';

const assert = require('node:assert/strict');
const { spawn } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');
const { test } = require('node:test');
const { Conferd, temporaryDirectory } = require('../lib/conferd.js');

const readme = fs.readFileSync(path.join(__dirname, '..', '..', 'README.md'), 'utf8');
const tour = readme.slice(readme.indexOf('## A tour'), readme.indexOf('## Where to read on'));

/** The blocks of shell in @text, each with the text that it shall print, if the README shows any. */
function steps(text) {
  return [...text.matchAll(/```sh\n([\s\S]*?)```\n(?:\n```text\n([\s\S]*?)```\n)?/g)].map(([, script, output]) => ({ script, output }));
}

/** What is shown, as a pattern: … stands for anything, and a line ends where it ends. */
function pattern(output) {
  const escaped = output.split('…').map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'));
  return new RegExp(`^${escaped.join('[^\\n]*')}$`);
}

/** A shell that keeps its variables and functions from step to step, as a reader's terminal does. */
class Shell {
  constructor(cwd) {
    this.child = spawn('bash', ['-eu'], { cwd, stdio: ['pipe', 'pipe', 'inherit'] });
    this.child.stdout.setEncoding('utf8');
    this.output = '';
  }

  async run(script) {
    const end = `end-of-step-${Math.random()}`;
    this.output = '';
    this.child.stdin.write(`${script}\nprintf '%s' ${end}\n`);
    for await (const text of this.child.stdout.iterator({ destroyOnReturn: false })) {
      this.output += text;
      if (this.output.endsWith(end)) return this.output.slice(0, -end.length);
    }
    return assert.fail(`the shell ended in this step:\n${script}\nafter it printed:\n${this.output}`);
  }

  close() {
    this.child.stdin.end();
  }
}

/** Runs the steps of @text in @shell against @server, whose port is not the one that the README can know. */
async function follow(shell, server, text) {
  await shell.run(`C=${server.origin}/api/v1`);
  for (const { script, output } of steps(text)) {
    const printed = await shell.run(script);
    if (output !== undefined) assert.match(printed, pattern(output));
  }
}

test('the tour of the README prints what the README shows', async (t) => {
  const cwd = temporaryDirectory();
  const server = new Conferd({ data: path.join(cwd, 'confer-data'), env: { CONFER_ADMIN_PASSWORD: undefined } });
  const shell = new Shell(cwd);
  t.after(async () => {
    shell.close();
    await server.finish();
  });
  const [before, after] = tour.split('Now stop the server');

  await server.start();
  await follow(shell, server, before);
  await server.kill();
  await server.start();
  await follow(shell, server, after);
});

test('the tour has ten steps and more, and a pattern can fail', () => {
  assert.ok(steps(tour).length >= 10);
  assert.doesNotMatch('{"a":2}\n', pattern('{"a":1}\n'));
  assert.match('{"a":1,"b":2}\n', pattern('{"a":1,…}\n'));
});
