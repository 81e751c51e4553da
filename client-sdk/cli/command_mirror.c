/*
 * mirror list, show, resync, dead-letters, retry, drop: how the mirrors are, and what they are told to do.
 */
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "cli/api.h"
#include "cli/commands.h"
#include "cli/memory.h"
#include "cli/table.h"

/* What the commands on one mirror have in common. */
typedef struct OneMirror {
        const char *name; /* borrowed */
        Api *api;
        Buf path;
} OneMirror;

#define ONE_MIRROR_NULL ((OneMirror){ .path = BUF_NULL })

static void one_mirror_deinit(OneMirror *one) {
        api_close(one->api);
        buf_deinit(&one->path);
}

/* @rest: what follows the name in the path, such as "resync", or NULL. Return: an exit code, told. */
static int one_mirror_init(OneMirror *one, const Invocation *invocation, const char *rest) {
        static const char letters[] = "abcdefghijklmnopqrstuvwxyz0123456789-";
        int r;

        one->name = invocation_argument(invocation, 0);
        if (!*one->name || one->name[strspn(one->name, letters)])
                return fail(EXIT_USAGE, "%.80s is no name of a mirror: a-z, 0-9 and -", one->name);

        r = api_open(&invocation->options, &one->api);
        if (r)
                return r;

        api_path(&one->path, "mirrors", one->name);
        if (rest)
                buf_append_format(&one->path, "/%s", rest);
        return EXIT_DONE;
}

/* Prints the data, or "NAME: " and the sentence, unless the user wants it quiet. */
static void one_mirror_tell(const OneMirror *one, const Invocation *invocation, json_t *data,
                            const char *sentence) {
        if (invocation->options.output == OUTPUT_JSON)
                print_json(data);
        else if (!invocation->options.quiet)
                printf("%s: %s\n", one->name, sentence);
}

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
        _cleanup_(api_closep) Api *api = NULL;
        _cleanup_(buf_deinit) Buf path = BUF_NULL;
        json_auto_t *data = NULL;
        int r;

        r = api_open(&invocation->options, &api);
        if (r)
                return r;

        api_path(&path, "mirrors");
        r = api_call(api, "GET", &path, NULL, &data);
        if (r)
                return r;

        if (invocation->options.output == OUTPUT_JSON)
                print_json(data);
        else
                mirrors_print(data);
        return EXIT_DONE;
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

static void mirror_print(const OneMirror *one, json_t *data) {
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
        _cleanup_(one_mirror_deinit) OneMirror one = ONE_MIRROR_NULL;
        json_auto_t *data = NULL;
        int r;

        r = one_mirror_init(&one, invocation, NULL);
        if (r == EXIT_DONE)
                r = api_call(one.api, "GET", &one.path, NULL, &data);
        if (r)
                return r;

        if (invocation->options.output == OUTPUT_JSON)
                print_json(data);
        else
                mirror_print(&one, data);
        return EXIT_DONE;
}

/*
 * resync
 */

int command_mirror_resync(const Invocation *invocation) {
        _cleanup_(one_mirror_deinit) OneMirror one = ONE_MIRROR_NULL;
        json_auto_t *data = NULL;
        int r;

        r = one_mirror_init(&one, invocation, "resync");
        if (r == EXIT_DONE)
                r = api_call(one.api, "POST", &one.path, NULL, &data);
        if (r)
                return r;

        one_mirror_tell(&one, invocation, data, "a full comparison begins");
        return EXIT_DONE;
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
        _cleanup_(one_mirror_deinit) OneMirror one = ONE_MIRROR_NULL;
        json_auto_t *data = NULL;
        int r;

        r = one_mirror_init(&one, invocation, "dead-letters");
        if (r == EXIT_DONE)
                r = api_list(one.api, &one.path, 0, &data);
        if (r)
                return r;

        if (invocation->options.output == OUTPUT_JSON)
                print_json(data);
        else
                dead_letters_print(data);
        return EXIT_DONE;
}

/* Of the one that the arguments name, or of all. */
static int change_letters(const Invocation *invocation, const char *rest, const char *what) {
        const char *namespace_ = invocation_argument(invocation, 1),
                   *key = invocation_argument(invocation, 2);
        _cleanup_(one_mirror_deinit) OneMirror one = ONE_MIRROR_NULL;
        _cleanup_(freep) char *sentence = NULL;
        json_auto_t *data = NULL;
        int r = EXIT_DONE;

        if (namespace_ && !key)
                return fail(EXIT_USAGE, "a dead letter is named by namespace and key");
        if (namespace_)
                r = api_check_namespace(namespace_);
        if (key && r == EXIT_DONE)
                r = api_check_key(key);
        if (r == EXIT_DONE)
                r = one_mirror_init(&one, invocation, rest);
        if (r == EXIT_DONE)
                r = api_call(one.api, "POST", &one.path,
                             memory_had(json_pack("{s:s*, s:s*}", "namespace", namespace_, "key", key)),
                             &data);
        if (r)
                return r;

        sentence = memory_format("dead letters %s: %lld", what,
                                 (long long)json_integer_value(json_object_get(data, "dead_letters")));
        one_mirror_tell(&one, invocation, data, sentence);
        return EXIT_DONE;
}

int command_mirror_retry(const Invocation *invocation) {
        return change_letters(invocation, "dead-letters/retry", "tried again");
}

int command_mirror_drop(const Invocation *invocation) {
        return change_letters(invocation, "dead-letters/drop", "dropped");
}
