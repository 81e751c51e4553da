#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "model/macros.h"
#include "store/audit.h"

/*
 * Made without our code:
 *
 *   import hashlib
 *   def num(n): return n.to_bytes(8, "big")
 *   def text(t): return num(2**64 - 1) if t is None else num(len(t.encode())) + t.encode()
 *   def entry(before, id, at, actor, address, action, namespace, key, version, revision, outcome, comment,
 * details): return hashlib.sha256(before + num(id) + num(at) + text(actor) + text(address) + text(action)
 *           + text(namespace) + text(key) + num(version) + num(revision) + num(outcome) + text(comment)
 *           + text(details)).digest()
 *   first = entry(bytes(32), 1, 1700000000123, "user:admin", "192.0.2.1", "config.publish", "prod.acme",
 * "app.json", 3, 42, 0, "größer", '{"a":1}') second = entry(first, 2, 1700000001000, "", "", "login", None,
 * None, 0, 0, 1, "", None)
 */
#define FIRST_HASH  "c3ac007fc8dd92988f5e149957ab66c2c2bdea1bc30eb04544e3b8b2c29a1067"
#define SECOND_HASH "54ef00c7afef2fac833d98767e3932f310541c6aeff81491c3458f8858198b0d"

static const uint8_t zeros[SHA256_SIZE];

static AuditEntry first_entry(void) {
        return (AuditEntry){
                .id = 1,
                .created_at_ms = 1700000000123,
                .actor = SPAN_LITERAL("user:admin"),
                .address = SPAN_LITERAL("192.0.2.1"),
                .action = SPAN_LITERAL("config.publish"),
                .namespace = SPAN_LITERAL("prod.acme"),
                .key = SPAN_LITERAL("app.json"),
                .version = 3,
                .revision = 42,
                .outcome = AUDIT_OK,
                .comment = SPAN_LITERAL("größer"),
                .details = SPAN_LITERAL("{\"a\":1}"),
        };
}

static void assert_hash(const uint8_t hash[SHA256_SIZE], const char *expected) {
        char hex[2 * SHA256_SIZE + 1];

        for (size_t i = 0; i < SHA256_SIZE; i++)
                (void)snprintf(hex + 2 * i, 3, "%02x", hash[i]);
        assert_string_equal(hex, expected);
}

static void a_first_entry_follows_from_zeros(void **state) {
        AuditEntry entry = first_entry();
        uint8_t hash[SHA256_SIZE];

        (void)state;
        audit_entry_hash(&entry, zeros, hash);
        assert_hash(hash, FIRST_HASH);
}

static void a_second_entry_follows_from_the_first(void **state) {
        AuditEntry first = first_entry(), second = {
                .id = 2,
                .created_at_ms = 1700000001000,
                .actor = SPAN_LITERAL(""),
                .address = SPAN_LITERAL(""),
                .action = SPAN_LITERAL("login"),
                .outcome = AUDIT_DENIED,
                .comment = SPAN_LITERAL(""),
        };
        uint8_t before[SHA256_SIZE], hash[SHA256_SIZE];

        (void)state;
        audit_entry_hash(&first, zeros, before);
        audit_entry_hash(&second, before, hash);
        assert_hash(hash, SECOND_HASH);
}

static void the_hash_may_be_written_into_the_entry_itself(void **state) {
        AuditEntry entry = first_entry();

        (void)state;
        audit_entry_hash(&entry, zeros, entry.hash);
        assert_hash(entry.hash, FIRST_HASH);
}

static void assert_other_hash(const AuditEntry *entry) {
        AuditEntry original = first_entry();
        uint8_t expected[SHA256_SIZE], hash[SHA256_SIZE];

        audit_entry_hash(&original, zeros, expected);
        audit_entry_hash(entry, zeros, hash);
        assert_memory_not_equal(hash, expected, SHA256_SIZE);
}

static void every_number_counts(void **state) {
        AuditEntry entry;

        (void)state;
        entry = first_entry(), entry.id++, assert_other_hash(&entry);
        entry = first_entry(), entry.created_at_ms++, assert_other_hash(&entry);
        entry = first_entry(), entry.version = 0, assert_other_hash(&entry);
        entry = first_entry(), entry.revision = 0, assert_other_hash(&entry);
        entry = first_entry(), entry.outcome = AUDIT_DENIED, assert_other_hash(&entry);
}

static void every_text_counts_and_absent_is_not_empty(void **state) {
        static const size_t places[] = {
                offsetof(AuditEntry, actor),     offsetof(AuditEntry, address), offsetof(AuditEntry, action),
                offsetof(AuditEntry, namespace), offsetof(AuditEntry, key),     offsetof(AuditEntry, comment),
                offsetof(AuditEntry, details),
        };

        (void)state;
        for (size_t i = 0; i < ARRAY_SIZE(places); i++) {
                AuditEntry empty = first_entry(), absent = first_entry(), cut = first_entry();
                uint8_t empty_hash[SHA256_SIZE], absent_hash[SHA256_SIZE];

                *(Span *)((char *)&empty + places[i]) = SPAN_LITERAL("");
                *(Span *)((char *)&absent + places[i]) = SPAN_NULL;
                ((Span *)((char *)&cut + places[i]))->size--;
                assert_other_hash(&empty);
                assert_other_hash(&absent);
                assert_other_hash(&cut);
                audit_entry_hash(&empty, zeros, empty_hash);
                audit_entry_hash(&absent, zeros, absent_hash);
                assert_memory_not_equal(empty_hash, absent_hash, SHA256_SIZE);
        }
}

static void bytes_cannot_move_from_a_field_to_the_next(void **state) {
        AuditEntry entry = first_entry();

        (void)state;
        entry.namespace = SPAN_LITERAL("prod.acmea");
        entry.key = SPAN_LITERAL("pp.json");
        assert_other_hash(&entry);
}

static void what_came_before_counts(void **state) {
        AuditEntry entry = first_entry();
        uint8_t before[SHA256_SIZE] = { [SHA256_SIZE - 1] = 1 }, hash[SHA256_SIZE], expected[SHA256_SIZE];

        (void)state;
        audit_entry_hash(&entry, zeros, expected);
        audit_entry_hash(&entry, before, hash);
        assert_memory_not_equal(hash, expected, SHA256_SIZE);
}

static void outcomes_have_names(void **state) {
        (void)state;
        assert_string_equal(audit_outcome_to_string(AUDIT_OK), "ok");
        assert_string_equal(audit_outcome_to_string(AUDIT_DENIED), "denied");
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(a_first_entry_follows_from_zeros),
                cmocka_unit_test(a_second_entry_follows_from_the_first),
                cmocka_unit_test(the_hash_may_be_written_into_the_entry_itself),
                cmocka_unit_test(every_number_counts),
                cmocka_unit_test(every_text_counts_and_absent_is_not_empty),
                cmocka_unit_test(bytes_cannot_move_from_a_field_to_the_next),
                cmocka_unit_test(what_came_before_counts),
                cmocka_unit_test(outcomes_have_names),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
