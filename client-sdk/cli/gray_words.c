/*
 * Gray releases in words.
 */
#include <string.h>

#include "cli/gray_words.h"
#include "cli/memory.h"
#include "cli/table.h"
#include "model/macros.h"

#define VALUES_SHOWN 5 /* of an operator; a rule may have a thousand */

static const char *text_of(json_t *object, const char *name) {
        const char *text = json_string_value(json_object_get(object, name));

        return text ? text : "?";
}

static long long number_of(json_t *object, const char *name) {
        return (long long)json_integer_value(json_object_get(object, name));
}

/* As JSON, for what is not known here. */
static void append_as_it_is(Buf *to, json_t *value) {
        _cleanup_(freep) char *text =
                memory_had(json_dumps(value, JSON_ENCODE_ANY | JSON_COMPACT | JSON_REAL_PRECISION(15)));

        buf_append_string(to, text);
}

/*
 * Rules.
 */

static const struct {
        const char *name;
        const char *one;
        const char *several; /* the values follow, with commas between them */
} operators[] = {
        { "in", "is", "is one of" },
        { "not_in", "is not", "is none of" },
        { "prefix", "begins with", "begins with one of" },
        { "semver", "is a version", "is a version" },
        { "cidr", "is an address in", "is an address in one of" },
};

/* A value that could be taken for our own words stands in quotes. */
static void append_value(Buf *to, json_t *value) {
        static const char plain[] =
                "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.:/+-<>=^~";
        const char *text = json_string_value(value);

        if (text && *text && !text[strspn(text, plain)])
                buf_append_string(to, text);
        else
                append_as_it_is(to, value);
}

static void append_values(Buf *to, json_t *values) {
        size_t n = json_array_size(values), i;
        json_t *value;

        json_array_foreach(values, i, value) {
                if (i == VALUES_SHOWN) {
                        buf_append_format(to, " and %zu more", n - i);
                        return;
                }
                buf_append_string(to, i ? ", " : "");
                append_value(to, value);
        }
}

/* "is one of eu, us". */
static void append_operator(Buf *to, const char *name, json_t *operand) {
        size_t i = 0;

        if (strcmp(name, "exists") == 0) {
                buf_append_string(to, json_is_true(operand) ? "is there" : "is not there");
                return;
        }

        while (i < ARRAY_SIZE(operators) && strcmp(operators[i].name, name) != 0)
                i++;
        if (i == ARRAY_SIZE(operators)) {
                buf_append_format(to, "%s ", name);
                append_as_it_is(to, operand);
        } else if (!json_is_array(operand)) {
                buf_append_format(to, "%s ", operators[i].one);
                append_value(to, operand);
        } else {
                buf_append_format(to, "%s ",
                                  json_array_size(operand) == 1 ? operators[i].one : operators[i].several);
                append_values(to, operand);
        }
}

static void append_condition(Buf *to, const char *tag, json_t *condition) {
        const char *name, *between = "";
        json_t *operand;

        if (!json_is_object(condition)) {
                buf_append_format(to, "%s ", tag);
                append_operator(to, "in", condition);
                return;
        }

        json_object_foreach(condition, name, operand) {
                buf_append_format(to, "%s%s ", between, tag);
                append_operator(to, name, operand);
                between = " and ";
        }
}

void gray_words_append_match(Buf *to, json_t *match) {
        const char *tag, *between = "";
        json_t *condition;

        if (json_object_size(match) == 0)
                buf_append_literal(to, "everyone");
        json_object_foreach(match, tag, condition) {
                buf_append_string(to, between);
                append_condition(to, tag, condition);
                between = " and ";
        }
}

/*
 * Plans and ramps.
 */

void gray_words_append_weight(Buf *to, json_t *weight) {
        buf_append_format(to, "%g %%", json_number_value(weight));
}

static void append_limits(Buf *to, json_t *limits) {
        json_t *refused = json_object_get(limits, "refused"),
               *percent = json_object_get(limits, "refused_percent");

        if (!refused && !percent)
                return;

        buf_append_literal(to, "; withdrawn when ");
        if (refused)
                buf_append_format(to, "%lld", (long long)json_integer_value(refused));
        buf_append_string(to, refused && percent ? " or " : "");
        if (percent)
                gray_words_append_weight(to, percent);
        buf_append_literal(to, " refuse it");
}

void gray_words_append_plan(Buf *to, json_t *plan) {
        json_t *step;
        size_t i;

        json_array_foreach(json_object_get(plan, "steps"), i, step) {
                const char *hold = json_string_value(json_object_get(step, "hold"));

                buf_append_string(to, i ? ", " : "");
                gray_words_append_weight(to, json_object_get(step, "weight"));
                if (hold && strcmp(hold, "0ms") != 0)
                        buf_append_format(to, " for %s", hold);
        }
        append_limits(to, json_object_get(plan, "abort_on"));
        if (json_is_true(json_object_get(plan, "promote")))
                buf_append_literal(to, "; then promoted");
}

void gray_words_append_ramp(Buf *to, json_t *ramp, json_t *plan) {
        const char *next = json_string_value(json_object_get(ramp, "next_at"));
        _cleanup_(freep) char *time = next ? time_for_people(next) : NULL;

        buf_append_format(to, "%s, step %lld of %zu at ", text_of(ramp, "state"), number_of(ramp, "step") + 1,
                          json_array_size(json_object_get(plan, "steps")));
        gray_words_append_weight(to, json_object_get(ramp, "weight"));
        if (time)
                buf_append_format(to, " until %s", time);
}

/*
 * Verdicts.
 */

void gray_words_append_verdict(Buf *to, json_t *verdict) {
        const char *reason = text_of(verdict, "reason");
        long long rule = number_of(verdict, "rule");
        json_t *bucket = json_object_get(verdict, "bucket");

        buf_append_format(to, "version %lld: ", number_of(verdict, "version"));
        if (strcmp(reason, "arm") == 0)
                buf_append_format(to, "an arm of rule %lld chose it", rule);
        else if (strcmp(reason, "outside_split") == 0)
                buf_append_format(to, "rule %lld left the stable one, outside of its arms", rule);
        else if (strcmp(reason, "no_unit") == 0)
                buf_append_format(to, "rule %lld left the stable one, for want of a unit", rule);
        else if (strcmp(reason, "no_match") == 0)
                buf_append_literal(to, "no rule holds, the stable one is left");
        else if (strcmp(reason, "no_gray_release") == 0)
                buf_append_literal(to, "there is no gray release");
        else
                buf_append_string(to, reason);
        if (json_is_integer(bucket))
                buf_append_format(to, ", bucket %lld", (long long)json_integer_value(bucket));
}
