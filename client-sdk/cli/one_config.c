/*
 * What the commands on one config have in common.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "cli/memory.h"
#include "cli/one_config.h"
#include "cli/table.h"

void one_config_deinit(OneConfig *one) {
        api_close(one->api);
        buf_deinit(&one->path);
}

void one_config_set_path(OneConfig *one, const char *rest) {
        buf_clear(&one->path);
        api_config_path(&one->path, one->namespace_, one->key, rest);
}

int one_config_init(OneConfig *one, const Invocation *invocation, const char *rest) {
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

        one_config_set_path(one, rest);
        return EXIT_DONE;
}

void one_config_tell(const OneConfig *one, const Invocation *invocation, json_t *data, const char *format,
                     ...) {
        va_list args;

        if (invocation->options.output == OUTPUT_JSON) {
                print_json(data);
                return;
        }
        if (invocation->options.quiet)
                return;

        printf("%s/%s: ", one->namespace_, one->key);
        va_start(args, format);
        (void)vprintf(format, args);
        va_end(args);
        (void)putchar('\n');
}

void one_config_print(const OneConfig *one, const Invocation *invocation, json_t *data, const char *what) {
        one_config_tell(one, invocation, data, "version %lld %s",
                        (long long)json_integer_value(json_object_get(data, "version")), what);
}

int one_config_remove(const OneConfig *one, const char *op, const char *comment, json_t **ret_data) {
        _cleanup_(buf_deinit) Buf path = BUF_NULL;

        if (!comment)
                return api_call(one->api, "DELETE", &one->path, NULL, ret_data);

        api_path(&path, "transactions");
        return api_call(one->api, "POST", &path,
                        memory_had(json_pack("{s:s, s:[{s:s, s:s, s:s}]}", "comment", comment, "operations",
                                             "op", op, "namespace", one->namespace_, "key", one->key)),
                        ret_data);
}
