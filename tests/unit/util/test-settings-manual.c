/*
 * The manual page: every row, and nothing that roff takes for a request.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "settings_fixture.h"

/* What a hyphen in roff becomes is up to the formatter; a minus is what one can copy. */
static void roff_flag(const char *name, char *ret, size_t size) {
        char label[SETTINGS_LABEL_MAX];
        size_t at = 0;

        settings_label(name, SETTINGS_FLAG, label);
        for (size_t i = 0; label[i] && at + 3 < size; i++) {
                if (label[i] == '-')
                        ret[at++] = '\\';
                ret[at++] = label[i];
        }
        ret[at] = '\0';
}

static void test_the_manual_has_every_row(void **state _unused_) {
        static const char *const sections[] = { "NAME",     "SYNOPSIS",    "DESCRIPTION", "OPTIONS",
                                                "SETTINGS", "ENVIRONMENT", "FILES",       "EXIT STATUS",
                                                "SIGNALS",  "EXAMPLES",    "SEE ALSO" };
        _cleanup_(freep) char *text = NULL;
        char flag[2 * SETTINGS_LABEL_MAX], variable[SETTINGS_LABEL_MAX];
        Buf manual = BUF_NULL;
        const char *at;
        size_t n;
        const Setting *table = settings_table(&n);

        settings_manual(&manual, "1.2.3-rc1");
        text = buf_take_string(&manual);
        assert_non_null(text);
        assert_has(text, ".TH CONFERD 1 \"\" \"conferd 1.2.3\\-rc1\" \"Confer\"\n");

        for (size_t i = 0; i < n; i++) {
                settings_label(table[i].name, SETTINGS_ENVIRONMENT, variable);
                assert_has(text, variable);
                if (table[i].flags & SETTING_SECRET)
                        continue;

                assert_has(text, table[i].name);
                roff_flag(table[i].name, flag, sizeof(flag));
                assert_has(text, flag);
        }

        at = text;
        for (size_t i = 0; i < ARRAY_SIZE(sections); i++) {
                at = strstr(at, sections[i]);
                assert_non_null(at);
        }
}

static void test_no_text_of_the_manual_is_taken_for_a_request(void **state _unused_) {
        static const char *const requests[] = { "TH", "SH", "SS", "TP", "PP", "RS", "RE", "B", "I",
                                                "BR", "RB", "IR", "br", "nf", "fi", "nh", "ad" };
        _cleanup_(freep) char *text = NULL;
        Buf manual = BUF_NULL;

        settings_manual(&manual, "1.2.3");
        text = buf_take_string(&manual);
        assert_non_null(text);

        for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n")) {
                bool known = false;

                assert_int_not_equal(line[0], '\'');
                if (line[0] != '.')
                        continue;
                for (size_t i = 0; i < ARRAY_SIZE(requests); i++)
                        known |= span_equal_string((Span){ line + 1, strcspn(line + 1, " ") }, requests[i]);
                if (!known)
                        fail_msg("\"%s\" is no request", line);
        }
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_the_manual_has_every_row),
                cmocka_unit_test(test_no_text_of_the_manual_is_taken_for_a_request),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
