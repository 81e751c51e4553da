/*
 * A value: the SDK's kind of release. The texts stand behind the struct, each with its NUL, and are never
 * changed; what is not known of them from the start (how they read as JSON, whether the application took
 * them) stands behind those.
 *
 * The value of a config with a gray release owns a value for each rule and version that may be chosen. Those
 * of the same version share its content.
 *
 * The catalogs of a client, its listeners and the acknowledgements each hold references, counted in the
 * release. Those of the application are counted as loans (loans.h), so that threads that read the same config
 * do not slow each other down; only confer_value_ref(), confer_value_unref() and replica_find() take and give
 * back those, and everything else here value_ref() and value_unref(). A value that is no longer in force
 * remembers until when it was.
 */
#pragma once

#include <stdint.h>

#include "confer/confer.h"
#include "heads.h"
#include "model/gray_release.h"
#include "model/macros.h"
#include "model/problem.h"
#include "model/release.h"
#include "provenance.h"

/* What the application did with a value. */
typedef enum Verdict {
        VERDICT_NONE, /* nobody was asked yet */
        VERDICT_APPLIED,
        VERDICT_REFUSED,
} Verdict;

/* A text out of a JSON config, decoded for somebody who borrows it. */
typedef struct DecodedText {
        struct DecodedText *next;
        const char *of; /* where in the content it stands, escaped */
        char text[];
} DecodedText;

/* What a lookup does not touch. */
typedef struct ValueBody {
        Provenance *provenance;        /* NULL: a default */
        _Atomic int origin;            /* confer_origin */
        _Atomic int64_t superseded_ms; /* when it was last known to be in force; 0: it still is */
        int64_t updated_at_ms;
        const char *content;
        size_t content_size;
        confer_value *lender; /* whose content it is, a reference; NULL: its own */
        const char *updated_by;
        const char *comment;
        int rule; /* of the gray release, whose arm this is; -1: it is stable */

        /* typed.c */
        _Atomic int json_state;
        _Atomic(DecodedText *) decoded;

        /* acks.c, under its lock */
        confer_value *next_ack; /* a reference */
        bool is_queued;
        bool is_reported; /* the verdict was queued since this value came into sight */
        Verdict verdict;
        char *reason; /* of the refusal; NULL when there was no memory for it */

        char sha256[2 * SHA256_SIZE + 1];
        char text[];
} ValueBody;

/* The head: all that a lookup reads, but for long keys, which stand in the body. */
struct confer_value {
        Release release;
        ValueBody *body;
        char key[HEAD_SIZE - sizeof(Release) - sizeof(ValueBody *)];
};

enum {
        VALUE_E_GRAY = 1, /* the gray release cannot be read: what it serves is not known */
};

/*
 * value_new() - a value with one reference
 * @data: texts are copied
 * @provenance: referenced; NULL for a default, which has no sha256 either
 *
 * Return: 0; -ENOMEM; VALUE_E_GRAY, with @ret_problem filled.
 */
int value_new(const ConfigData *data, Provenance *provenance, confer_origin origin, confer_value **ret_value,
              Problem *ret_problem);

static inline confer_value *value_of(Release *release) {
        return (confer_value *)release;
}

/* A reference of the SDK's own. Either may be called with NULL. */
static inline confer_value *value_ref(confer_value *value) {
        if (value)
                (void)release_ref(&value->release);
        return value;
}

static inline void value_unref(confer_value *value) {
        if (value)
                (void)release_unref(&value->release);
}

/* What @asker gets of it: the value itself, or that of an arm of its gray release. Borrowed. NULL of NULL. */
static inline confer_value *value_seen_by(confer_value *value, const GrayAsker *asker) {
        if (!value || __builtin_expect(!value->release.gray, 1))
                return value;
        return value_of(release_choose(&value->release, asker, NULL));
}

/* Calls @visit for the value, and for those of its gray release; some of them perhaps twice. */
void value_each(confer_value *value, void (*visit)(confer_value *value, void *context), void *context);

/* The server has sent it, or confirms it. */
void value_confirm(confer_value *value);

/* It was in force until now; from here on its age grows. */
void value_supersede(confer_value *value, int64_t now_ms);
int64_t value_age_ms(const confer_value *value, int64_t now_ms);

/* Are both the same version of the same config, as far as a listener is concerned? Either may be NULL. */
bool value_is_same_version(const confer_value *a, const confer_value *b);

DEFINE_CLEANUP(confer_value *, value_unref);
DEFINE_CLEANUP(confer_value *, confer_value_unref);
