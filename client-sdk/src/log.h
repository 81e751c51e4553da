/*
 * The application's log callback, called by one thread at a time. Messages never have contents or tokens.
 */
#pragma once

#include <pthread.h>

#include "confer/confer.h"
#include "model/macros.h"

typedef struct Log {
        confer_log_fn fn; /* NULL: silence */
        void *context;
        pthread_mutex_t lock;
} Log;

void log_init(Log *log, confer_log_fn fn, void *context);
void log_deinit(Log *log);

/* What is longer than 512 bytes is cut. errno is kept. */
void log_write(Log *log, confer_log_level level, const char *format, ...) _printf_(3, 4);
