/*
 * The names of settings and flags: their form in each place, and which one was meant by a name that nobody
 * knows.
 */
#include <string.h>

#include "model/macros.h"
#include "util/settings_internal.h"

static char to_upper(char c) {
        return (char)(c >= 'a' && c <= 'z' ? c - 'a' + 'A' : c);
}

void settings_label(const char *name, SettingsSource source, char ret_label[static SETTINGS_LABEL_MAX]) {
        const char *prefix = source == SETTINGS_ENVIRONMENT ? "CONFER_" : source == SETTINGS_FLAG ? "--" : "";
        size_t at = strlen(prefix);

        memcpy(ret_label, prefix, at);
        for (; *name && at < SETTINGS_LABEL_MAX - 1; name++) {
                char c = *name;

                if (source == SETTINGS_ENVIRONMENT)
                        c = to_upper(c);
                else if (source == SETTINGS_FLAG && c == '_')
                        c = '-';
                ret_label[at++] = c;
        }
        ret_label[at] = '\0';
}

const Setting *settings_find(Span written, SettingsSource source) {
        char label[SETTINGS_LABEL_MAX];
        const Setting *table;
        size_t n;

        table = settings_table(&n);
        for (size_t i = 0; i < n; i++) {
                settings_label(table[i].name, source, label);
                if (span_equal_string(written, label))
                        return &table[i];
        }

        return NULL;
}

/* A file has settings only, the environment the name of the file too. */
static bool option_is_known(const SettingsOption *option, SettingsSource source) {
        return source == SETTINGS_FLAG ||
               (source == SETTINGS_ENVIRONMENT && strcmp(option->name, "config") == 0);
}

/* What is left of @written without the prefix of @source. */
static Span without_prefix(Span written, SettingsSource source) {
        size_t at = 0;

        if (source == SETTINGS_ENVIRONMENT)
                at = MIN(written.size, sizeof("CONFER_") - 1);
        while (source == SETTINGS_FLAG && at < written.size && written.data[at] == '-')
                at++;

        return (Span){ written.data + at, written.size - at };
}

const char *settings_guess(Span written, SettingsSource source) {
        const SettingsOption *options;
        const Setting *table;
        size_t n_rows, n_options;
        SettingsGuess guess;

        settings_guess_init(&guess, without_prefix(written, source));

        table = settings_table(&n_rows);
        for (size_t i = 0; i < n_rows; i++)
                settings_guess_try(&guess, table[i].name);

        options = settings_options(&n_options);
        for (size_t i = 0; i < n_options; i++)
                if (option_is_known(&options[i], source))
                        settings_guess_try(&guess, options[i].name);

        return guess.found;
}
