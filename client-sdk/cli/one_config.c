/*
 * What the commands on one config have in common.
 */
#include <stdio.h>

#include "cli/memory.h"
#include "cli/one_config.h"
#include "cli/table.h"

void one_config_deinit(OneConfig *one) {
        api_close(one->api);
        buf_deinit(&one->path);
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

        api_config_path(&one->path, one->namespace_, one->key, NULL);
        if (rest)
                buf_append_format(&one->path, "/%s", rest);
        return EXIT_DONE;
}

void one_config_tell(const OneConfig *one, const Invocation *invocation, json_t *data, const char *sentence) {
        _cleanup_(freep) char *tame = NULL;

        if (invocation->options.output == OUTPUT_JSON) {
                print_json(data);
        } else if (!invocation->options.quiet) {
                tame = text_tame(sentence);
                printf("%s/%s: %s\n", one->namespace_, one->key, tame);
        }
}

void one_config_print(const OneConfig *one, const Invocation *invocation, json_t *data, const char *what) {
        json_int_t version = json_integer_value(json_object_get(data, "version"));
        _cleanup_(freep) char *sentence = memory_format("version %lld %s", (long long)version, what);

        one_config_tell(one, invocation, data, sentence);
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
