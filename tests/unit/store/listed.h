/*
 * A reader beside the store of suite.h, and what it lists as a line of text, for the tests to compare.
 */
#pragma once

#include "model/buf.h"
#include "store/reader.h"
#include "suite.h"

extern Reader *reader;
extern Buf listed;

/* For cmocka. */
int set_up_reader(void **state);
int tear_down_reader(void **state);

#define TEST_READING(name) cmocka_unit_test_setup_teardown(name, set_up_reader, tear_down_reader)

/* What was listed since the last time. */
void assert_listed(const char *expected);
