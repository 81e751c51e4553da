/*
 * Which entries of the audit a reader lists.
 */
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "reader-suite.h"
#include "store/reader.h"

static void list_audit(AuditQuery query) {
        bool more = true;

        if (!query.limit)
                query.limit = 100;
        if (!query.until_ms)
                query.until_ms = INT64_MAX;
        while (more) {
                turn_page();
                query.before = suite.listing.last_id;
                assert_int_equal(reader_list_audit(suite.reader, &query, note_entry, NULL, &more), 0);
        }
}

#define LIST_AUDIT(...) list_audit((AuditQuery){ __VA_ARGS__ })

/* Ids are revisions here, except for the last two, which are denied. */
static void fill_audit(void) {
        Fixture *fixture = suite.fixture;

        fixture_add_namespace(fixture, "prod");          /* 1 */
        fixture_add_namespace(fixture, "prod-eu");       /* 2 */
        fixture_add_namespace(fixture, "prod.acme");     /* 3 */
        fixture_add_namespace(fixture, "production");    /* 4 */
        fixture_publish(fixture, "prod", "k", "a");      /* 5 */
        fixture_publish(fixture, "prod.acme", "k", "b"); /* 6 */
        fixture_publish(fixture, "prod-eu", "k", "c");   /* 7 */
        fixture_publish(fixture, "prod", "k", "d");      /* 8 */
        fixture_publish(fixture, "prod.acme", "l", "e"); /* 9 */
        fixture_save(fixture, "production", "k", "f");   /* 10 */
        fixture_publish(fixture, "prod.acme", "k", "g"); /* 11 */
        fixture_audit(fixture, (AuditEntry){ .actor = SPAN_LITERAL(""),
                                             .address = SPAN_LITERAL("198.51.100.7"),
                                             .action = SPAN_LITERAL("login"),
                                             .outcome = AUDIT_DENIED,
                                             .comment = SPAN_LITERAL(""),
                                             .details = SPAN_LITERAL("{\"status\":401}") }); /* 12 */
        fixture_audit(fixture, (AuditEntry){ .actor = SPAN_LITERAL("user:eve"),
                                             .address = SPAN_LITERAL("198.51.100.7"),
                                             .action = SPAN_LITERAL("config.publish"),
                                             .namespace = SPAN_LITERAL("prod.never.made"),
                                             .key = SPAN_LITERAL("k"),
                                             .outcome = AUDIT_DENIED,
                                             .comment = SPAN_LITERAL("") }); /* 13 */
}

static void the_audit_is_listed_newest_first(void **state) {
        (void)state;
        LIST_AUDIT(.limit = 100);
        assert_listing("");
        fill_audit();
        LIST_AUDIT(.limit = 100);
        assert_listing("13 12 11 10 9 8 7 6 5 4 3 2 1");
        LIST_AUDIT(.limit = 5);
        assert_listing("13 12 11 10 9|8 7 6 5 4|3 2 1");
        LIST_AUDIT(.limit = 13);
        assert_listing("13 12 11 10 9 8 7 6 5 4 3 2 1");
}

static void a_namespace_in_the_audit_covers_all_below(void **state) {
        (void)state;
        fill_audit();
        LIST_AUDIT(.namespace = SPAN_LITERAL("prod"));
        assert_listing("13 11 9 8 6 5 3 1");
        LIST_AUDIT(.namespace = SPAN_LITERAL("prod"), .limit = 3);
        assert_listing("13 11 9|8 6 5|3 1");
        LIST_AUDIT(.namespace = SPAN_LITERAL("prod.acme"));
        assert_listing("11 9 6 3");
        LIST_AUDIT(.namespace = SPAN_LITERAL("prod-eu"), .limit = 1);
        assert_listing("7|2");
        LIST_AUDIT(.namespace = SPAN_LITERAL("pro"));
        assert_listing("");
}

static void a_key_in_the_audit_goes_with_or_without_a_namespace(void **state) {
        (void)state;
        fill_audit();
        LIST_AUDIT(.key = SPAN_LITERAL("k"));
        assert_listing("13 11 10 8 7 6 5");
        LIST_AUDIT(.namespace = SPAN_LITERAL("prod.acme"), .key = SPAN_LITERAL("k"));
        assert_listing("11 6");
        LIST_AUDIT(.namespace = SPAN_LITERAL("prod.acme"), .key = SPAN_LITERAL("k"), .limit = 1);
        assert_listing("11|6");
        LIST_AUDIT(.namespace = SPAN_LITERAL("prod"), .key = SPAN_LITERAL("k"));
        assert_listing("13 11 8 6 5");
        LIST_AUDIT(.namespace = SPAN_LITERAL("prod"), .key = SPAN_LITERAL("k"), .limit = 2);
        assert_listing("13 11|8 6|5");
}

static void actor_and_action_are_filtered_exactly(void **state) {
        (void)state;
        fill_audit();
        LIST_AUDIT(.actor = SPAN_LITERAL("user:eve"));
        assert_listing("13");
        LIST_AUDIT(.actor = SPAN_LITERAL(""));
        assert_listing("12");
        LIST_AUDIT(.actor = SPAN_LITERAL("user:"));
        assert_listing("");
        LIST_AUDIT(.action = SPAN_LITERAL("config.save"));
        assert_listing("10");
        LIST_AUDIT(.action = SPAN_LITERAL("config.publish"), .actor = SPAN_LITERAL(FIXTURE_ACTOR),
                   .limit = 4);
        assert_listing("11 9 8 7|6 5");
        LIST_AUDIT(.action = SPAN_LITERAL("config.publish"), .namespace = SPAN_LITERAL("prod"),
                   .actor = SPAN_LITERAL("user:eve"));
        assert_listing("13");
        LIST_AUDIT(.action = SPAN_LITERAL("config.publish"), .namespace = SPAN_LITERAL("prod.acme"),
                   .key = SPAN_LITERAL("k"), .actor = SPAN_LITERAL("user:eve"));
        assert_listing("");
}

/* The entries 11, 12 and 13 bear the same time. */
static void times_in_the_audit_are_from_inclusive_to_exclusive(void **state) {
        (void)state;
        LIST_AUDIT(.since_ms = 1, .until_ms = INT64_MAX);
        assert_listing("");
        fill_audit();
        LIST_AUDIT(.since_ms = fixture_at_ms(9));
        assert_listing("13 12 11 10 9");
        LIST_AUDIT(.since_ms = fixture_at_ms(9) + 1);
        assert_listing("13 12 11 10");
        LIST_AUDIT(.until_ms = fixture_at_ms(3));
        assert_listing("2 1");
        LIST_AUDIT(.until_ms = fixture_at_ms(3) + 1);
        assert_listing("3 2 1");
        LIST_AUDIT(.since_ms = fixture_at_ms(11));
        assert_listing("13 12 11");
        LIST_AUDIT(.until_ms = fixture_at_ms(11), .limit = 4);
        assert_listing("10 9 8 7|6 5 4 3|2 1");
        LIST_AUDIT(.since_ms = fixture_at_ms(4), .until_ms = fixture_at_ms(7), .limit = 2);
        assert_listing("6 5|4");
        LIST_AUDIT(.since_ms = fixture_at_ms(7), .until_ms = fixture_at_ms(7));
        assert_listing("");
        LIST_AUDIT(.since_ms = fixture_at_ms(12));
        assert_listing("");
        LIST_AUDIT(.until_ms = fixture_at_ms(1));
        assert_listing("");
        LIST_AUDIT(.until_ms = -1);
        assert_listing("");
        LIST_AUDIT(.since_ms = 0, .until_ms = INT64_MAX);
        assert_listing("13 12 11 10 9 8 7 6 5 4 3 2 1");
        LIST_AUDIT(.namespace = SPAN_LITERAL("prod.acme"), .since_ms = fixture_at_ms(6),
                   .until_ms = fixture_at_ms(11));
        assert_listing("9 6");
        LIST_AUDIT(.namespace = SPAN_LITERAL("prod.acme"), .key = SPAN_LITERAL("k"),
                   .until_ms = fixture_at_ms(11));
        assert_listing("6");
}

/* So many that they are no longer picked from the index; every third is of another namespace. */
static void fill_many_audit(int n) {
        fixture_execute(
                suite.fixture,
                "BEGIN; WITH RECURSIVE i (n) AS (SELECT 14 UNION ALL SELECT n + 1 FROM i LIMIT %d)"
                " INSERT INTO audit SELECT n, %lld + n, 'user:admin', '', 'config.save',"
                " iif(n %% 3, 'prod.acme', 'prod-eu'), 'm', NULL, NULL, 0, '', NULL, zeroblob(32) FROM i;"
                "COMMIT",
                n, fixture_at_ms(100));
}

static void many_entries_are_listed_as_few_are(void **state) {
        (void)state;
        fill_audit();
        fill_many_audit(20000);
        LIST_AUDIT(.namespace = SPAN_LITERAL("prod"), .limit = 4, .key = SPAN_LITERAL("k"));
        assert_listing("13 11 8 6|5");
        LIST_AUDIT(.namespace = SPAN_LITERAL("prod"), .until_ms = fixture_at_ms(100) + 20, .limit = 7);
        assert_listing("19 17 16 14 13 11 9|8 6 5 3 1");
        LIST_AUDIT(.namespace = SPAN_LITERAL("prod.acme"), .until_ms = fixture_at_ms(100) + 20, .limit = 100);
        assert_listing("19 17 16 14 11 9 6 3");
        LIST_AUDIT(.namespace = SPAN_LITERAL("prod-eu"), .until_ms = fixture_at_ms(100) + 20, .limit = 2);
        assert_listing("18 15|7 2");
        LIST_AUDIT(.namespace = SPAN_LITERAL("prod"), .actor = SPAN_LITERAL("user:eve"));
        assert_listing("13");
}

static int check_entry(void *context, const AuditEntry *entry) {
        uint8_t expected[SHA256_SIZE];
        AuditEntry *seen = context;

        audit_entry_hash(entry, seen->hash, expected);
        if (entry->id == 1) {
                assert_memory_equal(entry->hash, expected, SHA256_SIZE);
                assert_true(span_equal_string(entry->actor, FIXTURE_ACTOR));
                assert_true(span_equal_string(entry->address, FIXTURE_ADDRESS));
                assert_true(span_equal_string(entry->action, "namespace.create"));
                assert_true(span_equal_string(entry->namespace, "prod"));
                assert_null(entry->key.data);
                assert_int_equal(entry->version, 0);
                assert_int_equal(entry->revision, 1);
                assert_int_equal(entry->outcome, AUDIT_OK);
                assert_true(entry->created_at_ms == fixture_at_ms(1));
                assert_true(span_equal_string(entry->comment, "change 1"));
                assert_null(entry->details.data);
        }
        if (entry->id == 11) {
                assert_true(span_equal_string(entry->key, "k"));
                assert_int_equal(entry->version, 2);
        }
        if (entry->id == 12) {
                assert_int_equal(entry->outcome, AUDIT_DENIED);
                assert_int_equal(entry->revision, 0);
                assert_null(entry->namespace.data);
                assert_true(span_equal_string(entry->details, "{\"status\":401}"));
        }
        return note_row("%" PRId64, entry->id);
}

static void an_audit_entry_has_all_its_fields(void **state) {
        AuditEntry seen = { .id = 0 };
        bool more;

        (void)state;
        fill_audit();
        assert_int_equal(reader_list_audit(suite.reader, &(AuditQuery){ .until_ms = INT64_MAX, .limit = 100 },
                                           check_entry, &seen, &more),
                         0);
        assert_listing("13 12 11 10 9 8 7 6 5 4 3 2 1");
}

int main(void) {
        const struct CMUnitTest tests[] = {
                TEST(the_audit_is_listed_newest_first),
                TEST(a_namespace_in_the_audit_covers_all_below),
                TEST(a_key_in_the_audit_goes_with_or_without_a_namespace),
                TEST(actor_and_action_are_filtered_exactly),
                TEST(times_in_the_audit_are_from_inclusive_to_exclusive),
                TEST(many_entries_are_listed_as_few_are),
                TEST(an_audit_entry_has_all_its_fields),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
