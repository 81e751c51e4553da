#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <poll.h>
#include <pthread.h>

#include "fixture.h"

static Fixture fixture;
static Buf heard; /* one change a word: key, kind, old and new content */

static int setup(void **state) {
        confer_options *options = fixture_options();

        (void)state;
        heard = BUF_NULL;
        assert_int_equal(confer_options_add_key(options, "prod.acme.billing", "a"), CONFER_OK);
        assert_int_equal(fixture_init(&fixture, options), CONFER_OK);
        confer_options_free(options);
        fixture_connect(&fixture);
        return 0;
}

static int teardown(void **state) {
        (void)state;
        fixture_deinit(&fixture);
        buf_deinit(&heard);
        return 0;
}

static const char *content(confer_value *value) {
        return value ? confer_value_content(value, NULL) : "-";
}

static void note(confer_client *client, confer_change *change, void *context) {
        (void)client;
        buf_append_format(&heard, "%s%s:%c:%s:%s ", context ? (const char *)context : "",
                          confer_change_get_key(change), "IUR"[confer_change_get_kind(change)],
                          content(confer_change_get_old(change)), content(confer_change_get_new(change)));
}

static uint64_t listen_to(const char *namespace_, const char *key, confer_listener_fn fn, void *context) {
        uint64_t id = 0;

        assert_int_equal(confer_listen(fixture.client, namespace_, key, fn, context, &id), CONFER_OK);
        assert_true(id > 0);
        return id;
}

static void assert_heard(const char *expected) {
        assert_int_equal(confer_dispatch(fixture.client, 0), CONFER_OK);
        buf_append_char(&heard, '\0');
        assert_string_equal(heard.data, expected);
        buf_clear(&heard);
}

static void snapshot(unsigned revision, const char *releases) {
        fixture_snapshot(&fixture, revision, "e1", namespace_text(NAMESPACE, releases, NULL), false);
}

static void change(unsigned revision, const char *releases, const char *deleted) {
        fixture_change(&fixture, revision, namespace_text(NAMESPACE, releases, deleted));
}

static const char *two(const char *a, const char *b) {
        static char text[4096];

        snprintf(text, sizeof(text), "%s,%s", a, b);
        return text;
}

static void what_is_known_is_told_first_in_the_order_of_revisions(void **state) {
        (void)state;
        snapshot(5, two(release_text("b", 1, 4, "B"), release_text("a", 1, 3, "A")));
        listen_to(NAMESPACE, NULL, note, NULL);
        assert_heard("a:I:-:A b:I:-:B ");
        change(6, release_text("b", 2, 6, "BB"), "\"a\"");
        assert_heard("a:R:A:- b:U:B:BB ");
        change(7, release_text("a", 1, 7, "A"), "");
        assert_heard("a:I:-:A ");
}

static void what_becomes_known_later_is_initial_too(void **state) {
        (void)state;
        listen_to(NAMESPACE, "a", note, NULL);
        assert_heard("");
        snapshot(5, two(release_text("b", 1, 4, "B"), release_text("a", 1, 3, "A")));
        assert_heard("a:I:-:A ");
}

static void a_slow_listener_hears_the_newest_in_the_order_of_revisions(void **state) {
        (void)state;
        snapshot(5, two(release_text("b", 1, 4, "B"), release_text("a", 1, 3, "A")));
        listen_to(NAMESPACE, NULL, note, NULL);
        assert_heard("a:I:-:A b:I:-:B ");
        change(6, release_text("a", 2, 6, "A2"), "");
        change(7, release_text("b", 2, 7, "B2"), "");
        change(8, release_text("a", 3, 8, "A3"), "");
        assert_heard("b:U:B:B2 a:U:A:A3 ");
}

static void a_value_that_came_and_went_unheard_is_not_told(void **state) {
        (void)state;
        snapshot(5, release_text("a", 1, 3, "A"));
        listen_to(NAMESPACE, NULL, note, NULL);
        assert_heard("a:I:-:A ");
        change(6, release_text("a", 2, 6, "A2"), "");
        change(7, release_text("b", 1, 7, "B"), "");
        change(8, release_text("a", 1, 8, "A"), "");
        change(9, "", "\"b\"");
        assert_heard("");
}

static void a_reconnect_alone_is_no_change(void **state) {
        (void)state;
        snapshot(5, release_text("a", 1, 3, "A"));
        listen_to(NAMESPACE, NULL, note, NULL);
        assert_heard("a:I:-:A ");
        fixture_connect(&fixture);
        snapshot(5, release_text("a", 1, 3, "A"));
        assert_heard("");
        change(7, release_text("a", 1, 7, "A"), ""); /* released again as it is */
        assert_heard("");
        fixture_connect(&fixture);
        fixture_snapshot(&fixture, 2, "e2", namespace_text(NAMESPACE, release_text("a", 1, 1, "A"), NULL),
                         false);
        assert_heard("");
}

static void what_is_inherited_changes_with_its_override(void **state) {
        (void)state;
        fixture_snapshot(&fixture, 5, "e1", namespace_text("prod", release_text("a", 1, 3, "of prod"), NULL),
                         false);
        listen_to(NULL, NULL, note, NULL);
        assert_heard("a:I:-:of prod a:I:-:of prod "); /* in each of both namespaces */
        change(6, release_text("a", 1, 6, "own"), "");
        assert_heard("a:U:of prod:own ");
        fixture_change(&fixture, 7, namespace_text("prod", release_text("a", 2, 7, "of prod 2"), ""));
        assert_heard("a:U:of prod:of prod 2 "); /* where it is not overridden */
        change(8, "", "\"a\"");
        assert_heard("a:U:own:of prod 2 ");
}

static void each_listener_remembers_what_it_heard(void **state) {
        (void)state;
        listen_to(NAMESPACE, "a", note, "1");
        snapshot(5, release_text("a", 1, 3, "A"));
        assert_heard("1a:I:-:A ");
        change(6, release_text("a", 2, 6, "A2"), "");
        listen_to(NAMESPACE, "a", note, "2");
        assert_heard("1a:U:A:A2 2a:I:-:A2 ");
}

static uint64_t own_id;

static void remove_itself(confer_client *client, confer_change *heard_change, void *context) {
        note(client, heard_change, context);
        assert_int_equal(confer_unlisten(client, own_id), CONFER_OK);
        assert_int_equal(confer_unlisten(client, own_id), CONFER_E_NOT_FOUND);
        assert_string_equal(confer_change_get_key(heard_change), "a");
}

static void a_listener_may_remove_itself(void **state) {
        (void)state;
        own_id = listen_to(NAMESPACE, NULL, remove_itself, NULL);
        snapshot(5, two(release_text("b", 1, 4, "B"), release_text("a", 1, 3, "A")));
        assert_heard("a:I:-:A ");
        change(6, release_text("a", 2, 6, "A2"), "");
        assert_heard("");
}

static void remove_other(confer_client *client, confer_change *heard_change, void *context) {
        (void)heard_change;
        assert_int_equal(confer_unlisten(client, *(uint64_t *)context), CONFER_OK);
}

static void a_listener_may_remove_another_whose_turn_is_next(void **state) {
        uint64_t other;

        (void)state;
        snapshot(5, release_text("a", 1, 3, "A"));
        listen_to(NAMESPACE, NULL, remove_other, &other);
        other = listen_to(NAMESPACE, NULL, note, NULL);
        assert_heard("");
}

static void re_enter(confer_client *client, confer_change *heard_change, void *context) {
        confer_value *value;
        Span key = span_from_string(confer_change_get_key(heard_change));

        (void)context;
        assert_int_equal(confer_get(client, NAMESPACE, key.data, &value), CONFER_OK);
        confer_value_unref(value);
        assert_int_equal(confer_dispatch(client, 0), CONFER_E_STATE);
        assert_int_equal(confer_client_stop(client), CONFER_E_STATE);
        assert_int_equal(confer_client_wait_ready(client, 0), CONFER_E_STATE);
        assert_int_equal(confer_listen(client, NAMESPACE, "a", note, NULL, NULL), CONFER_OK);
}

static void a_listener_may_add_others_and_not_stop_its_client(void **state) {
        (void)state;
        snapshot(5, release_text("a", 1, 3, "A"));
        listen_to(NAMESPACE, NULL, re_enter, NULL);
        assert_heard("a:I:-:A ");
}

static bool fd_is_readable(void) {
        struct pollfd fd = { .fd = confer_client_get_fd(fixture.client), .events = POLLIN };

        return poll(&fd, 1, 0) == 1;
}

static void the_descriptor_is_readable_while_something_is_due(void **state) {
        (void)state;
        listen_to(NAMESPACE, NULL, note, NULL);
        assert_false(fd_is_readable());
        snapshot(5, two(release_text("b", 1, 4, "B"), release_text("a", 1, 3, "A")));
        assert_true(fd_is_readable());
        assert_int_equal(confer_dispatch(fixture.client, 1), CONFER_OK);
        assert_true(fd_is_readable());
        assert_int_equal(confer_dispatch(fixture.client, 1), CONFER_OK);
        assert_false(fd_is_readable());
        assert_heard("a:I:-:A b:I:-:B ");
}

static void no_listener_is_called_once_it_is_stopped(void **state) {
        (void)state;
        snapshot(5, release_text("a", 1, 3, "A"));
        listen_to(NAMESPACE, NULL, note, NULL);
        assert_int_equal(confer_client_stop(fixture.client), CONFER_OK);
        assert_heard("");
        assert_int_equal(confer_listen(fixture.client, NAMESPACE, "a", note, NULL, NULL), CONFER_E_CLOSED);
        assert_string_equal(content_of(fixture.client, NAMESPACE, "a"), "A");
}

static void listening_to_what_is_not_wanted_is_refused(void **state) {
        (void)state;
        assert_int_equal(confer_listen(fixture.client, "test", NULL, note, NULL, NULL), CONFER_E_INVALID);
        assert_int_equal(confer_listen(fixture.client, NAMESPACE, "no/key", note, NULL, NULL),
                         CONFER_E_INVALID);
        assert_int_equal(confer_listen(fixture.client, NULL, "a", note, NULL, NULL), CONFER_E_INVALID);
        assert_int_equal(confer_listen(fixture.client, "prod.acme.billing", "b", note, NULL, NULL),
                         CONFER_E_INVALID);
        assert_int_equal(confer_listen(fixture.client, NAMESPACE, "a", NULL, NULL, NULL), CONFER_E_INVALID);
}

/* A slow listener on one thread, and another thread that takes it away meanwhile. */
typedef struct Slow {
        pthread_mutex_t lock;
        pthread_cond_t changed;
        bool is_running;
        bool may_end;
        bool has_ended;
        uint64_t id;
} Slow;

static void run_slowly(confer_client *client, confer_change *heard_change, void *context) {
        Slow *slow = context;

        (void)client;
        (void)heard_change;
        pthread_mutex_lock(&slow->lock);
        slow->is_running = true;
        pthread_cond_broadcast(&slow->changed);
        while (!slow->may_end)
                pthread_cond_wait(&slow->changed, &slow->lock);
        slow->has_ended = true;
        pthread_mutex_unlock(&slow->lock);
}

static void *dispatch(void *context) {
        (void)confer_dispatch(context, 0);
        return NULL;
}

static void *let_end(void *context) {
        Slow *slow = context;

        pthread_mutex_lock(&slow->lock);
        slow->may_end = true;
        pthread_cond_broadcast(&slow->changed);
        pthread_mutex_unlock(&slow->lock);
        return NULL;
}

static void removing_a_listener_waits_until_it_has_returned(void **state) {
        Slow slow = { .lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER };
        pthread_t dispatcher, helper;

        (void)state;
        snapshot(5, release_text("a", 1, 3, "A"));
        slow.id = listen_to(NAMESPACE, NULL, run_slowly, &slow);
        assert_int_equal(pthread_create(&dispatcher, NULL, dispatch, fixture.client), 0);
        pthread_mutex_lock(&slow.lock);
        while (!slow.is_running)
                pthread_cond_wait(&slow.changed, &slow.lock);
        pthread_mutex_unlock(&slow.lock);

        assert_int_equal(confer_dispatch(fixture.client, 0), CONFER_E_STATE);
        change(6, release_text("a", 2, 6, "A2"), "");
        assert_string_equal(content_of(fixture.client, NAMESPACE, "a"), "A2");
        assert_int_equal(pthread_create(&helper, NULL, let_end, &slow), 0);
        assert_int_equal(confer_unlisten(fixture.client, slow.id), CONFER_OK);
        assert_true(slow.has_ended);
        pthread_join(helper, NULL);
        pthread_join(dispatcher, NULL);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void) {
        const struct CMUnitTest tests[] = {
                TEST(what_is_known_is_told_first_in_the_order_of_revisions),
                TEST(what_becomes_known_later_is_initial_too),
                TEST(a_slow_listener_hears_the_newest_in_the_order_of_revisions),
                TEST(a_value_that_came_and_went_unheard_is_not_told),
                TEST(a_reconnect_alone_is_no_change),
                TEST(what_is_inherited_changes_with_its_override),
                TEST(each_listener_remembers_what_it_heard),
                TEST(a_listener_may_remove_itself),
                TEST(a_listener_may_remove_another_whose_turn_is_next),
                TEST(a_listener_may_add_others_and_not_stop_its_client),
                TEST(the_descriptor_is_readable_while_something_is_due),
                TEST(no_listener_is_called_once_it_is_stopped),
                TEST(listening_to_what_is_not_wanted_is_refused),
                TEST(removing_a_listener_waits_until_it_has_returned),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
