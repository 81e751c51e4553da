#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

#include "redis-suite.h"

void redis_mirror_init(Mirror *mirror, const char *endpoint) {
        mirror_init(mirror, &target_redis, endpoint);
        mirror->options.name = (char *)"cache";
        mirror->options.kind = MIRROR_REDIS;
        mirror->options.timeout_ms = 2000;
}

void redis_mirror_start(Mirror *mirror, const char *endpoint) {
        redis_mirror_init(mirror, endpoint);
        mirror_open(mirror);
        mirror_connect(mirror);
}

TargetItem redis_item_of(const char *key, Format format, Span content) {
        static const ConfigData configs[FORMAT_N] = {
                [FORMAT_JSON] = { .revision = 1, .format = FORMAT_JSON },
                [FORMAT_YAML] = { .revision = 1, .format = FORMAT_YAML },
                [FORMAT_TOML] = { .revision = 1, .format = FORMAT_TOML },
                [FORMAT_PROPERTIES] = { .revision = 1, .format = FORMAT_PROPERTIES },
                [FORMAT_XML] = { .revision = 1, .format = FORMAT_XML },
                [FORMAT_TEXT] = { .revision = 1, .format = FORMAT_TEXT },
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

TargetOutcome redis_mirror_try(Mirror *mirror, TargetItem item) {
        return mirror_try(mirror, &item, 1);
}

bool redis_suite_skips(void) {
        if (child_is_installed("redis-server"))
                return false;

        (void)printf("1..0 # SKIP redis-server is not installed\n");
        return true;
}
