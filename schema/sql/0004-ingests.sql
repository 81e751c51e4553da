-- What the ingests remember: how far each has got in its etcd, and what it has made of each key there.

-- How far each ingest has got. Written in the transaction of what was taken in up to there.
CREATE TABLE ingests (
        name            TEXT    PRIMARY KEY,
        cluster_id      TEXT    NOT NULL,       -- of the etcd, as it says it
        mapping         TEXT    NOT NULL,       -- which keys become which configs; another one begins anew
        generation      INTEGER NOT NULL,       -- one more where the etcd is another, or has lost data
        revision        INTEGER NOT NULL        -- of etcd, up to which all is taken in; 0: it was never read in full
) STRICT;

-- The keys of etcd that were taken in, or could not be.
CREATE TABLE ingested (
        id              INTEGER PRIMARY KEY,
        ingest          TEXT    NOT NULL,
        etcd_key        BLOB    NOT NULL,
        namespace       TEXT,                   -- of its config; NULL where its name makes none
        key             TEXT,
        mod_revision    INTEGER NOT NULL,       -- of etcd, as it was looked at last
        generation      INTEGER NOT NULL,       -- of the ingest; an older one: not seen in the etcd that is there now
        has_config      INTEGER NOT NULL,       -- 1: a config was made of it at some time
        reason          TEXT,                   -- why it is quarantined, or NULL
        attempts        INTEGER NOT NULL,       -- in vain, with this mod_revision
        first_at_ms     INTEGER NOT NULL,       -- of these attempts, or when it was taken in
        last_at_ms      INTEGER NOT NULL,
        dropped         INTEGER NOT NULL DEFAULT 0,     -- 1: somebody has given it up, and it is no longer listed
        UNIQUE (ingest, etcd_key)
) STRICT;

-- Those that are listed, in the order of the list.
CREATE INDEX ingested_quarantine ON ingested (ingest, id) WHERE reason IS NOT NULL AND dropped = 0;
