-- The rows of v1.db, a store with tables of version 1. It was made once, with sqlite3, from schema/sql/0001-initial.sql
-- as it is at version 1 and these lines, and is kept as it is, so that migrations from there on have an old store to
-- bring up to date:
--
--   cat 0001-initial.sql v1.sql | sqlite3 v1.db

PRAGMA application_id = 0x436e6672;
PRAGMA user_version = 1;

INSERT INTO store (id, epoch, revision, changed_at_ms, audit_hash)
        VALUES (1, '00112233445566778899aabbccddeeff', 10, 1700000010000, x'686df89339ff5b9f144223a75dee5c1df3388e07292f9a573f472fa64e48721e');

INSERT INTO namespaces (id, name, description, revision, created_at_ms, created_by, updated_at_ms, updated_by, deleted)
        VALUES (1, 'prod.acme', 'The customer Acme', 1, 1700000001000, 'user:admin', 1700000001000, 'user:admin', 0),
               (2, 'staging', '', 9, 1700000008000, 'user:admin', 1700000009000, 'user:admin', 1);

INSERT INTO configs (id, namespace_id, key, newest, newest_id, newest_format, newest_sha256, spine, stable, stable_id,
                     release_id, last_event_id, deleted, has_gray)
        VALUES (1, 1, 'app.json', 2, 2, 0, x'4356524800e99cb1d0f41e9376cc484ece80e8ccef54d6152ea3a7a89a160c33', x'0000000000000001', 1, 1, 3, 6, 0, 1),
               (2, 1, 'notes.txt', 1, 3, 5, x'9ed16d299744fbd9fe073694d4b9b5f0ee125b4a43c94ed0f75bb6c0dd7ccf8f', x'', NULL, NULL, NULL, NULL, 0, 0),
               (3, 1, 'gone.yaml', 1, 4, 1, x'37b128c59f1f5097f73f82691cb519f1f568667faab5ced1b4ab979d36837eae', x'', NULL, NULL, 4, 5, 1, 0);

INSERT INTO versions (id, config_id, version, previous_id, jump_id, format, sha256, revision, created_at_ms, created_by,
                      comment, content)
        VALUES (1, 1, 1, NULL, NULL, 0, x'e8c628edc9968ef0c668f54e0ba2636b35503357eb1aca0ddc828aeace432f67',
                2, 1700000002000, 'user:admin', 'first', '{"a": 1}' || char(10)),
               (2, 1, 2, 1, 1, 0, x'4356524800e99cb1d0f41e9376cc484ece80e8ccef54d6152ea3a7a89a160c33',
                3, 1700000003000, 'user:admin', 'second', '{"a": 2}' || char(10)),
               (3, 2, 1, NULL, NULL, 5, x'9ed16d299744fbd9fe073694d4b9b5f0ee125b4a43c94ed0f75bb6c0dd7ccf8f',
                5, 1700000005000, 'user:admin', '', 'größer' || char(13, 10)),
               (4, 3, 1, NULL, NULL, 1, x'37b128c59f1f5097f73f82691cb519f1f568667faab5ced1b4ab979d36837eae',
                6, 1700000006000, 'user:admin', '', 'a: 1' || char(10));

INSERT INTO releases (id, config_id, kind, version, from_version, restores, previous, revision, created_at_ms, created_by,
                      comment)
        VALUES (1, 1, 0, 1, NULL, NULL, NULL, 2, 1700000002000, 'user:admin', 'first'),
               (2, 1, 0, 2, 1, NULL, 1, 3, 1700000003000, 'user:admin', 'second'),
               (3, 1, 1, 1, 2, 1, 2, 4, 1700000004000, 'user:admin', 'back again'),
               (4, 3, 0, 1, NULL, NULL, NULL, 6, 1700000006000, 'user:admin', ''),
               (5, 3, 2, NULL, 1, NULL, 4, 7, 1700000007000, 'user:admin', 'no longer needed'),
               (6, 1, 3, 2, NULL, NULL, 3, 10, 1700000010000, 'user:admin', 'to some');

INSERT INTO grays (config_id, event_id, salt, rules, plan, ramp_state, ramp_step, ramp_since_ms, ramp_held_ms)
        VALUES (1, 6, '0123456789abcdef', '[{"split":[{"version":2,"weight":5}]}]',
                '{"steps":[{"weight":5,"hold":"10m"},{"weight":50}],"abort_on":{"refused":1}}', 0, 0, 1700000010000, 0);

INSERT INTO audit (id, created_at_ms, actor, address, action, namespace, key, version, revision, outcome, comment,
                   details, hash)
        VALUES (1, 1700000001000, 'user:admin', '192.0.2.1', 'namespace.create', 'prod.acme', NULL, NULL, 1, 0, '', NULL,
                x'4202e3da3b004287dda517afa8c4a75d115977889ad45a1fb165f505f8c73272'),
               (2, 1700000002000, 'user:admin', '192.0.2.1', 'config.publish', 'prod.acme', 'app.json', 1, 2, 0, 'first', NULL,
                x'badef8c4bf4054c53ebe325d6cc88a9fb6e328f047c178902bdb1ee53270139d'),
               (3, 1700000003000, 'user:admin', '192.0.2.1', 'config.publish', 'prod.acme', 'app.json', 2, 3, 0, 'second', NULL,
                x'bed35c2732835889973c88b43fd48967bca7cebd6058347171bda9330e6bd1c2'),
               (4, 1700000004000, 'user:admin', '192.0.2.1', 'config.rollback', 'prod.acme', 'app.json', 1, 4, 0, 'back again', NULL,
                x'4315ec0be8c503ee066d858f6c72b4c9895cfe61c75fcad97f772391417e7f73'),
               (5, 1700000005000, 'user:admin', '192.0.2.1', 'config.save', 'prod.acme', 'notes.txt', 1, 5, 0, '', NULL,
                x'75ce4229099bcca60961c5cab148bf7039b30506207167f882bba23716045db3'),
               (6, 1700000005500, 'user:admin', '192.0.2.1', 'config.delete', 'prod.acme', 'app.json', NULL, NULL, 1, '', '{"status":403,"reason":"forbidden","count":1}',
                x'45c244a2c44cce7a4b7261b0f5195c504f1581d6fca9f2dc76f3cc1bf9b341ae'),
               (7, 1700000006000, 'user:admin', '192.0.2.1', 'config.publish', 'prod.acme', 'gone.yaml', 1, 6, 0, '', NULL,
                x'bd2e98f7e02331ccb8b005cf17b026ff6d109dfc5e5f3c22e2be880bb6c09653'),
               (8, 1700000007000, 'user:admin', '192.0.2.1', 'config.delete', 'prod.acme', 'gone.yaml', 1, 7, 0, 'no longer needed', NULL,
                x'f9f523e152c2b4811359228a745c6a6c4fbaf2f80b5a157b4c1cec2a656f320b'),
               (9, 1700000008000, 'user:admin', '192.0.2.1', 'namespace.create', 'staging', NULL, NULL, 8, 0, '', NULL,
                x'9eb4da6f58c8d9d0b7f4f642952ab4a6ebae3e5dc374d372994d8e32118e57ca'),
               (10, 1700000009000, 'user:admin', '192.0.2.1', 'namespace.delete', 'staging', NULL, NULL, 9, 0, '', '{"configs":0}',
                x'735c25629eaaa6eb7e33751994f6b14814bffe18fd52141cadc874ae5ca11685'),
               (11, 1700000010000, 'user:admin', '192.0.2.1', 'gray.set', 'prod.acme', 'app.json', 2, 10, 0, 'to some',
                '{"salt":"0123456789abcdef","rules":[{"split":[{"version":2,"weight":5}]}],"plan":{"steps":[{"weight":5,"hold":"10m"},{"weight":50}],"abort_on":{"refused":1}}}',
                x'686df89339ff5b9f144223a75dee5c1df3388e07292f9a573f472fa64e48721e');

INSERT INTO outbox (id, revision, namespace, key, version)
        VALUES (1, 2, 'prod.acme', 'app.json', 1),
               (2, 3, 'prod.acme', 'app.json', 2),
               (3, 4, 'prod.acme', 'app.json', 1),
               (4, 6, 'prod.acme', 'gone.yaml', 1),
               (5, 7, 'prod.acme', 'gone.yaml', NULL),
               (6, 10, 'prod.acme', 'app.json', 1);
