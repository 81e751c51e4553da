#include <stdio.h>
#include <string.h>

#include "cli/memory.h"
#include "cli/one_named.h"
#include "cli/table.h"

#define ONE_NAMED_NULL ((OneNamed){ .path = BUF_NULL })

static void one_named_deinit(OneNamed *one) {
        api_close(one->api);
        buf_deinit(&one->path);
}

/* @rest: what follows the name in the path, such as "resync", or NULL. Return: an exit code, told. */
static int one_named_init(OneNamed *one, const Invocation *invocation, const NamedKind *kind,
                          const char *rest) {
        static const char letters[] = "abcdefghijklmnopqrstuvwxyz0123456789-";
        int r;

        one->name = invocation_argument(invocation, 0);
        if (!*one->name || one->name[strspn(one->name, letters)])
                return fail(EXIT_USAGE, "%.80s is no name of a%s %s: a-z, 0-9 and -", one->name,
                            *kind->word == 'i' ? "n" : "", kind->word);

        r = api_open(&invocation->options, &one->api);
        if (r)
                return r;

        api_path(&one->path, kind->path, one->name);
        if (rest)
                buf_append_format(&one->path, "/%s", rest);
        return EXIT_DONE;
}

int named_list(const Invocation *invocation, const NamedKind *kind, void (*print)(json_t *data)) {
        _cleanup_(api_closep) Api *api = NULL;
        _cleanup_(buf_deinit) Buf path = BUF_NULL;
        json_auto_t *data = NULL;
        int r;

        r = api_open(&invocation->options, &api);
        if (r)
                return r;

        api_path(&path, kind->path);
        r = api_call(api, "GET", &path, NULL, &data);
        if (r)
                return r;

        if (invocation->options.output == OUTPUT_JSON)
                print_json(data);
        else
                print(data);
        return EXIT_DONE;
}

int named_show(const Invocation *invocation, const NamedKind *kind,
               void (*print)(const OneNamed *one, json_t *data)) {
        _cleanup_(one_named_deinit) OneNamed one = ONE_NAMED_NULL;
        json_auto_t *data = NULL;
        int r;

        r = one_named_init(&one, invocation, kind, NULL);
        if (r == EXIT_DONE)
                r = api_call(one.api, "GET", &one.path, NULL, &data);
        if (r)
                return r;

        if (invocation->options.output == OUTPUT_JSON)
                print_json(data);
        else
                print(&one, data);
        return EXIT_DONE;
}

int named_list_of(const Invocation *invocation, const NamedKind *kind, const char *rest,
                  void (*print)(json_t *data)) {
        _cleanup_(one_named_deinit) OneNamed one = ONE_NAMED_NULL;
        json_auto_t *data = NULL;
        int r;

        r = one_named_init(&one, invocation, kind, rest);
        if (r == EXIT_DONE)
                r = api_list(one.api, &one.path, 0, &data);
        if (r)
                return r;

        if (invocation->options.output == OUTPUT_JSON)
                print_json(data);
        else
                print(data);
        return EXIT_DONE;
}

/* Prints the data, or "NAME: " and the sentence, unless the user wants it quiet. */
static void tell(const OneNamed *one, const Invocation *invocation, json_t *data, const char *sentence,
                 const char *count) {
        if (invocation->options.output == OUTPUT_JSON)
                print_json(data);
        else if (!invocation->options.quiet && count)
                printf("%s: %s: %lld\n", one->name, sentence,
                       (long long)json_integer_value(json_object_get(data, count)));
        else if (!invocation->options.quiet)
                printf("%s: %s\n", one->name, sentence);
}

int named_change(const Invocation *invocation, const NamedKind *kind, const char *rest, json_t *body,
                 const char *sentence, const char *count) {
        _cleanup_(one_named_deinit) OneNamed one = ONE_NAMED_NULL;
        json_auto_t *data = NULL;
        int r;

        r = one_named_init(&one, invocation, kind, rest);
        if (r) {
                json_decref(body);
                return r;
        }
        r = api_call(one.api, "POST", &one.path, body, &data);
        if (r)
                return r;

        tell(&one, invocation, data, sentence, count);
        return EXIT_DONE;
}
