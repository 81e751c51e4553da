/*
 * A gray release: rules, and what each of their arms serves. It hangs on the release that it lies on top of,
 * and is as immutable.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "model/buf.h"
#include "model/format.h"
#include "model/gray.h"
#include "model/ramp.h"
#include "model/release.h"
#include "model/span.h"

/* One version that the rules name. */
typedef struct GrayVersion {
        int64_t version;
        Format format;
        Span content;
        uint8_t sha256[SHA256_SIZE];
} GrayVersion;

/* The fields of a gray release. All of it is borrowed. */
struct GrayData {
        Span salt;
        Span rules;            /* a JSON array */
        int64_t updated_at_ms; /* when the rules were set last, by whom, and why */
        Span updated_by;
        Span comment;
        const GrayVersion *versions; /* all that the rules name, each once */
        size_t n_versions;
        const Ramp *ramp; /* the server's; NULL: none */
        Gray *compiled;   /* what gray_new() makes of rules and salt, where that was done already, or NULL */
};

struct GrayRelease {
        Gray *rules; /* a reference */
        int64_t updated_at_ms;
        Ramp *ramp;      /* NULL: none, and always so in the SDK */
        size_t n_arms;   /* as many as the rules have */
        Release *arms[]; /* a reference each; arms of the same version may share one */
};

/*
 * gray_release_new() - make a gray release of @data; the arms are NULL, for the caller to fill
 *
 * The rules are compiled unless @data has them compiled; of those a reference is taken.
 *
 * Return: 0; -ENOMEM; GRAY_E_INVALID: the rules are wrong, or name a version that @data has not.
 */
int gray_release_new(const GrayData *data, GrayRelease **ret_gray, Problem *ret_problem);
GrayRelease *gray_release_free(GrayRelease *gray);

/* The one of @data's versions that has this number; NULL: none. */
const GrayVersion *gray_data_find(const GrayData *data, int64_t version);

/* Appends the members behind salt and rules: the versions with what they hold, when, by whom and why. */
void gray_data_append_rest(Buf *buf, const GrayData *data);

/*
 * release_choose() - what @asker gets: @release itself, or what an arm of its gray release serves
 * @ret_verdict: why; may be NULL
 *
 * Return: borrowed, and lives as long as @release.
 */
Release *release_choose(Release *release, const GrayAsker *asker, GrayVerdict *ret_verdict);

DEFINE_CLEANUP(GrayRelease *, gray_release_free);
