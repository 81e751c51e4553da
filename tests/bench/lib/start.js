// Start-up with 100,000 configs and 1,000,000 versions, and the memory that it takes.
'use strict';

const fs = require('node:fs');
const path = require('node:path');
const { putBody } = require('./content.js');
const { goal, short, spread, table } = require('./figures.js');
const { call } = require('./http.js');
const { wrk } = require('./load.js');
const { freePort, helper, paths, settle, startConferd, token } = require('./program.js');
const { publishLoad } = require('./publish.js');
const { fill, pathHead } = require('./store.js');

const configs = 100000;
const versions = 10;
const starts = 5;
const reads = 100000;
const publishes = 200000;

function filesOf(directory) {
  return fs.readdirSync(directory).map((name) => path.join(directory, name)).filter((file) => fs.statSync(file).isFile());
}

// Starts the server and asks /readyz until it says yes; answers the time from the start of the process to that.
async function timedStart(directory) {
  const port = await freePort();
  const start = process.hrtime.bigint();
  const starting = startConferd(directory, { port });
  let isReady = false;

  while (!isReady) {
    try {
      isReady = (await call(`http://127.0.0.1:${port}`, 'GET', '/readyz')).status === 200;
    } catch (error) {
      if (error.code !== 'ECONNREFUSED' && error.code !== 'ECONNRESET') throw error;
    }
    if (!isReady) await Promise.race([starting, new Promise((resolve) => setTimeout(resolve, 2))]);
  }
  const seconds = Number(process.hrtime.bigint() - start) / 1e9;
  const server = await starting;
  return { server, seconds, cpuSeconds: server.cpuUs() / 1e6 };
}

function makeCold(files) {
  helper(paths.pageCache, ['drop', ...files]);
  const [{ bytes, resident }] = helper(paths.pageCache, ['resident', ...files]);
  if (resident > bytes / 1000) throw new Error(`the store is not cold: ${resident} of ${bytes} bytes are in the page cache`);
}

// Has the server publish, and kills it before it has written all heads to where they belong.
async function crash(directory, bodyFile, seconds) {
  const server = await startConferd(directory);
  for (let n = 0; n < publishes; ) {
    n += (await publishLoad(server, { count: configs, bodyFile, connections: 64, seconds })).requests;
  }
  await server.kill();
  settle(directory);
}

async function start(work, { seconds }) {
  const directory = path.join(work, 'store');
  const filler = await startConferd(directory);
  const fillSeconds = await fill(filler.url, configs, versions);
  const stopStart = Date.now();
  await filler.stop();
  const stopSeconds = (Date.now() - stopStart) / 1000;

  const bytes = filesOf(directory).reduce((sum, file) => sum + fs.statSync(file).size, 0);
  console.log(
    `\nStore of ${(configs * versions).toLocaleString('en-US')} versions made through the API in ${short(fillSeconds)} s ` +
      `(${short((configs * versions) / fillSeconds)} versions/s), stopped in ${short(stopSeconds)} s, ${short(bytes / 1024 ** 3)} GiB`,
  );

  const bodyFile = path.join(work, 'put.json');
  fs.writeFileSync(bodyFile, putBody);
  const times = { warm: [], cold: [], crash: [] };
  const cpuTimes = { warm: [], cold: [] };
  const memory = { ready: [], read: [] };
  await (await timedStart(directory)).server.stop(); // reads the files for the first warm start
  for (let i = 0; i < starts; i++) {
    for (const kind of ['warm', 'cold']) {
      if (kind === 'cold') makeCold(filesOf(directory));
      const { server, seconds: took, cpuSeconds } = await timedStart(directory);
      times[kind].push(took);
      cpuTimes[kind].push(cpuSeconds);
      memory.ready.push(server.memory());
      if (kind === 'cold') {
        for (let n = 0; n < reads; ) {
          n += (await wrk(server, 'get.lua', [pathHead, configs, token], { connections: 64, seconds })).requests;
        }
        memory.read.push(server.memory());
      }
      await server.stop();
    }
  }
  for (let i = 0; i < starts; i++) {
    await crash(directory, bodyFile, seconds);
    const { server, seconds: took } = await timedStart(directory);
    times.crash.push(took);
    memory.ready.push(server.memory());
    await server.stop();
  }

  const mib = (when, field) => memory[when].map((value) => value[field]);
  table(
    `Start with ${configs.toLocaleString('en-US')} configs and ${(configs * versions).toLocaleString('en-US')} versions of 1 KiB (${starts} starts of each kind, warm and cold alternated)`,
    ['figure', 'value'],
    [
      ['from exec to /readyz, page cache warm, s', spread(times.warm)],
      ['from exec to /readyz, store not in the page cache, s', spread(times.cold)],
      [`after kill -9, ${publishes.toLocaleString('en-US')} publishes after the start before, s`, spread(times.crash)],
      ['processor time until then, warm, s', spread(cpuTimes.warm)],
      ['processor time until then, cold, s', spread(cpuTimes.cold)],
      ['resident when ready, MiB', spread(mib('ready', 'rss'))],
      [`resident after ${reads.toLocaleString('en-US')} reads, MiB`, spread(mib('read', 'rss'))],
      ['  of which not pages of files, MiB', spread(mib('read', 'anonymous'))],
    ],
  );
  goal('start-warm', 'time', times.warm, '<', 1, ' s');
  goal('start-cold', 'time', times.cold, '<', 2, ' s');
  goal('start-memory', 'resident', [Math.max(...mib('ready', 'rss'), ...mib('read', 'rss'))], '<=', 200, ' MiB');
}

module.exports = start;
