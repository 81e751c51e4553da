-- Which schema governs what. A schema is a config like any other; its stable version is what counts, whichever that is
-- when something is saved or released.
CREATE TABLE schemas (
        id              INTEGER PRIMARY KEY,
        namespace_id    INTEGER NOT NULL REFERENCES namespaces (id),
        key             TEXT    NOT NULL,       -- of the config that is governed, here and below; '': all JSON there
        config_id       INTEGER NOT NULL REFERENCES configs (id),       -- the schema
        created_at_ms   INTEGER NOT NULL,
        created_by      TEXT    NOT NULL,
        UNIQUE (namespace_id, key)
) STRICT;
