/*
 * The tags that an instance or a context of a request bears: immutable, shared by reference count, so that
 * any thread may read them while another puts other ones in their place.
 *
 * NULL is the empty set.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "confer/confer.h"
#include "model/gray.h"
#include "model/macros.h"
#include "model/tag.h"

/* One block: the texts stand behind the tags. */
typedef struct TagSet {
        _Atomic uint32_t n_refs;
        size_t n_tags;
        Tag tags[];
} TagSet;

TagSet *tag_set_ref(TagSet *set);
TagSet *tag_set_unref(TagSet *set);

/*
 * tag_set_with() - a set that differs from @set in one tag
 * @value: NULL takes the tag away
 *
 * Where it differs in nothing, it is @set itself. Return: CONFER_OK, with a reference for the caller;
 * CONFER_E_INVALID: a tag's name or value is malformed, or there would be too many; CONFER_E_NOMEM.
 */
confer_error tag_set_with(TagSet *set, const char *name, const char *value, TagSet **ret_set);

/* The same, with the new set in the place of the old one. */
confer_error tag_set_change(TagSet **set, const char *name, const char *value);

/* @unit and @set are borrowed. */
static inline GrayAsker asker_of(Span unit, const TagSet *set) {
        return (GrayAsker){ .unit = unit, .tags = set ? set->tags : NULL, .n_tags = set ? set->n_tags : 0 };
}

DEFINE_CLEANUP(TagSet *, tag_set_unref);
