-- The heads of configs, that is, what their rows say besides their names, are written behind a log. Rows of configs lie
-- all over the file, and each publish would have a page of its own rewritten; rows of the log lie side by side.

-- Heads in the order of their changes. The newest of a config is what is true; its row in `configs` is true only where
-- the log has none of it. All is written there when the server stops, and before that when the log has grown long.
CREATE TABLE head_log (
        id              INTEGER PRIMARY KEY,    -- counted by store.last_head, never given twice
        config_id       INTEGER NOT NULL,       -- no foreign key, since checking it would cost each publish a look-up
        newest          INTEGER NOT NULL,       -- from here on as in `configs`
        newest_id       INTEGER NOT NULL,
        newest_format   INTEGER NOT NULL,
        newest_sha256   BLOB    NOT NULL,
        spine           BLOB    NOT NULL,
        stable          INTEGER,
        stable_id       INTEGER,
        release_id      INTEGER,
        last_event_id   INTEGER,
        deleted         INTEGER NOT NULL,
        has_gray        INTEGER NOT NULL
) STRICT;

-- The newest row that the log ever had.
ALTER TABLE store ADD COLUMN last_head INTEGER NOT NULL DEFAULT 0;
