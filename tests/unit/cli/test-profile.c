#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "cli/profile.h"
#include "cli/target.h"
#include "model/macros.h"

static char directory[] = "/tmp/test-profile-XXXXXX";

static int enter(_unused_ void **state) {
        return mkdtemp(directory) && chdir(directory) == 0 ? 0 : -1;
}

static int leave(_unused_ void **state) {
        (void)unlink("profiles.json");
        return chdir("/") == 0 && rmdir(directory) == 0 ? 0 : -1;
}

static void file_write(const char *text) {
        FILE *file = fopen("profiles.json", "w");

        assert_non_null(file);
        assert_true(fputs(text, file) >= 0);
        assert_int_equal(fclose(file), 0);
}

static Profiles loaded(void) {
        Profiles profiles = PROFILES_NULL;
        Problem problem = PROBLEM_NULL;

        assert_int_equal(profiles_load("profiles.json", &profiles, &problem), 0);
        return profiles;
}

static void saved(const Profiles *profiles) {
        Problem problem = PROBLEM_NULL;

        assert_int_equal(profiles_save("profiles.json", profiles, &problem), 0);
        assert_string_equal(problem.text, "");
}

static void refused(const char *text, const char *problem_text) {
        Profiles profiles = PROFILES_NULL;
        Problem problem = PROBLEM_NULL;

        file_write(text);
        assert_int_equal(profiles_load("profiles.json", &profiles, &problem), PROFILE_E_INVALID);
        assert_string_equal(problem.text, problem_text);
        assert_null(profiles.items);
}

static void a_missing_file_has_none(_unused_ void **state) {
        _cleanup_(profiles_deinit) Profiles profiles = PROFILES_NULL;

        (void)unlink("profiles.json");
        profiles = loaded();
        assert_int_equal(profiles.n_items, 0);
        assert_null(profiles.current);
}

static void what_is_saved_is_loaded(_unused_ void **state) {
        _cleanup_(profiles_deinit) Profiles first = PROFILES_NULL, second = PROFILES_NULL;
        struct stat status;

        profiles_set(&first, "work", "http://work:8750", "secret");
        profiles_set(&first, "home", "http://home:8750", NULL);
        first.current = strdup("work");
        saved(&first);
        assert_int_equal(stat("profiles.json", &status), 0);
        assert_int_equal(status.st_mode & 07777, 0600);

        second = loaded();
        assert_int_equal(second.n_items, 2);
        assert_string_equal(second.items[0].name, "home");
        assert_null(second.items[0].token);
        assert_string_equal(second.items[1].server, "http://work:8750");
        assert_string_equal(second.items[1].token, "secret");
        assert_string_equal(second.current, "work");
        assert_false(second.is_exposed);
}

static void a_token_stays_with_its_server(_unused_ void **state) {
        _cleanup_(profiles_deinit) Profiles profiles = PROFILES_NULL;

        profiles_set(&profiles, "a", "http://a:1", "secret");
        profiles_set(&profiles, "a", "http://a:1", NULL);
        assert_string_equal(profiles_find(&profiles, "a")->token, "secret");
        profiles_set(&profiles, "a", "http://b:1", NULL);
        assert_null(profiles_find(&profiles, "a")->token);
}

static void a_profile_that_is_removed_is_not_in_use(_unused_ void **state) {
        _cleanup_(profiles_deinit) Profiles profiles = PROFILES_NULL;

        profiles_set(&profiles, "a", "http://a:1", NULL);
        profiles_set(&profiles, "b", "http://b:1", NULL);
        profiles.current = strdup("a");
        profiles_remove(&profiles, "a");
        assert_null(profiles.current);
        assert_null(profiles_find(&profiles, "a"));
        assert_string_equal(profiles.items[0].name, "b");
}

static void a_readable_token_is_noticed(_unused_ void **state) {
        _cleanup_(profiles_deinit) Profiles with = PROFILES_NULL, without = PROFILES_NULL;

        file_write("{\"profiles\": {\"a\": {\"server\": \"http://a\", \"token\": \"t\"}}}");
        assert_int_equal(chmod("profiles.json", 0640), 0);
        with = loaded();
        assert_true(with.is_exposed);

        file_write("{\"profiles\": {\"a\": {\"server\": \"http://a\"}}}");
        without = loaded();
        assert_false(without.is_exposed);
}

static void what_is_no_file_of_profiles_is_refused(_unused_ void **state) {
        refused("{\"profiles\": }", "profiles.json:1:14: unexpected token near '}'");
        refused("{}",
                "profiles.json: it is not {\"current\": NAME, \"profiles\": {NAME: {\"server\": TEXT}}}");
        refused("{\"profiles\": {\"a b\": {\"server\": \"http://a\"}}}",
                "profiles.json: the profile a b is not {\"server\": TEXT, \"token\": TEXT}");
        refused("{\"profiles\": {\"a\": {}}}",
                "profiles.json: the profile a is not {\"server\": TEXT, \"token\": TEXT}");
        refused("{\"profiles\": {\"a\": {\"server\": \"http://a\", \"token\": 1}}}",
                "profiles.json: the profile a is not {\"server\": TEXT, \"token\": TEXT}");
}

static void names_are_plain(_unused_ void **state) {
        assert_true(profile_name_is_valid("prod-eu_1.x"));
        assert_false(profile_name_is_valid(""));
        assert_false(profile_name_is_valid("-a"));
        assert_false(profile_name_is_valid("a b"));
        assert_false(
                profile_name_is_valid("12345678901234567890123456789012345678901234567890123456789012345"));
}

static void the_file_is_below_the_home(_unused_ void **state) {
        _cleanup_(freep) char *home = profiles_path(NULL, "/home/a"), *set = profiles_path("/c", "/home/a");
        _cleanup_(freep) char *empty = profiles_path("", "/home/a");

        assert_string_equal(home, "/home/a/.config/confer/profiles.json");
        assert_string_equal(empty, home);
        assert_string_equal(set, "/c/confer/profiles.json");
        assert_null(profiles_path(NULL, NULL));
}

/*
 * Which server, which token.
 */

typedef struct Case {
        Options options;
        TargetEnvironment environment;
        const char *server;
        const char *token;
} Case;

static void options_win_and_tokens_stay_home(_unused_ void **state) {
        const Case cases[] = {
                { .server = "http://in-use:8750", .token = "of-use" },
                { .options = { .server = "http://other" }, .server = "http://other:8750" },
                { .options = { .server = "http://in-use/" },
                  .server = "http://in-use:8750",
                  .token = "of-use" },
                { .options = { .profile = "b" }, .server = "http://b:1", .token = "of-b" },
                { .options = { .profile = "b", .server = "http://c:2" }, .server = "http://c:2" },
                { .options = { .profile = "b" },
                  .environment = { .server = "http://env:3", .token = "of-env" },
                  .server = "http://b:1",
                  .token = "of-b" },
                { .options = { .profile = "bare" },
                  .environment = { .token = "of-env" },
                  .server = "http://bare:1",
                  .token = "of-env" },
                { .options = { .token = "given" }, .server = "http://in-use:8750", .token = "given" },
                { .environment = { .server = "http://env:3" }, .server = "http://env:3" },
                { .environment = { .server = "http://env:3", .token = "of-env" },
                  .server = "http://env:3",
                  .token = "of-env" },
                { .environment = { .token = "of-env" }, .server = "http://in-use:8750", .token = "of-env" },
                { .environment = { .profile = "b" }, .server = "http://b:1", .token = "of-b" },
                { .environment = { .profile = "b", .server = "http://env:3" }, .server = "http://env:3" },
                { .environment = { .server = "", .token = "", .profile = "" },
                  .server = "http://in-use:8750",
                  .token = "of-use" },
        };

        file_write("{\"current\": \"use\", \"profiles\": {"
                   "\"use\": {\"server\": \"http://in-use\", \"token\": \"of-use\"},"
                   "\"bare\": {\"server\": \"http://bare:1\"},"
                   "\"b\": {\"server\": \"http://b:1\", \"token\": \"of-b\"}}}");
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                _cleanup_(target_deinit) Target target = TARGET_NULL;
                TargetEnvironment environment = cases[i].environment;
                Problem problem = PROBLEM_NULL;
                bool is_exposed;

                environment.profiles_path = "profiles.json";
                assert_int_equal(
                        target_choose(&cases[i].options, &environment, &target, &is_exposed, &problem), 0);
                assert_string_equal(target.server, cases[i].server);
                if (cases[i].token)
                        assert_string_equal(target.token, cases[i].token);
                else
                        assert_null(target.token);
        }
}

static void without_anything_there_is_a_default(_unused_ void **state) {
        _cleanup_(target_deinit) Target target = TARGET_NULL;
        const TargetEnvironment environment = { .server = NULL };
        const Options options = { .server = NULL };
        Problem problem = PROBLEM_NULL;
        bool is_exposed;

        assert_int_equal(target_choose(&options, &environment, &target, &is_exposed, &problem), 0);
        assert_string_equal(target.server, TARGET_DEFAULT_SERVER);
        assert_null(target.token);
        assert_false(is_exposed);
}

static void target_refused(Options options, const char *text) {
        const TargetEnvironment environment = { .profiles_path = "profiles.json" };
        _cleanup_(target_deinit) Target target = TARGET_NULL;
        Problem problem = PROBLEM_NULL;
        bool is_exposed;

        assert_int_equal(target_choose(&options, &environment, &target, &is_exposed, &problem),
                         TARGET_E_INVALID);
        assert_string_equal(problem.text, text);
        assert_null(target.server);
}

static void what_is_no_server_or_profile_is_refused(_unused_ void **state) {
        file_write("{\"profiles\": {\"work\": {\"server\": \"http://a\"}}}");
        target_refused((Options){ .profile = "wrok" }, "there is no profile wrok; did you mean work?");
        target_refused((Options){ .profile = "x" }, "there is no profile x, see confer profile list");
        target_refused((Options){ .server = "ftp://a" },
                       "the server ftp://a: it does not begin with http:// or https://");
        target_refused((Options){ .server = "http://a/b" },
                       "the server http://a/b: it has more than a host and a port");
        target_refused(
                (Options){ .server = "http://u:p@a" },
                "the server http://u:p@a: it has a user or a password; a token is given apart from it");
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(a_missing_file_has_none),
                cmocka_unit_test(what_is_saved_is_loaded),
                cmocka_unit_test(a_token_stays_with_its_server),
                cmocka_unit_test(a_profile_that_is_removed_is_not_in_use),
                cmocka_unit_test(a_readable_token_is_noticed),
                cmocka_unit_test(what_is_no_file_of_profiles_is_refused),
                cmocka_unit_test(names_are_plain),
                cmocka_unit_test(the_file_is_below_the_home),
                cmocka_unit_test(options_win_and_tokens_stay_home),
                cmocka_unit_test(without_anything_there_is_a_default),
                cmocka_unit_test(what_is_no_server_or_profile_is_refused),
        };

        return cmocka_run_group_tests(tests, enter, leave);
}
