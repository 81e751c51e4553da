-- Confer's store, first version. One row of `store` carries what is true of the whole; everything else hangs on
-- namespaces and configs. Rows of versions, releases and audit are only ever added. Times are milliseconds since the
-- epoch, UTC, and never go back from one change to the next.

-- The whole store: exactly one row.
CREATE TABLE store (
        id              INTEGER PRIMARY KEY CHECK (id = 1),
        epoch           TEXT    NOT NULL,       -- 32 random hex digits; renewed when a backup is restored
        revision        INTEGER NOT NULL,       -- of the newest committed change
        changed_at_ms   INTEGER NOT NULL,       -- when that change was made; no later change bears an earlier time
        audit_hash      BLOB    NOT NULL        -- of the newest audit entry: where the chain goes on
) STRICT;

-- Namespaces, deleted ones included, because their configs keep their history.
CREATE TABLE namespaces (
        id              INTEGER PRIMARY KEY,
        name            TEXT    NOT NULL UNIQUE,
        description     TEXT    NOT NULL,
        revision        INTEGER NOT NULL,       -- of the change that made or last edited it
        created_at_ms   INTEGER NOT NULL,
        created_by      TEXT    NOT NULL,
        updated_at_ms   INTEGER NOT NULL,
        updated_by      TEXT    NOT NULL,
        deleted         INTEGER NOT NULL DEFAULT 0      -- 1: gone for everyone until it is created again
) STRICT;

-- A key in a namespace, and what it serves now.
CREATE TABLE configs (
        id              INTEGER PRIMARY KEY,
        namespace_id    INTEGER NOT NULL REFERENCES namespaces (id),
        key             TEXT    NOT NULL,
        newest          INTEGER NOT NULL,       -- number of the newest version
        newest_id       INTEGER NOT NULL,       -- its row in versions
        newest_format   INTEGER NOT NULL,       -- its format and hash, once more: a save compares them, and finds them
        newest_sha256   BLOB    NOT NULL,       -- without reading a page of old contents
        spine           BLOB    NOT NULL,       -- rows in versions, 8 bytes big-endian each: what the newest version
                                                -- jumps to comes last, before it what that one jumps to, and so on
                                                -- down to version 1; a save makes the next jump of them
        stable          INTEGER,                -- number of the version in force; NULL: nothing is served
        stable_id       INTEGER,                -- its row in versions
        release_id      INTEGER,                -- the release event that is in force or was, before a delete
        last_event_id   INTEGER,                -- the newest release event, deletes included
        deleted         INTEGER NOT NULL DEFAULT 0,     -- 1: deleted, and nothing was saved or published since
        has_gray        INTEGER NOT NULL DEFAULT 0,     -- 1: it has a row in grays; a publish without one looks no
                                                        -- further
        UNIQUE (namespace_id, key)
) STRICT;

-- Immutable contents. They are appended in commit order, so that saving touches the end of the file only. Those of a
-- config hang together newest first, from configs.newest_id: each points at the one before it and jumps to an older
-- one, so that any number is found in few steps (see store/spine.h). An index would have a random page rewritten for
-- each save. Neither pointer is a foreign key, since checking it would read a page of old contents.
CREATE TABLE versions (
        id              INTEGER PRIMARY KEY,
        config_id       INTEGER NOT NULL REFERENCES configs (id),
        version         INTEGER NOT NULL,       -- 1, 2, 3 ... per config
        previous_id     INTEGER,                -- row of the version before; NULL for the first
        jump_id         INTEGER,                -- row of an older version, a function of the number; NULL for the first
        format          INTEGER NOT NULL,       -- 0 json, 1 yaml, 2 toml, 3 properties, 4 xml, 5 text
        sha256          BLOB    NOT NULL,       -- of the content's bytes
        revision        INTEGER NOT NULL,       -- of the change that saved it
        created_at_ms   INTEGER NOT NULL,
        created_by      TEXT    NOT NULL,
        comment         TEXT    NOT NULL,
        content         TEXT    NOT NULL        -- last, so that the columns before it are read without its pages
) STRICT;

-- Release events: each time that what a config serves was changed, and by whom. Those of a config hang together
-- newest first, from configs.last_event_id by `previous`: an index would have a page rewritten for each publish. Events
-- of kinds 3 and 5 leave the version in force as it is.
CREATE TABLE releases (
        id              INTEGER PRIMARY KEY,
        config_id       INTEGER NOT NULL REFERENCES configs (id),
        kind            INTEGER NOT NULL,       -- 0 publish, 1 rollback, 2 delete, 3 gray release set or its ramp
                                                -- moved, 4 gray release promoted, 5 gray release aborted
        version         INTEGER,                -- in force from here on; NULL after a delete. Kinds 3 and 5: the one
                                                -- that the rules name; NULL where they name several
        from_version    INTEGER,                -- in force until here; NULL: nothing was. NULL for kinds 3 and 5
        restores        INTEGER REFERENCES releases (id),       -- rollback: the event that it goes back to
        previous        INTEGER,                -- the event before it of the same config; no foreign key, since
                                                -- checking it would read a page of old events for each publish
        revision        INTEGER NOT NULL,
        created_at_ms   INTEGER NOT NULL,
        created_by      TEXT    NOT NULL,
        comment         TEXT    NOT NULL
) STRICT;

-- The gray releases that run: one row for each config that has one, gone when it ends. What they were is in the audit.
CREATE TABLE grays (
        config_id       INTEGER PRIMARY KEY REFERENCES configs (id),
        event_id        INTEGER NOT NULL REFERENCES releases (id),      -- of kind 3: that set these rules
        salt            TEXT    NOT NULL,
        rules           TEXT    NOT NULL,       -- a JSON array
        plan            TEXT,                   -- a JSON object, the ramp's; NULL: there is no ramp, and no state of one
        ramp_state      INTEGER,                -- 0 running, 1 paused, 2 done
        ramp_step       INTEGER,                -- in force, from 0
        ramp_since_ms   INTEGER,                -- when the clock of its hold began to run, or did last
        ramp_held_ms    INTEGER                 -- what it had run before that
) STRICT;

-- Who did what. Each entry's hash covers the entry and the hash before it, so that none can be altered, dropped or
-- slipped in without breaking the chain from there on. No index: it is read newest first, and each would cost a
-- page per change.
CREATE TABLE audit (
        id              INTEGER PRIMARY KEY,    -- 1, 2, 3 ... without a gap
        created_at_ms   INTEGER NOT NULL,
        actor           TEXT    NOT NULL,       -- "user:NAME"; "" when the asker is unknown
        address         TEXT    NOT NULL,       -- where the request came from; "" for the server itself
        action          TEXT    NOT NULL,       -- "config.publish"
        namespace       TEXT,
        key             TEXT,
        version         INTEGER,
        revision        INTEGER,                -- NULL where nothing was changed
        outcome         INTEGER NOT NULL,       -- 0 ok, 1 denied
        comment         TEXT    NOT NULL,
        details         TEXT,                   -- a JSON object
        hash            BLOB    NOT NULL
) STRICT;

CREATE TRIGGER audit_is_append_only_update BEFORE UPDATE ON audit
BEGIN
        SELECT RAISE(ABORT, 'the audit is append-only');
END;
CREATE TRIGGER audit_is_append_only_delete BEFORE DELETE ON audit
BEGIN
        SELECT RAISE(ABORT, 'the audit is append-only');
END;

-- What the mirrors have yet to hear of: one row for each config whose release a change moved. A mirror remembers the
-- revision that it has reached; rows beyond a bound are dropped, oldest first, and a mirror that needed them compares
-- its target in full instead.
CREATE TABLE outbox (
        id              INTEGER PRIMARY KEY,
        revision        INTEGER NOT NULL,
        namespace       TEXT    NOT NULL,
        key             TEXT    NOT NULL,
        version         INTEGER                 -- NULL: no longer served
) STRICT;
