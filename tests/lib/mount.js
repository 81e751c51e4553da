// Small file systems in memory, for tests that fill a disk or write-protect it. They go when the process does.
'use strict';

const { spawnSync } = require('node:child_process');
const { temporaryDirectory } = require('./conferd.js');

const mounted = new Set();

// Before the directories are removed, whose emptying would else fail.
process.prependListener('exit', () => mounted.forEach(unmount));

/** Mounts one of @size ("24m"); returns its directory, or null where this user may not mount. */
function mountSmall(size) {
  const directory = temporaryDirectory();
  const { status } = spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${size}`, 'tmpfs', directory]);
  if (status !== 0) return null;
  mounted.add(directory);
  return directory;
}

/** From now on nothing can be written to it; returns whether that worked. */
function protect(directory) {
  return spawnSync('mount', ['-o', 'remount,ro', directory]).status === 0;
}

function unmount(directory) {
  if (mounted.delete(directory)) spawnSync('umount', ['--lazy', directory]);
}

module.exports = { mountSmall, protect, unmount };
