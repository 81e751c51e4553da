#include <errno.h>
#include <stdatomic.h>
#include <string.h>

#include "applying.h"
#include "digest.h"

void snapshot_deinit(Snapshot *snapshot) {
        catalog_deinit(&snapshot->releases);
        *snapshot = SNAPSHOT_NULL;
}

/* Return: 0; -ENOMEM; APPLYING_E_DAMAGED. */
static int check_content(const ConfigData *data) {
        uint8_t sha256[SHA256_SIZE];
        int r;

        r = digest_sha256(data->content, sha256);
        if (r)
                return r;
        return memcmp(sha256, data->sha256, sizeof(sha256)) == 0 ? 0 : APPLYING_E_DAMAGED;
}

static int make_value(const ConfigData *data, Provenance *provenance, confer_value **ret_value) {
        int r;

        r = check_content(data);
        if (r)
                return r;
        return value_new(data, provenance, CONFER_ORIGIN_SERVER, ret_value);
}

/* ------------------------------------------------------------------------------------------------ snapshots
 */

static bool continues(const Snapshot *snapshot, const Frame *frame) {
        return snapshot->is_begun && snapshot->revision == frame->seq &&
               span_equal_string(frame->epoch, snapshot->epoch);
}

static void begin(Snapshot *snapshot, const Frame *frame) {
        snapshot_deinit(snapshot);
        snapshot->is_begun = true;
        snapshot->revision = frame->seq;
        memcpy(snapshot->epoch, frame->epoch.data, frame->epoch.size);
        snapshot->epoch[frame->epoch.size] = '\0';
}

static int snapshot_add_release(Snapshot *snapshot, const ConfigData *data, Provenance *provenance) {
        _cleanup_(confer_value_unrefp) confer_value *value = NULL;
        int r;

        r = make_value(data, provenance, &value);
        if (r)
                return r;
        return catalog_put(&snapshot->releases, &value->release);
}

static int snapshot_add_namespace(Snapshot *snapshot, const FrameNamespace *namespace, const Scope *scope,
                                  Provenance *provenance) {
        for (size_t i = 0; i < namespace->n_releases; i++) {
                const ConfigData *data = &namespace->releases[i];
                int r;

                if (!scope_wants(scope, data->namespace, data->key))
                        continue;
                r = snapshot_add_release(snapshot, data, provenance);
                if (r)
                        return r;
        }
        return 0;
}

int snapshot_add(Snapshot *snapshot, const Frame *frame, const Scope *scope, Provenance *provenance) {
        if (frame->epoch.size == 0 || frame->epoch.size > EPOCH_SIZE_MAX)
                return APPLYING_E_DAMAGED;
        if (!continues(snapshot, frame))
                begin(snapshot, frame);

        for (size_t i = 0; i < frame->n_namespaces; i++) {
                int r;

                r = snapshot_add_namespace(snapshot, &frame->namespaces[i], scope, provenance);
                if (r)
                        return r;
        }
        return 0;
}

/* While the catalogs are compared. */
typedef struct Comparison {
        const Snapshot *snapshot;
        const Catalog *known;
        bool is_same_epoch;
        Edits edits;
        int error;
} Comparison;

static void confirm(confer_value *value) {
        atomic_store(&value->body->origin, (int)CONFER_ORIGIN_SERVER);
}

static bool compare_new(void *context, Release *release) {
        Comparison *comparison = context;
        Release *held = catalog_get(comparison->known, release_namespace(release), release_key(release));

        if (held && comparison->is_same_epoch && held->revision >= release->revision) {
                if (held->revision == release->revision)
                        confirm(value_of(held));
                return true;
        }

        comparison->error =
                edits_add(&comparison->edits, value_of(held), value_of(release), release->revision);
        return comparison->error == 0;
}

static bool compare_held(void *context, Release *held) {
        Comparison *comparison = context;
        const Snapshot *snapshot = comparison->snapshot;

        if (catalog_get(&snapshot->releases, release_namespace(held), release_key(held)))
                return true;
        if (comparison->is_same_epoch && held->revision > snapshot->revision)
                return true;

        comparison->error = edits_add(&comparison->edits, value_of(held), NULL, snapshot->revision);
        return comparison->error == 0;
}

int snapshot_to_edits(const Snapshot *snapshot, const Catalog *known, const char *epoch, Edits *ret_edits) {
        Comparison comparison = {
                .snapshot = snapshot,
                .known = known,
                .is_same_epoch = strcmp(snapshot->epoch, epoch) == 0,
                .edits = EDITS_NULL,
        };

        catalog_each(&snapshot->releases, SPAN_NULL, compare_new, &comparison);
        if (comparison.error == 0)
                catalog_each(known, SPAN_NULL, compare_held, &comparison);
        if (comparison.error) {
                edits_deinit(&comparison.edits);
                return comparison.error;
        }

        edits_sort(&comparison.edits);
        *ret_edits = comparison.edits;
        return 0;
}

/* -------------------------------------------------------------------------------------------------- changes
 */

static int put(Edits *edits, const ConfigData *data, const Catalog *known, Provenance *provenance) {
        _cleanup_(confer_value_unrefp) confer_value *value = NULL;
        Release *held = catalog_get(known, data->namespace, data->key);
        int r;

        if (held && held->revision >= data->revision)
                return 0;
        r = make_value(data, provenance, &value);
        if (r)
                return r;
        return edits_add(edits, value_of(held), value, data->revision);
}

static int take_out(Edits *edits, uint64_t revision, Span namespace, Span key, const Catalog *known) {
        Release *held = catalog_get(known, namespace, key);

        if (!held || held->revision > revision)
                return 0;
        return edits_add(edits, value_of(held), NULL, revision);
}

static int change_namespace(Edits *edits, const FrameNamespace *namespace, uint64_t revision,
                            const Catalog *known, const Scope *scope, Provenance *provenance) {
        int r = 0;

        for (size_t i = 0; i < namespace->n_deleted && r == 0; i++)
                if (scope_wants(scope, namespace->name, namespace->deleted[i]))
                        r = take_out(edits, revision, namespace->name, namespace->deleted[i], known);
        for (size_t i = 0; i < namespace->n_releases && r == 0; i++)
                if (scope_wants(scope, namespace->name, namespace->releases[i].key))
                        r = put(edits, &namespace->releases[i], known, provenance);
        return r;
}

int change_to_edits(const Frame *frame, const Catalog *known, const Scope *scope, Provenance *provenance,
                    Edits *ret_edits) {
        Edits edits = EDITS_NULL;
        int r = 0;

        for (size_t i = 0; i < frame->n_namespaces && r == 0; i++)
                r = change_namespace(&edits, &frame->namespaces[i], frame->seq, known, scope, provenance);
        if (r) {
                edits_deinit(&edits);
                return r;
        }

        *ret_edits = edits;
        return 0;
}

static bool confirm_one(void *context _unused_, Release *release) {
        confirm(value_of(release));
        return true;
}

void confirm_all(const Catalog *known) {
        catalog_each(known, SPAN_NULL, confirm_one, NULL);
}
