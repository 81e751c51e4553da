/*
 * What the parts of the Redis target share: the target itself, and how a batch goes through its pipeline.
 *
 * Batches are pipelined within a window of keys and of bytes, so that neither side ever holds much more for
 * the other, however large a batch and its replies are.
 */
#pragma once

#include "mirror/redis_link.h"
#include "mirror/redis_value.h"
#include "mirror/target.h"

struct Target {
        const MirrorOptions *options;
        size_t worker;
        Waker *waker;
        DialAddress address;
        RedisLink *link; /* NULL while there is no connection */
        RedisValue value;
};

/* Sends the commands for one item. Return: false for want of memory. */
typedef bool (*RedisAskFn)(Target *target, const TargetItem *item);

/*
 * Takes the replies to them, all of them.
 * Return: TARGET_OK, with what the item is told of it; else what ends the batch, with @ret_error.
 */
typedef TargetOutcome (*RedisHearFn)(Target *target, TargetItem *item, size_t n_replies,
                                     TargetError *ret_error);

/* Does both for all @items. After the first that ends the batch no more is asked, but all that was is heard.
 */
TargetOutcome redis_pipeline_run(Target *target, TargetItem *items, size_t n, RedisAskFn ask,
                                 RedisHearFn hear, TargetError *ret_error);

/* One command that belongs to no item. Return: TARGET_OK with @ret_reply, which is no error. */
TargetOutcome redis_pipeline_call(Target *target, const Span *words, size_t n_words,
                                  const RedisReply **ret_reply, TargetError *ret_error);

/* There is no connection, or no memory. Return: TARGET_E_DOWN, with @ret_error. */
TargetOutcome redis_pipeline_refuse(TargetError *ret_error);
TargetOutcome redis_pipeline_lack_memory(TargetError *ret_error);

/* Those of the table in target.h. */
TargetOutcome redis_apply(Target *target, TargetItem *items, size_t n, uint64_t revision,
                          TargetError *ret_error);
TargetOutcome redis_read_back(Target *target, TargetItem *items, size_t n, TargetError *ret_error);
TargetOutcome redis_scan(Target *target, TargetScan *scan, TargetKeyFn fn, void *context,
                         TargetError *ret_error);
