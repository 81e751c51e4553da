#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "model/buf.h"
#include "redis-server.h"

#define N_ARGUMENTS_MAX 32

static bool answers(void *context) {
        const RedisServer *server = context;
        redisContext *connection = redisConnect("127.0.0.1", server->port);
        redisReply *reply = connection && !connection->err ? redisCommand(connection, "PING") : NULL;
        bool is_ready = reply != NULL;

        freeReplyObject(reply);
        redisFree(connection);
        return is_ready;
}

static void run(RedisServer *server, const char *const *more) {
        char port[8], log[300];
        const char *arguments[N_ARGUMENTS_MAX] = {
                "redis-server", "--port",     port,           "--bind", "127.0.0.1", "-::1",
                "--save",       "",           "--appendonly", "no",     "--dir",     server->directory,
                "--unixsocket", server->path,
        };
        size_t n = 14;

        while (more && *more && n + 1 < N_ARGUMENTS_MAX)
                arguments[n++] = *more++;
        (void)snprintf(port, sizeof(port), "%u", server->port);
        (void)snprintf(log, sizeof(log), "%s/log", server->directory);
        child_start(&server->child, arguments, log);
        child_wait_until(&server->child, answers, server);
}

void redis_server_start(RedisServer *server, const char *const *arguments) {
        *server = (RedisServer){ .port = child_free_port() };
        child_make_directory(server->directory, sizeof(server->directory));
        (void)snprintf(server->path, sizeof(server->path), "%s/socket", server->directory);
        (void)snprintf(server->endpoint, sizeof(server->endpoint), "127.0.0.1:%u", server->port);
        run(server, arguments);
}

void redis_server_start_again(RedisServer *server) {
        run(server, NULL);
}

void redis_server_stop(RedisServer *server) {
        child_kill(&server->child);
        child_remove_directory(server->directory);
}

redisContext *redis_server_connect(const RedisServer *server) {
        redisContext *connection = redisConnect("127.0.0.1", server->port);

        assert_non_null(connection);
        assert_int_equal(connection->err, 0);
        if (server->password[0])
                freeReplyObject(redisCommand(connection, "AUTH %s", server->password));
        return connection;
}

static void append_reply(Buf *buf, const redisReply *reply) {
        switch (reply->type) {
        case REDIS_REPLY_INTEGER:
                buf_append_i64(buf, reply->integer);
                break;
        case REDIS_REPLY_NIL:
                buf_append_literal(buf, "(nil)");
                break;
        case REDIS_REPLY_ARRAY:
                for (size_t i = 0; i < reply->elements; i++) {
                        if (i > 0)
                                buf_append_char(buf, ' ');
                        append_reply(buf, reply->element[i]);
                }
                break;
        default:
                buf_append(buf, reply->str, reply->len);
        }
}

static char *ask(const RedisServer *server, const char *format, va_list args) {
        _cleanup_(buf_deinit) Buf words = BUF_NULL;
        redisContext *connection = redis_server_connect(server);
        redisReply *reply = redisvCommand(connection, format, args);

        assert_non_null(reply);
        append_reply(&words, reply);
        freeReplyObject(reply);
        redisFree(connection);
        return buf_take_string(&words);
}

const char *redis_server_ask(const RedisServer *server, const char *format, ...) {
        static char said[4096];
        _cleanup_(freep) char *words = NULL;
        va_list args;

        va_start(args, format);
        words = ask(server, format, args);
        va_end(args);
        assert_non_null(words);
        (void)snprintf(said, sizeof(said), "%s", words);
        return said;
}

void redis_server_tell(const RedisServer *server, const char *format, ...) {
        va_list args;

        va_start(args, format);
        free(ask(server, format, args));
        va_end(args);
}
