#include "mirror/redis_answer.h"
#include "mirror/redis_target.h"

/* So many that a server 1 ms away can be given 100,000 keys a second. */
#define WINDOW_ITEMS 128
#define WINDOW_BYTES ((size_t)1024 * 1024)

typedef struct Window {
        size_t n_asked; /* of all items */
        size_t n_heard;
        size_t n_bytes; /* of those between */
        size_t n_replies[WINDOW_ITEMS];
} Window;

/* It is filled up when half of it has been heard of, so that what is sent is sent in large pieces. */
static bool is_to_be_filled(const Window *window) {
        return window->n_asked - window->n_heard <= WINDOW_ITEMS / 2;
}

static bool has_room(const Window *window, const TargetItem *item) {
        size_t n_items = window->n_asked - window->n_heard;

        return n_items == 0 || (n_items < WINDOW_ITEMS && window->n_bytes + item->value.size <= WINDOW_BYTES);
}

static bool ask_next(Target *target, Window *window, const TargetItem *item, RedisAskFn ask) {
        uint64_t n_commands = redis_link_n_commands(target->link);

        if (!ask(target, item))
                return false;

        window->n_replies[window->n_asked++ % WINDOW_ITEMS] =
                redis_link_n_commands(target->link) - n_commands;
        window->n_bytes += item->value.size;
        return true;
}

static TargetOutcome hear_next(Target *target, Window *window, TargetItem *item, RedisHearFn hear,
                               TargetError *ret_error) {
        size_t n_replies = window->n_replies[window->n_heard++ % WINDOW_ITEMS];

        window->n_bytes -= item->value.size;
        return hear(target, item, n_replies, ret_error);
}

TargetOutcome redis_pipeline_refuse(TargetError *ret_error) {
        *ret_error = (TargetError){ .problem = PROBLEM_NULL };
        problem_set(&ret_error->problem, NULL, "there is no connection");
        return TARGET_E_DOWN;
}

TargetOutcome redis_pipeline_lack_memory(TargetError *ret_error) {
        *ret_error = (TargetError){ .problem = PROBLEM_NULL };
        problem_set(&ret_error->problem, NULL, "there is not enough memory to talk to the server");
        return TARGET_E_DOWN;
}

TargetOutcome redis_pipeline_run(Target *target, TargetItem *items, size_t n, RedisAskFn ask,
                                 RedisHearFn hear, TargetError *ret_error) {
        Window window = { 0 };
        TargetOutcome first = TARGET_OK;

        if (!target->link)
                return redis_pipeline_refuse(ret_error);

        while (window.n_heard < n) {
                TargetError error = { 0 };
                TargetOutcome outcome;

                if (is_to_be_filled(&window))
                        while (first == TARGET_OK && window.n_asked < n &&
                               has_room(&window, &items[window.n_asked]))
                                if (!ask_next(target, &window, &items[window.n_asked], ask))
                                        first = redis_pipeline_lack_memory(ret_error);
                if (window.n_heard == window.n_asked)
                        break;

                outcome = hear_next(target, &window, &items[window.n_heard], hear, &error);
                if (first == TARGET_OK && outcome != TARGET_OK) {
                        first = outcome;
                        *ret_error = error;
                }
        }
        return first;
}

TargetOutcome redis_pipeline_call(Target *target, const Span *words, size_t n_words,
                                  const RedisReply **ret_reply, TargetError *ret_error) {
        const RedisReply *reply;
        TargetOutcome outcome;

        if (!target->link)
                return redis_pipeline_refuse(ret_error);

        redis_link_append(target->link, words, n_words);
        outcome = redis_link_take(target->link, &reply, ret_error);
        if (outcome != TARGET_OK)
                return outcome;
        if (reply->kind == REDIS_REPLY_IS_ERROR)
                return redis_answer_judge(reply->text, ret_error);

        *ret_reply = reply;
        return TARGET_OK;
}
