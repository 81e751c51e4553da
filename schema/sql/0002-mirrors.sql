-- What the mirrors remember: how far each has got, and what it could not deliver.

-- How far each mirror has got in the outbox. A row is written now and then, not at each batch: what is delivered once
-- more after a crash is the same again. One that is missing has its mirror compare in full.
CREATE TABLE mirrors (
        name            TEXT    PRIMARY KEY,
        outbox_id       INTEGER NOT NULL        -- of the last row that is delivered, and with it all before
) STRICT;

-- Dead letters: what a mirror could not deliver and has put aside, until somebody retries it or the config changes.
CREATE TABLE dead_letters (
        id              INTEGER PRIMARY KEY,
        mirror          TEXT    NOT NULL,
        namespace       TEXT    NOT NULL,
        key             TEXT    NOT NULL,
        revision        INTEGER NOT NULL,       -- of the release that was to be delivered
        reason          TEXT    NOT NULL,       -- in the words of the target, or about them
        attempts        INTEGER NOT NULL,
        first_at_ms     INTEGER NOT NULL,       -- of the attempts
        last_at_ms      INTEGER NOT NULL,
        dropped         INTEGER NOT NULL DEFAULT 0,     -- 1: somebody has given it up; it is no longer listed, and
                                                        -- nothing is tried for this revision
        UNIQUE (mirror, namespace, key)
) STRICT;

-- When the change was made, for the time that it takes to the mirrors.
ALTER TABLE outbox ADD COLUMN created_at_ms INTEGER NOT NULL DEFAULT 0;
