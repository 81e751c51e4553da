#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "tag_set.h"

TagSet *tag_set_ref(TagSet *set) {
        if (set)
                atomic_fetch_add_explicit(&set->n_refs, 1, memory_order_relaxed);
        return set;
}

TagSet *tag_set_unref(TagSet *set) {
        if (set && atomic_fetch_sub_explicit(&set->n_refs, 1, memory_order_acq_rel) == 1)
                free(set);
        return NULL;
}

static TagSet *tag_set_new(const Tag *tags, size_t n_tags) {
        size_t size = 0;
        TagSet *set;
        char *to;

        for (size_t i = 0; i < n_tags; i++)
                size += tags[i].name.size + tags[i].value.size;
        set = malloc(sizeof(*set) + n_tags * sizeof(Tag) + size);
        if (!set)
                return NULL;

        set->n_refs = 1;
        set->n_tags = n_tags;
        to = (char *)&set->tags[n_tags];
        for (size_t i = 0; i < n_tags; i++)
                set->tags[i] = (Tag){ span_copy(&to, tags[i].name), span_copy(&to, tags[i].value) };
        return set;
}

/* Where the tag of this name stands; n_tags: there is none. */
static size_t find(const TagSet *set, Span name) {
        size_t i = 0;

        while (i < set->n_tags && !span_equal(set->tags[i].name, name))
                i++;
        return i;
}

/* @value: absent where the tag is to be taken away. Return: whether anything is another one. */
static bool differs(const TagSet *set, Span name, Span value) {
        size_t at = set ? find(set, name) : 0;

        if (!set || at == set->n_tags)
                return value.data != NULL;
        return !value.data || !span_equal(set->tags[at].value, value);
}

/* The tags of @set with that one changed, in @tags. Return: how many they are. */
static size_t change(const TagSet *set, Tag tag, Tag tags[TAGS_MAX + 1]) {
        size_t n = 0, at = set ? find(set, tag.name) : 0;

        for (size_t i = 0; set && i < set->n_tags; i++)
                if (i != at)
                        tags[n++] = set->tags[i];
        if (tag.value.data)
                tags[n++] = tag;
        return n;
}

confer_error tag_set_with(TagSet *set, const char *name, const char *value, TagSet **ret_set) {
        Tag tag = { span_from_string(name), span_from_string(value) }, tags[TAGS_MAX + 1];
        TagSet *changed;
        size_t n_tags;

        if (!tag_name_is_valid(tag.name) || (value && !tag_value_is_valid(tag.value)))
                return CONFER_E_INVALID;
        if (!differs(set, tag.name, tag.value)) {
                *ret_set = tag_set_ref(set);
                return CONFER_OK;
        }
        n_tags = change(set, tag, tags);
        if (n_tags > TAGS_MAX)
                return CONFER_E_INVALID;

        changed = tag_set_new(tags, n_tags);
        if (!changed)
                return CONFER_E_NOMEM;
        *ret_set = changed;
        return CONFER_OK;
}

confer_error tag_set_change(TagSet **set, const char *name, const char *value) {
        TagSet *changed;
        confer_error error;

        error = tag_set_with(*set, name, value, &changed);
        if (error)
                return error;

        tag_set_unref(*set);
        *set = changed;
        return CONFER_OK;
}
