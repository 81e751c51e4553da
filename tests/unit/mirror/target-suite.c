#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "model/macros.h"
#include "target-suite.h"
#include "util/digest.h"

void mirror_init(Mirror *mirror, const TargetKind *kind, const char *endpoint) {
        *mirror = (Mirror){
                .kind = kind,
                .options = {
                        .name = "test",
                        .namespace = "",
                        .key = "",
                        .workers = 1,
                        .batch_max = 128,
                        .timeout_ms = 5000,
                        .user = "",
                        .password = "",
                        .ca_file = "",
                        .cert_file = "",
                        .key_file = "",
                        .channel = "",
                        .lock_key = "",
                        .method = "",
                        .body = "",
                        .item = "",
                        .secret = "",
                },
        };
        mirror_add_endpoint(mirror, endpoint);
        assert_int_equal(waker_init(&mirror->waker), 0);
}

void mirror_add_endpoint(Mirror *mirror, const char *endpoint) {
        assert_true(mirror->options.n_endpoints < MIRROR_ENDPOINTS_MAX);
        mirror->endpoints[mirror->options.n_endpoints++] = (char *)endpoint;
}

void mirror_add_header(Mirror *mirror, const char *header) {
        assert_true(mirror->options.n_headers < ARRAY_SIZE(mirror->headers));
        mirror->headers[mirror->options.n_headers++] = (char *)header;
}

static int try_to_open(Mirror *mirror) {
        mirror->options.endpoints = mirror->endpoints;
        mirror->options.headers = mirror->headers;
        return mirror->kind->open(&mirror->options, mirror->worker, &mirror->waker, &mirror->target,
                                  &mirror->error.problem);
}

void mirror_open(Mirror *mirror) {
        int r = try_to_open(mirror);

        if (r)
                fail_msg("it is refused: %s: %s", mirror->error.problem.field, mirror->error.problem.text);
}

void mirror_assert_refuses(Mirror *mirror, const char *field) {
        assert_int_equal(try_to_open(mirror), -EINVAL);
        assert_string_equal(mirror->error.problem.field, field);
        assert_null(mirror->target);
}

void mirror_connect(Mirror *mirror) {
        TargetOutcome outcome = mirror->kind->connect(mirror->target, &mirror->error);

        if (outcome != TARGET_OK)
                fail_msg("connecting comes to %d: %s", outcome, mirror->error.problem.text);
}

void mirror_reconnect(Mirror *mirror) {
        mirror->kind->disconnect(mirror->target);
        mirror_connect(mirror);
}

void mirror_close(Mirror *mirror) {
        mirror->target = mirror->kind->close(mirror->target);
        assert_null(mirror->target);
        waker_deinit(&mirror->waker);
}

static TargetItem make_item(uint64_t revision, const char *key, Span content) {
        static ConfigData configs[4096];
        static size_t turn;
        ConfigData *config = &configs[turn++ % ARRAY_SIZE(configs)];

        *config = (ConfigData){
                .namespace = SPAN_LITERAL("prod.acme"),
                .key = span_from_string(key),
                .version = 3,
                .revision = revision,
                .format = FORMAT_JSON,
                .content = content,
                .updated_at_ms = INT64_C(1700000000000),
                .updated_by = SPAN_LITERAL("user:admin"),
                .comment = SPAN_LITERAL("as \"agreed\""),
        };
        if (content.data)
                sha256(content, config->sha256);
        return (TargetItem){ .key = config->key, .value = content, .config = config };
}

TargetItem item_at(uint64_t revision, const char *key, const char *content) {
        return make_item(revision, key, span_from_string(content));
}

TargetItem item_of(const char *key, Span content) {
        return make_item(1, key, content);
}

TargetItem item(const char *key, const char *content) {
        return item_at(1, key, content);
}

TargetOutcome mirror_try(Mirror *mirror, TargetItem *items, size_t n) {
        return mirror->kind->apply(mirror->target, items, n, n ? items[n - 1].config->revision : 0,
                                   &mirror->error);
}

TargetOutcome mirror_put(Mirror *mirror, TargetItem item) {
        TargetOutcome outcome = mirror_try(mirror, &item, 1);

        if (outcome != TARGET_OK)
                fail_msg("applying comes to %d: %s", outcome, mirror->error.problem.text);
        mirror->error = item.error;
        return item.outcome;
}

TargetFinding mirror_find(Mirror *mirror, TargetItem item) {
        TargetOutcome outcome = mirror->kind->read_back(mirror->target, &item, 1, &mirror->error);

        if (outcome != TARGET_OK)
                fail_msg("reading back comes to %d: %s", outcome, mirror->error.problem.text);
        return item.finding;
}

void mirror_assert_said(const Mirror *mirror, const char *part) {
        if (!strstr(mirror->error.problem.text, part))
                fail_msg("\"%s\" has no \"%s\"", mirror->error.problem.text, part);
}
