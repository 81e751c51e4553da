/*
 * Finds those of a batch that a target will never take, so that the others get there.
 */
#pragma once

#include <stddef.h>

#include "mirror/target.h"

/*
 * Does all @items with one request, and fills the outcome of each. Return: as apply() of a target; or
 * TARGET_E_REFUSED: not all of them together.
 */
typedef TargetOutcome (*TargetSendFn)(Target *target, TargetItem *items, size_t n, TargetError *ret_error);

/*
 * Where @send refuses several, each half is sent by itself, until the guilty stand alone and are marked: one
 * of 128 takes 14 requests more, all of them 254. Return: as apply().
 */
TargetOutcome target_send_apart(Target *target, TargetItem *items, size_t n, TargetSendFn send,
                                TargetError *ret_error);
