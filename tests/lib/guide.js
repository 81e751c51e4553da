// Guides in the documentation, followed as they are written: every block of shell is run, and must print what stands
// below it.
'use strict';

const assert = require('node:assert/strict');
const { spawn } = require('node:child_process');

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
    // What a reader's environment does not have would be taken for settings.
    const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('CONFER_')));
    this.child = spawn('bash', ['-eu'], { cwd, env, stdio: ['pipe', 'pipe', 'inherit'], detached: true });
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

  /** Ends it, and what it has started in the background. */
  close() {
    process.kill(-this.child.pid, 'SIGKILL');
  }
}

/** Runs the steps of @text in @shell. */
async function follow(shell, text) {
  for (const { script, output } of steps(text)) {
    const printed = await shell.run(script);
    if (output !== undefined) assert.match(printed, pattern(output), script);
  }
}

module.exports = { Shell, follow, pattern, steps };
