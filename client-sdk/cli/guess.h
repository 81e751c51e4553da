/*
 * Which name was meant by one that nobody knows.
 */
#pragma once

#include <stddef.h>

typedef struct Guess {
        const char *written;
        const char *found; /* NULL: none is near */
        size_t distance;   /* what the next candidate must be below */
} Guess;

Guess guess_begin(const char *written);
void guess_try(Guess *guess, const char *candidate);
