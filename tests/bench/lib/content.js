// The content of a config in the benchmarks: 1 KiB of JSON as services have it, told apart by a number in it.
'use strict';

const size = 1024;
const placeholder = '@@SEQUENCE@@';

function template() {
  const settings = {
    database: { host: 'db-7.internal.example', port: 5432, pool: { min: 4, max: 32, idle_timeout_ms: 30000 }, read_only: false },
    cache: { url: 'redis://cache-2.internal.example:6379/3', ttl_seconds: 900, prefix: 'orders:' },
    limits: { requests_per_second: 250, burst: 500, body_bytes: 1048576, concurrent: 64 },
    retry: { attempts: 5, base_ms: 100, factor: 2, jitter: true, on: ['timeout', 'reset', '502', '503'] },
    features: { new_checkout: true, express_delivery: false, gift_cards: true, loyalty: { tiers: ['bronze', 'silver', 'gold'] } },
    regions: ['eu-west-1', 'eu-central-1', 'us-east-1', 'ap-south-1'],
    log: { level: 'info', format: 'json', sample: 0.25 },
    notice: '',
  };
  // The number stands at a multiple of three, so that its base64 does not depend on what is around it.
  const text = () => `{"seq": "${placeholder}", ${JSON.stringify(settings).slice(1)}`;
  settings.notice = 'n'.repeat(size - text().length);
  return text();
}

const content = template();

// Bodies for the load scripts, which replace the placeholders.
const putBody = JSON.stringify({ content, format: 'json', publish: true });
const putTextBody = JSON.stringify({ content, format: 'text', publish: true });

function base64(text) {
  return Buffer.from(text).toString('base64');
}

const etcdKeyHead = 'confer-bench-config-0';

function etcdPutBody() {
  const [before, after] = content.split(placeholder);
  return `{"key":"${base64(etcdKeyHead)}@@KEY@@@","value":"${base64(before)}@@SEQUENCE@@@@@@${base64(after)}"}`;
}

// A transaction that puts the keys from number `from` on, before number `to`, as the load script names them.
function etcdFillBody(from, to) {
  const value = base64(content.replace(placeholder, '0'.repeat(placeholder.length)));
  const put = (i) => `{"requestPut":{"key":"${base64(etcdKeyHead + String(i).padStart(6, '0'))}","value":"${value}"}}`;
  return `{"success":[${Array.from({ length: to - from }, (_, i) => put(from + i)).join(',')}]}`;
}

// One PutRequest of etcd's gRPC interface, as a gRPC message: no compression, length, key (1), value (2).
function etcdGrpcBody() {
  const varint = (n) => (n < 128 ? [n] : [(n & 127) | 128, ...varint(n >> 7)]);
  const bytes = (field, text) => Buffer.concat([Buffer.from([(field << 3) | 2, ...varint(text.length)]), Buffer.from(text)]);
  const message = Buffer.concat([bytes(1, 'confer-bench-config-grpc'), bytes(2, content)]);
  const head = Buffer.alloc(5);
  head.writeUInt32BE(message.length, 1);
  return Buffer.concat([head, message]);
}

module.exports = { content, placeholder, putBody, putTextBody, etcdPutBody, etcdFillBody, etcdGrpcBody };
