#include <stdlib.h>
#include <string.h>

#include "ingest/overlap.h"
#include "mirror/key_template.h"
#include "util/allocate.h"

#define LOCKS "/confer-mirrors/" /* where mirrors have their locks that name no other place */

static void add(Overlap *overlap, const char *mirror, Span text, bool is_lock) {
        overlap->entries[overlap->n++] = (OverlapEntry){
                .mirror = mirror,
                .text = had(strndup(text.data, text.size)),
                .is_lock = is_lock,
        };
}

static int add_mirror(Overlap *overlap, const MirrorOptions *options) {
        _cleanup_(key_template_deinit) KeyTemplate template = KEY_TEMPLATE_NULL;
        Problem problem;
        int r;

        r = key_template_parse(span_from_string(options->key), span_from_string(options->namespace),
                               &template, &problem);
        if (r < 0)
                return r;
        if (r == 0)
                add(overlap, options->name, key_template_prefix(&template), false);
        if (*options->lock_key)
                add(overlap, options->name, span_from_string(options->lock_key), true);
        return 0;
}

int overlap_init(Overlap *overlap, const MirrorOptions *options, size_t n) {
        *overlap = (Overlap){ .entries = allocate(2 * n + 1, sizeof(*overlap->entries)) };
        add(overlap, NULL, SPAN_LITERAL(LOCKS), false);
        for (size_t i = 0; i < n; i++) {
                int r = options[i].kind == MIRROR_ETCD ? add_mirror(overlap, &options[i]) : 0;

                if (r)
                        return r;
        }
        return 0;
}

void overlap_deinit(Overlap *overlap) {
        for (size_t i = 0; i < overlap->n; i++)
                free(overlap->entries[i].text);
        free(overlap->entries);
        *overlap = OVERLAP_NULL;
}

static bool is_of(const OverlapEntry *entry, Span etcd_key) {
        Span text = span_from_string(entry->text);

        if (!span_starts_with(etcd_key, text))
                return false;
        return !entry->is_lock || etcd_key.size == text.size || etcd_key.data[text.size] == ':';
}

bool overlap_has(const Overlap *overlap, Span etcd_key) {
        for (size_t i = 0; i < overlap->n; i++)
                if (is_of(&overlap->entries[i], etcd_key))
                        return true;

        return false;
}

const char *overlap_of_prefix(const Overlap *overlap, Span prefix) {
        for (size_t i = 0; i < overlap->n; i++) {
                const OverlapEntry *entry = &overlap->entries[i];

                if (!entry->is_lock && span_starts_with(prefix, span_from_string(entry->text)))
                        return entry->mirror ? entry->mirror : "locks of mirrors";
        }

        return NULL;
}
