/*
 * The Redis target against a real server: what is written, read back, scanned and told.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "redis-suite.h"

static RedisServer server;
static Mirror mirror;

static int set_up_server(void **state _unused_) {
        redis_server_start(&server, NULL);
        return 0;
}

static int tear_down_server(void **state _unused_) {
        redis_server_stop(&server);
        return 0;
}

static int set_up(void **state _unused_) {
        redis_server_tell(&server, "FLUSHALL");
        redis_mirror_start(&mirror, server.endpoint);
        return 0;
}

static int tear_down(void **state _unused_) {
        mirror_close(&mirror);
        return 0;
}

static void put(TargetItem item) {
        assert_int_equal(mirror_put(&mirror, item), TARGET_OK);
        assert_int_equal(mirror_find(&mirror, item), TARGET_SAME);
}

/*
 * What the options may be.
 */

static void assert_refused(const char *field, const char *part) {
        mirror_assert_refuses(&mirror, field);
        mirror_assert_said(&mirror, part);
        waker_deinit(&mirror.waker);
}

static void test_tls_is_refused_with_a_way_out(void **state _unused_) {
        redis_mirror_init(&mirror, "127.0.0.1:6379");
        mirror.options.tls = true;
        assert_refused("tls", "stunnel");
}

static void test_a_malformed_endpoint_is_refused(void **state _unused_) {
        redis_mirror_init(&mirror, "redis://127.0.0.1:6379");
        assert_refused("endpoints", "HOST:PORT");
}

static void test_one_endpoint_is_wanted(void **state _unused_) {
        redis_mirror_init(&mirror, "127.0.0.1:6379");
        mirror.options.n_endpoints = 0;
        assert_refused("endpoints", "one endpoint");
}

static void test_a_user_needs_a_password(void **state _unused_) {
        redis_mirror_init(&mirror, "127.0.0.1:6379");
        mirror.options.user = (char *)"confer";
        assert_refused("password", "password");
}

/*
 * Writing.
 */

static void test_a_text_becomes_a_string(void **state _unused_) {
        put(TEXT_ITEM("k", "some text"));
        assert_string_equal(redis_server_ask(&server, "GET k"), "some text");
}

static void test_an_object_becomes_a_hash(void **state _unused_) {
        put(JSON_ITEM("k", "{\"b\": \"x\", \"a\": [1, {\"c\": null}]}"));
        assert_string_equal(redis_server_ask(&server, "HGETALL k"), "b x a [1,{\"c\":null}]");
}

static void test_fields_that_are_gone_go_away(void **state _unused_) {
        put(JSON_ITEM("k", "{\"a\":1,\"b\":2,\"c\":3}"));
        put(JSON_ITEM("k", "{\"b\":4}"));
        assert_string_equal(redis_server_ask(&server, "HGETALL k"), "b 4");
}

static void test_types_change_both_ways(void **state _unused_) {
        put(JSON_ITEM("k", "{\"a\":1}"));
        put(JSON_ITEM("k", "[1]"));
        assert_string_equal(redis_server_ask(&server, "GET k"), "[1]");
        put(JSON_ITEM("k", "{\"a\":1}"));
        assert_string_equal(redis_server_ask(&server, "HGETALL k"), "a 1");
}

static void test_any_type_is_replaced(void **state _unused_) {
        redis_server_tell(&server, "LPUSH list x");
        redis_server_tell(&server, "SADD set x");
        put(JSON_ITEM("list", "{\"a\":1}"));
        put(TEXT_ITEM("set", "x"));
        assert_string_equal(redis_server_ask(&server, "HGETALL list"), "a 1");
        assert_string_equal(redis_server_ask(&server, "GET set"), "x");
}

static void test_a_deleted_config_is_deleted(void **state _unused_) {
        put(TEXT_ITEM("k", "x"));
        put(TEXT_ITEM("k", NULL));
        assert_string_equal(redis_server_ask(&server, "EXISTS k"), "0");
        put(TEXT_ITEM("k", NULL));
}

static void test_an_empty_object_deletes(void **state _unused_) {
        put(JSON_ITEM("k", "{\"a\":1}"));
        put(JSON_ITEM("k", "{}"));
        assert_string_equal(redis_server_ask(&server, "EXISTS k"), "0");
}

static void test_an_empty_text_is_kept(void **state _unused_) {
        put(TEXT_ITEM("k", ""));
        assert_string_equal(redis_server_ask(&server, "EXISTS k"), "1");
        put(JSON_ITEM("h", "{\"\":\"\"}"));
        assert_string_equal(redis_server_ask(&server, "HLEN h"), "1");
}

static void test_a_time_to_live_goes_away(void **state _unused_) {
        redis_server_tell(&server, "SET k x EX 1000");
        redis_server_tell(&server, "HSET h a 1");
        redis_server_tell(&server, "EXPIRE h 1000");
        put(TEXT_ITEM("k", "y"));
        put(JSON_ITEM("h", "{\"a\":2}"));
        assert_string_equal(redis_server_ask(&server, "TTL k"), "-1");
        assert_string_equal(redis_server_ask(&server, "TTL h"), "-1");
}

static void test_any_bytes_arrive(void **state _unused_) {
        put(redis_item_of("k", FORMAT_TEXT, SPAN_LITERAL("a\r\nb\0c\xff$3\r\n*1\r\n")));
        assert_string_equal(redis_server_ask(&server, "STRLEN k"), "15");
        put(JSON_ITEM("h", "{\"a\\r\\nb\":\"\\u0000\\r\\n\"}"));
        assert_string_equal(redis_server_ask(&server, "HSTRLEN h %b", "a\r\nb", (size_t)4), "3");
}

static void test_large_contents_arrive(void **state _unused_) {
        size_t size = 1024 * 1024;
        _cleanup_(freep) char *text = malloc(size);
        _cleanup_(buf_deinit) Buf object = BUF_NULL;

        assert_non_null(text);
        for (size_t i = 0; i < size; i++)
                text[i] = (char)('a' + i % 23);
        put(redis_item_of("k", FORMAT_TEXT, (Span){ text, size }));

        buf_append_literal(&object, "{\"a\":\"");
        buf_append(&object, text, size);
        buf_append_literal(&object, "\"");
        for (int i = 0; i < 20000; i++)
                buf_append_format(&object, ",\"field %d\":%d", i, i);
        buf_append_literal(&object, "}");
        put(redis_item_of("h", FORMAT_JSON, buf_span(&object)));
        assert_string_equal(redis_server_ask(&server, "HLEN h"), "20001");
        assert_string_equal(redis_server_ask(&server, "HSTRLEN h a"), "1048576");
}

static void test_a_document_is_a_string(void **state _unused_) {
        mirror.options.value = MIRROR_VALUE_DOCUMENT;
        put(JSON_ITEM("k", "{\"version\":1}"));
        assert_string_equal(redis_server_ask(&server, "GET k"), "{\"version\":1}");
}

static void test_a_batch_of_any_size_goes_through(void **state _unused_) {
        enum { N = 3000 };
        static TargetItem items[N];
        static char keys[N][16], contents[N][1200];

        for (int i = 0; i < N; i++) {
                (void)snprintf(keys[i], sizeof(keys[i]), "k%d", i);
                (void)snprintf(contents[i], sizeof(contents[i]), i % 2 ? "%d%*s" : "{\"a\":%d}%*s", i,
                               i % 1000, "");
                items[i] = redis_item(keys[i], FORMAT_JSON, contents[i]);
        }
        assert_int_equal(target_redis.apply(mirror.target, items, N, N, &mirror.error), TARGET_OK);
        assert_int_equal(target_redis.read_back(mirror.target, items, N, &mirror.error), TARGET_OK);
        for (int i = 0; i < N; i++) {
                assert_int_equal(items[i].outcome, TARGET_OK);
                assert_int_equal(items[i].finding, TARGET_SAME);
        }
        assert_string_equal(redis_server_ask(&server, "DBSIZE"), "3000");
}

static void test_no_items_are_a_batch_too(void **state _unused_) {
        assert_int_equal(target_redis.apply(mirror.target, NULL, 0, 1, &mirror.error), TARGET_OK);
        assert_int_equal(target_redis.read_back(mirror.target, NULL, 0, &mirror.error), TARGET_OK);
}

/*
 * Reading back.
 */

static void test_what_is_missing_is_found(void **state _unused_) {
        assert_int_equal(mirror_find(&mirror, TEXT_ITEM("k", "x")), TARGET_MISSING);
        assert_int_equal(mirror_find(&mirror, TEXT_ITEM("k", "")), TARGET_MISSING);
        assert_int_equal(mirror_find(&mirror, JSON_ITEM("k", "{\"a\":1}")), TARGET_MISSING);
        assert_int_equal(mirror_find(&mirror, JSON_ITEM("k", "{}")), TARGET_SAME);
        assert_int_equal(mirror_find(&mirror, TEXT_ITEM("k", NULL)), TARGET_SAME);
}

static void test_another_string_is_stale(void **state _unused_) {
        redis_server_tell(&server, "SET k abc");
        redis_server_tell(&server, "SET empty %s", "");
        assert_int_equal(mirror_find(&mirror, TEXT_ITEM("k", "abc")), TARGET_SAME);
        assert_int_equal(mirror_find(&mirror, TEXT_ITEM("k", "abd")), TARGET_STALE);
        assert_int_equal(mirror_find(&mirror, TEXT_ITEM("k", "ab")), TARGET_STALE);
        assert_int_equal(mirror_find(&mirror, TEXT_ITEM("k", "abcd")), TARGET_STALE);
        assert_int_equal(mirror_find(&mirror, TEXT_ITEM("k", "")), TARGET_STALE);
        assert_int_equal(mirror_find(&mirror, TEXT_ITEM("k", NULL)), TARGET_STALE);
        assert_int_equal(mirror_find(&mirror, TEXT_ITEM("empty", "a")), TARGET_STALE);
        assert_int_equal(mirror_find(&mirror, TEXT_ITEM("empty", "")), TARGET_SAME);
}

static void test_another_hash_is_stale(void **state _unused_) {
        redis_server_tell(&server, "HSET k a 1 b 2");
        assert_int_equal(mirror_find(&mirror, JSON_ITEM("k", "{\"b\":2,\"a\":1}")), TARGET_SAME);
        assert_int_equal(mirror_find(&mirror, JSON_ITEM("k", "{\"a\":1}")), TARGET_STALE);
        assert_int_equal(mirror_find(&mirror, JSON_ITEM("k", "{\"a\":1,\"b\":3}")), TARGET_STALE);
        assert_int_equal(mirror_find(&mirror, JSON_ITEM("k", "{\"a\":1,\"c\":2}")), TARGET_STALE);
        assert_int_equal(mirror_find(&mirror, JSON_ITEM("k", "{\"a\":1,\"b\":2,\"c\":3}")), TARGET_STALE);
        assert_int_equal(mirror_find(&mirror, JSON_ITEM("k", "{}")), TARGET_STALE);
}

static void test_another_type_is_stale(void **state _unused_) {
        redis_server_tell(&server, "LPUSH l a");
        redis_server_tell(&server, "SET s a");
        redis_server_tell(&server, "HSET h a 1");
        assert_int_equal(mirror_find(&mirror, TEXT_ITEM("l", "a")), TARGET_STALE);
        assert_int_equal(mirror_find(&mirror, JSON_ITEM("l", "{\"a\":1}")), TARGET_STALE);
        assert_int_equal(mirror_find(&mirror, JSON_ITEM("s", "{\"a\":1}")), TARGET_STALE);
        assert_int_equal(mirror_find(&mirror, TEXT_ITEM("h", "a")), TARGET_STALE);
        assert_int_equal(mirror_find(&mirror, TEXT_ITEM("l", NULL)), TARGET_STALE);
}

/* The replies to all of them come in order, whatever each of them is. */
static void test_findings_are_those_of_their_items(void **state _unused_) {
        TargetItem items[] = {
                TEXT_ITEM("list", "x"), TEXT_ITEM("same", "x"),  JSON_ITEM("hash", "{\"a\":1}"),
                TEXT_ITEM("none", "x"), TEXT_ITEM("none", NULL), JSON_ITEM("list", "{\"a\":1}"),
        };
        const TargetFinding findings[] = { TARGET_STALE,   TARGET_SAME, TARGET_SAME,
                                           TARGET_MISSING, TARGET_SAME, TARGET_STALE };

        redis_server_tell(&server, "LPUSH list x");
        redis_server_tell(&server, "SET same x");
        redis_server_tell(&server, "HSET hash a 1");
        assert_int_equal(target_redis.read_back(mirror.target, items, ARRAY_SIZE(items), &mirror.error),
                         TARGET_OK);
        for (size_t i = 0; i < ARRAY_SIZE(items); i++)
                assert_int_equal(items[i].finding, findings[i]);
}

/*
 * Scanning.
 */

static void append_key(void *context, Span key) {
        buf_append_span(context, key);
        buf_append_char(context, ' ');
}

/* All keys with @prefix, each with a space behind it, and how many pages there were. */
static int scan_all(const char *prefix, Buf *keys) {
        TargetScan scan = { .prefix = span_from_string(prefix), .position = BUF_NULL };
        int n_pages = 0;

        while (!scan.is_over) {
                assert_int_equal(target_redis.scan(mirror.target, &scan, append_key, keys, &mirror.error),
                                 TARGET_OK);
                n_pages++;
        }
        buf_deinit(&scan.position);
        return n_pages;
}

static void assert_scanned(const char *prefix, const char *expected) {
        _cleanup_(buf_deinit) Buf keys = BUF_NULL;

        (void)scan_all(prefix, &keys);
        if (!span_equal_string(buf_span(&keys), expected))
                fail_msg("%s: \"%.*s\", not \"%s\"", prefix, (int)keys.size, keys.data ? keys.data : "",
                         expected);
}

static void test_a_scan_finds_the_keys_with_a_prefix(void **state _unused_) {
        redis_server_tell(&server, "MSET app:a 1 other:b 2");
        assert_scanned("app:", "app:a ");
        assert_scanned("none:", "");
}

static void test_characters_of_patterns_are_themselves(void **state _unused_) {
        redis_server_tell(&server, "MSET a*b:1 x axb:1 x");
        redis_server_tell(&server, "MSET a?c:1 x axc:1 x");
        redis_server_tell(&server, "MSET a[xy]d:1 x axd:1 x");
        redis_server_tell(&server, "MSET %s x ae:1 x", "a\\e:1");
        redis_server_tell(&server, "MSET {a^-}:1 x");
        assert_scanned("a*b", "a*b:1 ");
        assert_scanned("a?c", "a?c:1 ");
        assert_scanned("a[xy]d", "a[xy]d:1 ");
        assert_scanned("a\\e", "a\\e:1 ");
        assert_scanned("{a^-}", "{a^-}:1 ");
}

static void test_keys_with_such_characters_are_written_and_read(void **state _unused_) {
        put(TEXT_ITEM("a*b?[c]\\ \n{d}", "x"));
        put(JSON_ITEM("a*b?[c]\\ \n{e}", "{\"a\":1}"));
        assert_string_equal(redis_server_ask(&server, "DBSIZE"), "2");
}

static void test_a_scan_goes_on_after_a_new_connection(void **state _unused_) {
        enum { N = 5000 };
        TargetScan scan = { .prefix = SPAN_LITERAL("k"), .position = BUF_NULL };
        _cleanup_(buf_deinit) Buf keys = BUF_NULL;
        int n_pages = 0;

        redis_server_tell(&server, "EVAL %s 0", "for i=1,5000 do redis.call('SET','k'..i,'x') end");
        while (!scan.is_over) {
                target_redis.disconnect(mirror.target);
                mirror_connect(&mirror);
                assert_int_equal(target_redis.scan(mirror.target, &scan, append_key, &keys, &mirror.error),
                                 TARGET_OK);
                n_pages++;
        }
        buf_append_char(&keys, '\0');
        for (int i = 1; i <= N; i++) {
                char key[16];

                (void)snprintf(key, sizeof(key), "k%d ", i);
                assert_non_null(strstr(keys.data, key));
        }
        assert_in_range(n_pages, 3, 20);
        buf_deinit(&scan.position);
}

/*
 * Telling.
 */

static redisContext *subscribe(const char *channel) {
        redisContext *subscriber = redis_server_connect(&server);

        freeReplyObject(redisCommand(subscriber, "SUBSCRIBE %s", channel));
        assert_int_equal(redisSetTimeout(subscriber, (struct timeval){ .tv_sec = 5 }), REDIS_OK);
        return subscriber;
}

static void assert_heard(redisContext *subscriber, const char *expected) {
        redisReply *reply = NULL;

        assert_int_equal(redisGetReply(subscriber, (void **)&reply), REDIS_OK);
        assert_int_equal(reply->elements, 3);
        assert_string_equal(reply->element[2]->str, expected);
        freeReplyObject(reply);
}

static void test_a_batch_is_told_to_subscribers(void **state _unused_) {
        TargetItem items[] = { TEXT_ITEM("a", "x"), JSON_ITEM("b\"", "{\"a\":1}"), TEXT_ITEM("c", NULL) };
        redisContext *subscriber = subscribe("news");

        mirror.options.channel = (char *)"news";
        assert_int_equal(target_redis.apply(mirror.target, items, 3, 42, &mirror.error), TARGET_OK);
        assert_heard(subscriber, "{\"mirror\":\"cache\",\"revision\":42,\"keys\":[\"a\",\"b\\\"\",\"c\"]}");
        assert_int_equal(target_redis.apply(mirror.target, items, 1, 43, &mirror.error), TARGET_OK);
        assert_heard(subscriber, "{\"mirror\":\"cache\",\"revision\":43,\"keys\":[\"a\"]}");
        redisFree(subscriber);
}

static void test_an_empty_batch_is_not_told(void **state _unused_) {
        redisContext *subscriber = subscribe("news");
        TargetItem item = TEXT_ITEM("a", "x");

        mirror.options.channel = (char *)"news";
        assert_int_equal(target_redis.apply(mirror.target, NULL, 0, 41, &mirror.error), TARGET_OK);
        assert_int_equal(target_redis.apply(mirror.target, &item, 1, 42, &mirror.error), TARGET_OK);
        assert_heard(subscriber, "{\"mirror\":\"cache\",\"revision\":42,\"keys\":[\"a\"]}");
        redisFree(subscriber);
}

/*
 * Ways to the server.
 */

static void assert_writes_through(const char *endpoint) {
        mirror_close(&mirror);
        redis_mirror_start(&mirror, endpoint);
        put(TEXT_ITEM("k", endpoint));
        assert_string_equal(redis_server_ask(&server, "GET k"), endpoint);
}

static void test_a_server_is_reached_by_a_socket(void **state _unused_) {
        assert_writes_through(server.path);
}

static void test_a_server_is_reached_by_ipv6_and_by_name(void **state _unused_) {
        char endpoint[32];

        (void)snprintf(endpoint, sizeof(endpoint), "[::1]:%u", server.port);
        assert_writes_through(endpoint);
        (void)snprintf(endpoint, sizeof(endpoint), "localhost:%u", server.port);
        assert_writes_through(endpoint);
}

static void test_another_database_is_selected(void **state _unused_) {
        mirror.options.database = 3;
        mirror_connect(&mirror);
        put(TEXT_ITEM("k", "x"));
        assert_string_equal(redis_server_ask(&server, "DBSIZE"), "0");
        assert_non_null(strstr(redis_server_ask(&server, "INFO keyspace"), "db3:keys=1"));
}

static void test_a_database_that_is_not_there_is_denied(void **state _unused_) {
        mirror.options.database = 16;
        assert_int_equal(target_redis.connect(mirror.target, &mirror.error), TARGET_E_DENIED);
        mirror_assert_said(&mirror, "does not have this database");
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_tls_is_refused_with_a_way_out),
                cmocka_unit_test(test_a_malformed_endpoint_is_refused),
                cmocka_unit_test(test_one_endpoint_is_wanted),
                cmocka_unit_test(test_a_user_needs_a_password),
                cmocka_unit_test_setup_teardown(test_a_text_becomes_a_string, set_up, tear_down),
                cmocka_unit_test_setup_teardown(test_an_object_becomes_a_hash, set_up, tear_down),
                cmocka_unit_test_setup_teardown(test_fields_that_are_gone_go_away, set_up, tear_down),
                cmocka_unit_test_setup_teardown(test_types_change_both_ways, set_up, tear_down),
                cmocka_unit_test_setup_teardown(test_any_type_is_replaced, set_up, tear_down),
                cmocka_unit_test_setup_teardown(test_a_deleted_config_is_deleted, set_up, tear_down),
                cmocka_unit_test_setup_teardown(test_an_empty_object_deletes, set_up, tear_down),
                cmocka_unit_test_setup_teardown(test_an_empty_text_is_kept, set_up, tear_down),
                cmocka_unit_test_setup_teardown(test_a_time_to_live_goes_away, set_up, tear_down),
                cmocka_unit_test_setup_teardown(test_any_bytes_arrive, set_up, tear_down),
                cmocka_unit_test_setup_teardown(test_large_contents_arrive, set_up, tear_down),
                cmocka_unit_test_setup_teardown(test_a_document_is_a_string, set_up, tear_down),
                cmocka_unit_test_setup_teardown(test_a_batch_of_any_size_goes_through, set_up, tear_down),
                cmocka_unit_test_setup_teardown(test_no_items_are_a_batch_too, set_up, tear_down),
                cmocka_unit_test_setup_teardown(test_what_is_missing_is_found, set_up, tear_down),
                cmocka_unit_test_setup_teardown(test_another_string_is_stale, set_up, tear_down),
                cmocka_unit_test_setup_teardown(test_another_hash_is_stale, set_up, tear_down),
                cmocka_unit_test_setup_teardown(test_another_type_is_stale, set_up, tear_down),
                cmocka_unit_test_setup_teardown(test_findings_are_those_of_their_items, set_up, tear_down),
                cmocka_unit_test_setup_teardown(test_a_scan_finds_the_keys_with_a_prefix, set_up, tear_down),
                cmocka_unit_test_setup_teardown(test_characters_of_patterns_are_themselves, set_up,
                                                tear_down),
                cmocka_unit_test_setup_teardown(test_keys_with_such_characters_are_written_and_read, set_up,
                                                tear_down),
                cmocka_unit_test_setup_teardown(test_a_scan_goes_on_after_a_new_connection, set_up,
                                                tear_down),
                cmocka_unit_test_setup_teardown(test_a_batch_is_told_to_subscribers, set_up, tear_down),
                cmocka_unit_test_setup_teardown(test_an_empty_batch_is_not_told, set_up, tear_down),
                cmocka_unit_test_setup_teardown(test_a_server_is_reached_by_a_socket, set_up, tear_down),
                cmocka_unit_test_setup_teardown(test_a_server_is_reached_by_ipv6_and_by_name, set_up,
                                                tear_down),
                cmocka_unit_test_setup_teardown(test_another_database_is_selected, set_up, tear_down),
                cmocka_unit_test_setup_teardown(test_a_database_that_is_not_there_is_denied, set_up,
                                                tear_down),
        };

        return redis_suite_skips() ? 0 : cmocka_run_group_tests(tests, set_up_server, tear_down_server);
}
