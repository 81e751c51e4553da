/*
 * Lists: list, history, audit; and what is shown alone: diff, status.
 */
#include <jansson.h>
#include <stdio.h>

#include "cli/api.h"
#include "cli/commands.h"
#include "cli/memory.h"
#include "cli/table.h"

#define AUDIT_ENTRIES 100 /* without --limit */

/*
 * list
 */

static void list_print(json_t *data, const Options *options) {
        _cleanup_(text_table_deinit) TextTable table =
                options->inherit
                        ? TEXT_TABLE("NAMESPACE", "KEY", "VERSION", "NEWEST", "FORMAT", "CHANGED", "BY",
                                     "COMMENT")
                        : TEXT_TABLE("KEY", "VERSION", "NEWEST", "FORMAT", "CHANGED", "BY", "COMMENT");
        json_t *item;
        size_t i;

        json_array_foreach(json_object_get(data, "items"), i, item) {
                bool is_deleted = json_is_true(json_object_get(item, "deleted"));

                if (options->inherit)
                        text_table_add_member(&table, item, "namespace");
                text_table_add_member(&table, item, "key");
                if (is_deleted)
                        text_table_add(&table, "deleted");
                else
                        text_table_add_member(&table, item, "version");
                text_table_add_member(&table, item, "latest_version");
                text_table_add_member(&table, item, "format");
                text_table_add_time(&table, item, "updated_at");
                text_table_add_member(&table, item, "updated_by");
                text_table_add_member(&table, item, "comment");
        }
        text_table_print(&table);
}

int command_list(const Invocation *invocation) {
        const char *namespace_ = invocation_argument(invocation, 0);
        const Options *options = &invocation->options;
        _cleanup_(api_closep) Api *api = NULL;
        _cleanup_(buf_deinit) Buf path = BUF_NULL;
        json_auto_t *data = NULL;
        int r;

        if (options->content && options->output != OUTPUT_JSON)
                return fail(EXIT_USAGE, "--content needs -o json");
        r = api_check_namespace(namespace_);
        if (r == EXIT_DONE)
                r = api_open(options, &api);
        if (r)
                return r;

        api_path(&path, "namespaces", namespace_, "configs");
        api_query(&path, "prefix", options->prefix);
        api_query(&path, "q", options->search);
        api_query_flag(&path, "inherit", options->inherit);
        api_query_flag(&path, "deleted", options->deleted);
        api_query_flag(&path, "content", options->content);
        r = api_list(api, &path, 0, &data);
        if (r)
                return r;

        if (options->output == OUTPUT_JSON)
                print_json(data);
        else
                list_print(data, options);
        return EXIT_DONE;
}

/*
 * history
 */

static void versions_print(json_t *data, json_int_t in_force) {
        _cleanup_(text_table_deinit) TextTable table =
                TEXT_TABLE(" ", "VERSION", "SAVED", "BY", "FORMAT", "COMMENT");
        json_t *item;
        size_t i;

        json_array_foreach(json_object_get(data, "items"), i, item) {
                bool is_in_force = json_integer_value(json_object_get(item, "version")) == in_force;

                text_table_add(&table, is_in_force ? "*" : " ");
                text_table_add_member(&table, item, "version");
                text_table_add_time(&table, item, "updated_at");
                text_table_add_member(&table, item, "updated_by");
                text_table_add_member(&table, item, "format");
                text_table_add_member(&table, item, "comment");
        }
        text_table_print(&table);
}

static void releases_print(json_t *data) {
        _cleanup_(text_table_deinit) TextTable table =
                TEXT_TABLE("TIME", "KIND", "VERSION", "BEFORE", "BY", "COMMENT");
        json_t *item;
        size_t i;

        json_array_foreach(json_object_get(data, "items"), i, item) {
                text_table_add_time(&table, item, "time");
                text_table_add_member(&table, item, "kind");
                text_table_add_member(&table, item, "version");
                text_table_add_member(&table, item, "from_version");
                text_table_add_member(&table, item, "actor");
                text_table_add_member(&table, item, "comment");
        }
        text_table_print(&table);
}

/* The version in force; 0: none. */
static int ask_in_force(Api *api, const char *namespace_, const char *key, json_int_t *ret_version) {
        _cleanup_(api_refusal_deinit) ApiRefusal refusal = API_REFUSAL_NULL;
        _cleanup_(buf_deinit) Buf path = BUF_NULL;
        _cleanup_(freep) char *target = NULL;
        HttpRequest request = { .method = "GET" };
        json_auto_t *data = NULL;
        int r;

        api_config_path(&path, namespace_, key, NULL);
        api_query(&path, "inherit", "false");
        target = memory_take(&path);
        request.path = target;
        r = api_try(api, &request, &data, &refusal);
        if (r && r != EXIT_NOT_FOUND)
                return api_refusal_tell(&refusal, NULL);

        *ret_version = json_integer_value(json_object_get(data, "version"));
        return EXIT_DONE;
}

int command_history(const Invocation *invocation) {
        const char *namespace_ = invocation_argument(invocation, 0),
                   *key = invocation_argument(invocation, 1);
        const Options *options = &invocation->options;
        _cleanup_(api_closep) Api *api = NULL;
        _cleanup_(buf_deinit) Buf path = BUF_NULL;
        json_auto_t *data = NULL;
        json_int_t in_force = 0;
        int r;

        r = api_check_namespace(namespace_);
        if (r == EXIT_DONE)
                r = api_check_key(key);
        if (r == EXIT_DONE)
                r = api_open(options, &api);
        if (r)
                return r;

        api_config_path(&path, namespace_, key, options->releases ? "releases" : "versions");
        if (!options->releases)
                api_query(&path, "content", "false");
        r = api_list(api, &path, options->limit, &data);
        if (r == EXIT_DONE && !options->releases && options->output != OUTPUT_JSON)
                r = ask_in_force(api, namespace_, key, &in_force);
        if (r)
                return r;

        if (options->output == OUTPUT_JSON)
                print_json(data);
        else if (options->releases)
                releases_print(data);
        else
                versions_print(data, in_force);
        return EXIT_DONE;
}

/*
 * diff
 */

int command_diff(const Invocation *invocation) {
        const char *namespace_ = invocation_argument(invocation, 0),
                   *key = invocation_argument(invocation, 1);
        _cleanup_(api_closep) Api *api = NULL;
        _cleanup_(buf_deinit) Buf path = BUF_NULL;
        json_auto_t *data = NULL;
        json_t *diff;
        int r;

        r = api_check_namespace(namespace_);
        if (r == EXIT_DONE)
                r = api_check_key(key);
        if (r == EXIT_DONE)
                r = api_open(&invocation->options, &api);
        if (r)
                return r;

        api_config_path(&path, namespace_, key, "diff");
        api_query_number(&path, "from", invocation->options.from);
        api_query_number(&path, "to", invocation->options.to);
        r = api_call(api, "GET", &path, NULL, &data);
        if (r)
                return r;

        diff = json_object_get(data, "diff");
        if (invocation->options.output == OUTPUT_JSON)
                print_json(data);
        else
                (void)fwrite(json_is_string(diff) ? json_string_value(diff) : "", 1, json_string_length(diff),
                             stdout);
        return EXIT_DONE;
}

/*
 * audit
 */

static void audit_print(json_t *data) {
        _cleanup_(text_table_deinit) TextTable table = TEXT_TABLE(
                "TIME", "ACTOR", "ADDRESS", "ACTION", "NAMESPACE", "KEY", "VERSION", "OUTCOME", "COMMENT");
        json_t *item;
        size_t i;

        json_array_foreach(json_object_get(data, "items"), i, item) {
                text_table_add_time(&table, item, "time");
                text_table_add_member(&table, item, "actor");
                text_table_add_member(&table, item, "address");
                text_table_add_member(&table, item, "action");
                text_table_add_member(&table, item, "namespace");
                text_table_add_member(&table, item, "key");
                text_table_add_member(&table, item, "version");
                text_table_add_member(&table, item, "outcome");
                text_table_add_member(&table, item, "comment");
        }
        text_table_print(&table);
}

int command_audit(const Invocation *invocation) {
        const Options *options = &invocation->options;
        _cleanup_(api_closep) Api *api = NULL;
        _cleanup_(buf_deinit) Buf path = BUF_NULL;
        json_auto_t *data = NULL;
        int r;

        r = api_open(options, &api);
        if (r)
                return r;

        api_path(&path, "audit");
        api_query(&path, "namespace", options->namespace_);
        api_query(&path, "key", options->key);
        api_query(&path, "actor", options->actor);
        api_query(&path, "action", options->action);
        api_query(&path, "since", options->since);
        api_query(&path, "until", options->until);
        r = api_list(api, &path, options->limit ? options->limit : AUDIT_ENTRIES, &data);
        if (r)
                return r;

        if (options->output == OUTPUT_JSON)
                print_json(data);
        else
                audit_print(data);
        return EXIT_DONE;
}

/*
 * status
 */

/* Each member as a row; times in the form for people. */
static void status_print(const Api *api, json_t *data) {
        _cleanup_(text_table_deinit) TextTable table = TEXT_TABLE("SERVER", api_server(api));
        const char *name;
        json_t *value;

        json_object_foreach(data, name, value) {
                if (!json_is_string(value) && !json_is_integer(value))
                        continue;

                text_table_add(&table, name);
                text_table_add_time(&table, data, name);
        }
        text_table_print(&table);
}

int command_status(const Invocation *invocation) {
        _cleanup_(api_closep) Api *api = NULL;
        _cleanup_(buf_deinit) Buf path = BUF_NULL;
        json_auto_t *data = NULL;
        int r;

        r = api_open(&invocation->options, &api);
        if (r)
                return r;

        api_path(&path, "status");
        r = api_call(api, "GET", &path, NULL, &data);
        if (r)
                return r;

        if (invocation->options.output == OUTPUT_JSON)
                print_json(data);
        else
                status_print(api, data);
        return EXIT_DONE;
}
