/*
 * What --help and the manual page both say of a setting.
 */
#include "util/settings_internal.h"

const char *settings_argument(const Setting *setting) {
        switch (setting->type) {
        case SETTING_INTEGER:
                return setting->unit == SETTING_UNIT_BYTES ? "SIZE"
                       : setting->unit == SETTING_UNIT_MS  ? "TIME"
                                                           : "N";
        case SETTING_ADDRESS:
                return "HOST:PORT";
        case SETTING_PATH:
                return "PATH";
        case SETTING_BOOL:
                return "true|false";
        case SETTING_CHOICE:
                return "WORD";
        default:
                return "TEXT";
        }
}

static void append_choices(Buf *to, const char *const *choices) {
        for (size_t i = 0; choices[i]; i++) {
                buf_append_string(to, i == 0 ? "" : choices[i + 1] ? ", " : " or ");
                buf_append_string(to, choices[i]);
        }
}

/* "64 KiB to 1 GiB", but "16 to 1000000 connections". */
static void append_range(Buf *to, const Setting *setting) {
        if (setting->unit == SETTING_UNIT_BYTES || setting->unit == SETTING_UNIT_MS)
                settings_append_integer(to, setting->unit, setting->min);
        else
                buf_append_u64(to, setting->min);
        buf_append_string(to, " to ");
        settings_append_integer(to, setting->unit, setting->max);
}

/* "Default: 32 MiB (64 KiB to 1 GiB)" */
void settings_append_default(Buf *to, const Setting *setting) {
        if (setting->flags & SETTING_SECRET) {
                buf_append_format(to, "From the environment only (%llu to %llu bytes)",
                                  (unsigned long long)setting->min, (unsigned long long)setting->max);
                return;
        }

        buf_append_format(to, "Default: %s", *setting->default_text ? setting->default_text : "empty");
        if (setting->type == SETTING_INTEGER) {
                buf_append_string(to, " (");
                append_range(to, setting);
                buf_append_char(to, ')');
        } else if (setting->type == SETTING_CHOICE) {
                buf_append_string(to, " (");
                append_choices(to, setting->choices);
                buf_append_char(to, ')');
        }
}
