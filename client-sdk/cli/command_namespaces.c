/*
 * namespaces list, create, delete
 */
#include <jansson.h>
#include <stdio.h>

#include "cli/api.h"
#include "cli/commands.h"
#include "cli/memory.h"
#include "cli/table.h"

static void namespaces_print(json_t *data) {
        _cleanup_(text_table_deinit) TextTable table =
                TEXT_TABLE("NAMESPACE", "CHANGED", "BY", "DESCRIPTION");
        json_t *item;
        size_t i;

        json_array_foreach(json_object_get(data, "items"), i, item) {
                text_table_add_member(&table, item, "name");
                text_table_add_time(&table, item, "updated_at");
                text_table_add_member(&table, item, "updated_by");
                text_table_add_member(&table, item, "description");
        }
        text_table_print(&table);
}

int command_namespaces_list(const Invocation *invocation) {
        _cleanup_(api_closep) Api *api = NULL;
        _cleanup_(buf_deinit) Buf path = BUF_NULL;
        json_auto_t *data = NULL;
        int r;

        r = api_open(&invocation->options, &api);
        if (r)
                return r;

        api_path(&path, "namespaces");
        api_query(&path, "prefix", invocation->options.prefix);
        r = api_list(api, &path, 0, &data);
        if (r)
                return r;

        if (invocation->options.output == OUTPUT_JSON)
                print_json(data);
        else
                namespaces_print(data);
        return EXIT_DONE;
}

static int change(const Invocation *invocation, const char *method, const Buf *path, json_t *body,
                  const char *what) {
        _cleanup_(api_closep) Api *api = NULL;
        json_auto_t *data = NULL;
        int r;

        r = api_open(&invocation->options, &api);
        if (r) {
                json_decref(body);
                return r;
        }
        r = api_call(api, method, path, body, &data);
        if (r)
                return r;

        if (invocation->options.output == OUTPUT_JSON)
                print_json(data);
        else if (!invocation->options.quiet)
                printf("%s: %s\n", invocation_argument(invocation, 0), what);
        return EXIT_DONE;
}

int command_namespaces_create(const Invocation *invocation) {
        const char *name = invocation_argument(invocation, 0);
        _cleanup_(buf_deinit) Buf path = BUF_NULL;
        int r;

        r = api_check_namespace(name);
        if (r)
                return r;

        api_path(&path, "namespaces");
        return change(invocation, "POST", &path,
                      memory_had(json_pack("{s:s, s:s*}", "name", name, "description",
                                           invocation->options.description)),
                      "created");
}

int command_namespaces_delete(const Invocation *invocation) {
        const char *name = invocation_argument(invocation, 0);
        _cleanup_(buf_deinit) Buf path = BUF_NULL;
        int r;

        r = api_check_namespace(name);
        if (r)
                return r;

        api_path(&path, "namespaces", name);
        api_query_flag(&path, "recursive", invocation->options.recursive);
        return change(invocation, "DELETE", &path, NULL, "deleted");
}
