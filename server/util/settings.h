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
#include "model/span.h"
#include "util/log.h"

enum {
        SETTINGS_E_INVALID =
                1, /* a file, a variable or a flag is wrong; the problem says which, where and why */
};

#define SETTINGS_MAX       32 /* rows of the table, at most */
#define SETTINGS_LABEL_MAX 64 /* bytes of a name in any of its forms, with the NUL */
#define SETTINGS_FILE_MAX_BYTES                                                                              \
        (1024 * 1024) /* a real file has some hundred bytes, much of them comments                           \
                       */

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
        uint64_t outbox_max_rows;

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

typedef enum SettingGroup {
        SETTING_GROUP_PROGRAM,
        SETTING_GROUP_HTTP,
        SETTING_GROUP_STORE,
        SETTING_GROUP_ACCESS,
        SETTING_GROUP_LOG,
        SETTING_GROUP_N,
} SettingGroup;

typedef enum SettingType {
        SETTING_STRING,  /* char * */
        SETTING_TOKEN,   /* char *, visible ASCII, so that a header can carry it */
        SETTING_PATH,    /* char *, relative to the working directory */
        SETTING_ADDRESS, /* SettingsAddress */
        SETTING_BOOL,    /* bool */
        SETTING_INTEGER, /* uint64_t */
        SETTING_CHOICE,  /* an enum, the index into choices */
        SETTING_TYPE_N,
} SettingType;

typedef enum SettingUnit {
        SETTING_UNIT_NONE,
        SETTING_UNIT_BYTES,
        SETTING_UNIT_MS,
        SETTING_UNIT_ROWS,
        SETTING_UNIT_THREADS,
        SETTING_UNIT_CONNECTIONS,
        SETTING_UNIT_QUERIES,
        SETTING_UNIT_COMMANDS,
        SETTING_UNIT_N,
} SettingUnit;

typedef enum SettingFlags {
        SETTING_SECRET = 1 << 0, /* read from the environment only, never shown */
} SettingFlags;

typedef struct Setting {
        const char *name; /* as in the file: body_max_bytes */
        SettingGroup group;
        SettingType type;
        SettingUnit unit;
        SettingFlags flags;
        size_t offset; /* in Settings */
        uint64_t min;  /* the least and the most: of an integer in its unit, of a text in bytes */
        uint64_t max;
        const char *const *choices; /* ends with NULL */
        const char *default_text;   /* NULL leaves it unset */
        const char *sentence;
} Setting;

/* A flag that is no setting. */
typedef struct SettingsOption {
        const char *name;
        InvocationMode mode;  /* INVOCATION_SERVE when it chooses no mode */
        const char *argument; /* NULL when it takes none */
        const char *sentence;
} SettingsOption;

const Setting *settings_table(size_t *ret_n);
const SettingsOption *settings_options(size_t *ret_n);
const char *settings_group_to_string(SettingGroup group);

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

/* The steps of settings_load(), in order. On failure the setting at fault keeps its former value. */
int settings_init(Settings *ret_settings);
int settings_read_file(Settings *settings, const char *path, Problem *ret_problem);
int settings_read_environment(Settings *settings, char *const *environment, Problem *ret_problem);
int settings_set(Settings *settings, const Setting *setting, Span text, SettingsOrigin origin,
                 Problem *ret_problem);
int settings_check(const Settings *settings, Problem *ret_problem);

/* What --help and --manual print. The manual is roff with the man macros. */
void settings_help(Buf *to);
void settings_manual(Buf *to, const char *version);

/*
 * What the files of this module share.
 */

/* A text from outside, short and printable enough for a message. */
typedef struct SettingsShown {
        char text[48];
} SettingsShown;

SettingsShown settings_shown(Span text);

/* The name as it is written in @source: body_max_bytes, CONFER_BODY_MAX_BYTES or --body-max-bytes. */
void settings_label(const char *name, SettingsSource source, char ret_label[static SETTINGS_LABEL_MAX]);

/* The row whose name is written as @written in @source, prefix included, or NULL. */
const Setting *settings_find(Span written, SettingsSource source);

/*
 * Both fill @ret_problem and return SETTINGS_E_INVALID. An empty @label speaks of the file or the command
 * line as a whole. @settings is only asked for the name of the file, and may be NULL when @origin is none.
 */
int settings_refuse(const Settings *settings, SettingsOrigin origin, const char *label, Problem *ret_problem,
                    const char *format, ...) _printf_(5, 6);
int settings_refuse_unknown(const Settings *settings, SettingsOrigin origin, Span written,
                            Problem *ret_problem);

/* Writes "64 KiB", "10 s" or "100 rows". */
void settings_append_integer(Buf *to, SettingUnit unit, uint64_t value);
