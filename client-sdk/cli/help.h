/*
 * The texts that are made from the table of commands: the help and the manual page.
 */
#pragma once

#include "cli/options.h"
#include "model/buf.h"

/* Appends the help of a command; NULL: of the program. */
void help_append(Buf *to, const Command *command);

/* The same on the standard output. Return: EXIT_DONE. */
int help_print(const Command *command);

/* Appends the manual page, in the old man macros. */
void manual_append(Buf *to, const char *version);

/* Exit codes with their sentences; ends with a sentence of NULL. */
typedef struct ExitRow {
        int code;
        const char *sentence;
} ExitRow;

const ExitRow *exit_rows(void);
