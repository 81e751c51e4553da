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

static char to_lower(char c) {
        return (char)(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
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

/* The number of bytes to insert, delete or replace that makes @a of @b. */
static size_t edit_distance(const char *a, const char *b) {
        size_t row[SETTINGS_LABEL_MAX], n = strlen(b);

        for (size_t j = 0; j <= n; j++)
                row[j] = j;
        for (size_t i = 0; a[i]; i++) {
                size_t diagonal = row[0];

                row[0] = i + 1;
                for (size_t j = 0; j < n; j++) {
                        size_t replaced = diagonal + (a[i] != b[j]);

                        diagonal = row[j + 1];
                        row[j + 1] = MIN(replaced, MIN(diagonal, row[j]) + 1);
                }
        }

        return row[n];
}

/* How unlike what was meant @name is. A name without its end, such as body_max, is the likeliest slip. */
static size_t unlikeness(const char *name, const char *candidate) {
        size_t size = strlen(name);

        if (size >= 3 && strncmp(name, candidate, size) == 0)
                return 1;
        return edit_distance(name, candidate);
}

/* The known name that is most like @name so far. */
typedef struct Guess {
        const char *name;  /* what was written, in the form of the file */
        const char *found; /* NULL when none is near */
        size_t distance;   /* what the next one must be below */
} Guess;

static void guess_try(Guess *guess, const char *candidate) {
        size_t distance = unlikeness(guess->name, candidate);

        if (distance < guess->distance) {
                guess->distance = distance;
                guess->found = candidate;
        }
}

/* A file has settings only, the environment the name of the file too. */
static bool option_is_known(const SettingsOption *option, SettingsSource source) {
        return source == SETTINGS_FLAG ||
               (source == SETTINGS_ENVIRONMENT && strcmp(option->name, "config") == 0);
}

/* Strips the prefix of @source and folds the rest into the form of the file, cut to what is ever compared. */
static void name_fold(Span written, SettingsSource source, char ret_name[static SETTINGS_LABEL_MAX]) {
        size_t at = 0, size = 0;

        if (source == SETTINGS_ENVIRONMENT)
                at = MIN(written.size, sizeof("CONFER_") - 1);
        while (source == SETTINGS_FLAG && at < written.size && written.data[at] == '-')
                at++;

        for (; at < written.size && size < SETTINGS_LABEL_MAX - 1; at++) {
                char c = to_lower(written.data[at]);

                ret_name[size++] = c == '-' ? '_' : c;
        }
        ret_name[size] = '\0';
}

const char *settings_guess(Span written, SettingsSource source) {
        char name[SETTINGS_LABEL_MAX];
        const SettingsOption *options;
        const Setting *table;
        size_t n_rows, n_options;
        Guess guess;

        name_fold(written, source, name);
        guess = (Guess){ .name = name, .distance = MAX(strlen(name) / 3, (size_t)2) + 1 };

        table = settings_table(&n_rows);
        for (size_t i = 0; i < n_rows; i++)
                guess_try(&guess, table[i].name);

        options = settings_options(&n_options);
        for (size_t i = 0; i < n_options; i++)
                if (option_is_known(&options[i], source))
                        guess_try(&guess, options[i].name);

        return guess.found;
}
