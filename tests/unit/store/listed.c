#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "listed.h"

Reader *reader;
Buf listed;

int set_up_reader(void **state) {
        Problem problem = PROBLEM_NULL;

        if (set_up(state) < 0)
                return -1;
        listed = BUF_NULL;
        return reader_open(suite.options.path, &reader, &problem);
}

int tear_down_reader(void **state) {
        reader = reader_close(reader);
        buf_deinit(&listed);
        return tear_down(state);
}

void assert_listed(const char *expected) {
        _cleanup_(freep) char *text = buf_take_string(&listed);

        assert_string_equal(text, expected);
        listed = BUF_NULL;
}
