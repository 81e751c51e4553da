#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "redis-suite.h"

static char none[] = "";

void redis_mirror_init(RedisMirror *mirror, const char *endpoint) {
        *mirror = (RedisMirror){
                .options = { .name = (char *)"cache",
                             .kind = MIRROR_REDIS,
                             .value = MIRROR_VALUE_RAW,
                             .timeout_ms = 2000,
                             .n_endpoints = 1,
                             .user = none,
                             .password = none,
                             .channel = none },
                .endpoints = { (char *)endpoint },
        };
        mirror->options.endpoints = mirror->endpoints;
        assert_int_equal(waker_init(&mirror->waker), 0);
}

void redis_mirror_open(RedisMirror *mirror) {
        int r = target_redis.open(&mirror->options, 0, &mirror->waker, &mirror->target,
                                  &mirror->error.problem);

        if (r)
                fail_msg("%s: %s", mirror->error.problem.field, mirror->error.problem.text);
}

void redis_mirror_connect(RedisMirror *mirror) {
        if (target_redis.connect(mirror->target, &mirror->error) != TARGET_OK)
                fail_msg("%s", mirror->error.problem.text);
}

void redis_mirror_start(RedisMirror *mirror, const char *endpoint) {
        redis_mirror_init(mirror, endpoint);
        redis_mirror_open(mirror);
        redis_mirror_connect(mirror);
}

void redis_mirror_close(RedisMirror *mirror) {
        mirror->target = target_redis.close(mirror->target);
        assert_null(mirror->target);
        waker_deinit(&mirror->waker);
}

TargetItem redis_item_of(const char *key, Format format, Span content) {
        static const ConfigData configs[FORMAT_N] = {
                [FORMAT_JSON] = { .format = FORMAT_JSON },
                [FORMAT_YAML] = { .format = FORMAT_YAML },
                [FORMAT_TOML] = { .format = FORMAT_TOML },
                [FORMAT_PROPERTIES] = { .format = FORMAT_PROPERTIES },
                [FORMAT_XML] = { .format = FORMAT_XML },
                [FORMAT_TEXT] = { .format = FORMAT_TEXT },
        };

        return (TargetItem){
                .key = span_from_string(key),
                .value = content,
                .config = &configs[format],
                .outcome = TARGET_OUTCOME_N,
        };
}

TargetItem redis_item(const char *key, Format format, const char *content) {
        return redis_item_of(key, format, span_from_string(content));
}

TargetOutcome redis_mirror_put(RedisMirror *mirror, TargetItem item) {
        if (target_redis.apply(mirror->target, &item, 1, 1, &mirror->error) != TARGET_OK)
                fail_msg("%s", mirror->error.problem.text);
        mirror->error = item.error;
        return item.outcome;
}

TargetFinding redis_mirror_find(RedisMirror *mirror, TargetItem item) {
        if (target_redis.read_back(mirror->target, &item, 1, &mirror->error) != TARGET_OK)
                fail_msg("%s", mirror->error.problem.text);
        return item.finding;
}

TargetOutcome redis_mirror_try(RedisMirror *mirror, TargetItem item) {
        return target_redis.apply(mirror->target, &item, 1, 1, &mirror->error);
}

void redis_mirror_assert_said(const RedisMirror *mirror, const char *part) {
        if (!strstr(mirror->error.problem.text, part))
                fail_msg("\"%s\" does not have \"%s\"", mirror->error.problem.text, part);
}

bool redis_suite_skips(void) {
        if (child_is_installed("redis-server"))
                return false;

        (void)printf("1..0 # SKIP redis-server is not installed\n");
        return true;
}
