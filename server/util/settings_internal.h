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
#include "util/settings_guess.h"
#include "util/settings_message.h"
#include "util/settings_unit.h"

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
 * Names.
 */

/* The name as it is written in @source: body_max_bytes, CONFER_BODY_MAX_BYTES or --body-max-bytes. */
void settings_label(const char *name, SettingsSource source, char ret_label[static SETTINGS_LABEL_MAX]);

/* The row whose name is written as @written in @source, prefix included, or NULL. */
const Setting *settings_find(Span written, SettingsSource source);

/* The name that was likely meant by @written, in the form of the file; NULL when none is near. */
const char *settings_guess(Span written, SettingsSource source);

/* What stands for the value in "--flag VALUE". */
const char *settings_argument(const Setting *setting);

/* Appends "Default: 32 MiB (64 KiB to 1 GiB)". */
void settings_append_default(Buf *to, const Setting *setting);

/*
 * Messages. Those that refuse fill @ret_problem and return SETTINGS_E_INVALID. @settings is only asked for
 * the name of the file, and may be NULL when @origin is none.
 */

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
