/*
 * Whom one request is for, as gray rules see it: the application's own unit and tags.
 */
#pragma once

#include "confer/confer.h"
#include "model/gray.h"
#include "tag_set.h"

struct confer_context {
        char *unit; /* NULL: none */
        TagSet *tags;
};

static inline GrayAsker context_asker(const confer_context *context) {
        return asker_of(span_from_string(context->unit), context->tags);
}
