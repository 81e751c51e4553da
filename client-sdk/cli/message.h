/*
 * What the program tells people: its exit codes, and lines on the standard error.
 *
 * Whoever finds that something cannot be done says so once, with fail(), and returns the exit code; those
 * above hand it on in silence.
 */
#pragma once

#include <stdbool.h>

#include "model/macros.h"

typedef enum ExitCode {
        EXIT_DONE = 0,
        EXIT_REFUSED = 1,     /* the server, a file or a command refused it, or it failed */
        EXIT_USAGE = 2,       /* the command line is wrong */
        EXIT_NOT_FOUND = 3,   /* there is no such namespace, config or version */
        EXIT_CONFLICT = 4,    /* the precondition is not met: somebody was faster */
        EXIT_NO_ACCESS = 5,   /* no credentials, wrong ones, or no right */
        EXIT_UNREACHABLE = 6, /* the server cannot be reached, or is not ready */
} ExitCode;

/* Silences note(); warnings and failures are always told. */
void message_set_quiet(bool quiet);

/* Prints "confer: ...", and returns @code. */
int fail(ExitCode code, const char *format, ...) _printf_(2, 3);

/* Prints "confer: ..." for what somebody should know, though it goes on. */
void warn(const char *format, ...) _printf_(1, 2);

/* Prints "confer: ..." unless the user wants it quiet. */
void note(const char *format, ...) _printf_(1, 2);
