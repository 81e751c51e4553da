/*
 * Memory, or the end of the program.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/memory.h"
#include "cli/message.h"

void *memory_had(void *value) {
        if (!value)
                exit(fail(EXIT_REFUSED, "out of memory"));
        return value;
}

void *memory_new(size_t n, size_t size) {
        return memory_had(calloc(n ? n : 1, size ? size : 1));
}

void *memory_grow(void *data, size_t n, size_t size) {
        return memory_had(reallocarray(data, n, size));
}

char *memory_copy(const char *text) {
        return text ? memory_had(strdup(text)) : NULL;
}

char *memory_format(const char *format, ...) {
        char *text = NULL;
        va_list args;
        int n;

        va_start(args, format);
        n = vasprintf(&text, format, args);
        va_end(args);
        return memory_had(n < 0 ? NULL : text);
}

char *memory_take(Buf *buf) {
        return memory_had(buf_take_string(buf));
}

void memory_check(const Buf *buf) {
        if (buf_failed(buf))
                exit(fail(EXIT_REFUSED, "out of memory"));
}
