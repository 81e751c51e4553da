#include <errno.h>
#include <string.h>

#include "applying.h"
#include "digest.h"

void snapshot_deinit(Snapshot *snapshot) {
        catalog_deinit(&snapshot->releases);
        *snapshot = SNAPSHOT_NULL;
}

/* Return: 0; -ENOMEM; APPLYING_E_DAMAGED. */
static int check_content(Span content, const uint8_t expected[SHA256_SIZE]) {
        uint8_t sha256[SHA256_SIZE];
        int r;

        r = digest_sha256(content, sha256);
        if (r)
                return r;
        return memcmp(sha256, expected, sizeof(sha256)) == 0 ? 0 : APPLYING_E_DAMAGED;
}

static int check_contents(const ConfigData *data) {
        const GrayData *gray = data->gray;
        int r;

        r = check_content(data->content, data->sha256);
        for (size_t i = 0; gray && i < gray->n_versions && r == 0; i++)
                r = check_content(gray->versions[i].content, gray->versions[i].sha256);
        return r;
}

/* Takes the config with its stable version alone. */
static int make_stable_value(const ConfigData *data, const Intake *intake, const Problem *problem,
                             confer_value **ret_value) {
        ConfigData stable = *data;

        log_write(intake->log, CONFER_LOG_WARNING,
                  "The gray release of %.*s/%.*s cannot be read, and its stable version is used: %s: %s",
                  (int)data->namespace.size, data->namespace.data, (int)data->key.size, data->key.data,
                  problem->field, problem->text);
        stable.gray = NULL;
        return value_new(&stable, intake->provenance, CONFER_ORIGIN_SERVER, ret_value, NULL);
}

static int make_value(const ConfigData *data, const Intake *intake, confer_value **ret_value) {
        Problem problem = PROBLEM_NULL;
        int r;

        r = check_contents(data);
        if (r)
                return r;
        r = value_new(data, intake->provenance, CONFER_ORIGIN_SERVER, ret_value, &problem);
        if (r == VALUE_E_GRAY)
                return make_stable_value(data, intake, &problem, ret_value);
        return r;
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

static int snapshot_add_release(Snapshot *snapshot, const ConfigData *data, const Intake *intake) {
        _cleanup_(value_unrefp) confer_value *value = NULL;
        int r;

        r = make_value(data, intake, &value);
        if (r)
                return r;
        return catalog_put(&snapshot->releases, &value->release);
}

static int snapshot_add_namespace(Snapshot *snapshot, const FrameNamespace *namespace, const Intake *intake) {
        for (size_t i = 0; i < namespace->n_releases; i++) {
                const ConfigData *data = &namespace->releases[i];
                int r;

                if (!scope_wants(intake->scope, data->namespace, data->key))
                        continue;
                r = snapshot_add_release(snapshot, data, intake);
                if (r)
                        return r;
        }
        return 0;
}

int snapshot_add(Snapshot *snapshot, const Frame *frame, const Intake *intake) {
        if (frame->epoch.size == 0 || frame->epoch.size > EPOCH_SIZE_MAX)
                return APPLYING_E_DAMAGED;
        if (!continues(snapshot, frame))
                begin(snapshot, frame);

        for (size_t i = 0; i < frame->n_namespaces; i++) {
                int r;

                r = snapshot_add_namespace(snapshot, &frame->namespaces[i], intake);
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

static bool compare_new(void *context, Release *release) {
        Comparison *comparison = context;
        Release *held = catalog_get(comparison->known, release_namespace(release), release_key(release));

        if (held && comparison->is_same_epoch && held->revision >= release->revision) {
                if (held->revision == release->revision)
                        value_confirm(value_of(held));
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

static int put(Edits *edits, const ConfigData *data, const Catalog *known, const Intake *intake) {
        _cleanup_(value_unrefp) confer_value *value = NULL;
        Release *held = catalog_get(known, data->namespace, data->key);
        int r;

        if (held && held->revision >= data->revision)
                return 0;
        r = make_value(data, intake, &value);
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
                            const Catalog *known, const Intake *intake) {
        int r = 0;

        for (size_t i = 0; i < namespace->n_deleted && r == 0; i++)
                if (scope_wants(intake->scope, namespace->name, namespace->deleted[i]))
                        r = take_out(edits, revision, namespace->name, namespace->deleted[i], known);
        for (size_t i = 0; i < namespace->n_releases && r == 0; i++)
                if (scope_wants(intake->scope, namespace->name, namespace->releases[i].key))
                        r = put(edits, &namespace->releases[i], known, intake);
        return r;
}

int change_to_edits(const Frame *frame, const Catalog *known, const Intake *intake, Edits *ret_edits) {
        Edits edits = EDITS_NULL;
        int r = 0;

        for (size_t i = 0; i < frame->n_namespaces && r == 0; i++)
                r = change_namespace(&edits, &frame->namespaces[i], frame->seq, known, intake);
        if (r) {
                edits_deinit(&edits);
                return r;
        }

        *ret_edits = edits;
        return 0;
}

static bool confirm_one(void *context _unused_, Release *release) {
        value_confirm(value_of(release));
        return true;
}

void confirm_all(const Catalog *known) {
        catalog_each(known, SPAN_NULL, confirm_one, NULL);
}
