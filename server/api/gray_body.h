/*
 * The rules of a gray release in a body, as a request of its own and as an operation of a transaction: one
 * reading of the fields for both.
 */
#pragma once

#include "api/body.h"
#include "http/request.h"
#include "model/gray.h"

typedef struct GrayBody {
        json_t *rules;
        json_t *plan; /* NULL: none */
        Span salt;    /* absent: the running one, else a fresh one */
} GrayBody;

/* The rows of a table of fields, for the GrayBody that is @member of @type. */
#define GRAY_FIELDS(type, member)                                                                            \
        { "rules", FIELD_LIST, true, offsetof(type, member.rules) },                                         \
                { "salt", FIELD_STRING, false, offsetof(type, member.salt) }, {                              \
                "plan", FIELD_OBJECT, false, offsetof(type, member.plan)                                     \
        }

/* What operations made of bodies point into; a list. */
typedef struct GrayParts GrayParts;

GrayParts *gray_parts_free(GrayParts *parts);

/*
 * gray_fill() - check rules and plan, and fill @operation
 * @prefix: as for body_read()
 * @parts: what the operation points into is put in front; for the caller to keep and free, in any case
 *
 * Whether the versions exist is the store's to check. Return: false with a reply made.
 */
bool gray_fill(Request *request, const char *prefix, const GrayBody *body, Operation *operation,
               GrayParts **parts);

/*
 * gray_compile() - compile the rules of a body
 * @salt: absent: a fresh one, of random digits
 *
 * Return: false with a reply made.
 */
bool gray_compile(Request *request, const char *prefix, json_t *rules, Span salt, Gray **ret_gray);
