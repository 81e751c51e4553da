/*
 * No reader ever finds a Hash absent, or with fields of two versions.
 */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "redis-suite.h"

/* Redis reads what is larger than 32 KiB by itself, and serves others in between. Smaller commands are
 * carried out as they are read, 16 KiB at a time: those of a Hash from two fields on come in several turns,
 * and others are served in between as well. Still smaller ones would show nothing, whether in a transaction
 * or not. */
#define LARGE_VALUE_SIZE 40000
#define SMALL_VALUE_SIZE 10000

static RedisServer server;
static Mirror mirror;

typedef struct Reader {
        redisContext *connection;
        _Atomic bool is_stopping;
        size_t n_reads;
        size_t n_versions; /* changes between two reads */
        size_t n_mixed;
} Reader;

static unsigned long version_of(const redisReply *reply) {
        return strtoul(reply->element[1]->str, NULL, 10);
}

/* All fields have the same value, and there are as many as it says: 1 to 5. */
static bool is_of_one_version(const redisReply *reply) {
        if (reply->type != REDIS_REPLY_ARRAY || reply->elements < 2)
                return false;

        for (size_t i = 1; i < reply->elements; i += 2)
                if (strcmp(reply->element[i]->str, reply->element[1]->str) != 0)
                        return false;
        return version_of(reply) % 5 + 1 == reply->elements / 2;
}

static void *read_all(void *context) {
        Reader *reader = context;
        unsigned long last = 0;

        while (!reader->is_stopping) {
                redisReply *reply = redisCommand(reader->connection, "HGETALL k");

                reader->n_reads++;
                if (!is_of_one_version(reply))
                        reader->n_mixed++;
                else if (version_of(reply) != last) {
                        last = version_of(reply);
                        reader->n_versions++;
                }
                freeReplyObject(reply);
        }
        return NULL;
}

static void write_version(int version, int value_size) {
        _cleanup_(buf_deinit) Buf content = BUF_NULL;

        for (int i = 0; i < version % 5 + 1; i++)
                buf_append_format(&content, "%c\"f%d_%d\":\"%d%*s\"", i ? ',' : '{', version, i, version,
                                  value_size, "");
        buf_append_char(&content, '}');
        assert_int_equal(mirror_put(&mirror, redis_item_of("k", FORMAT_JSON, buf_span(&content))), TARGET_OK);
}

static void change_and_read(int n_changes, int value_size) {
        Reader reader = { .connection = redis_server_connect(&server) };
        pthread_t thread;

        write_version(0, value_size);
        assert_int_equal(pthread_create(&thread, NULL, read_all, &reader), 0);
        for (int i = 1; i <= n_changes; i++)
                write_version(i, value_size);
        reader.is_stopping = true;
        (void)pthread_join(thread, NULL);
        redisFree(reader.connection);
        print_message("# %d changes, %zu reads, %zu versions seen\n", n_changes, reader.n_reads,
                      reader.n_versions);
        assert_int_equal(reader.n_mixed, 0);
        assert_true(reader.n_versions > (size_t)n_changes / 10);
}

static void test_a_reader_never_sees_a_mix(void **state _unused_) {
        change_and_read(10000, SMALL_VALUE_SIZE);
}

static void test_nor_of_values_that_come_by_themselves(void **state _unused_) {
        change_and_read(1000, LARGE_VALUE_SIZE);
}

static int set_up(void **state _unused_) {
        redis_server_start(&server, NULL);
        redis_mirror_start(&mirror, server.endpoint);
        return 0;
}

static int tear_down(void **state _unused_) {
        mirror_close(&mirror);
        redis_server_stop(&server);
        return 0;
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup_teardown(test_a_reader_never_sees_a_mix, set_up, tear_down),
                cmocka_unit_test_setup_teardown(test_nor_of_values_that_come_by_themselves, set_up,
                                                tear_down),
        };

        return redis_suite_skips() ? 0 : cmocka_run_group_tests(tests, NULL, NULL);
}
