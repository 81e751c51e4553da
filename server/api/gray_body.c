#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "api/gray_body.h"
#include "model/digits.h"
#include "model/ramp.h"
#include "util/digest.h"

#define SALT_SIZE 16

struct GrayParts {
        GrayParts *next;
        Gray *rules;
        Ramp ramp;
};

GrayParts *gray_parts_free(GrayParts *parts) {
        while (parts) {
                GrayParts *next = parts->next;

                gray_unref(parts->rules);
                free(parts);
                parts = next;
        }
        return NULL;
}

/* Random hexadecimal digits. */
static void make_salt(char to[SALT_SIZE]) {
        uint8_t bytes[SALT_SIZE / 2];

        random_bytes(bytes, sizeof(bytes));
        (void)hex_encode(to, bytes, sizeof(bytes));
}

/* Fifteen digits are what every number with three decimals from 0 to 100 survives. */
static char *dump(const json_t *value) {
        char *text = json_dumps(value, JSON_COMPACT | JSON_REAL_PRECISION(15));

        if (!text)
                abort();
        return text;
}

static bool refuse(Request *request, const char *prefix, const Problem *problem) {
        Problem full = *problem;

        (void)snprintf(full.field, sizeof(full.field), "%s%.*s", prefix,
                       (int)(sizeof(full.field) - BODY_PREFIX_MAX), problem->field);
        reply_refuse(request, REASON_INVALID_FIELD, &full);
        return false;
}

bool gray_compile(Request *request, const char *prefix, json_t *rules, Span salt, Gray **ret_gray) {
        _cleanup_(freep) char *text = dump(rules);
        Problem problem = PROBLEM_NULL;
        char fresh_salt[SALT_SIZE];
        int r;

        if (!salt.data) {
                make_salt(fresh_salt);
                salt = (Span){ fresh_salt, sizeof(fresh_salt) };
        }
        r = gray_new(span_from_string(text), salt, ret_gray, &problem);
        if (r == -ENOMEM)
                abort();
        return r == 0 || refuse(request, prefix, &problem);
}

static bool read_plan(Request *request, const char *prefix, json_t *plan, const Gray *rules, Ramp *ret_ramp) {
        _cleanup_(freep) char *text = dump(plan);
        Problem problem = PROBLEM_NULL;

        return (ramp_parse(span_from_string(text), gray_n_rules(rules), ret_ramp, &problem) == 0 &&
                ramp_check(ret_ramp, rules, &problem) == 0) ||
               refuse(request, prefix, &problem);
}

bool gray_fill(Request *request, const char *prefix, const GrayBody *body, Operation *operation,
               GrayParts **list) {
        GrayParts *parts = calloc(1, sizeof(*parts));

        if (!parts)
                abort();
        parts->next = *list;
        *list = parts;
        if (!gray_compile(request, prefix, body->rules, body->salt, &parts->rules) ||
            (body->plan && !read_plan(request, prefix, body->plan, parts->rules, &parts->ramp)))
                return false;

        operation->type = OPERATION_GRAY_SET;
        operation->gray_set.rules = parts->rules;
        operation->gray_set.keeps_salt = !body->salt.data;
        operation->gray_set.ramp = body->plan ? &parts->ramp : NULL;
        return true;
}
