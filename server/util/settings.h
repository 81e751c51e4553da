/*
 * What an operator can set, and what a command line asks for.
 *
 * One table of name, type, unit, range, default and sentence makes the YAML file, the CONFER_* environment,
 * the flags, --help and the manual page. A value that is set later wins: default < file < environment < flag.
 * Every value is checked where it is written, also one that is overruled later, and the first fault stops the
 * start.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/buf.h"
#include "model/problem.h"
#include "util/log.h"

enum {
        SETTINGS_E_INVALID = 1, /* a file, a variable or a flag is wrong; the problem says which and why */
};

#define SETTINGS_MAX 48 /* rows of the table, at most */

/* Where a value was written, the weakest place first. */
typedef enum SettingsSource {
        SETTINGS_DEFAULT,
        SETTINGS_FILE,
        SETTINGS_ENVIRONMENT,
        SETTINGS_FLAG,
        SETTINGS_SOURCE_N,
} SettingsSource;

typedef struct SettingsOrigin {
        SettingsSource source;
        size_t line; /* 1-based, of the file; 0 elsewhere */
} SettingsOrigin;

typedef struct SettingsAddress {
        char *host; /* a name, an IPv4 address or, without its brackets, an IPv6 address */
        uint16_t port;
} SettingsAddress;

/* The strings are owned. The sentences are in the table. */
typedef struct Settings {
        char *data;
        uint64_t threads;
        uint64_t stop_timeout_ms;

        SettingsAddress listen;
        uint64_t connections_max;
        uint64_t body_max_bytes;
        uint64_t content_max_bytes;
        uint64_t headers_max_bytes;
        uint64_t request_timeout_ms;

        uint64_t query_timeout_ms;
        uint64_t query_threads;
        uint64_t query_queue_max;
        uint64_t write_queue_max;
        uint64_t wal_max_bytes;
        uint64_t head_log_max_rows;
        uint64_t outbox_max_rows;
        char *mirrors; /* the file of mirrors, "" is none */

        uint64_t stream_connections_max;
        uint64_t stream_namespaces_max;
        uint64_t stream_queue_max_bytes;
        uint64_t stream_memory_max_bytes;
        uint64_t stream_tail_max_changes;
        uint64_t stream_tail_max_bytes;
        uint64_t stream_message_max_bytes;
        uint64_t stream_ping_interval_ms;
        uint64_t stream_silence_ms;

        uint64_t ramp_settle_ms;

        uint64_t session_idle_ms;
        uint64_t session_max_ms;
        bool metrics_public;
        char *admin_password; /* NULL when it is not set */
        char *admin_token;    /* NULL when it is not set */

        char *access_log; /* "" is none, "-" is the standard output */
        LogLevel log_level;

        char *config;                         /* the file that was read, NULL for none */
        SettingsOrigin origins[SETTINGS_MAX]; /* by row of the table */
} Settings;

#define SETTINGS_NULL ((Settings){ .data = NULL })

typedef enum InvocationMode {
        INVOCATION_SERVE,
        INVOCATION_HELP,
        INVOCATION_VERSION,
        INVOCATION_MANUAL,
        INVOCATION_VERIFY,
        INVOCATION_BACKUP,
        INVOCATION_RESTORE,
        INVOCATION_N,
} InvocationMode;

typedef struct Invocation {
        InvocationMode mode;
        char *file; /* of INVOCATION_BACKUP and INVOCATION_RESTORE, else NULL; owned */
} Invocation;

#define INVOCATION_NULL ((Invocation){ .mode = INVOCATION_SERVE })

/*
 * settings_load() - reads the command line, the file that it names, and the environment
 * @environment: ends with NULL, as environ does
 *
 * For --help, --version and --manual only the command line is read, and the settings are the defaults, so
 * that help is to be had when a file or a variable is wrong. Returns 0, SETTINGS_E_INVALID or -ENOMEM.
 * @ret_problem is filled on SETTINGS_E_INVALID: its text names the place, the setting and the fault, and
 * needs nothing added.
 */
int settings_load(int argc, char *const *argv, char *const *environment, Settings *ret_settings,
                  Invocation *ret_invocation, Problem *ret_problem);

/* Overwrites the secrets before it frees them. */
void settings_deinit(Settings *settings);
void invocation_deinit(Invocation *invocation);

/* What --help and --manual print. The manual is roff with the man macros. */
void settings_help(Buf *to);
void settings_manual(Buf *to, const char *version);
