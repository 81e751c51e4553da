// HTTP by hand, for what no well-bred client sends: bytes go over a bare socket, and what comes back is taken apart.
'use strict';

const net = require('node:net');

const deadlineMs = 30000;

/** Opens a connection; `{socket, received(), closed}`, where closed is a promise of everything received. */
async function connect(origin) {
  const { hostname, port } = new URL(origin);
  const socket = net.connect({ host: hostname, port: Number(port), allowHalfOpen: true });
  const chunks = [];

  socket.on('data', (chunk) => chunks.push(chunk));
  const connection = { socket, received: () => Buffer.concat(chunks) };
  connection.closed = new Promise((resolve) => {
    socket.on('error', () => resolve(connection.received())); // a reset is an answer too
    socket.on('end', () => resolve(connection.received()));
    socket.on('close', () => resolve(connection.received()));
  });
  await new Promise((resolve, reject) => {
    socket.once('connect', resolve);
    socket.once('error', reject);
  });
  return connection;
}

/** Waits until @isEnough(received bytes) or the server closes; returns what was received. */
async function receive(connection, isEnough) {
  let timer;
  const enough = new Promise((resolve) => {
    const look = () => isEnough(connection.received()) && resolve(connection.received());
    connection.socket.on('data', look);
    look();
  });
  const late = new Promise((_, reject) => {
    timer = setTimeout(
      () => reject(new Error(`no answer; received so far: ${connection.received()}`)),
      deadlineMs,
    );
  });
  return Promise.race([enough, connection.closed, late]).finally(() => clearTimeout(timer));
}

function takeHead(bytes) {
  const end = bytes.indexOf('\r\n\r\n');
  if (end < 0) return null;

  const [statusLine, ...lines] = bytes.subarray(0, end).toString('latin1').split('\r\n');
  const headers = {};
  for (const line of lines) {
    const colon = line.indexOf(':');
    headers[line.slice(0, colon).toLowerCase()] = line.slice(colon + 1).trim();
  }
  return { status: Number(statusLine.split(' ')[1]), headers, size: end + 4 };
}

function takeChunks(bytes) {
  const parts = [];
  for (let at = 0; ;) {
    const end = bytes.indexOf('\r\n', at);
    if (end < 0) return null;
    const size = parseInt(bytes.subarray(at, end).toString('latin1'), 16);
    const next = end + 2 + size + 2;
    if (bytes.length < next) return null;
    if (size === 0) return { body: Buffer.concat(parts), size: next };
    parts.push(bytes.subarray(end + 2, end + 2 + size));
    at = next;
  }
}

/** The first answer in @bytes, or null when it is not all there: `{status, headers, body, size}`. */
function takeAnswer(bytes) {
  const head = takeHead(bytes);
  if (!head) return null;

  const rest = bytes.subarray(head.size);
  const isBare = head.status < 200 || head.status === 204 || head.status === 304;
  if (head.headers['transfer-encoding'] === 'chunked' && !isBare) {
    const chunks = takeChunks(rest);
    return chunks && { ...head, body: chunks.body, size: head.size + chunks.size };
  }
  const length = isBare ? 0 : Number(head.headers['content-length'] || 0);
  if (rest.length < length) return null;
  return { ...head, body: rest.subarray(0, length), size: head.size + length };
}

/** All answers in @bytes. */
function takeAnswers(bytes) {
  const answers = [];
  for (let answer; (answer = takeAnswer(bytes)); bytes = bytes.subarray(answer.size)) answers.push(answer);
  return answers;
}

/**
 * exchange() - sends @bytes (string, Buffer or a list of them, one write each) and returns the answers
 * @count: how many to wait for; the server may also close before
 */
async function exchange(origin, bytes, count = 1) {
  const connection = await connect(origin);
  for (const part of [bytes].flat()) connection.socket.write(part);
  const received = await receive(connection, (all) => takeAnswers(all).length >= count);
  connection.socket.destroy();
  return takeAnswers(received);
}

module.exports = { connect, exchange, receive, takeAnswers };
