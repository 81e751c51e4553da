/*
 * Lines on the standard error. Control characters become question marks: a server's message, a key or a file
 * name may end up on any terminal.
 */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "cli/message.h"

#define LINE_MAX_BYTES 4096 /* a message with some details; what is longer is cut */

static bool is_quiet;

void message_set_quiet(bool quiet) {
        is_quiet = quiet;
}

static _printf_(1, 0) void print_line(const char *format, va_list args) {
        char text[LINE_MAX_BYTES];

        (void)vsnprintf(text, sizeof(text), format, args);
        for (char *c = text; *c; c++)
                if ((unsigned char)*c < ' ' || *c == 0x7f)
                        *c = '?';

        (void)fprintf(stderr, "confer: %s\n", text);
}

int fail(ExitCode code, const char *format, ...) {
        va_list args;

        va_start(args, format);
        print_line(format, args);
        va_end(args);
        return code;
}

void warn(const char *format, ...) {
        va_list args;

        va_start(args, format);
        print_line(format, args);
        va_end(args);
}

void note(const char *format, ...) {
        va_list args;

        if (is_quiet)
                return;

        va_start(args, format);
        print_line(format, args);
        va_end(args);
}
