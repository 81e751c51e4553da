#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "http/access_log.h"
#include "model/json.h"
#include "model/timestamp.h"
#include "util/log.h"

struct AccessLog {
        int fd;
        char *path; /* NULL for standard output */
};

static int open_file(const char *path) {
        int fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0640);

        return fd < 0 ? -errno : fd;
}

int access_log_open(const char *path, AccessLog **ret_log, Problem *ret_problem) {
        _cleanup_(access_log_closep) AccessLog *log = calloc(1, sizeof(*log));

        if (!log)
                return -ENOMEM;

        log->fd = STDOUT_FILENO;
        if (strcmp(path, "-") != 0) {
                log->path = strdup(path);
                if (!log->path)
                        return -ENOMEM;
                log->fd = open_file(path);
        }
        if (log->fd < 0) {
                problem_set(ret_problem, "access_log", "%s cannot be written: %s", path, strerror(-log->fd));
                return log->fd;
        }

        *ret_log = log;
        log = NULL;
        return 0;
}

AccessLog *access_log_close(AccessLog *log) {
        if (!log)
                return NULL;

        if (log->path && log->fd >= 0)
                (void)close(log->fd);
        free(log->path);
        free(log);
        return NULL;
}

void access_log_reopen(AccessLog *log) {
        int fd;

        if (!log || !log->path)
                return;

        fd = open_file(log->path);
        if (fd < 0) {
                log_warning("http.access-log-not-reopened",
                            "%s cannot be opened: %s. The old file is used on.", log->path, strerror(-fd));
                return;
        }

        /* The loops go on using the same number. */
        (void)dup3(fd, log->fd, O_CLOEXEC);
        (void)close(fd);
}

void access_line_append(Buf *lines, const AccessLine *line) {
        buf_append_literal(lines, "{\"time\":\"");
        timestamp_append(lines, line->at_ms);
        buf_append_literal(lines, "\",\"address\":");
        json_append_string(lines, line->address);
        buf_append_literal(lines, ",\"user\":");
        json_append_string(lines, line->user);
        buf_append_literal(lines, ",\"method\":");
        json_append_lossy_string(lines, line->method);
        buf_append_literal(lines, ",\"path\":");
        json_append_lossy_string(lines, line->path);
        buf_append_format(lines, ",\"status\":%d,\"bytes\":%" PRIu64 ",\"duration_us\":%" PRId64 "}\n",
                          line->status, line->sent_bytes, line->duration_us);
}

void access_log_write(AccessLog *log, Buf *lines) {
        size_t at = 0;

        while (at < lines->size) {
                ssize_t n = write(log->fd, lines->data + at, lines->size - at);

                if (n < 0 && errno == EINTR)
                        continue;
                if (n <= 0)
                        break; /* a full disk costs log lines, not requests */
                at += (size_t)n;
        }
        buf_clear(lines);
}
