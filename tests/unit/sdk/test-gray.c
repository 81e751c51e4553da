#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "fixture.h"

/* The instance is "i-1" and bears ring=canary. */

#define CANARY_9 "[{\"match\":{\"ring\":[\"canary\"]},\"split\":[{\"version\":9,\"weight\":100}]}]"
#define BETA_9   "[{\"match\":{\"ring\":[\"beta\"]},\"split\":[{\"version\":9,\"weight\":100}]}]"

static Fixture fixture;
static Buf heard;  /* one change a word: key, kind, old and new content */
static Buf logged; /* messages, a line each */
static const char *refusal;
static const char *meanwhile; /* a release that comes while a listener is called, as revision 50 */

static void keep_log(void *context, confer_log_level level, const char *message) {
        (void)context;
        if (level <= CONFER_LOG_WARNING)
                buf_append_format(&logged, "%s\n", message);
}

static int setup(void **state) {
        confer_options *options = fixture_options();

        (void)state;
        heard = logged = BUF_NULL;
        refusal = meanwhile = NULL;
        assert_int_equal(confer_options_set_instance(options, "i-1"), CONFER_OK);
        assert_int_equal(confer_options_set_tag(options, "ring", "canary"), CONFER_OK);
        assert_int_equal(confer_options_set_log(options, keep_log, NULL), CONFER_OK);
        assert_int_equal(fixture_init(&fixture, options), CONFER_OK);
        confer_options_free(options);
        fixture_connect(&fixture);
        fixture_snapshot(&fixture, 5, "e1", namespace_text(NAMESPACE, release_text("a", 8, 3, "eight"), NULL),
                         false);
        return 0;
}

static int teardown(void **state) {
        (void)state;
        fixture_deinit(&fixture);
        buf_deinit(&heard);
        buf_deinit(&logged);
        return 0;
}

/* The config "a", of which version 8 is stable, with these rules for version 9. */
static const char *gray(unsigned revision, const char *rules) {
        return gray_text(release_text("a", 8, revision, "eight"), rules, version_text(9, "nine"));
}

static confer_value *get(void) {
        confer_value *value = NULL;

        assert_int_equal(confer_get(fixture.client, NAMESPACE, "a", &value), CONFER_OK);
        return value;
}

static const char *content(confer_value *value) {
        return value ? confer_value_content(value, NULL) : "-";
}

static void note(confer_client *client, confer_change *change, void *context) {
        const char *release = meanwhile;

        (void)client;
        (void)context;
        buf_append_format(&heard, "%s:%c:%s:%s ", confer_change_get_key(change),
                          "IUR"[confer_change_get_kind(change)], content(confer_change_get_old(change)),
                          content(confer_change_get_new(change)));
        meanwhile = NULL;
        if (release)
                fixture_put(&fixture, 50, release);
        if (refusal)
                confer_change_refuse(change, refusal);
}

static void listen_to_all(void) {
        assert_int_equal(confer_listen(fixture.client, NULL, NULL, note, NULL, NULL), CONFER_OK);
}

static void assert_heard(const char *expected) {
        assert_int_equal(confer_dispatch(fixture.client, 0), CONFER_OK);
        buf_append_char(&heard, '\0');
        assert_string_equal(heard.data, expected);
        buf_clear(&heard);
}

/* What the client sent since this was asked last, the acknowledgements due among it. */
static const char *take_sent(void) {
        static char text[4096];

        stream_tick(&fixture.stream, fixture.stream.now_ms);
        stream_tick(&fixture.stream, fixture.stream.now_ms + ACK_DELAY_MS);
        assert_true(fixture.sent.size < sizeof(text));
        memcpy(text, fixture.sent.size ? fixture.sent.data : "", fixture.sent.size);
        text[fixture.sent.size] = '\0';
        buf_clear(&fixture.sent);
        return text;
}

/* As the last of what was. @error: NULL: it was applied */
static void assert_acknowledged(int version, const char *error) {
        char expected[128];

        if (error)
                snprintf(expected, sizeof(expected), "\"version\":%d,\"ok\":false,\"error\":\"%s\"}]}}\n",
                         version, error);
        else
                snprintf(expected, sizeof(expected), "\"version\":%d,\"ok\":true}]}}\n", version);
        assert_non_null(strstr(take_sent(), expected));
}

static void an_arm_is_a_value_that_says_where_it_comes_from(void **state) {
        confer_value *value;

        (void)state;
        fixture_put(&fixture, 6, gray(6, CANARY_9));
        value = get();
        assert_string_equal(content(value), "nine");
        assert_int_equal(confer_value_get_version(value), 9);
        assert_int_equal(confer_value_get_revision(value), 6);
        assert_true(confer_value_is_gray(value));
        assert_int_equal(confer_value_get_rule(value), 0);
        assert_string_equal(confer_value_get_namespace(value), NAMESPACE);
        assert_string_equal(confer_value_get_key(value), "a");
        assert_string_equal(confer_value_get_updated_by(value), "user:g");
        assert_string_equal(confer_value_get_comment(value), "gray");
        assert_int_equal(confer_value_get_updated_at_ms(value), 1769904000000);
        assert_int_equal(confer_value_get_origin(value), CONFER_ORIGIN_SERVER);
        assert_int_equal(confer_value_get_age_ms(value), 0);

        fixture_put(&fixture, 7, gray(7, BETA_9));
        assert_string_equal(content(value), "nine");
        assert_true(value->body->superseded_ms != 0);
        confer_value_unref(value);
        value = get();
        assert_string_equal(content(value), "eight");
        assert_false(confer_value_is_gray(value));
        assert_int_equal(confer_value_get_rule(value), -1);
        assert_string_equal(confer_value_get_updated_by(value), "user:a");
        confer_value_unref(value);
}

static void arms_of_one_version_share_its_content_and_know_their_rules(void **state) {
        static const char rules[] =
                "[{\"match\":{\"ring\":[\"beta\"]},\"split\":[{\"version\":9,\"weight\":100}]},"
                "{\"split\":[{\"version\":9,\"weight\":60},{\"version\":8,\"weight\":20},"
                "{\"version\":9,\"weight\":20}]}]";
        const GrayRelease *gray_release;
        const confer_value *arms[4];
        confer_value *value;
        char versions[512];

        (void)state;
        snprintf(versions, sizeof(versions), "%s,%s", version_text(8, "eight"), version_text(9, "nine"));
        fixture_put(&fixture, 6, gray_text(release_text("a", 7, 6, "seven"), rules, versions));
        value = value_of(catalog_get(replica_catalog(&fixture.client->replica), SPAN_LITERAL(NAMESPACE),
                                     SPAN_LITERAL("a")));
        gray_release = value->release.gray;
        assert_int_equal(gray_release->n_arms, 4);
        for (int i = 0; i < 4; i++)
                arms[i] = value_of(gray_release->arms[i]);
        assert_int_equal(confer_value_get_rule(arms[0]), 0);
        for (int i = 1; i < 4; i++)
                assert_int_equal(confer_value_get_rule(arms[i]), 1);
        assert_ptr_equal(arms[0]->body->content, arms[1]->body->content);
        assert_ptr_equal(arms[0]->body->content, arms[3]->body->content);
        assert_ptr_not_equal(arms[0]->body->content, arms[2]->body->content);
        assert_int_equal(confer_value_get_version(arms[2]), 8);
        assert_string_equal(confer_value_content(arms[2], NULL), "eight");
}

static void listeners_hear_what_this_instance_sees(void **state) {
        (void)state;
        listen_to_all();
        assert_heard("a:I:-:eight ");
        fixture_put(&fixture, 6, gray(6, BETA_9));
        assert_heard("");
        fixture_put(&fixture, 7, gray(7, CANARY_9));
        assert_heard("a:U:eight:nine ");
        fixture_put(&fixture, 8, gray(8, CANARY_9));
        assert_heard("");
        fixture_put(&fixture, 9, release_text("a", 9, 9, "nine"));
        assert_heard("");
        assert_string_equal(content_of(fixture.client, NAMESPACE, "a"), "nine");
        fixture_put(&fixture, 10, gray(10, CANARY_9));
        assert_heard("");
        fixture_put(&fixture, 11, release_text("a", 8, 11, "eight"));
        assert_heard("a:U:nine:eight ");
}

static void a_new_listener_first_hears_the_arm(void **state) {
        (void)state;
        fixture_put(&fixture, 6, gray(6, CANARY_9));
        listen_to_all();
        assert_heard("a:I:-:nine ");
}

static bool note_value(confer_value *value, void *context) {
        buf_append_format(context, "%s=%s ", confer_value_get_key(value), content(value));
        return true;
}

static void all_ways_of_reading_see_the_arm(void **state) {
        _cleanup_(buf_deinit) Buf seen = BUF_NULL;
        char *text;

        (void)state;
        fixture_put(&fixture, 6, gray(6, CANARY_9));
        text = confer_get_string(fixture.client, NAMESPACE, "a", NULL, "none");
        assert_string_equal(text, "nine");
        free(text);
        assert_int_equal(confer_each(fixture.client, NAMESPACE, note_value, &seen), CONFER_OK);
        buf_append_char(&seen, '\0');
        assert_string_equal(seen.data, "a=nine ");
}

static void tags_change_what_is_seen_at_once(void **state) {
        const char *text;

        (void)state;
        listen_to_all();
        fixture_put(&fixture, 6, gray(6, BETA_9));
        assert_heard("a:I:-:eight ");
        (void)take_sent();

        assert_int_equal(confer_client_set_tag(fixture.client, "ring", "beta"), CONFER_OK);
        assert_string_equal(content_of(fixture.client, NAMESPACE, "a"), "nine");
        assert_heard("a:U:eight:nine ");
        text = take_sent();
        assert_non_null(strstr(text, "\"type\":\"subscribe\""));
        assert_non_null(strstr(text, "\"tags\":{\"ring\":\"beta\"}"));
        assert_non_null(strstr(text, "\"namespaces\":[]"));
        assert_non_null(strstr(text, "\"version\":9,\"ok\":true"));

        assert_int_equal(confer_client_set_tag(fixture.client, "ring", "beta"), CONFER_OK);
        assert_int_equal(confer_client_set_tag(fixture.client, "unknown", NULL), CONFER_OK);
        assert_string_equal(take_sent(), "");
        assert_int_equal(confer_client_set_tag(fixture.client, "ring", NULL), CONFER_OK);
        assert_heard("a:U:nine:eight ");
        text = take_sent();
        assert_non_null(strstr(text, "\"tags\":{}"));
        assert_non_null(strstr(text, "\"version\":8,\"ok\":true"));
        assert_int_equal(confer_client_set_tag(fixture.client, "zone", "a"), CONFER_OK);
        assert_heard("");
        assert_null(strstr(take_sent(), "\"ack\""));

        assert_int_equal(confer_client_set_tag(NULL, "ring", "beta"), CONFER_E_INVALID);
        assert_int_equal(confer_client_set_tag(fixture.client, NULL, "beta"), CONFER_E_INVALID);
        assert_int_equal(confer_client_set_tag(fixture.client, "Ring", "beta"), CONFER_E_INVALID);
        assert_int_equal(confer_client_set_tag(fixture.client, "ring", "\xff"), CONFER_E_INVALID);
}

static void tags_that_come_and_go_unheard_are_not_told(void **state) {
        (void)state;
        listen_to_all();
        fixture_put(&fixture, 6, gray(6, BETA_9));
        assert_heard("a:I:-:eight ");
        assert_acknowledged(8, NULL);
        assert_int_equal(confer_client_set_tag(fixture.client, "ring", "beta"), CONFER_OK);
        assert_int_equal(confer_client_set_tag(fixture.client, "ring", "canary"), CONFER_OK);
        assert_heard("");
}

/* The server keeps what it is told last. */
static void what_is_seen_at_last_is_acknowledged_last(void **state) {
        (void)state;
        fixture_put(&fixture, 6, gray(6, BETA_9));
        (void)take_sent();
        for (int i = 0; i < 3; i++) {
                const char *ring = i % 2 ? "canary" : "beta";

                assert_int_equal(confer_client_set_tag(fixture.client, "ring", ring), CONFER_OK);
        }
        assert_acknowledged(9, NULL);
        assert_int_equal(confer_client_set_tag(fixture.client, "ring", "canary"), CONFER_OK);
        assert_acknowledged(8, NULL);
}

static void the_next_connection_bears_the_tags_of_now(void **state) {
        (void)state;
        assert_int_equal(confer_client_set_tag(fixture.client, "zone", "b"), CONFER_OK);
        fixture_connect(&fixture);
        assert_non_null(strstr(take_sent(), "\"tags\":{\"ring\":\"canary\",\"zone\":\"b\"}"));
}

static void a_refusal_holds_for_the_version_as_long_as_it_is_seen(void **state) {
        (void)state;
        listen_to_all();
        assert_heard("a:I:-:eight ");
        refusal = "no";
        fixture_put(&fixture, 6, gray(6, CANARY_9));
        assert_heard("a:U:eight:nine ");
        assert_acknowledged(9, "no");

        refusal = NULL;
        fixture_put(&fixture, 7, gray(7, CANARY_9));
        assert_heard("");
        assert_string_equal(take_sent(), "");
        fixture_connect(&fixture);
        fixture_receive(&fixture, "{\"seq\":7,\"type\":\"current\",\"payload\":{\"epoch\":\"e1\","
                                  "\"namespaces\":[\"" NAMESPACE "\"]}}");
        assert_acknowledged(9, "no");
}

static void a_refusal_holds_for_what_came_while_the_listener_was_called(void **state) {
        (void)state;
        listen_to_all();
        assert_heard("a:I:-:eight ");
        refusal = "no";
        fixture_put(&fixture, 6, gray(6, CANARY_9));
        meanwhile = gray(50, CANARY_9);
        assert_heard("a:U:eight:nine ");
        assert_acknowledged(9, "no");

        fixture_connect(&fixture);
        fixture_receive(&fixture, "{\"seq\":50,\"type\":\"current\",\"payload\":{\"epoch\":\"e1\","
                                  "\"namespaces\":[\"" NAMESPACE "\"]}}");
        assert_acknowledged(9, "no");
}

static void what_nobody_listens_to_is_acknowledged_as_seen(void **state) {
        (void)state;
        assert_acknowledged(8, NULL);
        fixture_put(&fixture, 6, gray(6, CANARY_9));
        assert_acknowledged(9, NULL);
        fixture_put(&fixture, 7, gray(7, BETA_9));
        assert_acknowledged(8, NULL);
}

static const char *content_for(const confer_context *context) {
        static char text[64];
        confer_value *value = NULL;

        assert_int_equal(confer_get_for(fixture.client, NAMESPACE, "a", context, &value), CONFER_OK);
        snprintf(text, sizeof(text), "%s", content(value));
        confer_value_unref(value);
        return text;
}

static void a_request_has_a_unit_and_tags_of_its_own(void **state) {
        confer_context *context = NULL;
        confer_value *value = NULL;
        int n_nine = 0;
        char unit[16];

        (void)state;
        listen_to_all();
        fixture_put(&fixture, 6, gray(6, CANARY_9));
        assert_heard("a:I:-:nine ");
        assert_int_equal(confer_context_new(&context), CONFER_OK);
        assert_string_equal(content_for(context), "eight");
        assert_int_equal(confer_context_set_tag(context, "ring", "canary"), CONFER_OK);
        assert_string_equal(content_for(context), "nine");
        assert_int_equal(confer_context_set_tag(context, "ring", NULL), CONFER_OK);
        assert_string_equal(content_for(context), "eight");

        fixture_put(&fixture, 7, gray(7, "[{\"split\":[{\"version\":9,\"weight\":50}]}]"));
        assert_string_equal(content_for(context), "eight");
        for (int i = 0; i < 1000; i++) {
                snprintf(unit, sizeof(unit), "user-%d", i);
                assert_int_equal(confer_context_set_unit(context, unit), CONFER_OK);
                n_nine += strcmp(content_for(context), "nine") == 0;
        }
        assert_true(n_nine > 400 && n_nine < 600);
        assert_int_equal(confer_context_set_unit(context, NULL), CONFER_OK);
        assert_string_equal(content_for(context), "eight");

        assert_int_equal(confer_get_for(fixture.client, NAMESPACE, "a", NULL, &value), CONFER_E_INVALID);
        assert_int_equal(confer_get_for(fixture.client, "other", "a", context, &value), CONFER_E_INVALID);
        assert_int_equal(confer_get_for(fixture.client, NAMESPACE, "b", context, &value), CONFER_E_NOT_FOUND);
        assert_int_equal(confer_context_new(NULL), CONFER_E_INVALID);
        assert_int_equal(confer_context_set_unit(NULL, "u"), CONFER_E_INVALID);
        assert_int_equal(confer_context_set_tag(context, NULL, "x"), CONFER_E_INVALID);
        assert_int_equal(confer_context_set_tag(context, "Ring", NULL), CONFER_E_INVALID);
        assert_null(value);
        confer_context_free(context);
        confer_context_free(NULL);
}

static void a_context_has_its_limit_of_tags(void **state) {
        confer_context *context = NULL;
        char name[16];

        (void)state;
        assert_int_equal(confer_context_new(&context), CONFER_OK);
        for (int i = 0; i < TAGS_MAX; i++) {
                snprintf(name, sizeof(name), "t%d", i);
                assert_int_equal(confer_context_set_tag(context, name, "v"), CONFER_OK);
        }
        assert_int_equal(confer_context_set_tag(context, "more", "v"), CONFER_E_INVALID);
        assert_int_equal(confer_context_set_tag(context, "t0", "w"), CONFER_OK);
        assert_int_equal(confer_context_set_tag(context, "t0", NULL), CONFER_OK);
        assert_int_equal(confer_context_set_tag(context, "more", "v"), CONFER_OK);
        confer_context_free(context);
}

static void rules_that_cannot_be_read_leave_the_stable_version(void **state) {
        static const char *const rules[] = {
                "[{\"match\":{\"ring\":{\"like\":\"c*\"}},\"split\":[{\"version\":9,\"weight\":100}]}]",
                "[{\"split\":[{\"version\":10,\"weight\":100}]}]",
                "[]",
        };

        (void)state;
        for (unsigned i = 0; i < ARRAY_SIZE(rules); i++) {
                buf_clear(&logged);
                fixture_put(&fixture, 6 + i, gray(6 + i, rules[i]));
                assert_false(fixture.stream.is_ended);
                assert_string_equal(content_of(fixture.client, NAMESPACE, "a"), "eight");
                assert_int_equal(confer_client_get_revision(fixture.client), 6 + i);
                buf_append_char(&logged, '\0');
                assert_non_null(strstr(logged.data, NAMESPACE "/a"));
                assert_non_null(strstr(logged.data, "rules"));
        }
        fixture_put(&fixture, 20, gray(20, CANARY_9));
        assert_string_equal(content_of(fixture.client, NAMESPACE, "a"), "nine");
}

static void a_damaged_gray_version_ends_the_connection_and_changes_nothing(void **state) {
        (void)state;
        fixture_put(&fixture, 6,
                    gray_text(release_text("a", 8, 6, "changed"), CANARY_9,
                              "\"9\":{\"format\":\"text\",\"content\":\"nine\",\"sha256\":"
                              "\"44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a\"}"));
        assert_true(fixture.stream.is_ended);
        assert_int_equal(fixture.stream.error, CONFER_E_PROTOCOL);
        assert_string_equal(content_of(fixture.client, NAMESPACE, "a"), "eight");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void) {
        const struct CMUnitTest tests[] = {
                TEST(an_arm_is_a_value_that_says_where_it_comes_from),
                TEST(arms_of_one_version_share_its_content_and_know_their_rules),
                TEST(listeners_hear_what_this_instance_sees),
                TEST(a_new_listener_first_hears_the_arm),
                TEST(all_ways_of_reading_see_the_arm),
                TEST(tags_change_what_is_seen_at_once),
                TEST(tags_that_come_and_go_unheard_are_not_told),
                TEST(what_is_seen_at_last_is_acknowledged_last),
                TEST(the_next_connection_bears_the_tags_of_now),
                TEST(a_refusal_holds_for_the_version_as_long_as_it_is_seen),
                TEST(a_refusal_holds_for_what_came_while_the_listener_was_called),
                TEST(what_nobody_listens_to_is_acknowledged_as_seen),
                TEST(a_request_has_a_unit_and_tags_of_its_own),
                TEST(a_context_has_its_limit_of_tags),
                TEST(rules_that_cannot_be_read_leave_the_stable_version),
                TEST(a_damaged_gray_version_ends_the_connection_and_changes_nothing),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
