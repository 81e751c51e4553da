// Reads: GET of one of 10,000 configs against a bare libh2o program that answers a constant of the same size, and with a
// gray release against without.
'use strict';

const fs = require('node:fs');
const path = require('node:path');
const { spread, ratios, table, goal } = require('./figures.js');
const { must, parallel } = require('./http.js');
const { wrk } = require('./load.js');
const { startConferd, startRival, token } = require('./program.js');
const readGray = require('./read-gray.js');
const { alternate, finer, roundsTitle } = require('./rounds.js');
const { fill, pathHead, pathOf } = require('./store.js');

const configs = 10000;
const connections = 64;

// Where the server and the load run: each on a processor of its own, or all over the machine.
const places = [
  { name: '1t', title: 'one thread, server and load pinned to a processor each', threads: 1, serverCpu: 0, loadCpu: 1 },
  { name: '2t', title: 'two threads, not pinned', threads: 2 },
];

// Answers every config's ETag, and the size of one body.
async function survey(url) {
  const etags = [];
  let bytes = 0;
  await parallel(configs, 16, async (i, agent) => {
    const answer = await must(url, 'GET', pathOf(i), { token, agent });
    if (!answer.headers.etag) throw new Error(`${pathOf(i)} has no ETag`);
    etags[i] = answer.headers.etag;
    bytes += Buffer.byteLength(answer.body);
  });
  return { etags, bodyBytes: Math.round(bytes / configs) };
}

// A 200 brings the body and a head of less than 1 KiB, a 304 the head alone.
function checkSize({ program, kind }, bytes, bodyBytes) {
  const least = kind === '200' ? bodyBytes : 0;
  if (bytes < least || bytes > least + 1024) {
    throw new Error(`${program.name} sent ${Math.round(bytes)} bytes per answer: no ${kind}s of ${bodyBytes} bytes`);
  }
}

async function read(work, options) {
  const settings = finer(options);
  const { rounds, seconds } = settings;
  const directory = path.join(work, 'store');
  const filler = await startConferd(directory);
  await fill(filler.url, configs, 1);
  const { etags, bodyBytes } = await survey(filler.url);
  await filler.stop();

  const ownEtags = path.join(work, 'etags');
  const rivalEtags = path.join(work, 'etags-rival');
  fs.writeFileSync(ownEtags, etags.join('\n') + '\n');
  fs.writeFileSync(rivalEtags, `${etags[0]}\n`.repeat(configs));

  const rows = [];
  for (const { name, threads, serverCpu, loadCpu } of places) {
    const placed = { cpu: serverCpu, threads };
    const confer = await startConferd(directory, placed);
    const rival = await startRival(work, { ...placed, size: bodyBytes });
    const rivalWithEtag = await startRival(work, { ...placed, size: bodyBytes, etag: etags[0] });
    const contestants = {
      rival200: { program: rival, kind: '200', args: [] },
      confer200: { program: confer, kind: '200', args: [] },
      rival304: { program: rivalWithEtag, kind: '304', args: [rivalEtags] },
      confer304: { program: confer, kind: '304', args: [ownEtags] },
    };
    const load = ({ program, args }, duration) =>
      wrk(program, 'get.lua', [pathHead, configs, token, ...args], { threads, connections, cpu: loadCpu, seconds: duration });

    for (const contestant of Object.values(contestants)) await load(contestant, 1);
    const results = await alternate(Object.values(contestants), rounds, async (contestant) => {
      const result = await load(contestant, seconds);
      checkSize(contestant, result.bytesPerRequest, bodyBytes);
      return result;
    });

    const of = (who, field) => results.get(contestants[who]).map((result) => result[field]);
    const row = (title, who, ...ratio) =>
      rows.push([
        `${name} ${title}`, contestants[who].program.name, spread(of(who, 'perSecond')), spread(of(who, 'p50Ms')),
        spread(of(who, 'p99Ms')), spread(of(who, 'cpuUs')), ...ratio,
      ]);
    for (const kind of ['200', '304']) {
      const ratio = ratios(of(`confer${kind}`, 'perSecond'), of(`rival${kind}`, 'perSecond'));
      const byCpu = ratios(of(`rival${kind}`, 'cpuUs'), of(`confer${kind}`, 'cpuUs'));
      row(kind, `rival${kind}`, '1', '1');
      row(kind, `confer${kind}`, spread(ratio), spread(byCpu));
      goal(`read-${kind}-${name}`, 'ratio', ratio, '>=', 0.85);
    }
    goal(`read-304-to-200-${name}`, 'ratio', ratios(of('confer304', 'perSecond'), of('confer200', 'perSecond')), '>=', 1);

    for (const program of [confer, rival, rivalWithEtag]) await program.stop();
  }

  const count = configs.toLocaleString('en-US');
  table(
    `Reads, ${roundsTitle(settings)}: GET of a random one of ${count} configs, body of ${bodyBytes} bytes, ${connections} connections`,
    ['case', 'server', 'requests/s', 'p50 ms', 'p99 ms', 'CPU us/request', 'ratio', 'ratio by CPU'],
    rows,
  );
  await readGray(work, places, settings);
}

module.exports = read;
