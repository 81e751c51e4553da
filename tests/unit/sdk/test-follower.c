#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "fixture.h"

static Fixture fixture;

static int setup(void **state) {
        confer_options *options = fixture_options();

        (void)state;
        assert_non_null(options);
        assert_int_equal(confer_options_set_instance(options, "instance-1"), CONFER_OK);
        assert_int_equal(confer_options_set_tag(options, "ring", "canary"), CONFER_OK);
        assert_int_equal(fixture_init(&fixture, options), CONFER_OK);
        confer_options_free(options);
        fixture_connect(&fixture);
        return 0;
}

static int teardown(void **state) {
        (void)state;
        fixture_deinit(&fixture);
        return 0;
}

static const char *get(const char *key) {
        return content_of(fixture.client, NAMESPACE, key);
}

static bool sent(const char *text) {
        buf_append_char(&fixture.sent, '\0');
        fixture.sent.size--;
        return strstr(fixture.sent.data, text) != NULL;
}

static void take_snapshot(unsigned revision, const char *epoch, const char *releases) {
        fixture_snapshot(&fixture, revision, epoch, namespace_text(NAMESPACE, releases, NULL), false);
}

static void change(unsigned revision, const char *releases, const char *deleted) {
        fixture_change(&fixture, revision, namespace_text(NAMESPACE, releases, deleted));
}

static confer_state state_now(void) {
        return confer_client_get_state(fixture.client);
}

#define NOT_FOUND confer_error_to_string(CONFER_E_NOT_FOUND)
#define NOT_READY confer_error_to_string(CONFER_E_NOT_READY)

static void a_client_that_knows_nothing_asks_for_everything(void **state) {
        (void)state;
        assert_true(sent("\"type\":\"subscribe\""));
        assert_true(sent("\"id\":\"instance-1\""));
        assert_true(sent("\"ring\":\"canary\""));
        assert_true(sent("\"name\":\"" NAMESPACE "\""));
        assert_false(sent("\"epoch\":\"e"));
        assert_int_equal(fixture.n_pings, 1);
        assert_string_equal(get("a"), NOT_READY);
}

static void a_snapshot_in_parts_is_applied_as_a_whole(void **state) {
        (void)state;
        fixture_snapshot(&fixture, 5, "e1", namespace_text(NAMESPACE, release_text("a", 1, 3, "A"), NULL),
                         true);
        assert_string_equal(get("a"), NOT_READY);
        assert_int_not_equal(state_now(), CONFER_STATE_CONNECTED);
        fixture_snapshot(&fixture, 5, "e1", namespace_text(NAMESPACE, release_text("b", 1, 4, "B"), NULL),
                         false);
        assert_string_equal(get("a"), "A");
        assert_string_equal(get("b"), "B");
        assert_string_equal(get("c"), NOT_FOUND);
        assert_int_equal(state_now(), CONFER_STATE_CONNECTED);
        assert_int_equal(confer_client_get_revision(fixture.client), 5);
        assert_int_equal(confer_client_get_age_ms(fixture.client), 0);
        assert_int_equal(confer_client_wait_ready(fixture.client, 0), CONFER_OK);
}

static void a_newer_snapshot_takes_the_place_of_one_that_was_begun(void **state) {
        (void)state;
        fixture_snapshot(&fixture, 5, "e1", namespace_text(NAMESPACE, release_text("a", 1, 3, "A"), NULL),
                         true);
        take_snapshot(6, "e1", release_text("b", 1, 6, "B"));
        assert_string_equal(get("a"), NOT_FOUND);
        assert_string_equal(get("b"), "B");
}

static void half_a_snapshot_changes_nothing(void **state) {
        (void)state;
        take_snapshot(5, "e1", release_text("a", 1, 3, "A"));
        fixture_connect(&fixture);
        fixture_snapshot(&fixture, 9, "e2", "", true);
        fixture_connect(&fixture);
        assert_string_equal(get("a"), "A");
        assert_int_equal(confer_client_get_revision(fixture.client), 5);
}

static void what_a_snapshot_lacks_is_gone_unless_it_is_newer(void **state) {
        (void)state;
        take_snapshot(5, "e1", release_text("a", 1, 3, "A"));
        change(7, release_text("b", 1, 7, "B"), "");
        fixture_connect(&fixture);
        take_snapshot(7, "e1", release_text("b", 1, 7, "B"));
        assert_string_equal(get("a"), NOT_FOUND);
        assert_string_equal(get("b"), "B");
}

static void a_snapshot_of_a_server_that_is_behind_takes_nothing_back(void **state) {
        (void)state;
        take_snapshot(5, "e1", release_text("a", 1, 3, "A"));
        change(7, release_text("a", 2, 7, "AA"), "");
        change(8, "", "\"b\"");
        fixture_connect(&fixture);
        take_snapshot(5, "e1", release_text("a", 1, 3, "A"));
        assert_string_equal(get("a"), "AA");
        assert_int_equal(confer_client_get_revision(fixture.client), 8);
        fixture_connect(&fixture);
        fixture_snapshot(&fixture, 6, "e1", "", false);
        assert_string_equal(get("a"), "AA");
}

static void changes_replace_add_and_remove(void **state) {
        (void)state;
        take_snapshot(5, "e1", release_text("a", 1, 3, "A"));
        change(6, release_text("b", 1, 6, "B"), "\"a\"");
        assert_string_equal(get("a"), NOT_FOUND);
        assert_string_equal(get("b"), "B");
        change(8, release_text("a", 2, 8, "AA"), "");
        assert_string_equal(get("a"), "AA");
        assert_int_equal(confer_client_get_revision(fixture.client), 8);
}

static void what_is_inherited_is_found_until_it_is_overridden(void **state) {
        (void)state;
        fixture_snapshot(&fixture, 5, "e1", namespace_text("prod", release_text("a", 1, 3, "of prod"), NULL),
                         false);
        assert_string_equal(get("a"), "of prod");
        change(6, release_text("a", 1, 6, "own"), "");
        assert_string_equal(get("a"), "own");
        assert_string_equal(content_of(fixture.client, "prod", "a"), "of prod");
        change(7, "", "\"a\"");
        assert_string_equal(get("a"), "of prod");
}

static void what_is_not_wanted_is_passed_over(void **state) {
        (void)state;
        fixture_snapshot(&fixture, 5, "e1", namespace_text("test", release_text("a", 1, 3, "A"), NULL),
                         false);
        assert_int_equal(replica_catalog(&fixture.client->replica)->n_releases, 0);
        assert_string_equal(content_of(fixture.client, "test", "a"),
                            confer_error_to_string(CONFER_E_INVALID));
}

static void a_repeated_change_is_harmless(void **state) {
        (void)state;
        take_snapshot(5, "e1", release_text("a", 1, 3, "A"));
        change(6, release_text("a", 2, 6, "AA"), "");
        change(6, release_text("a", 2, 6, "AA"), "");
        assert_false(fixture.stream.is_ended);
        change(4, release_text("a", 1, 4, "old"), ""); /* before the snapshot */
        assert_false(fixture.stream.is_ended);
        assert_string_equal(get("a"), "AA");
}

static void a_change_out_of_order_makes_everything_be_asked_for_again(void **state) {
        (void)state;
        take_snapshot(5, "e1", release_text("a", 1, 3, "A"));
        change(8, release_text("a", 2, 8, "AA"), "");
        change(7, release_text("b", 1, 7, "B"), "");
        assert_true(fixture.stream.is_ended);
        assert_string_equal(get("a"), "AA");
        fixture_connect(&fixture);
        assert_true(sent("\"since\":0") || !sent("\"since\":8"));
        take_snapshot(8, "e1", "");
        assert_string_equal(get("a"), NOT_FOUND);
}

static void a_content_that_is_not_what_its_checksum_says_is_refused(void **state) {
        char release[2048], *at;

        (void)state;
        take_snapshot(5, "e1", release_text("a", 1, 3, "good"));
        strcpy(release, release_text("a", 2, 6, "evil"));
        at = strstr(release, "evil");
        memcpy(at, "EVIL", 4);
        change(6, release, "");
        assert_true(fixture.stream.is_ended);
        assert_int_equal(fixture.stream.error, CONFER_E_PROTOCOL);
        assert_string_equal(get("a"), "good");
        assert_int_equal(confer_client_get_revision(fixture.client), 5);
}

static void another_epoch_replaces_everything_with_lower_revisions_too(void **state) {
        (void)state;
        take_snapshot(50, "e1", release_text("a", 5, 33, "A"));
        fixture_connect(&fixture);
        assert_true(sent("\"epoch\":\"e1\""));
        assert_true(sent("\"since\":50"));
        take_snapshot(4, "e2", release_text("b", 1, 2, "B"));
        assert_string_equal(get("a"), NOT_FOUND);
        assert_string_equal(get("b"), "B");
        assert_int_equal(confer_client_get_revision(fixture.client), 4);
}

static void current_of_all_names_makes_it_connected(void **state) {
        (void)state;
        take_snapshot(5, "e1", release_text("a", 1, 3, "A"));
        fixture_connect(&fixture);
        assert_int_equal(state_now(), CONFER_STATE_RECONNECTING);
        fixture_receive(&fixture,
                        "{\"seq\":9,\"type\":\"current\",\"payload\":{\"epoch\":\"e1\",\"namespaces\":"
                        "[\"" NAMESPACE "\"]}}");
        assert_int_equal(state_now(), CONFER_STATE_CONNECTED);
        assert_int_equal(confer_client_get_revision(fixture.client), 9);
        assert_string_equal(get("a"), "A");
}

static void current_of_another_epoch_is_no_answer(void **state) {
        (void)state;
        take_snapshot(5, "e1", release_text("a", 1, 3, "A"));
        fixture_connect(&fixture);
        fixture_receive(&fixture,
                        "{\"seq\":9,\"type\":\"current\",\"payload\":{\"epoch\":\"e2\",\"namespaces\":"
                        "[\"" NAMESPACE "\"]}}");
        assert_true(fixture.stream.is_ended);
        assert_string_equal(get("a"), "A");
        assert_int_equal(confer_client_get_revision(fixture.client), 5);
}

static void missed_changes_are_over_with_the_pong(void **state) {
        (void)state;
        take_snapshot(5, "e1", release_text("a", 1, 3, "A"));
        fixture_connect(&fixture);
        change(6, release_text("a", 2, 6, "AA"), "");
        change(7, release_text("b", 1, 7, "B"), "");
        assert_int_equal(state_now(), CONFER_STATE_RECONNECTING);
        fixture_pong(&fixture);
        assert_int_equal(state_now(), CONFER_STATE_CONNECTED);
        assert_string_equal(get("a"), "AA");
        assert_string_equal(get("b"), "B");
}

static void a_server_without_pongs_is_current_a_little_later(void **state) {
        (void)state;
        take_snapshot(5, "e1", release_text("a", 1, 3, "A"));
        fixture_connect(&fixture);
        change(6, release_text("a", 2, 6, "AA"), "");
        stream_tick(&fixture.stream, fixture.stream.now_ms + CATCH_UP_MAX_MS - 1);
        assert_int_equal(state_now(), CONFER_STATE_RECONNECTING);
        stream_tick(&fixture.stream, fixture.stream.now_ms + 2);
        assert_int_equal(state_now(), CONFER_STATE_CONNECTED);
}

static void a_change_before_any_snapshot_is_no_answer(void **state) {
        (void)state;
        change(6, release_text("a", 2, 6, "AA"), "");
        assert_true(fixture.stream.is_ended);
        assert_string_equal(get("a"), NOT_READY);
}

static void rubbish_ends_the_connection_and_nothing_else(void **state) {
        static const char *const rubbish[] = {
                "",
                "{",
                "[]",
                "{\"seq\":1}",
                "\xff\xfe",
                "null",
                "{\"seq\":-1,\"type\":\"change\",\"payload\":{\"changes\":[]}}",
                "{\"seq\":1,\"type\":\"snapshot\",\"payload\":{}}"
        };

        (void)state;
        take_snapshot(5, "e1", release_text("a", 1, 3, "A"));
        for (size_t i = 0; i < ARRAY_SIZE(rubbish); i++) {
                fixture_connect(&fixture);
                fixture_receive(&fixture, rubbish[i]);
                assert_true(fixture.stream.is_ended);
                assert_int_equal(fixture.stream.error, CONFER_E_PROTOCOL);
                assert_string_equal(get("a"), "A");
        }
}

static void frames_of_types_to_come_are_passed_over(void **state) {
        (void)state;
        fixture_receive(&fixture, "{\"seq\":0,\"type\":\"news\",\"payload\":{}}");
        assert_false(fixture.stream.is_ended);
}

static void errors_of_the_server_are_told_apart(void **state) {
        static const struct {
                const char *code;
                confer_error error;
        } cases[] = { { "401", CONFER_E_UNAUTHENTICATED },
                      { "403", CONFER_E_FORBIDDEN },
                      { "503", CONFER_E_NETWORK },
                      { "400", CONFER_E_PROTOCOL } };
        char text[256];

        (void)state;
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                fixture_connect(&fixture);
                snprintf(text, sizeof(text),
                         "{\"seq\":0,\"type\":\"error\",\"payload\":{\"code\":%s,\"reason\":\"x\","
                         "\"message\":\"y\"}}",
                         cases[i].code);
                fixture_receive(&fixture, text);
                assert_true(fixture.stream.is_ended);
                assert_int_equal(fixture.stream.error, cases[i].error);
        }
}

static void silence_ends_the_connection_after_pings(void **state) {
        int64_t begin = fixture.stream.now_ms;

        (void)state;
        stream_tick(&fixture.stream, begin + PING_INTERVAL_MS - 1);
        assert_int_equal(fixture.n_pings, 1);
        stream_tick(&fixture.stream, begin + PING_INTERVAL_MS);
        assert_int_equal(fixture.n_pings, 2);
        stream_tick(&fixture.stream, begin + SILENCE_MAX_MS - 1);
        assert_false(fixture.stream.is_ended);
        stream_tick(&fixture.stream, begin + SILENCE_MAX_MS);
        assert_true(fixture.stream.is_ended);
        assert_int_equal(fixture.stream.error, CONFER_E_NETWORK);
}

static void a_connection_that_does_not_open_is_given_up(void **state) {
        Stream stream;

        (void)state;
        stream_init(&stream, fixture.client, &transport_fake, 1000);
        assert_int_equal(stream_timeout_ms(&stream, 1000), OPENING_MAX_MS);
        stream_tick(&stream, 1000 + OPENING_MAX_MS - 1);
        assert_false(stream.is_ended);
        stream_tick(&stream, 1000 + OPENING_MAX_MS);
        assert_true(stream.is_ended);
        assert_int_equal(stream.error, CONFER_E_NETWORK);
        stream_deinit(&stream);
}

static void values_nobody_listens_to_are_acknowledged_at_once(void **state) {
        (void)state;
        take_snapshot(5, "e1", release_text("a", 1, 3, "A"));
        stream_tick(&fixture.stream, fixture.stream.now_ms);
        assert_false(sent("\"type\":\"ack\""));
        stream_tick(&fixture.stream, fixture.stream.now_ms + ACK_DELAY_MS);
        assert_true(sent("\"type\":\"ack\""));
        assert_true(sent("\"key\":\"a\",\"version\":1,\"ok\":true"));
}

static void refuse(confer_client *client, confer_change *heard, void *context) {
        (void)client;
        (void)context;
        confer_change_refuse(heard, "first");
        confer_change_refuse(heard, "too large");
}

static void a_refusal_is_sent_with_its_last_reason_and_again_on_the_next_connection(void **state) {
        (void)state;
        assert_int_equal(confer_listen(fixture.client, NAMESPACE, "a", refuse, NULL, NULL), CONFER_OK);
        take_snapshot(5, "e1", release_text("a", 1, 3, "A"));
        stream_tick(&fixture.stream, fixture.stream.now_ms + ACK_DELAY_MS);
        assert_false(sent("\"type\":\"ack\""));
        assert_int_equal(confer_dispatch(fixture.client, 0), CONFER_OK);
        stream_tick(&fixture.stream, fixture.stream.now_ms);
        stream_tick(&fixture.stream, fixture.stream.now_ms + ACK_DELAY_MS);
        assert_true(sent("\"version\":1,\"ok\":false,\"error\":\"too large\""));

        fixture_connect(&fixture);
        take_snapshot(5, "e1", release_text("a", 1, 3, "A"));
        stream_tick(&fixture.stream, fixture.stream.now_ms + ACK_DELAY_MS);
        assert_true(sent("\"version\":1,\"ok\":false,\"error\":\"too large\""));
        assert_string_equal(get("a"), "A");
}

static void a_subscription_that_is_too_long_asks_for_namespaces_whole(void **state) {
        confer_options *options = fixture_options();
        Fixture wide;
        char key[256];

        (void)state;
        for (int i = 0; i < 1200; i++) {
                memset(key, 'k', sizeof(key));
                snprintf(key + 240, 16, "%d", i);
                assert_int_equal(confer_options_add_key(options, "prod.other", key), CONFER_OK);
        }
        assert_int_equal(fixture_init(&wide, options), CONFER_OK);
        fixture_connect(&wide);
        assert_true(wide.sent.size < 2000);
        fixture_deinit(&wide);
        confer_options_free(options);
}

static void a_value_that_was_replaced_grows_old(void **state) {
        confer_value *value;

        (void)state;
        take_snapshot(5, "e1", release_text("a", 1, 3, "A"));
        assert_int_equal(confer_get(fixture.client, NAMESPACE, "a", &value), CONFER_OK);
        assert_int_equal(confer_value_get_age_ms(value), 0);
        assert_int_equal(value_age_ms(value, fixture.stream.now_ms + 5000), 0);
        change(6, release_text("a", 2, 6, "AA"), "");
        assert_int_equal(value_age_ms(value, fixture.stream.now_ms + 5000), 5000);
        assert_string_equal(confer_value_content(value, NULL), "A");
        confer_value_unref(value);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void) {
        const struct CMUnitTest tests[] = {
                TEST(a_client_that_knows_nothing_asks_for_everything),
                TEST(a_snapshot_in_parts_is_applied_as_a_whole),
                TEST(a_newer_snapshot_takes_the_place_of_one_that_was_begun),
                TEST(half_a_snapshot_changes_nothing),
                TEST(what_a_snapshot_lacks_is_gone_unless_it_is_newer),
                TEST(a_snapshot_of_a_server_that_is_behind_takes_nothing_back),
                TEST(changes_replace_add_and_remove),
                TEST(what_is_inherited_is_found_until_it_is_overridden),
                TEST(what_is_not_wanted_is_passed_over),
                TEST(a_repeated_change_is_harmless),
                TEST(a_change_out_of_order_makes_everything_be_asked_for_again),
                TEST(a_content_that_is_not_what_its_checksum_says_is_refused),
                TEST(another_epoch_replaces_everything_with_lower_revisions_too),
                TEST(current_of_all_names_makes_it_connected),
                TEST(current_of_another_epoch_is_no_answer),
                TEST(missed_changes_are_over_with_the_pong),
                TEST(a_server_without_pongs_is_current_a_little_later),
                TEST(a_change_before_any_snapshot_is_no_answer),
                TEST(rubbish_ends_the_connection_and_nothing_else),
                TEST(frames_of_types_to_come_are_passed_over),
                TEST(errors_of_the_server_are_told_apart),
                TEST(silence_ends_the_connection_after_pings),
                TEST(a_connection_that_does_not_open_is_given_up),
                TEST(values_nobody_listens_to_are_acknowledged_at_once),
                TEST(a_refusal_is_sent_with_its_last_reason_and_again_on_the_next_connection),
                TEST(a_subscription_that_is_too_long_asks_for_namespaces_whole),
                TEST(a_value_that_was_replaced_grows_old),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
