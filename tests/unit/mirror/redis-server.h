/*
 * A real redis-server, in a directory of its own, and what tests ask it.
 */
#pragma once

#include <hiredis/hiredis.h>
#include <stdint.h>

#include "lib/child.h"
#include "model/macros.h"

typedef struct RedisServer {
        Child child;
        uint16_t port;
        char endpoint[32]; /* HOST:PORT */
        char directory[256];
        char path[288]; /* of its Unix socket */
        char password[32];
} RedisServer;

/* @arguments: more of them, NULL last; or NULL. Nothing is ever saved to disk. */
void redis_server_start(RedisServer *server, const char *const *arguments);
/* At the port it had, and empty. */
void redis_server_start_again(RedisServer *server);
void redis_server_stop(RedisServer *server);

/* A connection that waits, to be released with redisFree(). */
redisContext *redis_server_connect(const RedisServer *server);

/*
 * The reply to a command, in words: a text or an error as it is, a number in digits, "(nil)", and a list as
 * its elements joined by spaces. Valid until the next call. @format: that of redisCommand()
 */
const char *redis_server_ask(const RedisServer *server, const char *format, ...);

/* The same, without a reply. */
void redis_server_tell(const RedisServer *server, const char *format, ...);
