#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "mirror/fields.h"
#include "mirror/key_template.h"
#include "mirror/options.h"
#include "model/macros.h"

static int default_set(MirrorOptions *options, const MirrorField *field) {
        Span value = span_from_string(field->default_text);
        Problem problem;
        int r;

        r = mirror_field_set(options, field, &value, 1, &problem);
        assert(r <= 0);
        return r;
}

/* What is not for this kind is there nonetheless, and empty. */
static int string_default(MirrorOptions *options, const MirrorField *field) {
        char **string = mirror_field_of(options, field);

        if (!*string)
                *string = strdup("");
        return *string ? 0 : -ENOMEM;
}

static int defaults_set(MirrorOptions *options) {
        const MirrorField *table;
        size_t n;

        table = mirror_fields(&n);
        for (size_t i = 0; i < n; i++) {
                int r = 0;

                if (table[i].kinds & 1U << options->kind && table[i].default_text)
                        r = default_set(options, &table[i]);
                else if (mirror_field_is_string(&table[i]))
                        r = string_default(options, &table[i]);
                if (r)
                        return r;
        }

        return 0;
}

int mirror_options_init(MirrorOptions *ret_options, const char *name, MirrorKind kind) {
        _cleanup_(mirror_options_deinit) MirrorOptions options = MIRROR_OPTIONS_NULL;
        int r;

        options.kind = kind;
        options.name = strdup(name);
        options.election_key = strdup("");
        if (!options.name || !options.election_key)
                return -ENOMEM;

        r = defaults_set(&options);
        if (r)
                return r;

        *ret_options = options;
        options = MIRROR_OPTIONS_NULL;
        return 0;
}

/* Without text of its own before the first placeholder, every key of the target is under the prefix. */
static int check_key(const MirrorOptions *options, Problem *ret_problem) {
        _cleanup_(key_template_deinit) KeyTemplate template = KEY_TEMPLATE_NULL;
        int r;

        r = key_template_parse(span_from_string(options->key), span_from_string(options->namespace),
                               &template, ret_problem);
        if (r < 0)
                return r;
        if (r)
                return MIRROR_OPTIONS_E_INVALID;

        if (options->prune && key_template_prefix(&template).size == 0) {
                problem_set(ret_problem, "prune",
                            "would remove the keys of all others; the template of keys has to begin with a "
                            "text of its own, such as key: \"confer:{namespace}:{key}\"");
                return MIRROR_OPTIONS_E_INVALID;
        }
        return 0;
}

/* Beside a mirror of what is stable each would take the other's keys for drift. */
static int check_gray_key(const MirrorOptions *options, Problem *ret_problem) {
        const char *usual = mirror_field_find(SPAN_LITERAL("key"), options->kind)->default_text;

        if (options->value != MIRROR_VALUE_GRAY || strcmp(options->key, usual) != 0)
                return 0;

        problem_set(ret_problem, "key",
                    "is that of what is stable; gray releases need one of their own, such as "
                    "\"/confer-gray/{namespace_path}/{key}\"");
        return MIRROR_OPTIONS_E_INVALID;
}

static int check_certificate(const MirrorOptions *options, Problem *ret_problem) {
        if (!*options->cert_file == !*options->key_file)
                return 0;

        problem_set(ret_problem, *options->cert_file ? "cert_file" : "key_file", "needs %s too",
                    *options->cert_file ? "key_file" : "cert_file");
        return MIRROR_OPTIONS_E_INVALID;
}

static int check_retries(const MirrorOptions *options, Problem *ret_problem) {
        if (options->retry_max_ms >= options->retry_min_ms)
                return 0;

        problem_set(ret_problem, "retry_max_ms", "%llu ms is below retry_min_ms, which is %llu ms",
                    (unsigned long long)options->retry_max_ms, (unsigned long long)options->retry_min_ms);
        return MIRROR_OPTIONS_E_INVALID;
}

static int check_ttl(const MirrorOptions *options, Problem *ret_problem) {
        if (options->ttl_ms % 1000 == 0)
                return 0;

        problem_set(ret_problem, "ttl_ms", "%llu ms is no whole number of seconds, as etcd takes them",
                    (unsigned long long)options->ttl_ms);
        return MIRROR_OPTIONS_E_INVALID;
}

static int check_election(const MirrorOptions *options, Problem *ret_problem) {
        int r;

        r = check_ttl(options, ret_problem);
        if (r)
                return r;

        return check_certificate(options, ret_problem);
}

int mirror_options_check(const MirrorOptions *options, Problem *ret_problem) {
        int r;

        if (options->kind == MIRROR_ELECTION)
                return check_election(options, ret_problem);

        r = check_retries(options, ret_problem);
        if (r)
                return r;

        r = check_certificate(options, ret_problem);
        if (r)
                return r;

        r = check_gray_key(options, ret_problem);
        if (r)
                return r;

        return check_key(options, ret_problem);
}

static void string_free(const MirrorField *field, char **string) {
        if (*string && mirror_field_is_secret(field))
                explicit_bzero(*string, strlen(*string));
        free(*string);
        *string = NULL;
}

static void list_free(MirrorOptions *options, const MirrorField *field) {
        char ***list = mirror_field_of(options, field);
        size_t *n = mirror_field_n_of(options, field);

        for (size_t i = 0; i < *n; i++)
                free((*list)[i]);
        free(*list);
        *list = NULL;
        *n = 0;
}

/* A field of several rows is freed by the first. */
void mirror_options_deinit(MirrorOptions *options) {
        const MirrorField *table;
        size_t n;

        table = mirror_fields(&n);
        for (size_t i = 0; i < n; i++)
                if (mirror_field_is_list(&table[i]))
                        list_free(options, &table[i]);
                else if (mirror_field_is_string(&table[i]))
                        string_free(&table[i], mirror_field_of(options, &table[i]));

        free(options->name);
        free(options->election_key);
        *options = MIRROR_OPTIONS_NULL;
}
