#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "api/gray_body.h"
#include "model/digits.h"
#include "model/ramp.h"
#include "util/digest.h"

struct GrayTexts {
        GrayTexts *next;
        char *rules; /* as they were sent, as one line */
        char *plan;
        Ramp ramp;
        char fresh_salt[FRESH_SALT_SIZE];
};

GrayTexts *gray_texts_free(GrayTexts *texts) {
        while (texts) {
                GrayTexts *next = texts->next;

                free(texts->rules);
                free(texts->plan);
                free(texts);
                texts = next;
        }
        return NULL;
}

void gray_make_salt(char to[FRESH_SALT_SIZE]) {
        uint8_t bytes[FRESH_SALT_SIZE / 2];

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

static bool compile(Request *request, const char *prefix, const char *rules, Span salt, Gray **ret_gray) {
        Problem problem = PROBLEM_NULL;
        int r;

        r = gray_new(span_from_string(rules), salt, ret_gray, &problem);
        if (r == -ENOMEM)
                abort();
        return r == 0 || refuse(request, prefix, &problem);
}

bool gray_compile(Request *request, const char *prefix, json_t *rules, Span salt, Gray **ret_gray) {
        _cleanup_(freep) char *text = dump(rules);

        return compile(request, prefix, text, salt, ret_gray);
}

static bool take_plan(Request *request, const char *prefix, const Gray *gray, GrayTexts *texts) {
        Problem problem = PROBLEM_NULL;

        return (ramp_parse(span_from_string(texts->plan), gray_n_rules(gray), &texts->ramp, &problem) == 0 &&
                ramp_check(&texts->ramp, gray, &problem) == 0) ||
               refuse(request, prefix, &problem);
}

bool gray_fill(Request *request, const char *prefix, const GrayBody *body, Operation *operation,
               GrayTexts **list) {
        _cleanup_(gray_freep) Gray *gray = NULL;
        GrayTexts *texts = calloc(1, sizeof(*texts));

        if (!texts)
                abort();
        texts->next = *list;
        *list = texts;
        texts->rules = dump(body->rules);
        texts->plan = body->plan ? dump(body->plan) : NULL;
        gray_make_salt(texts->fresh_salt);

        operation->type = OPERATION_GRAY_SET;
        operation->gray_set.salt = body->salt;
        operation->gray_set.fresh_salt = (Span){ texts->fresh_salt, sizeof(texts->fresh_salt) };
        operation->gray_set.rules = span_from_string(texts->rules);
        operation->gray_set.ramp = texts->plan ? &texts->ramp : NULL;
        operation->gray_set.plan = span_from_string(texts->plan);
        return compile(request, prefix, texts->rules,
                       body->salt.data ? body->salt : operation->gray_set.fresh_salt, &gray) &&
               (!texts->plan || take_plan(request, prefix, gray, texts));
}
