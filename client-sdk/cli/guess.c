/*
 * The nearest name: by the least number of letters to insert, delete, replace or swap with their neighbour.
 */
#include <string.h>

#include "cli/guess.h"
#include "model/macros.h"

#define NAME_SIZE_MAX 32 /* longer than any name of a command or option; what is longer resembles none */

/* Optimal string alignment; both texts are shorter than NAME_SIZE_MAX. */
static size_t edit_distance(const char *a, const char *b) {
        size_t rows[NAME_SIZE_MAX][NAME_SIZE_MAX], n_a = strlen(a), n_b = strlen(b);

        for (size_t i = 0; i <= n_a; i++)
                rows[i][0] = i;
        for (size_t j = 0; j <= n_b; j++)
                rows[0][j] = j;

        for (size_t i = 1; i <= n_a; i++)
                for (size_t j = 1; j <= n_b; j++) {
                        size_t least = MIN(rows[i - 1][j], rows[i][j - 1]) + 1;

                        least = MIN(least, rows[i - 1][j - 1] + (a[i - 1] != b[j - 1]));
                        if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                                least = MIN(least, rows[i - 2][j - 2] + 1);
                        rows[i][j] = least;
                }

        return rows[n_a][n_b];
}

Guess guess_begin(const char *written) {
        return (Guess){ .written = written, .distance = MAX(strlen(written) / 3, (size_t)1) + 1 };
}

void guess_try(Guess *guess, const char *candidate) {
        size_t size = strlen(guess->written), distance;

        if (size >= NAME_SIZE_MAX || strlen(candidate) >= NAME_SIZE_MAX)
                return;

        /* A name without its end is the likeliest slip. */
        distance = size >= 2 && strncmp(guess->written, candidate, size) == 0
                           ? 1
                           : edit_distance(guess->written, candidate);
        if (distance < guess->distance) {
                guess->distance = distance;
                guess->found = candidate;
        }
}
