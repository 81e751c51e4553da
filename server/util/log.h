/*
 * The server's own log: one line on standard error per event, fields first, then one sentence.
 *
 *      2026-01-31T09:05:00.000Z info store.opened revision=4711 The store is open.
 *
 * Contents, tokens and passwords never go in. @event is a stable id, documented in docs/operations.md.
 */
#pragma once

#include "model/macros.h"

/*
 * Of a text with its NUL. Longer ones are cut and end with "...", so that a line fits in PIPE_BUF and pipes
 * keep it whole.
 */
#define LOG_TEXT_MAX 3072

typedef enum LogLevel {
        LOG_LEVEL_ERROR,
        LOG_LEVEL_WARNING,
        LOG_LEVEL_INFO,
        LOG_LEVEL_DEBUG,
        LOG_LEVEL_N,
} LogLevel;

const char *log_level_to_string(LogLevel level);

/* Lines above @level, LOG_LEVEL_INFO at first, are dropped. To be called before other threads start. */
void log_set_level(LogLevel level);

/*
 * Control characters in the text become "?". The line is written by one write(2); errno stays as it was.
 * @thread any
 */
void log_write(LogLevel level, const char *event, const char *format, ...) _printf_(3, 4);

#define log_error(event, ...)   log_write(LOG_LEVEL_ERROR, (event), __VA_ARGS__)
#define log_warning(event, ...) log_write(LOG_LEVEL_WARNING, (event), __VA_ARGS__)
#define log_info(event, ...)    log_write(LOG_LEVEL_INFO, (event), __VA_ARGS__)
#define log_debug(event, ...)   log_write(LOG_LEVEL_DEBUG, (event), __VA_ARGS__)
