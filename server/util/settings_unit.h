/*
 * Numbers with units, as an operator writes them: "64 KiB", "10 s" or "100".
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "model/buf.h"
#include "model/problem.h"
#include "model/span.h"

#define KIB    UINT64_C(1024)
#define MIB    (1024 * KIB)
#define GIB    (1024 * MIB)
#define SECOND UINT64_C(1000)
#define MINUTE (60 * SECOND)
#define HOUR   (60 * MINUTE)
#define DAY    (24 * HOUR)

typedef enum SettingUnit {
        SETTING_UNIT_NONE,
        SETTING_UNIT_BYTES,
        SETTING_UNIT_MS,
        SETTING_UNIT_ROWS,
        SETTING_UNIT_THREADS,
        SETTING_UNIT_CONNECTIONS,
        SETTING_UNIT_QUERIES,
        SETTING_UNIT_COMMANDS,
        SETTING_UNIT_NAMESPACES,
        SETTING_UNIT_CHANGES,
        SETTING_UNIT_KEYS,
        SETTING_UNIT_ATTEMPTS,
        SETTING_UNIT_LETTERS,
        SETTING_UNIT_N,
} SettingUnit;

const char *settings_unit_to_string(SettingUnit unit);

/* The suffixes that a value may have, ready to be put behind the name of the unit; "" when there are none. */
const char *settings_unit_hint(SettingUnit unit);

/* Returns false for what is no number, or ends in what is no suffix of @unit. What passes 64 bits is their
 * most. */
bool settings_parse_integer(SettingUnit unit, Span text, uint64_t *ret_value);

/* Reads a number from @min to @max. Returns false with the text of @ret_problem filled, the value untouched.
 */
bool settings_read_integer(SettingUnit unit, uint64_t min, uint64_t max, Span text, uint64_t *ret_value,
                           Problem *ret_problem);

/* Writes "64 KiB", "10 s" or "100 rows". */
void settings_append_integer(Buf *to, SettingUnit unit, uint64_t value);
