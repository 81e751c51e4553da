/*
 * One version of a config as it is in force: immutable, shared by reference count.
 *
 * What a catalog has to know of a release is in this struct. What else there is belongs to whoever made it,
 * and stands behind the struct: the server's releases are encoded, the SDK's (confer_value) hold what an
 * application reads.
 *
 * An encoded release is made when a change is committed and is from then on read by any number of threads. It
 * holds the JSON object that every answer and every frame carries, so that serving it is handing out bytes;
 * the bare content is read out of that text. The cost is that a bare content with escapes is decoded at each
 * request for it.
 *
 * A version that was saved but not released is shown in the same shape, with the revision, time, author and
 * comment of its save.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "model/buf.h"
#include "model/format.h"
#include "model/macros.h"
#include "model/span.h"

#define SHA256_SIZE 32

typedef struct GrayData GrayData;       /* model/gray_release.h */
typedef struct GrayRelease GrayRelease; /* likewise */
typedef struct Release Release;

struct Release {
        _Atomic uint32_t n_refs;
        uint16_t namespace_size;
        uint16_t key_size;
        const char *namespace; /* the texts are the maker's, and live as long as the release */
        const char *key;
        int64_t version;
        uint64_t revision; /* of the last change that touched it, gray release included */
        GrayRelease *gray; /* what some instances get instead; NULL: nobody does. Owned */
        Format format;
        void (*free)(Release *release); /* called when the last reference is gone */
};

/* Data of one config: the fields of a release. All texts are borrowed. */
typedef struct ConfigData {
        Span namespace;
        Span key;
        int64_t version;
        uint64_t revision;
        Format format;
        Span content;
        uint8_t sha256[SHA256_SIZE]; /* of the content's bytes */
        int64_t updated_at_ms;
        Span updated_by;
        Span comment;
        const GrayData *gray; /* on top of it; NULL: none */
} ConfigData;

/*
 * Appends the members of @data as JSON, without the braces around them, so that the caller can add its own.
 * An absent content is left out.
 */
void config_data_append_members(Buf *buf, const ConfigData *data);

/*
 * release_new() - encode @data
 * @epoch: of the store; goes into the entity tag, so that a tag from before a restore never matches
 *
 * Return: an encoded release with one reference; NULL for want of memory, or where the rules of its gray
 * release are wrong.
 */
Release *release_new(const ConfigData *data, Span epoch);
Release *release_ref(Release *release);
Release *release_unref(Release *release);

static inline Span release_namespace(const Release *release) {
        return (Span){ release->namespace, release->namespace_size };
}

static inline Span release_key(const Release *release) {
        return (Span){ release->key, release->key_size };
}

static inline int64_t release_version(const Release *release) {
        return release->version;
}

static inline uint64_t release_revision(const Release *release) {
        return release->revision;
}

static inline Format release_format(const Release *release) {
        return release->format;
}

/* Of an encoded release. */

/* The JSON object with all members of ConfigData, braces included. */
Span release_json(const Release *release);

/* The JSON object of a release in the frames of the stream: the same without the namespace. */
void release_append_wire(Buf *buf, const Release *release);

/* Begins to fetch the object and the entity tag from memory, for an answer that will be made of them. */
void release_prefetch(const Release *release);

/* The entity tag with its quotes. It tells apart all releases that one URL ever served. */
Span release_etag(const Release *release);

/* The last members of the object: "updated_at":…,"updated_by":…,"comment":…, without braces. */
Span release_origin_json(const Release *release);

/* Appends the content's bytes as they were saved. */
void release_append_content(const Release *release, Buf *buf);

DEFINE_CLEANUP(Release *, release_unref);
