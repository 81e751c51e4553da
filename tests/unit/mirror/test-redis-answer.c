#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "mirror/redis_answer.h"

static const struct {
        const char *text;
        TargetOutcome outcome;
} answers[] = {
        { "LOADING Redis is loading the dataset in memory", TARGET_E_DOWN },
        { "BUSY Redis is busy running a script. You can only call SCRIPT KILL or SHUTDOWN NOSAVE.",
          TARGET_E_DOWN },
        { "READONLY You can't write against a read only replica.", TARGET_E_DOWN },
        { "MASTERDOWN Link with MASTER is down and replica-serve-stale-data is set to 'no'.", TARGET_E_DOWN },
        { "CLUSTERDOWN Hash slot not served", TARGET_E_DOWN },
        { "NOREPLICAS Not enough good replicas to write.", TARGET_E_DOWN },
        { "OOM command not allowed when used memory > 'maxmemory'.", TARGET_E_DOWN },
        { "EXECABORT Transaction discarded because of: OOM command not allowed when used memory > "
          "'maxmemory'.",
          TARGET_E_DOWN },
        { "MISCONF Redis is configured to save RDB snapshots, but it's currently unable to persist to disk.",
          TARGET_E_DOWN },
        { "ERR max number of clients reached", TARGET_E_DOWN },
        { "ERR Protocol error: invalid bulk length", TARGET_E_DOWN },
        { "NOAUTH Authentication required.", TARGET_E_DENIED },
        { "WRONGPASS invalid username-password pair or user is disabled.", TARGET_E_DENIED },
        { "ERR invalid password", TARGET_E_DENIED },
        { "ERR AUTH <password> called without any password configured for the default user.",
          TARGET_E_DENIED },
        { "NOPERM User x has no permissions to run the 'set' command", TARGET_E_DENIED },
        { "DENIED Redis is running in protected mode because", TARGET_E_DENIED },
        { "ERR unknown command 'HSET', with args beginning with: 'k' 'secret' ", TARGET_E_DENIED },
        { "ERR DB index is out of range", TARGET_E_DENIED },
        { "MOVED 866 127.0.0.1:7001", TARGET_E_DENIED },
        { "ASK 866 127.0.0.1:7001", TARGET_E_DENIED },
        { "CROSSSLOT Keys in request don't hash to the same slot", TARGET_E_DENIED },
        { "ERR string exceeds maximum allowed size (proto-max-bulk-len)", TARGET_E_REFUSED },
        { "ERR something else", TARGET_E_FAILED },
        { "LOADINGS", TARGET_E_FAILED },
        { "", TARGET_E_FAILED },
};

static void test_each_error_has_its_outcome(void **state _unused_) {
        for (size_t i = 0; i < ARRAY_SIZE(answers); i++) {
                TargetError error;

                if (redis_answer_judge(span_from_string(answers[i].text), &error) != answers[i].outcome)
                        fail_msg("%s", answers[i].text);
                assert_int_equal(error.retry_after_ms, 0);
        }
}

static void assert_said(const char *text, const char *expected) {
        TargetError error;

        (void)redis_answer_judge(span_from_string(text), &error);
        assert_string_equal(error.problem.text, expected);
}

static void test_what_the_server_says_stands_in_the_sentence(void **state _unused_) {
        assert_said("LOADING Redis is loading", "the server says: LOADING Redis is loading");
        assert_said("OOM command not allowed",
                    "the server is full (the server says: OOM command not allowed)");
}

/* The words may be a password or a content. */
static void test_the_words_of_a_command_are_not_told(void **state _unused_) {
        assert_said("ERR unknown command 'AUTH', with args beginning with: 'secret' ",
                    "the server does not have a command that a mirror needs (the server says: ERR unknown "
                    "command 'AUTH')");
}

static void test_bytes_that_are_no_text_are_not_told(void **state _unused_) {
        assert_said("ERR \x01\xff", "the server says: ERR ??");
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_each_error_has_its_outcome),
                cmocka_unit_test(test_what_the_server_says_stands_in_the_sentence),
                cmocka_unit_test(test_the_words_of_a_command_are_not_told),
                cmocka_unit_test(test_bytes_that_are_no_text_are_not_told),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
