/*
 * Loans: the references to a value that the application holds, counted on stripes.
 *
 * A value has a count of its own as well, for those that keep it: the catalogs, listeners, acknowledgements.
 * While there is one of those nobody has to know how many loans there are. When the last of them goes the
 * loans are settled: what the stripes sum up to becomes the value's own count, and from then on that one
 * counts.
 *
 * Loans are of heads out of a pool (heads.h). Any thread may add, and drop what was added.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/* Return: false when they are settled, and nothing was counted. */
bool loans_add(void *head);
bool loans_drop(void *head);

/* Once per head. Return: how many there are. Those that come and go meanwhile are counted either here or by
 * whom loans_add() and loans_drop() tell so. */
uint32_t loans_settle(void *head);
bool loans_are_settled(void *head);
