/*
 * The ways on which SQLite finds what a reader's queries ask for.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "model/buf.h"
#include "reader-suite.h"
#include "store/reader_internal.h"
#include "store/sql.h"

static char *plan_of(ReaderStatement name) {
        char *text = sqlite3_mprintf("EXPLAIN QUERY PLAN %s", reader_texts[name]);
        sqlite3_stmt *statement = NULL;
        Buf plan = BUF_NULL;

        assert_int_equal(sql_prepare(suite.reader->database, (const char *const *)&text, &statement, 1), 0);
        while (sql_step(statement) > 0) {
                buf_append_span(&plan, sql_column_text(statement, 3));
                buf_append_char(&plan, '\n');
        }
        sql_finalize(&statement, 1);
        sqlite3_free(text);
        return buf_take_string(&plan);
}

static void no_query_scans_a_table_and_no_page_is_sorted(void **state) {
        (void)state;
        for (ReaderStatement name = READER_FIND_NAMESPACE; name < READER_STATEMENT_N; name++) {
                char *plan = plan_of(name);

                /* Of a walk from row to row SQLite says that it scans its own rows. */
                bool is_walk = name == READER_LIST_VERSIONS || name == READER_LIST_RELEASES;

                if ((strstr(plan, "SCAN") && !is_walk) || !strstr(plan, "SEARCH"))
                        fail_msg("%s\n%s", reader_texts[name], plan);
                if (strstr(plan, "TEMP B-TREE"))
                        fail_msg("%s\n%s", reader_texts[name], plan);
                free(plan);
        }
}

static void assert_plan(ReaderStatement name, const char *part) {
        char *plan = plan_of(name);

        if (!strstr(plan, part))
                fail_msg("'%s' is not in\n%s", part, plan);
        free(plan);
}

static void pages_are_found_by_their_keys(void **state) {
        (void)state;
        assert_plan(READER_LIST_NAMESPACES, "(name>? AND name<?)");
        assert_plan(READER_LIST_CONFIGS, "(namespace_id=? AND key>? AND key<?)");
        assert_plan(READER_LOOK_UP_VERSION, "SEARCH versions USING INTEGER PRIMARY KEY (rowid=?)");
        assert_plan(READER_LIST_VERSIONS, "SEARCH v USING INTEGER PRIMARY KEY (rowid=?)");
        assert_plan(READER_LIST_RELEASES, "SEARCH r USING INTEGER PRIMARY KEY (rowid=?)");
        assert_plan(READER_LIST_AUDIT, "INTEGER PRIMARY KEY (rowid>? AND rowid<?)");
}

int main(void) {
        const struct CMUnitTest tests[] = {
                TEST(no_query_scans_a_table_and_no_page_is_sorted),
                TEST(pages_are_found_by_their_keys),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
