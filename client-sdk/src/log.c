#include <errno.h>
#include <stdarg.h>
#include <stdio.h>

#include "log.h"

#define MESSAGE_SIZE_MAX 512

void log_init(Log *log, confer_log_fn fn, void *context) {
        log->fn = fn;
        log->context = context;
        pthread_mutex_init(&log->lock, NULL);
}

void log_deinit(Log *log) {
        pthread_mutex_destroy(&log->lock);
}

void log_write(Log *log, confer_log_level level, const char *format, ...) {
        char message[MESSAGE_SIZE_MAX + 1];
        int kept_errno = errno;
        va_list arguments;

        if (!log->fn)
                return;

        va_start(arguments, format);
        (void)vsnprintf(message, sizeof(message), format, arguments);
        va_end(arguments);

        pthread_mutex_lock(&log->lock);
        log->fn(log->context, level, message);
        pthread_mutex_unlock(&log->lock);
        errno = kept_errno;
}
