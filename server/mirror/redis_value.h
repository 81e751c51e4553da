/*
 * What a key of Redis holds for an item: a Hash where the value is the raw content of a JSON object, else a
 * String.
 *
 * A Hash has exactly the object's members, in their order. A member that is a string is the string's bytes;
 * any other is its JSON without the space in it, and with each number and each string within it written as
 * the content writes it. Of members of one name the last counts. Redis has no empty Hash: the key of an empty
 * object is absent, as that of a deleted config.
 */
#pragma once

#include <stdbool.h>

#include "mirror/target.h"

typedef enum RedisValueKind {
        REDIS_VALUE_ABSENT,
        REDIS_VALUE_STRING,
        REDIS_VALUE_HASH,
} RedisValueKind;

typedef struct RedisMember {
        Span name;
        Span value;
} RedisMember;

/* Used for one item after another; its memory grows to what the largest needs. */
typedef struct RedisValue {
        RedisValueKind kind;
        Span text;            /* of a String: the item's */
        RedisMember *members; /* of a Hash: at least one */
        size_t n_members;

        size_t n_members_room;
        Buf texts;
} RedisValue;

#define REDIS_VALUE_NULL ((RedisValue){ .texts = BUF_NULL })

void redis_value_deinit(RedisValue *value);

/* Makes @value that of @item, from which it borrows. Return: false for want of memory. */
bool redis_value_make(RedisValue *value, const TargetItem *item, MirrorValue how);
