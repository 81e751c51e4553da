/*
 * What is said to Redis before anything is written: who this is, which database is meant, and that earlier
 * connections of the same name are to end.
 *
 * A server that was frozen or cut off may still have commands of an earlier connection before it, and would
 * carry them out after newer ones. So every connection has a name, that of its mirror and the number of its
 * worker, and one that begins kills the others of its name. The cost: whoever else uses that name is
 * disconnected, too.
 */
#pragma once

#include "mirror/redis_link.h"

/* Return: TARGET_OK, TARGET_E_DOWN, TARGET_E_DENIED, TARGET_E_STOPPED. */
TargetOutcome redis_login_run(RedisLink *link, const MirrorOptions *options, size_t worker,
                              TargetError *ret_error);
