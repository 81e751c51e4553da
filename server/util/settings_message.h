/*
 * What an operator is told of a fault: the place, the name, the fault.
 */
#pragma once

#include <stdarg.h>
#include <stddef.h>

#include "model/macros.h"
#include "model/problem.h"
#include "model/span.h"

/* A text from outside, short and printable enough for a message. */
typedef struct SettingsShown {
        char text[48];
} SettingsShown;

SettingsShown settings_shown(Span text);

/*
 * settings_refuse_at() - say that something in a file, or elsewhere, is wrong
 * @path: of the file; NULL for a fault that is in none
 * @line: 1-based, 0 for the file as a whole
 * @label: the name of what is wrong; an empty one speaks of the file as a whole
 *
 * Returns SETTINGS_E_INVALID, for the caller to return.
 */
int settings_refuse_at(const char *path, size_t line, const char *label, Problem *ret_problem,
                       const char *format, ...) _printf_(5, 6);
int settings_refuse_at_args(const char *path, size_t line, const char *label, Problem *ret_problem,
                            const char *format, va_list args) _printf_(5, 0);
