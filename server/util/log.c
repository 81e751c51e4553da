#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "model/buf.h"
#include "model/timestamp.h"
#include "util/clock.h"
#include "util/log.h"

static LogLevel level_max = LOG_LEVEL_INFO;

const char *log_level_to_string(LogLevel level) {
        static const char *const names[LOG_LEVEL_N] = {
                [LOG_LEVEL_ERROR] = "error",
                [LOG_LEVEL_WARNING] = "warning",
                [LOG_LEVEL_INFO] = "info",
                [LOG_LEVEL_DEBUG] = "debug",
        };

        return names[level];
}

void log_set_level(LogLevel level) {
        level_max = level;
}

/* Ends a text that did not fit with "...", on the border of a UTF-8 sequence. */
static void mark_cut(char text[static LOG_TEXT_MAX]) {
        size_t at = LOG_TEXT_MAX - sizeof("...");

        while (at > 0 && (text[at] & 0xc0) == 0x80)
                at--;
        memcpy(text + at, "...", sizeof("..."));
}

/* The controls of ASCII and, in UTF-8, those from U+0080 to U+009F: both kinds steer terminals. */
static void replace_controls(char *text) {
        for (unsigned char *at = (unsigned char *)text; *at; at++) {
                if (*at == 0xc2 && at[1] >= 0x80 && at[1] < 0xa0)
                        *at++ = '?';
                else if (*at >= 0x20 && *at != 0x7f)
                        continue;
                *at = '?';
        }
}

/* What cannot be written is lost: there is nobody to tell. */
static void write_line(Span line) {
        ssize_t written;

        do
                written = write(STDERR_FILENO, line.data, line.size);
        while (written < 0 && errno == EINTR);
}

void log_write(LogLevel level, const char *event, const char *format, ...) {
        _cleanup_(buf_deinit) Buf line = BUF_NULL;
        char text[LOG_TEXT_MAX];
        int size, saved_errno = errno;
        va_list args;

        if (level > level_max)
                return;

        va_start(args, format);
        size = vsnprintf(text, sizeof(text), format, args);
        va_end(args);
        if (size >= LOG_TEXT_MAX)
                mark_cut(text);
        replace_controls(text);

        timestamp_append(&line, clock_wall_ms());
        buf_append_format(&line, " %s %s %s\n", log_level_to_string(level), event, size < 0 ? format : text);
        write_line(buf_span(&line));
        errno = saved_errno;
}
