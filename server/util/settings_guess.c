#include <string.h>

#include "model/macros.h"
#include "util/settings_guess.h"

static char to_lower(char c) {
        return (char)(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
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

void settings_guess_init(SettingsGuess *guess, Span written) {
        size_t size = MIN(written.size, (size_t)SETTINGS_LABEL_MAX - 1);

        *guess = (SettingsGuess){ .found = NULL };
        for (size_t i = 0; i < size; i++) {
                char c = to_lower(written.data[i]);

                guess->name[i] = c == '-' ? '_' : c;
        }
        guess->distance = MAX(strlen(guess->name) / 3, (size_t)2) + 1;
}

void settings_guess_try(SettingsGuess *guess, const char *candidate) {
        size_t distance = unlikeness(guess->name, candidate);

        if (distance < guess->distance) {
                guess->distance = distance;
                guess->found = candidate;
        }
}
