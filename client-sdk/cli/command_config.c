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
#include "cli/one_config.h"
#include "cli/table.h"
#include "cli/tags.h"

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

        one_config_print(one, invocation, data,
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

/* The parameters of --instance and --tag. */
static int add_asker(OneConfig *one, const Options *options) {
        Problem problem = PROBLEM_NULL;

        if (options->version && (options->instance || options->tags.n))
                return fail(EXIT_USAGE,
                            "--version excludes --instance and --tag: a version is the same for all");
        if (tags_check(&options->tags, &problem))
                return fail(EXIT_USAGE, "%s", problem.text);

        api_query(&one->path, "instance", options->instance);
        for (size_t i = 0; i < options->tags.n; i++) {
                _cleanup_(freep) char *name = tags_name(&options->tags, i);
                _cleanup_(freep) char *tag = memory_format("%s:%s", name, tags_value(&options->tags, i));

                api_query(&one->path, "tag", tag);
        }
        return EXIT_DONE;
}

int command_get(const Invocation *invocation) {
        _cleanup_(one_config_deinit) OneConfig one = ONE_CONFIG_NULL;
        _cleanup_(buf_deinit) Buf content = BUF_NULL;
        json_auto_t *data = NULL;
        bool is_json = invocation->options.output == OUTPUT_JSON;
        int r;

        r = one_config_init(&one, invocation, NULL);
        if (r == EXIT_DONE)
                r = add_asker(&one, &invocation->options);
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

int command_delete(const Invocation *invocation) {
        _cleanup_(one_config_deinit) OneConfig one = ONE_CONFIG_NULL;
        json_auto_t *data = NULL;
        int r;

        r = one_config_init(&one, invocation, NULL);
        if (r)
                return r;
        r = one_config_remove(&one, "delete", invocation->options.comment, &data);
        if (r)
                return r;

        one_config_tell(&one, invocation, data, "deleted");
        return EXIT_DONE;
}

/* Sends {@field: @version, end_gray, comment} to the path that ends in @rest. */
static int release(const Invocation *invocation, const char *rest, const char *field, int64_t version) {
        _cleanup_(one_config_deinit) OneConfig one = ONE_CONFIG_NULL;
        const Options *options = &invocation->options;
        json_auto_t *data = NULL;
        json_t *body;
        int r;

        r = one_config_init(&one, invocation, rest);
        if (r)
                return r;

        body = memory_had(json_pack("{s:o*, s:o*, s:s*}", field, version ? json_integer(version) : NULL,
                                    "end_gray", options->end_gray ? json_true() : NULL, "comment",
                                    options->comment));
        r = api_call(one.api, "POST", &one.path, body, &data);
        if (r)
                return r;

        one_config_print(&one, invocation, data, "is in force");
        return EXIT_DONE;
}

int command_publish(const Invocation *invocation) {
        return release(invocation, "publish", "version", invocation->options.version);
}

int command_rollback(const Invocation *invocation) {
        return release(invocation, "rollback", "to", invocation->options.to);
}
