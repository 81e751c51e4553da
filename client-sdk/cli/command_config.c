/*
 * One config: put, get, delete, publish, rollback.
 */
#include <fcntl.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli/api.h"
#include "cli/commands.h"
#include "cli/content.h"
#include "cli/memory.h"
#include "cli/table.h"

/*
 * What the commands on one config have in common.
 */

typedef struct OneConfig {
        const char *namespace_;
        const char *key;
        Api *api;
        Buf path;
} OneConfig;

#define ONE_CONFIG_NULL ((OneConfig){ .path = BUF_NULL })

static void one_config_deinit(OneConfig *one) {
        api_close(one->api);
        buf_deinit(&one->path);
}

/* @rest: what follows the key in the path, or NULL. */
static int one_config_init(OneConfig *one, const Invocation *invocation, const char *rest) {
        int r;

        one->namespace_ = invocation_argument(invocation, 0);
        one->key = invocation_argument(invocation, 1);
        r = api_check_namespace(one->namespace_);
        if (r == EXIT_DONE)
                r = api_check_key(one->key);
        if (r == EXIT_DONE)
                r = api_open(&invocation->options, &one->api);
        if (r)
                return r;

        api_config_path(&one->path, one->namespace_, one->key, rest);
        return EXIT_DONE;
}

static long long version_of(json_t *data) {
        return (long long)json_integer_value(json_object_get(data, "version"));
}

/* Prints the data, or one line on what happened. */
static void print_outcome(const Invocation *invocation, const OneConfig *one, json_t *data,
                          const char *what) {
        if (invocation->options.output == OUTPUT_JSON)
                print_json(data);
        else if (!invocation->options.quiet)
                printf("%s/%s: version %lld %s\n", one->namespace_, one->key, version_of(data), what);
}

/*
 * put
 */

static int read_content(const char *file, Buf *ret_content) {
        const char *name = file && strcmp(file, "-") != 0 ? file : NULL;
        _cleanup_(buf_deinit) Buf content = BUF_NULL;
        Problem problem = PROBLEM_NULL;

        if (content_read(name, &content, &problem))
                return fail(EXIT_REFUSED, "%s", problem.text);

        *ret_content = content;
        content = BUF_NULL;
        return EXIT_DONE;
}

static char *put_body(const Options *options, Span content) {
        _cleanup_(buf_deinit) Buf body = BUF_NULL;

        content_append_put(&body, content, options->format, options->comment, options->publish);
        return memory_take(&body);
}

static const char *put_outcome(const Options *options, bool is_created) {
        if (options->publish)
                return is_created ? "is saved and in force" : "has this content already, and is in force";
        return is_created ? "is saved, and not yet in force" : "has this content already";
}

static int put_send(const Invocation *invocation, OneConfig *one, Span content) {
        const Options *options = &invocation->options;
        _cleanup_(freep) char *path = memory_take(&one->path), *body = put_body(options, content);
        _cleanup_(api_refusal_deinit) ApiRefusal refusal = API_REFUSAL_NULL;
        HttpRequest request = { .method = "PUT", .path = path, .body = span_from_string(body) };
        json_auto_t *data = NULL;
        char header[48];

        (void)snprintf(header, sizeof(header), "If-Match: \"%lld\"", (long long)options->if_version);
        request.header = options->create ? "If-None-Match: *" : options->if_version ? header : NULL;
        if (api_try(one->api, &request, &data, &refusal))
                return api_refusal_tell(&refusal, NULL);

        print_outcome(invocation, one, data,
                      put_outcome(options, json_is_true(json_object_get(data, "created"))));
        return EXIT_DONE;
}

int command_put(const Invocation *invocation) {
        _cleanup_(one_config_deinit) OneConfig one = ONE_CONFIG_NULL;
        _cleanup_(buf_deinit) Buf content = BUF_NULL;
        int r;

        if (invocation->options.create && invocation->options.if_version)
                return fail(EXIT_USAGE, "--create and --if-version exclude each other");
        r = one_config_init(&one, invocation, NULL);
        if (r)
                return r;
        r = read_content(invocation_argument(invocation, 2), &content);
        if (r)
                return r;
        return put_send(invocation, &one, buf_span(&content));
}

/*
 * get
 */

int command_get(const Invocation *invocation) {
        _cleanup_(one_config_deinit) OneConfig one = ONE_CONFIG_NULL;
        _cleanup_(buf_deinit) Buf content = BUF_NULL;
        json_auto_t *data = NULL;
        bool is_json = invocation->options.output == OUTPUT_JSON;
        int r;

        r = one_config_init(&one, invocation, NULL);
        if (r)
                return r;

        api_query_number(&one.path, "version", invocation->options.version);
        api_query_flag(&one.path, "raw", !is_json);
        r = is_json ? api_call(one.api, "GET", &one.path, NULL, &data)
                    : api_get_bytes(one.api, &one.path, &content);
        if (r)
                return r;

        if (is_json)
                print_json(data);
        else
                (void)fwrite(buf_span(&content).data, 1, content.size, stdout);
        return EXIT_DONE;
}

/*
 * delete, publish, rollback
 */

/* The server takes no comment with a DELETE, but with the operation of a transaction. */
static int delete_with_comment(const Invocation *invocation, OneConfig *one, json_t **ret_data) {
        _cleanup_(buf_deinit) Buf path = BUF_NULL;

        api_path(&path, "transactions");
        return api_call(one->api, "POST", &path,
                        memory_had(json_pack("{s:s, s:[{s:s, s:s, s:s}]}", "comment",
                                             invocation->options.comment, "operations", "op", "delete",
                                             "namespace", one->namespace_, "key", one->key)),
                        ret_data);
}

int command_delete(const Invocation *invocation) {
        _cleanup_(one_config_deinit) OneConfig one = ONE_CONFIG_NULL;
        json_auto_t *data = NULL;
        int r;

        r = one_config_init(&one, invocation, NULL);
        if (r)
                return r;
        r = invocation->options.comment ? delete_with_comment(invocation, &one, &data)
                                        : api_call(one.api, "DELETE", &one.path, NULL, &data);
        if (r)
                return r;

        if (invocation->options.output == OUTPUT_JSON)
                print_json(data);
        else if (!invocation->options.quiet)
                printf("%s/%s: deleted\n", one.namespace_, one.key);
        return EXIT_DONE;
}

/* Sends {@field: @version, comment} to the path that ends in @rest. */
static int release(const Invocation *invocation, const char *rest, const char *field, int64_t version) {
        _cleanup_(one_config_deinit) OneConfig one = ONE_CONFIG_NULL;
        json_auto_t *data = NULL;
        json_t *body;
        int r;

        r = one_config_init(&one, invocation, rest);
        if (r)
                return r;

        body = memory_had(json_pack("{s:s*}", "comment", invocation->options.comment));
        if (version && json_object_set_new(body, field, json_integer(version)))
                (void)memory_had(NULL);
        r = api_call(one.api, "POST", &one.path, body, &data);
        if (r)
                return r;

        print_outcome(invocation, &one, data, "is in force");
        return EXIT_DONE;
}

int command_publish(const Invocation *invocation) {
        return release(invocation, "publish", "version", invocation->options.version);
}

int command_rollback(const Invocation *invocation) {
        return release(invocation, "rollback", "to", invocation->options.to);
}
