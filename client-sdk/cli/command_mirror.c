/*
 * mirror list, show, resync, dead-letters, retry, drop: how the mirrors are, and what they are told to do.
 */
#include <jansson.h>
#include <stdio.h>

#include "cli/commands.h"
#include "cli/memory.h"
#include "cli/one_named.h"
#include "cli/table.h"

static const NamedKind mirror_kind = { "mirrors", "mirror" };

/*
 * list
 */

/* Of several servers one works, which is mostly another than the one that is asked. */
static void election_print(json_t *election) {
        const char *name = json_string_value(json_object_get(election, "leader_name"));
        const char *error = json_string_value(json_object_get(election, "error"));

        if (!json_is_object(election))
                return;
        if (json_is_true(json_object_get(election, "leader")))
                printf("This server leads, as %s.\n", name ? name : "-");
        else if (name)
                printf("%s leads, and this server stands by.\n", name);
        else
                printf("Nobody is known to lead, and this server stands by.\n");
        if (error)
                printf("The election cannot go on: %s\n", error);
}

static void mirrors_print(json_t *data) {
        _cleanup_(text_table_deinit) TextTable table = TEXT_TABLE(
                "MIRROR", "KIND", "STATE", "REVISION", "WAITING", "DEAD LETTERS", "LAST SUCCESS", "ERROR");
        json_t *item;
        size_t i;

        json_array_foreach(json_object_get(data, "items"), i, item) {
                text_table_add_member(&table, item, "name");
                text_table_add_member(&table, item, "kind");
                text_table_add_member(&table, item, "state");
                text_table_add_member(&table, item, "revision");
                text_table_add_member(&table, item, "waiting");
                text_table_add_member(&table, item, "dead_letters");
                text_table_add_time(&table, item, "last_success_at");
                text_table_add_member(&table, item, "error");
        }
        text_table_print(&table);
        election_print(json_object_get(data, "election"));
}

int command_mirror_list(const Invocation *invocation) {
        return named_list(invocation, &mirror_kind, mirrors_print);
}

/*
 * show
 */

/* "missing 1, stale 0, …": what a comparison found, in the order in which the server tells it. */
static char *comparison_words(json_t *comparison) {
        Buf words = BUF_NULL;
        const char *name;
        json_t *value;

        json_object_foreach(comparison, name, value) {
                if (json_is_integer(value))
                        buf_append_format(&words, "%s%s %lld", words.size ? ", " : "", name,
                                          (long long)json_integer_value(value));
        }
        return memory_take(&words);
}

static void add_comparison(TextTable *table, json_t *comparison) {
        _cleanup_(freep) char *words = NULL;

        text_table_add(table, "compared_at");
        text_table_add_time(table, comparison, "time");
        if (!json_is_object(comparison))
                return;

        words = comparison_words(comparison);
        text_table_add(table, "comparison");
        text_table_add(table, words);
}

static void mirror_print(const OneNamed *one, json_t *data) {
        _cleanup_(text_table_deinit) TextTable table = TEXT_TABLE("MIRROR", one->name);
        static const char *const names[] = { "kind",         "namespace",      "key",      "state",
                                             "error",        "retry_at",       "revision", "waiting",
                                             "dead_letters", "last_success_at" };

        for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
                text_table_add(&table, names[i]);
                text_table_add_time(&table, data, names[i]);
        }
        add_comparison(&table, json_object_get(data, "comparison"));
        text_table_print(&table);
}

int command_mirror_show(const Invocation *invocation) {
        return named_show(invocation, &mirror_kind, mirror_print);
}

/*
 * resync
 */

int command_mirror_resync(const Invocation *invocation) {
        return named_change(invocation, &mirror_kind, "resync", NULL, "a full comparison begins", NULL);
}

/*
 * dead-letters, retry, drop
 */

static void dead_letters_print(json_t *data) {
        _cleanup_(text_table_deinit) TextTable table =
                TEXT_TABLE("NAMESPACE", "KEY", "REVISION", "ATTEMPTS", "FIRST", "LAST", "PROBLEM");
        json_t *item;
        size_t i;

        json_array_foreach(json_object_get(data, "items"), i, item) {
                text_table_add_member(&table, item, "namespace");
                text_table_add_member(&table, item, "key");
                text_table_add_member(&table, item, "revision");
                text_table_add_member(&table, item, "attempts");
                text_table_add_time(&table, item, "first_at");
                text_table_add_time(&table, item, "last_at");
                text_table_add_member(&table, item, "problem");
        }
        text_table_print(&table);
}

int command_mirror_dead_letters(const Invocation *invocation) {
        return named_list_of(invocation, &mirror_kind, "dead-letters", dead_letters_print);
}

/* Of the one that the arguments name, or of all. */
static int change_letters(const Invocation *invocation, const char *rest, const char *what) {
        const char *namespace_ = invocation_argument(invocation, 1),
                   *key = invocation_argument(invocation, 2);
        int r = EXIT_DONE;

        if (namespace_ && !key)
                return fail(EXIT_USAGE, "a dead letter is named by namespace and key");
        if (namespace_)
                r = api_check_namespace(namespace_);
        if (key && r == EXIT_DONE)
                r = api_check_key(key);
        if (r)
                return r;
        return named_change(invocation, &mirror_kind, rest,
                            memory_had(json_pack("{s:s*, s:s*}", "namespace", namespace_, "key", key)), what,
                            "dead_letters");
}

int command_mirror_retry(const Invocation *invocation) {
        return change_letters(invocation, "dead-letters/retry", "dead letters tried again");
}

int command_mirror_drop(const Invocation *invocation) {
        return change_letters(invocation, "dead-letters/drop", "dead letters dropped");
}
