#include <string.h>

#include "mirror/fields.h"
#include "mirror/mirrors_environment.h"
#include "util/settings_message.h"

#define VARIABLE_PREFIX "CONFER_MIRROR_"

static char to_variable(char c) {
        return (char)(c >= 'a' && c <= 'z' ? c - 'a' + 'A' : c == '-' ? '_' : c);
}

static bool take_variable(Span *rest, const char *text) {
        for (; *text; text++)
                if (!span_take_char(rest, to_variable(*text)))
                        return false;

        return true;
}

static bool is_variable_of(Span variable, const MirrorOptions *options, const MirrorField *field) {
        return take_variable(&variable, VARIABLE_PREFIX) && take_variable(&variable, options->name) &&
               span_take_char(&variable, '_') && take_variable(&variable, field->name) && variable.size == 0;
}

static int variable_set(MirrorOptions *options, const MirrorField *any, Span variable, Span value,
                        Problem *ret_problem) {
        const MirrorField *field = mirror_field_find(span_from_string(any->name), options->kind);
        SettingsShown shown = settings_shown(variable);
        Problem problem;
        int r;

        if (!field)
                return settings_refuse_at(NULL, 0, shown.text, ret_problem,
                                          "the mirror %s is of the kind %s, which has no %s", options->name,
                                          mirror_kind_to_string(options->kind), any->name);

        r = mirror_field_set(options, field, &value, 1, &problem);
        return r <= 0 ? r : settings_refuse_at(NULL, 0, shown.text, ret_problem, "%s", problem.text);
}

/* Returns false where @variable is of no mirror and of no secret. */
static bool variable_find(MirrorsFile *mirrors, Span variable, MirrorOptions **ret_options,
                          const MirrorField **ret_field) {
        const MirrorField *table;
        MirrorOptions *options;
        size_t n;

        table = mirror_fields(&n);
        for (size_t i = 0; i < n; i++)
                for (size_t k = 0; (options = mirrors_file_entry(mirrors, k)); k++)
                        if (table[i].type == MIRROR_FIELD_SECRET &&
                            is_variable_of(variable, options, &table[i])) {
                                *ret_options = options;
                                *ret_field = &table[i];
                                return true;
                        }

        return false;
}

static bool ends_in_variable(Span variable, const char *text) {
        size_t size = strlen(text);

        if (variable.size < size)
                return false;

        span_drop(&variable, variable.size - size);
        return take_variable(&variable, text);
}

/* Does it end as the variable of a secret does? */
static bool is_for_secret(Span variable) {
        const MirrorField *table;
        size_t n;

        table = mirror_fields(&n);
        for (size_t i = 0; i < n; i++)
                if (table[i].type == MIRROR_FIELD_SECRET && ends_in_variable(variable, table[i].name))
                        return true;

        return false;
}

static int variable_read(MirrorsFile *mirrors, Span variable, Span value, Problem *ret_problem) {
        const MirrorField *field;
        MirrorOptions *options;

        if (variable_find(mirrors, variable, &options, &field))
                return variable_set(options, field, variable, value, ret_problem);
        if (!is_for_secret(variable))
                return 0; /* the settings have judged it, see settings_cli.c */
        return settings_refuse_at(NULL, 0, settings_shown(variable).text, ret_problem,
                                  "there is no mirror of this name");
}

int mirrors_read_environment(MirrorsFile *mirrors, char *const *environment, Problem *ret_problem) {
        for (; *environment; environment++) {
                const char *equals = strchr(*environment, '=');
                int r;

                if (!equals || strncmp(*environment, VARIABLE_PREFIX, strlen(VARIABLE_PREFIX)) != 0)
                        continue;

                r = variable_read(mirrors, (Span){ *environment, (size_t)(equals - *environment) },
                                  span_from_string(equals + 1), ret_problem);
                if (r)
                        return r;
        }

        return 0;
}
