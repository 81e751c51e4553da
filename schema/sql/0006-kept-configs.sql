-- Versions and release events name their config without a foreign key. Checking it was what cost a publish more the
-- more configs there were: a look-up in a table that lies in memory nobody has touched for a while. The id comes from a
-- row that the same transaction has read or made; that no such row ever goes is for the triggers to keep, and a row
-- whose config does not exist is named by `conferd --verify`.

-- The way that SQLite's documentation names for taking a constraint off a table without writing all its rows anew. The
-- triggers below change the schema in the ordinary way, by which other connections hear of this change too.
PRAGMA writable_schema = ON;
UPDATE sqlite_schema SET sql = replace(sql, ' REFERENCES configs (id)', '')
        WHERE type = 'table' AND name IN ('versions', 'releases');
PRAGMA writable_schema = RESET;

CREATE TRIGGER configs_are_kept_delete BEFORE DELETE ON configs
BEGIN
        SELECT RAISE(ABORT, 'rows of configs are kept');
END;
CREATE TRIGGER configs_are_kept_update BEFORE UPDATE OF id ON configs
BEGIN
        SELECT RAISE(ABORT, 'rows of configs are kept');
END;
