/*
 * Reading a JSON object by the members that are known of it: each once, and of its kind.
 *
 * The first fault, in the order of the text, is told as it is; its words and its path are the caller's.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "model/json_read.h"
#include "model/span.h"

/* A member that an object may have. */
typedef struct JsonMember {
        const char *name;
        JsonKind kind;
        bool is_optional;
        bool is_present;
        JsonValue value; /* when it is present */
} JsonMember;

#define REQUIRED(member_name, member_kind)                                                                   \
        { .name = (member_name), .kind = JSON_KIND_##member_kind }
#define OPTIONAL(member_name, member_kind)                                                                   \
        { .name = (member_name), .kind = JSON_KIND_##member_kind, .is_optional = true }

typedef enum JsonManner {
        /* What people write: a member that is not known is a fault. */
        JSON_MANNER_STRICT,
        /* What programs of other releases write: others are passed over, and null, where a member may be left
         * out, leaves it out. */
        JSON_MANNER_LENIENT,
        JSON_MANNER_N,
} JsonManner;

typedef enum JsonFaultKind {
        JSON_FAULT_UNKNOWN,
        JSON_FAULT_TWICE,
        JSON_FAULT_KIND, /* it is not of the kind that it must be of */
        JSON_FAULT_MISSING,
        JSON_FAULT_N,
} JsonFaultKind;

typedef struct JsonFault {
        JsonFaultKind kind;
        const JsonMember *member; /* NULL: one that is not known */
        Span unknown_name;        /* its name, still escaped; else absent */
} JsonFault;

/*
 * json_object_read() - find @members in @object, whose text was found good by json_read_check()
 * @ret_fault: on failure, what is wrong
 *
 * What is missing is told last. Return: false on a fault.
 */
bool json_object_read(JsonValue object, JsonManner manner, JsonMember *members, size_t n_members,
                      JsonFault *ret_fault);

/* "a number", "true or false": what a value must be, in words. */
const char *json_kind_in_words(JsonKind kind);
