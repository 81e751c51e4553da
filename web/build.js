// Builds the console for meson: packages as the lockfile says, a bundle by Vite, and C by schema/embed.py.
//
//   node build.js OUT.c OUT.c.d DIRECTORY EMBED...
//
// DIRECTORY holds the bundle; EMBED is the command that turns it into C. No package's script is run.
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const web = path.dirname(fileURLToPath(import.meta.url));
const target = process.argv[2]; // as ninja calls it
const [out, depfile, directory, ...embed] = process.argv
  .slice(2)
  .map((word) => (word.includes('/') ? path.resolve(word) : word));

/** Runs a program; what it says is shown when it fails. */
function run(program, args) {
  try {
    execFileSync(program, args, { cwd: web, stdio: ['ignore', 'pipe', 'pipe'] });
  } catch (error) {
    process.stderr.write(
      `${error.stdout ?? ''}${error.stderr ?? error.message}\nThe console cannot be built; -Dweb=disabled builds the server without it.\n`,
    );
    process.exit(1);
  }
}

/** npm leaves a copy of the lockfile where it has installed what that says, which is older than a lockfile that changed. */
function packagesAreCurrent() {
  const installed = path.join(web, 'node_modules', '.package-lock.json');
  return (
    fs.existsSync(installed) &&
    fs.statSync(installed).mtimeMs >= fs.statSync(path.join(web, 'package-lock.json')).mtimeMs
  );
}

function filesBelow(folder) {
  return fs.readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const name = path.join(folder, entry.name);
    return entry.isDirectory() ? filesBelow(name) : [name];
  });
}

/** What the bundle is made of, folders included, so that ninja sees files that come and go. */
function writeDepfile() {
  const fixed = [
    '.npmrc',
    'build.js',
    'index.html',
    'package-lock.json',
    'package.json',
    'tsconfig.json',
    'vite.config.js',
  ];
  const sources = filesBelow(path.join(web, 'src'));
  const folders = new Set(sources.map((file) => path.dirname(file)));
  const all = [...fixed.map((name) => path.join(web, name)), ...folders, ...sources];
  const escaped = all.map((name) => name.replace(/([ #])/g, '\\$1'));
  fs.writeFileSync(depfile, `${target}: ${escaped.join(' ')}\n`);
}

if (!packagesAreCurrent()) run('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund']);
run(process.execPath, [
  path.join('node_modules', 'vite', 'bin', 'vite.js'),
  'build',
  '--logLevel',
  'warn',
  '--outDir',
  path.join(directory, 'dist'),
  '--emptyOutDir',
]);
run(embed[0], [...embed.slice(1), 'page', out, path.join(directory, 'dist')]);
writeDepfile();
