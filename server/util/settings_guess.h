/*
 * Which name was meant by one that nobody knows.
 */
#pragma once

#include <stddef.h>

#include "model/span.h"

#define SETTINGS_LABEL_MAX 64 /* bytes of a name in any of its forms, with the NUL */

/* The known name that is most like what was written, so far. */
typedef struct SettingsGuess {
        char name[SETTINGS_LABEL_MAX]; /* what was written, in lower case and with underscores, cut */
        const char *found;             /* borrowed; NULL when none is near */
        size_t distance;               /* what the next one must be below */
} SettingsGuess;

void settings_guess_init(SettingsGuess *guess, Span written);
/* @candidate: outlives the guess, and has fewer than SETTINGS_LABEL_MAX bytes */
void settings_guess_try(SettingsGuess *guess, const char *candidate);
