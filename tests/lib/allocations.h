/*
 * Allocations that fail when a test says so. One fails, those after it do not: whoever goes on regardless is
 * found out. The linker sends the calls of the program and of its static libraries here; shared libraries
 * keep the real ones.
 */
#pragma once

#include <stdbool.h>

/* @n more succeed, then one fails. */
void allocations_fail_after(long n);
void allocations_succeed(void);

/* Since the last call of allocations_fail_after(). */
bool allocation_has_failed(void);
