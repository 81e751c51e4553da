/*
 * Each allocation fails in turn. Whatever happens, what is known stays right, nothing leaks, which the
 * sanitizer tells, and what is tried again succeeds.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "cache_file.h"
#include "fixture.h"
#include "lib/allocations.h"

static void refuse(confer_client *client, confer_change *change, void *context) {
        (void)client;
        ++*(int *)context;
        confer_change_refuse(change, "no");
}

static bool visit(confer_value *value, void *context) {
        (void)value;
        (void)context;
        return true;
}

static confer_error set_all(confer_options *options) {
        confer_error error = CONFER_OK;

        error = error ? error : confer_options_set_token(options, "token");
        error = error ? error : confer_options_set_tls_certificate(options, "certificate", "key");
        error = error ? error : confer_options_set_tag(options, "ring", "canary");
        error = error ? error : confer_options_add_key(options, "test.acme", "a");
        error = error ? error : confer_options_set_default(options, NAMESPACE, "d", "default");
        error = error ? error : confer_options_set_instance(options, "id");
        return error;
}

static const char *gray(unsigned revision) {
        static char versions[512];

        snprintf(versions, sizeof(versions), "%s,%s", version_text(3, "3"), version_text(4, "4"));
        return gray_text(
                release_text("a", 2, revision, "2"),
                "[{\"match\":{\"ring\":[\"canary\"]},\"split\":[{\"version\":3,\"weight\":100}]},"
                "{\"match\":{\"ring\":{\"prefix\":\"b\"}},\"split\":[{\"version\":4,\"weight\":100}]}]",
                versions);
}

/* A request of its own, of which every step may fail. */
static bool read_for_request(Fixture *fixture) {
        confer_context *context = NULL;
        confer_value *value = NULL;
        confer_error error = confer_context_new(&context);

        error = error ? error : confer_context_set_unit(context, "user");
        error = error ? error : confer_context_set_tag(context, "ring", "b-1");
        error = error ? error : confer_get_for(fixture->client, NAMESPACE, "a", context, &value);
        if (error == CONFER_OK)
                assert_int_equal(confer_value_get_version(value), 4);
        else
                assert_int_equal(error, CONFER_E_NOMEM);
        confer_value_unref(value);
        confer_context_free(context);
        return error == CONFER_OK;
}

/* Return: whether there was memory for all of it. */
static bool gray_once(Fixture *fixture) {
        bool is_well = true;
        confer_error error;

        for (int i = 0; i < 2; i++) {
                if (fixture->stream.is_ended)
                        fixture_connect(fixture);
                fixture_put(fixture, 7, gray(7));
                if (!fixture->stream.is_ended)
                        break;
                assert_string_equal(content_of(fixture->client, NAMESPACE, "a"), "2");
                is_well = false;
        }
        fixture_pong(fixture);
        assert_string_equal(content_of(fixture->client, NAMESPACE, "a"), "3");

        for (int i = 0; i < 2; i++) {
                error = confer_client_set_tag(fixture->client, "ring", "beta");
                if (error == CONFER_OK)
                        break;
                assert_int_equal(error, CONFER_E_NOMEM);
                assert_string_equal(content_of(fixture->client, NAMESPACE, "a"), "3");
                is_well = false;
        }
        assert_string_equal(content_of(fixture->client, NAMESPACE, "a"), "4");
        assert_int_equal(confer_dispatch(fixture->client, 0), CONFER_OK);
        stream_tick(&fixture->stream, fixture->stream.now_ms);
        stream_tick(&fixture->stream, fixture->stream.now_ms + ACK_DELAY_MS);
        return read_for_request(fixture) && is_well && !fixture->stream.is_ended;
}

/* What came of one run: which step found no memory, or 0. */
static int run_once(void) {
        confer_options *options = fixture_options();
        confer_error error;
        Fixture fixture;
        int failed = 0, n_heard = 0;

        if (!options)
                return 1;
        error = set_all(options);
        if (error == CONFER_OK)
                error = fixture_init(&fixture, options);
        confer_options_free(options);
        if (error) {
                assert_int_equal(error, CONFER_E_NOMEM);
                return 2;
        }

        if (confer_listen(fixture.client, NAMESPACE, "a", refuse, &n_heard, NULL) != CONFER_OK)
                failed = 3;
        for (int i = 0; i < 2 && !fixture.stream.current_at_ms; i++) {
                fixture_connect(&fixture);
                if (!fixture.stream.is_ended)
                        fixture_snapshot(&fixture, 5, "e1",
                                         namespace_text(NAMESPACE, release_text("a", 1, 3, "A"), NULL),
                                         false);
                if (fixture.stream.is_ended)
                        failed = 4;
        }
        assert_string_equal(content_of(fixture.client, NAMESPACE, "a"), "A");

        fixture_change(&fixture, 6, namespace_text(NAMESPACE, release_text("a", 2, 6, "2"), "\"b\""));
        if (fixture.stream.is_ended) {
                assert_int_equal(fixture.stream.error, CONFER_E_NOMEM);
                assert_string_equal(content_of(fixture.client, NAMESPACE, "a"), "A");
                assert_int_equal(confer_client_get_revision(fixture.client), 5);
                failed = 5;
                fixture_connect(&fixture);
                fixture_change(&fixture, 6, namespace_text(NAMESPACE, release_text("a", 2, 6, "2"), "\"b\""));
                fixture_pong(&fixture);
        }
        assert_string_equal(content_of(fixture.client, NAMESPACE, "a"), "2");
        assert_int_equal(confer_get_int64(fixture.client, NAMESPACE, "a", NULL, 0), 2);

        assert_int_equal(confer_dispatch(fixture.client, 0), CONFER_OK);
        assert_true(failed == 3 || n_heard >= 1);
        stream_tick(&fixture.stream, fixture.stream.now_ms);
        stream_tick(&fixture.stream, fixture.stream.now_ms + ACK_DELAY_MS);
        if (fixture.stream.is_ended)
                failed = 6;

        free(confer_get_string(fixture.client, NAMESPACE, "a", NULL, "fallback"));
        error = confer_each(fixture.client, NAMESPACE, visit, NULL);
        assert_true(error == CONFER_OK || error == CONFER_E_NOMEM);
        if (!gray_once(&fixture))
                failed = 7;
        fixture_deinit(&fixture);
        return allocation_has_failed() && failed == 0 ? 8 : failed;
}

static void each_allocation_may_fail(void **state) {
        bool steps[9] = { false };
        int n = 0;

        (void)state;
        do {
                allocations_fail_after(n++);
                steps[run_once()] = true;
                allocations_succeed();
        } while (allocation_has_failed());

        assert_true(n > 40);
        for (int step = 1; step < 8; step++)
                assert_true(steps[step]);
}

static void a_cache_file_is_read_and_written_without_memory_too(void **state) {
        _cleanup_(confer_options_freep) confer_options *options = fixture_options();
        Fixture fixture;
        bool is_known[] = { true };
        int n = 0;

        (void)state;
        assert_int_equal(fixture_init(&fixture, options), CONFER_OK);
        fixture_connect(&fixture);
        fixture_snapshot(&fixture, 5, "e1", namespace_text(NAMESPACE, gray(3), NULL), false);
        do {
                Cache cache = { .epoch = "e1", .is_known = is_known }, read;
                Buf buf = BUF_NULL;
                int r;

                allocations_fail_after(n++);
                cache.releases = *replica_catalog(&fixture.client->replica);
                r = cache_encode(&buf, &cache, &fixture.client->scope);
                if (r == 0) {
                        r = cache_decode(buf_span(&buf), &fixture.client->scope, fixture.client->provenance,
                                         &read);
                        if (r == 0)
                                cache_deinit(&read);
                }
                allocations_succeed();
                assert_int_equal(r, allocation_has_failed() ? -ENOMEM : 0);
                buf_deinit(&buf);
        } while (allocation_has_failed());
        assert_true(n > 4);
        fixture_deinit(&fixture);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(each_allocation_may_fail),
                cmocka_unit_test(a_cache_file_is_read_and_written_without_memory_too),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
