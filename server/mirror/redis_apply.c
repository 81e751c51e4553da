#include "mirror/redis_answer.h"
#include "mirror/redis_target.h"
#include "model/json.h"

/*
 * A String replaces whatever there was, by itself. A Hash is put into the place of what there was in one
 * transaction, so that no reader finds it absent, or with fields of two versions.
 */
static void send_hash(RedisLink *link, Span key, const RedisValue *value) {
        redis_link_append(link, REDIS_WORDS(SPAN_LITERAL("MULTI")));
        redis_link_append(link, REDIS_WORDS(SPAN_LITERAL("DEL"), key));
        redis_link_command(link, 2 + 2 * value->n_members);
        redis_link_word(link, SPAN_LITERAL("HSET"));
        redis_link_word(link, key);
        for (size_t i = 0; i < value->n_members; i++) {
                redis_link_word(link, value->members[i].name);
                redis_link_word(link, value->members[i].value);
        }
        redis_link_append(link, REDIS_WORDS(SPAN_LITERAL("EXEC")));
}

static bool send_change(Target *target, const TargetItem *item) {
        if (!redis_value_make(&target->value, item, target->options->value))
                return false;

        switch (target->value.kind) {
        case REDIS_VALUE_HASH:
                send_hash(target->link, item->key, &target->value);
                break;
        case REDIS_VALUE_STRING:
                redis_link_append(target->link,
                                  REDIS_WORDS(SPAN_LITERAL("SET"), item->key, target->value.text));
                break;
        case REDIS_VALUE_ABSENT:
                redis_link_append(target->link, REDIS_WORDS(SPAN_LITERAL("DEL"), item->key));
                break;
        }
        return true;
}

/* The first error in @reply, or NULL. EXEC answers with the replies to the commands before it. */
static const RedisReply *find_error(const RedisReply *reply) {
        if (reply->kind == REDIS_REPLY_IS_ERROR)
                return reply;

        for (size_t i = 0; i < reply->n_elements; i++)
                if (reply->elements[i].kind == REDIS_REPLY_IS_ERROR)
                        return &reply->elements[i];
        return NULL;
}

/* The error that comes first is the cause: that EXEC gave up follows from it. */
static TargetOutcome hear_replies(Target *target, size_t n_replies, TargetOutcome *ret_answer,
                                  TargetError *ret_error) {
        TargetOutcome answer = TARGET_OK;

        for (size_t i = 0; i < n_replies; i++) {
                const RedisReply *reply, *error;
                TargetOutcome outcome = redis_link_take(target->link, &reply, ret_error);

                if (outcome != TARGET_OK)
                        return outcome;

                error = find_error(reply);
                if (error && answer == TARGET_OK)
                        answer = redis_answer_judge(error->text, ret_error);
        }

        *ret_answer = answer;
        return TARGET_OK;
}

static TargetOutcome hear_of_change(Target *target, TargetItem *item, size_t n_replies,
                                    TargetError *ret_error) {
        TargetOutcome answer = TARGET_OK;
        TargetOutcome outcome = hear_replies(target, n_replies, &answer, ret_error);

        if (outcome != TARGET_OK)
                return outcome;
        if (answer == TARGET_E_DOWN || answer == TARGET_E_DENIED)
                return answer;

        item->outcome = answer;
        if (answer != TARGET_OK)
                item->error = *ret_error;
        return TARGET_OK;
}

/* Return: how many keys it tells. */
static size_t append_message(Buf *buf, Span mirror, const TargetItem *items, size_t n, uint64_t revision) {
        size_t n_keys = 0;

        buf_append_literal(buf, "{\"mirror\":");
        json_append_lossy_string(buf, mirror);
        buf_append_literal(buf, ",\"revision\":");
        buf_append_u64(buf, revision);
        buf_append_literal(buf, ",\"keys\":[");
        for (size_t i = 0; i < n; i++) {
                if (items[i].outcome != TARGET_OK)
                        continue;
                if (n_keys++ > 0)
                        buf_append_char(buf, ',');
                json_append_lossy_string(buf, items[i].key);
        }
        buf_append_literal(buf, "]}");
        return n_keys;
}

/* Comes after the replies and not among the commands, since it names those keys only that were done. */
static TargetOutcome publish(Target *target, const TargetItem *items, size_t n, uint64_t revision,
                             TargetError *ret_error) {
        _cleanup_(buf_deinit) Buf message = BUF_NULL;
        const RedisReply *reply;

        if (append_message(&message, span_from_string(target->options->name), items, n, revision) == 0)
                return TARGET_OK;
        if (buf_failed(&message))
                return redis_pipeline_lack_memory(ret_error);
        return redis_pipeline_call(target,
                                   REDIS_WORDS(SPAN_LITERAL("PUBLISH"),
                                               span_from_string(target->options->channel),
                                               buf_span(&message)),
                                   &reply, ret_error);
}

TargetOutcome redis_apply(Target *target, TargetItem *items, size_t n, uint64_t revision,
                          TargetError *ret_error) {
        TargetOutcome outcome = redis_pipeline_run(target, items, n, send_change, hear_of_change, ret_error);

        if (outcome != TARGET_OK || !target->options->channel[0])
                return outcome;
        return publish(target, items, n, revision, ret_error);
}
