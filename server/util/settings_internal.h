/*
 * What the files of util/settings share, and nobody else uses but their test: the rows of the table, names,
 * messages and single values.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/buf.h"
#include "model/macros.h"
#include "model/problem.h"
#include "model/span.h"
#include "util/settings.h"

#define SETTINGS_LABEL_MAX 64 /* bytes of a name in any of its forms, with the NUL */
#define SETTINGS_FILE_MAX_BYTES                                                                              \
        (1024 * 1024) /* a real file has some hundred bytes, much of them comments                           \
                       */

#define KIB    UINT64_C(1024)
#define MIB    (1024 * KIB)
#define GIB    (1024 * MIB)
#define SECOND UINT64_C(1000)
#define MINUTE (60 * SECOND)
#define HOUR   (60 * MINUTE)
#define DAY    (24 * HOUR)

typedef enum SettingGroup {
        SETTING_GROUP_PROGRAM,
        SETTING_GROUP_HTTP,
        SETTING_GROUP_STORE,
        SETTING_GROUP_STREAM,
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
        SETTING_UNIT_NAMESPACES,
        SETTING_UNIT_CHANGES,
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

/*
 * The table.
 */

const Setting *settings_table(size_t *ret_n);
const SettingsOption *settings_options(size_t *ret_n);
const char *settings_group_to_string(SettingGroup group);

/* The number of a row, by which Settings.origins is kept. */
size_t settings_row(const Setting *setting);

static inline void *settings_field(Settings *settings, const Setting *setting) {
        return (char *)settings + setting->offset;
}

/*
 * Units.
 */

const char *settings_unit_to_string(SettingUnit unit);

/* The suffixes that a value may have, ready to be put behind the name of the unit; "" when there are none. */
const char *settings_unit_hint(SettingUnit unit);

/* Returns false for what is no number, or ends in what is no suffix of @unit. What passes 64 bits is their
 * most. */
bool settings_parse_integer(SettingUnit unit, Span text, uint64_t *ret_value);

/* Writes "64 KiB", "10 s" or "100 rows". */
void settings_append_integer(Buf *to, SettingUnit unit, uint64_t value);

/*
 * Names.
 */

/* The name as it is written in @source: body_max_bytes, CONFER_BODY_MAX_BYTES or --body-max-bytes. */
void settings_label(const char *name, SettingsSource source, char ret_label[static SETTINGS_LABEL_MAX]);

/* The row whose name is written as @written in @source, prefix included, or NULL. */
const Setting *settings_find(Span written, SettingsSource source);

/* The name that was likely meant by @written, in the form of the file; NULL when none is near. */
const char *settings_guess(Span written, SettingsSource source);

/*
 * Messages. Those that refuse fill @ret_problem and return SETTINGS_E_INVALID. @settings is only asked for
 * the name of the file, and may be NULL when @origin is none.
 */

/* A text from outside, short and printable enough for a message. */
typedef struct SettingsShown {
        char text[48];
} SettingsShown;

SettingsShown settings_shown(Span text);

/* An empty @label speaks of the file or the command line as a whole. */
int settings_refuse(const Settings *settings, SettingsOrigin origin, const char *label, Problem *ret_problem,
                    const char *format, ...) _printf_(5, 6);
int settings_refuse_value(const Settings *settings, const Setting *setting, SettingsOrigin origin,
                          Problem *ret_problem, const char *format, ...) _printf_(5, 6);
int settings_refuse_unknown(const Settings *settings, SettingsOrigin origin, Span written,
                            Problem *ret_problem);

/*
 * The steps of settings_load(), in order. On failure the setting at fault keeps its former value.
 */

int settings_init(Settings *ret_settings);
int settings_read_file(Settings *settings, const char *path, Problem *ret_problem);
int settings_read_environment(Settings *settings, char *const *environment, Problem *ret_problem);
int settings_set(Settings *settings, const Setting *setting, Span text, SettingsOrigin origin,
                 Problem *ret_problem);
int settings_check(const Settings *settings, Problem *ret_problem);
