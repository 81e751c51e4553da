/*
 * The table of settings, and the flags that are none.
 *
 * A row is tied to its field of Settings at compile time, name and C type both, so that a new setting is one
 * field and one row. Defaults are texts and go through the same checks as what an operator writes.
 */
#include <assert.h>
#include <limits.h>
#include <stddef.h>

#include "model/macros.h"
#include "util/settings_internal.h"

#define PATH_MAX_BYTES   (PATH_MAX - 1)
#define SECRET_MAX_BYTES 1024

static const char *const log_levels[] = {
        [LOG_LEVEL_ERROR] = "error", [LOG_LEVEL_WARNING] = "warning",
        [LOG_LEVEL_INFO] = "info",   [LOG_LEVEL_DEBUG] = "debug",
        [LOG_LEVEL_N] = NULL,
};

/* Doesn't compile unless Settings has the field @field of the type @c_type. */
#define FIELD(field, c_type)                                                                                 \
        .name = #field,                                                                                      \
        .offset = offsetof(Settings, field) + 0 * sizeof(_Generic(((Settings *)NULL)->field, c_type : 0))

#define STRING(field)    FIELD(field, char *), .type = SETTING_STRING
#define TOKEN(field)     FIELD(field, char *), .type = SETTING_TOKEN
#define PATH(field)      FIELD(field, char *), .type = SETTING_PATH
#define ADDRESS(field)   FIELD(field, SettingsAddress), .type = SETTING_ADDRESS
#define BOOL(field)      FIELD(field, bool), .type = SETTING_BOOL
#define INTEGER(field)   FIELD(field, uint64_t), .type = SETTING_INTEGER
#define LOG_LEVEL(field) FIELD(field, LogLevel), .type = SETTING_CHOICE, .choices = log_levels

/* In the order of the help: by group, and in a group from what is set most often. */
static const Setting table[] = {
        {
                PATH(data),
                .group = SETTING_GROUP_PROGRAM,
                .min = 1,
                .max = PATH_MAX_BYTES,
                .default_text = "./confer-data",
                .sentence = "The directory of the store; it is made when it is missing.",
        },
        {
                INTEGER(threads),
                .group = SETTING_GROUP_PROGRAM,
                .unit = SETTING_UNIT_THREADS,
                .min = 0,
                .max = 64,
                .default_text = "0",
                .sentence = "How many threads serve requests; 0 is one per core.",
        },
        {
                INTEGER(stop_timeout_ms),
                .group = SETTING_GROUP_PROGRAM,
                .unit = SETTING_UNIT_MS,
                .min = 0,
                .max = 10 * MINUTE,
                .default_text = "10 s",
                .sentence = "How long requests under way may take to end when the server stops.",
        },
        {
                ADDRESS(listen),
                .group = SETTING_GROUP_HTTP,
                .default_text = "127.0.0.1:8750",
                .sentence = "The address to serve HTTP on, an IPv6 one in brackets; port 0 takes a free one.",
        },
        {
                INTEGER(connections_max),
                .group = SETTING_GROUP_HTTP,
                .unit = SETTING_UNIT_CONNECTIONS,
                .min = 16,
                .max = 1000000,
                .default_text = "10000",
                .sentence = "How many connections may be open at once.",
        },
        {
                INTEGER(body_max_bytes),
                .group = SETTING_GROUP_HTTP,
                .unit = SETTING_UNIT_BYTES,
                .min = 64 * KIB,
                .max = GIB,
                .default_text = "32 MiB",
                .sentence = "The longest body of a request; a longer one is answered with 413.",
        },
        {
                INTEGER(content_max_bytes),
                .group = SETTING_GROUP_HTTP,
                .unit = SETTING_UNIT_BYTES,
                .min = KIB,
                .max = 16 * MIB,
                .default_text = "1 MiB",
                .sentence = "The longest content of a config; it may not pass body_max_bytes.",
        },
        {
                INTEGER(headers_max_bytes),
                .group = SETTING_GROUP_HTTP,
                .unit = SETTING_UNIT_BYTES,
                .min = KIB,
                .max = 256 * KIB,
                .default_text = "16 KiB",
                .sentence =
                        "The longest head of a request, request line and headers together; a longer one is "
                        "answered with 431.",
        },
        {
                INTEGER(request_timeout_ms),
                .group = SETTING_GROUP_HTTP,
                .unit = SETTING_UNIT_MS,
                .min = 100,
                .max = 10 * MINUTE,
                .default_text = "10 s",
                .sentence = "How long a request may take to arrive, and how long an idle connection is kept.",
        },
        {
                INTEGER(query_timeout_ms),
                .group = SETTING_GROUP_STORE,
                .unit = SETTING_UNIT_MS,
                .min = 100,
                .max = 10 * MINUTE,
                .default_text = "5 s",
                .sentence = "How long a query of history, search or audit may take; then it is answered with "
                            "503.",
        },
        {
                INTEGER(query_threads),
                .group = SETTING_GROUP_STORE,
                .unit = SETTING_UNIT_THREADS,
                .min = 1,
                .max = 64,
                .default_text = "2",
                .sentence = "How many threads run queries.",
        },
        {
                INTEGER(query_queue_max),
                .group = SETTING_GROUP_STORE,
                .unit = SETTING_UNIT_QUERIES,
                .min = 1,
                .max = 65536,
                .default_text = "256",
                .sentence = "How many queries may wait for a thread; those beyond are answered with 503.",
        },
        {
                INTEGER(write_queue_max),
                .group = SETTING_GROUP_STORE,
                .unit = SETTING_UNIT_COMMANDS,
                .min = 1,
                .max = 1000000,
                .default_text = "4096",
                .sentence = "How many commands may wait for the writer; those beyond are answered with 503.",
        },
        {
                INTEGER(wal_max_bytes),
                .group = SETTING_GROUP_STORE,
                .unit = SETTING_UNIT_BYTES,
                .min = 4 * MIB,
                .max = 4 * GIB,
                .default_text = "64 MiB",
                .sentence = "How long the write-ahead log of the store may grow before it is written back "
                            "and cut.",
        },
        {
                INTEGER(head_log_max_rows),
                .group = SETTING_GROUP_STORE,
                .unit = SETTING_UNIT_ROWS,
                .min = 1,
                .max = 100000000,
                .default_text = "262144",
                .sentence = "How many changes may wait to be written to the rows of their configs, which lie "
                            "all over "
                            "the file; what waits is read at a start after a crash.",
        },
        {
                INTEGER(outbox_max_rows),
                .group = SETTING_GROUP_STORE,
                .unit = SETTING_UNIT_ROWS,
                .min = 1000,
                .max = 100000000,
                .default_text = "100000",
                .sentence =
                        "How many changes are kept for mirrors that catch up; older ones are dropped, and a "
                        "mirror that misses them compares in full.",
        },
        {
                PATH(mirrors),
                .group = SETTING_GROUP_STORE,
                .min = 0,
                .max = PATH_MAX_BYTES,
                .default_text = "",
                .sentence = "The YAML file that says which etcd, Redis and others are kept current with the "
                            "store; empty is no file.",
        },
        {
                INTEGER(stream_connections_max),
                .group = SETTING_GROUP_STREAM,
                .unit = SETTING_UNIT_CONNECTIONS,
                .min = 0,
                .max = 1000000,
                .default_text = "8000",
                .sentence = "How many streams, event streams and polls may be open at once; each takes one "
                            "of connections_max too.",
        },
        {
                INTEGER(stream_namespaces_max),
                .group = SETTING_GROUP_STREAM,
                .unit = SETTING_UNIT_NAMESPACES,
                .min = 1,
                .max = 256,
                .default_text = "256",
                .sentence = "How many namespaces one stream may follow.",
        },
        {
                INTEGER(stream_queue_max_bytes),
                .group = SETTING_GROUP_STREAM,
                .unit = SETTING_UNIT_BYTES,
                .min = 4 * KIB,
                .max = 64 * MIB,
                .default_text = "1 MiB",
                .sentence = "How much may wait for one stream that does not read; then it is sent a snapshot "
                            "when it does.",
        },
        {
                INTEGER(stream_memory_max_bytes),
                .group = SETTING_GROUP_STREAM,
                .unit = SETTING_UNIT_BYTES,
                .min = MIB,
                .max = 64 * GIB,
                .default_text = "256 MiB",
                .sentence = "How much memory the frames of all streams may take; past it, the slowest "
                            "readers are closed.",
        },
        {
                INTEGER(stream_tail_max_changes),
                .group = SETTING_GROUP_STREAM,
                .unit = SETTING_UNIT_CHANGES,
                .min = 0,
                .max = 10000000,
                .default_text = "10000",
                .sentence = "How many changes are kept in memory for streams that come back.",
        },
        {
                INTEGER(stream_tail_max_bytes),
                .group = SETTING_GROUP_STREAM,
                .unit = SETTING_UNIT_BYTES,
                .min = 0,
                .max = 16 * GIB,
                .default_text = "32 MiB",
                .sentence = "How much memory these changes may take.",
        },
        {
                INTEGER(stream_message_max_bytes),
                .group = SETTING_GROUP_STREAM,
                .unit = SETTING_UNIT_BYTES,
                .min = KIB,
                .max = 16 * MIB,
                .default_text = "256 KiB",
                .sentence = "The longest message that a stream may send; a longer one closes it.",
        },
        {
                INTEGER(stream_ping_interval_ms),
                .group = SETTING_GROUP_STREAM,
                .unit = SETTING_UNIT_MS,
                .min = 100,
                .max = HOUR,
                .default_text = "15 s",
                .sentence = "How often an idle stream is pinged.",
        },
        {
                INTEGER(stream_silence_ms),
                .group = SETTING_GROUP_STREAM,
                .unit = SETTING_UNIT_MS,
                .min = 200,
                .max = DAY,
                .default_text = "45 s",
                .sentence = "How long a stream may be silent; then it is closed.",
        },
        {
                INTEGER(ramp_settle_ms),
                .group = SETTING_GROUP_STREAM,
                .unit = SETTING_UNIT_MS,
                .min = 0,
                .max = DAY,
                .default_text = "10 s",
                .sentence = "How long after the start no ramp of a gray release moves on, so that instances "
                            "can come back and report first.",
        },
        {
                INTEGER(session_idle_ms),
                .group = SETTING_GROUP_ACCESS,
                .unit = SETTING_UNIT_MS,
                .min = MINUTE,
                .max = 30 * DAY,
                .default_text = "30 min",
                .sentence = "How long a session of the web page lasts without a request.",
        },
        {
                INTEGER(session_max_ms),
                .group = SETTING_GROUP_ACCESS,
                .unit = SETTING_UNIT_MS,
                .min = MINUTE,
                .max = 90 * DAY,
                .default_text = "12 h",
                .sentence = "How long a session of the web page lasts in all.",
        },
        {
                BOOL(metrics_public),
                .group = SETTING_GROUP_ACCESS,
                .default_text = "true",
                .sentence = "Whether /metrics is answered without credentials.",
        },
        {
                STRING(admin_password),
                .group = SETTING_GROUP_ACCESS,
                .flags = SETTING_SECRET,
                .min = 8,
                .max = SECRET_MAX_BYTES,
                .sentence = "The password of the user admin; it replaces the stored one at every start.",
        },
        {
                TOKEN(admin_token),
                .group = SETTING_GROUP_ACCESS,
                .flags = SETTING_SECRET,
                .min = 16,
                .max = SECRET_MAX_BYTES,
                .sentence = "A bearer token with every right of the user admin, in visible ASCII.",
        },
        {
                PATH(access_log),
                .group = SETTING_GROUP_LOG,
                .min = 0,
                .max = PATH_MAX_BYTES,
                .default_text = "",
                .sentence = "The file that takes one line of JSON per request; - is the standard output, and "
                            "empty is no file.",
        },
        {
                LOG_LEVEL(log_level),
                .group = SETTING_GROUP_LOG,
                .default_text = "info",
                .sentence = "Messages of this level and graver ones go to the standard error.",
        },
};

static_assert(ARRAY_SIZE(table) <= SETTINGS_MAX, "Settings.origins has a place for every row");
static_assert(sizeof(LogLevel) == sizeof(unsigned), "a choice is stored as an unsigned");

static const SettingsOption options[] = {
        { "config", INVOCATION_SERVE, "FILE", "The YAML file to read settings from; none by default." },
        { "help", INVOCATION_HELP, NULL, "Prints a short help." },
        { "version", INVOCATION_VERSION, NULL, "Prints the version." },
        { "manual", INVOCATION_MANUAL, NULL, "Prints the manual page, in roff." },
        { "verify", INVOCATION_VERIFY, NULL,
          "Checks the whole store and names the first fault that it finds." },
        { "backup", INVOCATION_BACKUP, "FILE", "Copies the store to FILE; the server may run meanwhile." },
        { "restore", INVOCATION_RESTORE, "FILE",
          "Replaces the store by the backup FILE and keeps the old one beside it; the server must be "
          "stopped." },
};

static const char *const groups[SETTING_GROUP_N] = {
        [SETTING_GROUP_PROGRAM] = "Program", [SETTING_GROUP_HTTP] = "HTTP",
        [SETTING_GROUP_STORE] = "Store",     [SETTING_GROUP_STREAM] = "Stream",
        [SETTING_GROUP_ACCESS] = "Access",   [SETTING_GROUP_LOG] = "Log",
};

const Setting *settings_table(size_t *ret_n) {
        *ret_n = ARRAY_SIZE(table);
        return table;
}

size_t settings_row(const Setting *setting) {
        assert(setting >= table && setting < table + ARRAY_SIZE(table));
        return (size_t)(setting - table);
}

const SettingsOption *settings_options(size_t *ret_n) {
        *ret_n = ARRAY_SIZE(options);
        return options;
}

const char *settings_group_to_string(SettingGroup group) {
        return groups[group];
}
