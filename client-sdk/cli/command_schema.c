/*
 * schema list, attach, detach, check: which schemas govern what, and whether a content fits.
 */
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "cli/api.h"
#include "cli/commands.h"
#include "cli/content.h"
#include "cli/memory.h"
#include "cli/one_config.h"
#include "cli/table.h"

/* list */

static void schemas_print(json_t *data) {
        _cleanup_(text_table_deinit) TextTable table =
                TEXT_TABLE("NAMESPACE", "KEY", "SCHEMA NAMESPACE", "SCHEMA KEY", "VERSION", "ATTACHED", "BY");
        json_t *item, *schema;
        size_t i;

        json_array_foreach(json_object_get(data, "items"), i, item) {
                schema = json_object_get(item, "schema");
                text_table_add_member(&table, item, "namespace");
                text_table_add_member(&table, item, "key");
                text_table_add_member(&table, schema, "namespace");
                text_table_add_member(&table, schema, "key");
                text_table_add_member(&table, schema, "version");
                text_table_add_time(&table, item, "attached_at");
                text_table_add_member(&table, item, "attached_by");
        }
        text_table_print(&table);
}

int command_schema_list(const Invocation *invocation) {
        const char *namespace_ = invocation_argument(invocation, 0);
        _cleanup_(api_closep) Api *api = NULL;
        _cleanup_(buf_deinit) Buf path = BUF_NULL;
        json_auto_t *data = NULL;
        int r;

        r = api_check_namespace(namespace_);
        if (r == EXIT_DONE)
                r = api_open(&invocation->options, &api);
        if (r)
                return r;

        api_path(&path, "namespaces", namespace_, "schemas");
        r = api_call(api, "GET", &path, NULL, &data);
        if (r)
                return r;

        if (invocation->options.output == OUTPUT_JSON)
                print_json(data);
        else
                schemas_print(data);
        return EXIT_DONE;
}

/* attach, detach */

static void tell(const Invocation *invocation, json_t *data, const char *sentence) {
        const char *for_key = invocation->options.for_key;

        if (invocation->options.output == OUTPUT_JSON)
                print_json(data);
        else if (!invocation->options.quiet)
                printf("%s%s%s: %s\n", invocation_argument(invocation, 0), for_key ? " " : "",
                       for_key ? for_key : "", sentence);
}

/* Sends @method to the attachment that the command names; steals @body, which may be NULL. */
static int change_attachment(const Invocation *invocation, const char *method, json_t *body,
                             const char *sentence) {
        const char *namespace_ = invocation_argument(invocation, 0), *for_key = invocation->options.for_key;
        _cleanup_(api_closep) Api *api = NULL;
        _cleanup_(buf_deinit) Buf path = BUF_NULL;
        json_auto_t *sent = body;
        json_auto_t *data = NULL;
        int r;

        r = api_check_namespace(namespace_);
        if (r == EXIT_DONE && for_key)
                r = api_check_key(for_key);
        if (r == EXIT_DONE)
                r = api_open(&invocation->options, &api);
        if (r)
                return r;

        if (for_key) {
                api_path(&path, "namespaces", namespace_, "schemas", for_key);
        } else {
                api_path(&path, "namespaces", namespace_, "schemas");
                buf_append_literal(&path, "/*");
        }
        r = api_call(api, method, &path, json_incref(sent), &data);
        if (r == EXIT_DONE)
                tell(invocation, data, sentence);
        return r;
}

int command_schema_attach(const Invocation *invocation) {
        const char *comment = invocation->options.comment;
        json_t *body =
                memory_had(json_pack("{s:s, s:s, s:s*}", "namespace", invocation_argument(invocation, 1),
                                     "key", invocation_argument(invocation, 2), "comment", comment));

        return change_attachment(invocation, "PUT", body, "the schema is attached");
}

int command_schema_detach(const Invocation *invocation) {
        return change_attachment(invocation, "DELETE", NULL, "the schema is detached");
}

/* check */

static int check_body(const Invocation *invocation, json_t **ret_body) {
        const char *file = invocation_argument(invocation, 2), *format = invocation->options.format;
        _cleanup_(buf_deinit) Buf content = BUF_NULL;
        Problem problem = PROBLEM_NULL;

        if (content_read(file && strcmp(file, "-") != 0 ? file : NULL, &content, &problem))
                return fail(EXIT_REFUSED, "%s", problem.text);

        *ret_body = memory_had(json_pack("{s:s%, s:s*}", "content", buf_span(&content).data, content.size,
                                         "format", format));
        return EXIT_DONE;
}

static void print_verdict(json_t *data) {
        json_t *schema = json_object_get(data, "schema");

        if (!json_is_object(schema))
                printf("no schema governs it\n");
        else
                printf("%s%s (version %lld of %s in %s)\n",
                       json_is_true(json_object_get(data, "fits")) ? "it fits" : "",
                       json_is_string(json_object_get(data, "problem"))
                               ? json_string_value(json_object_get(data, "problem"))
                               : "",
                       (long long)json_integer_value(json_object_get(schema, "version")),
                       json_string_value(json_object_get(schema, "key")),
                       json_string_value(json_object_get(schema, "namespace")));
}

int command_schema_check(const Invocation *invocation) {
        _cleanup_(one_config_deinit) OneConfig one = ONE_CONFIG_NULL;
        json_auto_t *body = NULL;
        json_auto_t *data = NULL;
        int r;

        r = one_config_init(&one, invocation, "check");
        if (r == EXIT_DONE)
                r = check_body(invocation, &body);
        if (r == EXIT_DONE)
                r = api_call(one.api, "POST", &one.path, json_incref(body), &data);
        if (r)
                return r;

        if (invocation->options.output == OUTPUT_JSON)
                print_json(data);
        else if (!invocation->options.quiet)
                print_verdict(data);
        return json_is_true(json_object_get(data, "fits")) ? EXIT_DONE : EXIT_REFUSED;
}
