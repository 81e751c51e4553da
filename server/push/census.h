/*
 * A census of a gray release: how many connected instances get what, and what they did with it.
 *
 * Each loop counts its own streams on its own thread, and the last one puts the counts together; nobody
 * waits. An instance counts once where one of the names that it follows resolves to this very config. What it
 * gets is evaluated here, with the id and the tags that it bears; that it has applied or refused a version is
 * what it acknowledged itself, of exactly that version.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "http/server.h"
#include "model/gray.h"
#include "model/macros.h"
#include "model/release.h"
#include "model/span.h"

typedef struct Census Census;

typedef struct CensusCount {
        size_t n_connected;
        size_t n_applied; /* of those, and so is the next */
        size_t n_refused;
} CensusCount;

/* An instance that refuses what it gets. */
typedef struct CensusRefusal {
        Span id;
        int64_t version;
        Span error;
} CensusRefusal;

/* An instance that would get another version from the candidate. */
typedef struct CensusMove {
        Span id;
        Span app; /* or absent */
        Span address;
        int64_t from;
        int64_t to;
        int rule;       /* of the candidate, that decided; -1: none */
        int32_t bucket; /* likewise */
} CensusMove;

/*
 * census_new() - prepare a census
 * @release: of the config, with its gray release if it has one; a reference is taken
 * @candidate: rules to be tried out against it; borrowed; NULL: none
 * @n_listed_max: refusals that are listed, or with a candidate moves; all are counted
 */
Census *census_new(Server *server, Release *release, const Gray *candidate, size_t n_listed_max);
Census *census_free(Census *census);

/*
 * census_take() - count on all loops, then call @done
 *
 * The census is @done's from then on. @thread any; done: the last loop
 */
void census_take(Census *census, void (*done)(Census *census, void *context), void *context);

/* What was counted, from done() on; texts and arrays live as long as the census. */

Release *census_release(const Census *census);
const Gray *census_candidate(const Census *census);
size_t census_n_instances(const Census *census);
/* Those that get the stable version without an arm's doing. */
CensusCount census_stable(const Census *census);
/* For each of gray_arms() of the release's rules; none where there is no gray release. */
const CensusCount *census_arms(const Census *census, size_t *ret_n);
/* The sum of those whose arm gives @version; 0: of those of all arms. */
CensusCount census_sum_of_arms(const Census *census, int64_t version);
/* Those that refuse what they get: first what an arm serves, then the stable version, each in the order of
 * connecting. */
const CensusRefusal *census_refusals(const Census *census, size_t *ret_n);

size_t census_n_moves(const Census *census);
/* Those that would get another version, in the order of connecting. */
const CensusMove *census_moves(const Census *census, size_t *ret_n);

DEFINE_CLEANUP(Census *, census_free);
