/*
 * Changes and releases for the tests of the stream.
 */
#pragma once

#include <stdlib.h>

#include "model/change.h"
#include "model/release.h"

static inline Release *make_release(const char *namespace, const char *key, uint64_t revision,
                                    const char *content) {
        return release_new(&(ConfigData){ .namespace = span_from_string(namespace),
                                          .key = span_from_string(key),
                                          .version = 1,
                                          .revision = revision,
                                          .content = span_from_string(content),
                                          .updated_by = SPAN_LITERAL("user:admin"),
                                          .comment = SPAN_LITERAL("") },
                           SPAN_LITERAL("epoch"));
}

static inline void add_release(Change *change, const char *namespace, const char *key, const char *content) {
        Release *release = make_release(namespace, key, change->revision, content);

        if (change_add_release(change, release) != 0)
                abort();
        release_unref(release);
}
