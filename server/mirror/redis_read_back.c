/*
 * Of what a key holds no more is asked for than it is expected to hold, whatever else is there: the bytes of
 * a String and one beyond, and the fields of a Hash by name. A field that somebody else has made large is
 * read whole. Where none of the keys exists, which is so of a whole target that is empty, that is all that is
 * asked.
 */
#include <inttypes.h>
#include <stdio.h>

#include "mirror/redis_answer.h"
#include "mirror/redis_target.h"

static void ask_for_string(RedisLink *link, Span key, Span expected) {
        char end[24];

        (void)snprintf(end, sizeof(end), "%zu", expected.size);
        redis_link_append(link, REDIS_WORDS(SPAN_LITERAL("EXISTS"), key));
        redis_link_append(
                link, REDIS_WORDS(SPAN_LITERAL("GETRANGE"), key, SPAN_LITERAL("0"), span_from_string(end)));
}

static void ask_for_hash(RedisLink *link, Span key, const RedisValue *expected) {
        redis_link_append(link, REDIS_WORDS(SPAN_LITERAL("HLEN"), key));
        redis_link_command(link, 2 + expected->n_members);
        redis_link_word(link, SPAN_LITERAL("HMGET"));
        redis_link_word(link, key);
        for (size_t i = 0; i < expected->n_members; i++)
                redis_link_word(link, expected->members[i].name);
}

static bool ask(Target *target, const TargetItem *item) {
        if (!redis_value_make(&target->value, item, target->options->value))
                return false;

        switch (target->value.kind) {
        case REDIS_VALUE_HASH:
                ask_for_hash(target->link, item->key, &target->value);
                break;
        case REDIS_VALUE_STRING:
                ask_for_string(target->link, item->key, target->value.text);
                break;
        case REDIS_VALUE_ABSENT:
                redis_link_append(target->link, REDIS_WORDS(SPAN_LITERAL("EXISTS"), item->key));
                break;
        }
        return true;
}

static bool is_text(const RedisReply *reply, Span text) {
        return reply->kind == REDIS_REPLY_IS_TEXT && span_equal(reply->text, text);
}

/* How many there are, as EXISTS and HLEN say, against how many there are to be. */
static TargetFinding compare_count(const RedisReply *reply, size_t n_expected) {
        if (reply->kind != REDIS_REPLY_IS_INTEGER)
                return TARGET_STALE;
        if (n_expected > 0 && reply->integer == 0)
                return TARGET_MISSING;
        return reply->integer == (int64_t)n_expected ? TARGET_SAME : TARGET_STALE;
}

static bool has_members(const RedisReply *reply, const RedisValue *expected) {
        if (reply->kind != REDIS_REPLY_IS_LIST || reply->n_elements != expected->n_members)
                return false;

        for (size_t i = 0; i < expected->n_members; i++)
                if (!is_text(&reply->elements[i], expected->members[i].value))
                        return false;
        return true;
}

static size_t expected_count(const RedisValue *expected) {
        switch (expected->kind) {
        case REDIS_VALUE_HASH:
                return expected->n_members;
        case REDIS_VALUE_STRING:
                return 1;
        default:
                return 0;
        }
}

/* The first reply counts, the second one holds what there is. */
static TargetFinding compare(const RedisReply *reply, size_t place, const RedisValue *expected) {
        bool is_same;

        if (place == 0)
                return compare_count(reply, expected_count(expected));

        is_same = expected->kind == REDIS_VALUE_HASH ? has_members(reply, expected)
                                                     : is_text(reply, expected->text);
        return is_same ? TARGET_SAME : TARGET_STALE;
}

/* A key of another type is stale. */
static bool is_failure(const RedisReply *reply) {
        return reply->kind == REDIS_REPLY_IS_ERROR &&
               !span_starts_with(reply->text, SPAN_LITERAL("WRONGTYPE "));
}

static TargetOutcome hear(Target *target, TargetItem *item, size_t n_replies, TargetError *ret_error) {
        TargetOutcome answer = TARGET_OK;

        item->finding = TARGET_SAME;
        if (!redis_value_make(&target->value, item, target->options->value))
                answer = redis_pipeline_lack_memory(ret_error);

        for (size_t i = 0; i < n_replies; i++) {
                const RedisReply *reply;
                TargetOutcome outcome = redis_link_take(target->link, &reply, ret_error);

                if (outcome != TARGET_OK)
                        return outcome;
                if (answer != TARGET_OK)
                        continue;
                if (is_failure(reply))
                        answer = redis_answer_judge(reply->text, ret_error);
                else if (item->finding == TARGET_SAME)
                        item->finding = compare(reply, i, &target->value);
        }
        return answer;
}

/* Where that cannot be said of all at once, as by a node of a cluster, it is not so. */
static TargetOutcome find_whether_none_exists(Target *target, const TargetItem *items, size_t n,
                                              bool *ret_none, TargetError *ret_error) {
        const RedisReply *reply;
        TargetOutcome outcome;

        if (!target->link)
                return redis_pipeline_refuse(ret_error);

        redis_link_command(target->link, 1 + n);
        redis_link_word(target->link, SPAN_LITERAL("EXISTS"));
        for (size_t i = 0; i < n; i++)
                redis_link_word(target->link, items[i].key);
        outcome = redis_link_take(target->link, &reply, ret_error);
        if (outcome == TARGET_OK)
                *ret_none = reply->kind == REDIS_REPLY_IS_INTEGER && reply->integer == 0;
        return outcome;
}

TargetOutcome redis_read_back(Target *target, TargetItem *items, size_t n, TargetError *ret_error) {
        TargetOutcome outcome;
        bool is_none = false;

        if (n == 0)
                return TARGET_OK;

        outcome = find_whether_none_exists(target, items, n, &is_none, ret_error);
        if (outcome != TARGET_OK)
                return outcome;
        if (!is_none)
                return redis_pipeline_run(target, items, n, ask, hear, ret_error);

        for (size_t i = 0; i < n; i++) {
                if (!redis_value_make(&target->value, &items[i], target->options->value))
                        return redis_pipeline_lack_memory(ret_error);
                items[i].finding = target->value.kind == REDIS_VALUE_ABSENT ? TARGET_SAME : TARGET_MISSING;
        }
        return TARGET_OK;
}
