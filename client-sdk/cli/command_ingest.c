/*
 * ingest list, show, resync, quarantine, retry, drop: how the ingests are, and what they are told to do.
 */
#include <jansson.h>

#include "cli/commands.h"
#include "cli/memory.h"
#include "cli/one_named.h"
#include "cli/table.h"

static const NamedKind ingest_kind = { "ingests", "ingest" };

static void ingests_print(json_t *data) {
        _cleanup_(text_table_deinit) TextTable table =
                TEXT_TABLE("INGEST", "FROM", "STATE", "REVISION", "QUARANTINED", "LAST SUCCESS", "ERROR");
        json_t *item;
        size_t i;

        json_array_foreach(json_object_get(data, "items"), i, item) {
                text_table_add_member(&table, item, "name");
                text_table_add_member(&table, item, "from");
                text_table_add_member(&table, item, "state");
                text_table_add_member(&table, item, "revision");
                text_table_add_member(&table, item, "quarantined");
                text_table_add_time(&table, item, "last_success_at");
                text_table_add_member(&table, item, "error");
        }
        text_table_print(&table);
}

int command_ingest_list(const Invocation *invocation) {
        return named_list(invocation, &ingest_kind, ingests_print);
}

static void add_full_read(TextTable *table, json_t *full_read) {
        text_table_add(table, "read_at");
        text_table_add_time(table, full_read, "time");
        text_table_add(table, "keys_read");
        text_table_add_member(table, full_read, "keys");
}

static void ingest_print(const OneNamed *one, json_t *data) {
        _cleanup_(text_table_deinit) TextTable table = TEXT_TABLE("INGEST", one->name);
        static const char *const names[] = { "from",           "namespace",   "key",      "format",
                                             "state",          "error",       "retry_at", "etcd_revision",
                                             "revision",       "quarantined", "left",     "ignored",
                                             "last_success_at" };

        for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
                text_table_add(&table, names[i]);
                text_table_add_time(&table, data, names[i]);
        }
        add_full_read(&table, json_object_get(data, "full_read"));
        text_table_print(&table);
}

int command_ingest_show(const Invocation *invocation) {
        return named_show(invocation, &ingest_kind, ingest_print);
}

int command_ingest_resync(const Invocation *invocation) {
        return named_change(invocation, &ingest_kind, "resync", NULL, "a full read begins", NULL);
}

static void quarantine_print(json_t *data) {
        _cleanup_(text_table_deinit) TextTable table =
                TEXT_TABLE("ETCD KEY", "MOD REVISION", "ATTEMPTS", "FIRST", "LAST", "PROBLEM");
        json_t *item;
        size_t i;

        json_array_foreach(json_object_get(data, "items"), i, item) {
                text_table_add_member(&table, item, "etcd_key");
                text_table_add_member(&table, item, "mod_revision");
                text_table_add_member(&table, item, "attempts");
                text_table_add_time(&table, item, "first_at");
                text_table_add_time(&table, item, "last_at");
                text_table_add_member(&table, item, "problem");
        }
        text_table_print(&table);
}

int command_ingest_quarantine(const Invocation *invocation) {
        return named_list_of(invocation, &ingest_kind, "quarantine", quarantine_print);
}

/* Of the key that the arguments name, or of all. */
static int change_keys(const Invocation *invocation, const char *rest, const char *what) {
        const char *etcd_key = invocation_argument(invocation, 1);

        return named_change(invocation, &ingest_kind, rest,
                            memory_had(json_pack("{s:s*}", "etcd_key", etcd_key)), what, "keys");
}

int command_ingest_retry(const Invocation *invocation) {
        return change_keys(invocation, "quarantine/retry", "keys tried again");
}

int command_ingest_drop(const Invocation *invocation) {
        return change_keys(invocation, "quarantine/drop", "keys dropped");
}
