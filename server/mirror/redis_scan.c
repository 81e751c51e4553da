#include "mirror/redis_target.h"

#define COUNT SPAN_LITERAL("1000")

static bool is_special(char c) {
        return c == '*' || c == '?' || c == '[' || c == '\\';
}

/* A pattern that matches what begins with @prefix. */
static void append_pattern(Buf *buf, Span prefix) {
        for (size_t i = 0; i < prefix.size; i++) {
                if (is_special(prefix.data[i]))
                        buf_append_char(buf, '\\');
                buf_append_char(buf, prefix.data[i]);
        }
        buf_append_char(buf, '*');
}

static bool is_page(const RedisReply *reply) {
        return reply->kind == REDIS_REPLY_IS_LIST && reply->n_elements == 2 &&
               reply->elements[0].kind == REDIS_REPLY_IS_TEXT &&
               reply->elements[1].kind == REDIS_REPLY_IS_LIST;
}

/* What does not begin with the prefix is none of ours, whatever the server takes for a match: it would be
 * pruned. */
static void hand_out(const RedisReply *keys, Span prefix, TargetKeyFn fn, void *context) {
        for (size_t i = 0; i < keys->n_elements; i++)
                if (span_starts_with(keys->elements[i].text, prefix))
                        fn(context, keys->elements[i].text);
}

static TargetOutcome take_page(const RedisReply *page, TargetScan *scan, TargetKeyFn fn, void *context,
                               TargetError *ret_error) {
        hand_out(&page->elements[1], scan->prefix, fn, context);
        buf_clear(&scan->position);
        buf_append_span(&scan->position, page->elements[0].text);
        scan->is_over = span_equal_string(page->elements[0].text, "0");
        return buf_failed(&scan->position) ? redis_pipeline_lack_memory(ret_error) : TARGET_OK;
}

TargetOutcome redis_scan(Target *target, TargetScan *scan, TargetKeyFn fn, void *context,
                         TargetError *ret_error) {
        _cleanup_(buf_deinit) Buf pattern = BUF_NULL;
        const RedisReply *reply;
        TargetOutcome outcome;

        append_pattern(&pattern, scan->prefix);
        if (buf_failed(&pattern))
                return redis_pipeline_lack_memory(ret_error);

        outcome = redis_pipeline_call(
                target,
                REDIS_WORDS(SPAN_LITERAL("SCAN"),
                            scan->position.size ? buf_span(&scan->position) : SPAN_LITERAL("0"),
                            SPAN_LITERAL("MATCH"), buf_span(&pattern), SPAN_LITERAL("COUNT"), COUNT),
                &reply, ret_error);
        if (outcome != TARGET_OK)
                return outcome;
        if (is_page(reply))
                return take_page(reply, scan, fn, context, ret_error);

        problem_set(&ret_error->problem, NULL, "the server does not answer SCAN as Redis does");
        return TARGET_E_FAILED;
}
