/*
 * Any bytes may be a template of the keys of a mirror. The input is lines: the template, the namespace of the
 * mirror, then namespaces and keys in turn. Of a template that is taken, no two configs share a key, and all
 * keys begin with its prefix.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "mirror/key_template.h"
#include "model/macros.h"
#include "model/name.h"

#define CONFIGS_MAX 8

typedef struct Config {
        Span namespace, key;
        Buf made;
} Config;

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void expect(bool fact) {
        if (!fact)
                abort();
}

static Span take_line(Span *rest) {
        const char *newline = rest->size ? memchr(rest->data, '\n', rest->size) : NULL;
        Span line = { rest->data, newline ? (size_t)(newline - rest->data) : rest->size };

        span_drop(rest, line.size + (newline != NULL));
        return line;
}

static bool is_in_scope(Span namespace, Span scope) {
        return scope.size == 0 || (span_starts_with(namespace, scope) &&
                                   (namespace.size == scope.size || namespace.data[scope.size] == '.'));
}

/* Reads what is a config in the scope, up to CONFIGS_MAX of them. */
static size_t read_configs(Span rest, Span scope, Config *configs) {
        size_t n = 0;

        while (rest.size > 0 && n < CONFIGS_MAX) {
                Config config = { .made = BUF_NULL };

                config.namespace = take_line(&rest);
                config.key = take_line(&rest);
                if (namespace_is_valid(config.namespace) && key_is_valid(config.key) &&
                    is_in_scope(config.namespace, scope))
                        configs[n++] = config;
        }
        return n;
}

static void check_config(const KeyTemplate *template, Config *config) {
        key_template_append(template, config->namespace, config->key, &config->made);
        expect(!buf_failed(&config->made));
        expect(config->made.size <= KEY_TEMPLATE_SIZE_MAX + NAMESPACE_SIZE_MAX + KEY_SIZE_MAX);
        expect(span_starts_with(buf_span(&config->made), key_template_prefix(template)));
}

static void check_pairs(const Config *configs, size_t n) {
        for (size_t i = 0; i < n; i++)
                for (size_t k = 0; k < i; k++)
                        if (span_equal(buf_span(&configs[i].made), buf_span(&configs[k].made)))
                                expect(span_equal(configs[i].namespace, configs[k].namespace) &&
                                       span_equal(configs[i].key, configs[k].key));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        Span rest = { size ? (const char *)data : "", size };
        Span text = take_line(&rest), scope = take_line(&rest);
        _cleanup_(key_template_deinit) KeyTemplate template = KEY_TEMPLATE_NULL;
        Config configs[CONFIGS_MAX];
        Problem problem = PROBLEM_NULL;
        size_t n;
        int r;

        if (scope.size > 0 && !namespace_is_valid(scope))
                return 0;

        r = key_template_parse(text, scope, &template, &problem);
        if (r) {
                expect(r == KEY_TEMPLATE_E_INVALID && *problem.text);
                return 0;
        }

        n = read_configs(rest, scope, configs);
        for (size_t i = 0; i < n; i++)
                check_config(&template, &configs[i]);
        check_pairs(configs, n);
        for (size_t i = 0; i < n; i++)
                buf_deinit(&configs[i].made);
        return 0;
}
