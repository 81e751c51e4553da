/*
 * The access log: a JSON line per request, without contents, queries or credentials.
 *
 * Each loop collects its lines and writes them once per turn, so that logging costs no system call per
 * request while there is much to log. A line is never torn: the file is opened for appending.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "model/buf.h"
#include "model/macros.h"
#include "model/problem.h"
#include "model/span.h"

typedef struct AccessLog AccessLog;

/* @path: "-" is standard output. */
int access_log_open(const char *path, AccessLog **ret_log, Problem *ret_problem);
AccessLog *access_log_close(AccessLog *log);

/* For log rotation: what comes next goes to a new file of that name. @thread any */
void access_log_reopen(AccessLog *log);

typedef struct AccessLine {
        int64_t at_ms;
        Span address;
        Span user; /* "" when unknown */
        Span method;
        Span path; /* without the query */
        int status;
        uint64_t sent_bytes;
        int64_t duration_us;
} AccessLine;

void access_line_append(Buf *lines, const AccessLine *line);

/* Writes and clears what was collected. @thread any */
void access_log_write(AccessLog *log, Buf *lines);

DEFINE_CLEANUP(AccessLog *, access_log_close);
