// A Confer store in a few lines, for scripted peers: it makes the frames that a right server would send.
'use strict';

const crypto = require('node:crypto');

const sha256 = (text) => crypto.createHash('sha256').update(text).digest('hex');

/** A namespace and those that it inherits from, nearest first. */
function ancestry(namespace) {
  const segments = namespace.split('.');
  return segments.map((_, i) => segments.slice(0, segments.length - i).join('.'));
}

class ModelServer {
  constructor({ epoch = crypto.randomBytes(16).toString('hex'), revision = 0 } = {}) {
    this.epoch = epoch;
    this.revision = revision;
    this.namespaces = new Map();
    this.versions = new Map(); // how many each config has had
    this.tail = []; // of {revision, items: [{namespace, release} or {namespace, deleted}]}
  }

  /** Another one with the same contents and history, which goes its own way from here. */
  fork(changes = {}) {
    const copy = new ModelServer(this);
    copy.namespaces = new Map([...this.namespaces].map(([name, releases]) => [name, new Map(releases)]));
    copy.versions = new Map(this.versions);
    copy.tail = [...this.tail];
    return Object.assign(copy, changes);
  }

  #put(namespace, key, content, fields) {
    const place = `${namespace} ${key}`;
    const version = fields.version ?? (this.versions.get(place) ?? 0) + 1;
    const release = {
      key,
      version,
      revision: this.revision,
      format: 'text',
      content,
      sha256: sha256(content),
      updated_at: '2026-01-31T09:05:00.000Z',
      updated_by: 'user:admin',
      comment: '',
      gray: null,
      ...fields,
    };
    this.versions.set(place, Math.max(version, this.versions.get(place) ?? 0));
    if (!this.namespaces.has(namespace)) this.namespaces.set(namespace, new Map());
    this.namespaces.get(namespace).set(key, release);
    return { namespace, release };
  }

  #delete(namespace, key) {
    this.namespaces.get(namespace).delete(key);
    return { namespace, deleted: key };
  }

  /**
   * Commits operations as one change; returns its frame.
   * @operations: `[namespace, key, content, fields]`, where a content of null deletes
   */
  commit(...operations) {
    this.revision++;
    const items = operations.map(([namespace, key, content, fields = {}]) =>
      content === null ? this.#delete(namespace, key) : this.#put(namespace, key, content, fields),
    );
    const change = { revision: this.revision, items };
    this.tail.push(change);
    return this.changeFrame(change);
  }

  put(namespace, key, content, fields) {
    return this.commit([namespace, key, content, fields]);
  }

  delete(namespace, key) {
    return this.commit([namespace, key, null]);
  }

  /** Sets, changes or, with null, ends a gray release: the config's release is sent anew. See grayOf(). */
  setGray(namespace, key, gray) {
    const { content, revision, ...fields } = this.namespaces.get(namespace).get(key);
    return this.put(namespace, key, content, { ...fields, gray });
  }

  changeFrame({ revision, items }) {
    const changes = [];
    for (const { namespace, release, deleted } of items) {
      let entry = changes.find((other) => other.namespace === namespace);
      if (!entry) changes.push((entry = { namespace, releases: [], deleted: [] }));
      if (release) entry.releases.push(release);
      else entry.deleted.push(deleted);
    }
    return { seq: revision, type: 'change', payload: { changes } };
  }

  /** Every namespace that these subscriptions cover, ancestors included. */
  scope(names) {
    return [...new Set(names.flatMap(ancestry))];
  }

  /** A snapshot in as many frames as @parts says, or as there are releases. */
  snapshotFrames(names, { parts = 1 } = {}) {
    const releases = this.scope(names).flatMap((namespace) =>
      [...(this.namespaces.get(namespace)?.values() ?? [])].map((release) => ({ namespace, release })),
    );
    const size = Math.max(1, Math.ceil(releases.length / parts));
    const frames = [];
    for (let at = 0; at === 0 || at < releases.length; at += size)
      frames.push(this.#snapshotFrame(releases.slice(at, at + size), at + size < releases.length));
    return frames;
  }

  #snapshotFrame(releases, more) {
    const namespaces = [];
    for (const { namespace, release } of releases) {
      if (namespaces.at(-1)?.namespace !== namespace) namespaces.push({ namespace, releases: [] });
      namespaces.at(-1).releases.push(release);
    }
    return { seq: this.revision, type: 'snapshot', payload: { epoch: this.epoch, namespaces, more } };
  }

  currentFrame(names) {
    return { seq: this.revision, type: 'current', payload: { epoch: this.epoch, namespaces: names } };
  }

  /** What a right server answers: what changed, "current" when nothing did, else a snapshot. */
  answer(subscribe, options = {}) {
    const { namespaces, epoch } = subscribe.payload;
    const names = namespaces.map(({ name }) => name);
    const since = Math.min(...namespaces.map((each) => each.since ?? 0));
    const reaches = (this.tail[0]?.revision ?? this.revision + 1) <= since + 1;

    if (epoch !== this.epoch || !since || since > this.revision || !reaches)
      return this.snapshotFrames(names, options);
    const scope = this.scope(names);
    const changes = this.tail
      .filter(({ revision }) => revision > since)
      .map(({ revision, items }) => ({
        revision,
        items: items.filter(({ namespace }) => scope.includes(namespace)),
      }))
      .filter(({ items }) => items.length);
    return changes.length ? changes.map((change) => this.changeFrame(change)) : [this.currentFrame(names)];
  }

  /** A script that serves as a right server does, and sends every later change; `onSubscribed` comes after the answer. */
  serve(connection, options = {}) {
    return (async () => {
      if (!(await connection.next())) return;
      connection.accept();
      const subscribe = await connection.nextOf('subscribe');
      if (!subscribe) return;
      for (const frame of this.answer(subscribe, options)) connection.send(frame, options);
    })();
  }

  /** What a client of @namespace must hold: an object of releases by key, each with where it lives. */
  effective(namespace) {
    const values = {};
    for (const name of ancestry(namespace).reverse())
      for (const [key, release] of this.namespaces.get(name) ?? []) values[key] = { ...release, namespace: name };
    return values;
  }
}

/** A gray release, as it is sent: @contents are those of the versions that the rules name, `{9: 'nine'}`. */
function grayOf(rules, contents, fields = {}) {
  const versions = Object.entries(contents).map(([version, content]) => [
    version,
    { format: 'text', content, sha256: sha256(content) },
  ]);
  return {
    salt: 'salt',
    rules,
    versions: Object.fromEntries(versions),
    updated_at: '2026-02-01T00:00:00.000Z',
    updated_by: 'user:gray',
    comment: 'a few first',
    ...fields,
  };
}

/** A store with two configs in `prod.acme`, and one above it. */
function smallStore() {
  const store = new ModelServer();
  store.put('prod', 'shared', 'by everybody');
  store.put('prod.acme', 'a', 'first');
  store.put('prod.acme', 'b', 'second');
  return store;
}

module.exports = { ModelServer, grayOf, sha256, smallStore };
