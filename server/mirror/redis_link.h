/*
 * A connection to Redis: commands go into a pipeline, and their replies are taken out of it in the same
 * order.
 *
 * Of hiredis this uses the reader of replies. What else hiredis 0.14 has is not fit for a thread that may be
 * stopped and for large batches: it waits for the name of a host to be resolved, tries one address only,
 * moves all that is still to be sent with each write, and raises SIGPIPE.
 *
 * After a failure the link is broken for good, and says so at every further call.
 */
#pragma once

#include <stdint.h>

#include "mirror/dial.h"
#include "mirror/target.h"

typedef struct RedisLink RedisLink;
typedef struct RedisReply RedisReply;

typedef enum RedisReplyKind {
        REDIS_REPLY_IS_NIL,
        REDIS_REPLY_IS_INTEGER,
        REDIS_REPLY_IS_TEXT, /* of a status, too */
        REDIS_REPLY_IS_ERROR,
        REDIS_REPLY_IS_LIST,
} RedisReplyKind;

struct RedisReply {
        RedisReplyKind kind;
        int64_t integer;
        Span text; /* of an error, too */
        RedisReply *elements;
        size_t n_elements;
};

/* @timeout_ms: for connecting, and for each time that nothing comes and nothing goes while a reply is due
 * Return: TARGET_OK, TARGET_E_DOWN with @ret_error, TARGET_E_STOPPED. */
TargetOutcome redis_link_open(const DialAddress *address, Waker *waker, int64_t timeout_ms,
                              RedisLink **ret_link, TargetError *ret_error);
RedisLink *redis_link_close(RedisLink *link);

/* Begins a command of @n_words, which follow. Nothing is sent before a reply is asked for. */
void redis_link_command(RedisLink *link, size_t n_words);
void redis_link_word(RedisLink *link, Span word);

/* A whole command. */
void redis_link_append(RedisLink *link, const Span *words, size_t n_words);

/* How many commands were begun since the link was opened. */
uint64_t redis_link_n_commands(const RedisLink *link);

/*
 * redis_link_take() - wait for the next reply
 * @ret_reply: borrowed until the next call
 *
 * Return: TARGET_OK, also for a reply that is an error; TARGET_E_DOWN with @ret_error, TARGET_E_STOPPED.
 */
TargetOutcome redis_link_take(RedisLink *link, const RedisReply **ret_reply, TargetError *ret_error);

DEFINE_CLEANUP(RedisLink *, redis_link_close);

#define REDIS_WORDS(...) ((const Span[]){ __VA_ARGS__ }), ARRAY_SIZE(((const Span[]){ __VA_ARGS__ }))
