/*
 * The text of --help, made from the table.
 */
#include <string.h>

#include "model/macros.h"
#include "model/manual_text.h"
#include "util/settings_internal.h"

#define HELP_INDENT 30 /* where the sentences begin: behind the longest flag with its argument */

/* The flag on the left, the sentence on the right. @argument may be NULL. */
static void help_entry(Buf *to, const char *flag, const char *argument, const char *sentence) {
        size_t start = to->size;

        buf_append_format(to, "  %s%s%s", flag, argument ? " " : "", argument ? argument : "");
        if (buf_failed(to))
                return;

        if (to->size - start > HELP_INDENT - 2) {
                buf_append_char(to, '\n');
                start = to->size;
        }
        help_append_spaces(to, HELP_INDENT - (to->size - start));
        help_append_wrapped(to, HELP_INDENT, sentence);
}

static void help_option(Buf *to, const SettingsOption *option) {
        char flag[SETTINGS_LABEL_MAX];

        settings_label(option->name, SETTINGS_FLAG, flag);
        help_entry(to, flag, option->argument, option->sentence);
}

static void help_setting(Buf *to, const Setting *setting) {
        bool is_secret = setting->flags & SETTING_SECRET;
        char label[SETTINGS_LABEL_MAX];

        settings_label(setting->name, is_secret ? SETTINGS_ENVIRONMENT : SETTINGS_FLAG, label);
        help_entry(to, label, is_secret ? NULL : settings_argument(setting), setting->sentence);
        help_append_spaces(to, HELP_INDENT);
        settings_append_default(to, setting);
        buf_append_char(to, '\n');
}

static void help_options(Buf *to) {
        const SettingsOption *options;
        size_t n;

        options = settings_options(&n);
        for (size_t i = 0; i < n; i++)
                help_option(to, &options[i]);
}

static void help_group(Buf *to, SettingGroup group) {
        const Setting *table;
        size_t n;

        table = settings_table(&n);
        buf_append_format(to, "\n%s\n", settings_group_to_string(group));
        for (size_t i = 0; i < n; i++)
                if (table[i].group == group)
                        help_setting(to, &table[i]);
}

void settings_help(Buf *to) {
        buf_append_literal(to,
                           "Usage: conferd [--config FILE] [--listen HOST:PORT] [--data PATH] [SETTING]...\n"
                           "       conferd --verify | --backup FILE | --restore FILE [--data PATH]\n"
                           "       conferd --help | --version | --manual\n"
                           "\n"
                           "The server of the Confer configuration centre.\n"
                           "\n"
                           "Options\n");
        help_options(to);

        for (SettingGroup group = 0; group < SETTING_GROUP_N; group++)
                help_group(to, group);

        buf_append_literal(
                to, "\n"
                    "A SIZE is in bytes or ends in KiB, MiB or GiB. A TIME is in milliseconds or ends\n"
                    "in ms, s, min, h or d. Each setting can also stand in the YAML file, such as\n"
                    "body_max_bytes, and in the environment, such as CONFER_BODY_MAX_BYTES. A flag\n"
                    "wins over the environment, the environment over the file. The manual page says\n"
                    "more: conferd --manual | man -l -\n");
}
