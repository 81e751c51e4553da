#include <assert.h>

#include "model/macros.h"
#include "push/snapshot.h"
#include "util/allocate.h"

/* Of encoded frames, in one snapshot: what is larger is encoded for each one that asks. */
#define KEPT_SIZE_MAX ((size_t)4 * 1024 * 1024)

typedef struct KeptFrame {
        WireFrame *frame;
        size_t end; /* the release after its last one */
} KeptFrame;

struct Snapshot {
        size_t n_refs;
        uint64_t revision;
        Span epoch;
        _Atomic uint64_t *account;
        size_t n_releases;
        size_t n_slots;
        Release **releases; /* those of a namespace one after another */
        size_t n_kept;
        size_t kept_size;
        KeptFrame *kept; /* the first frames */
};

static bool add_release(void *context, Release *release) {
        Snapshot *snapshot = context;

        if (snapshot->n_releases == snapshot->n_slots) {
                snapshot->n_slots = MAX(2 * snapshot->n_slots, (size_t)4);
                snapshot->releases = realloc(snapshot->releases, snapshot->n_slots * sizeof(Release *));
                if (!snapshot->releases)
                        abort();
        }
        snapshot->releases[snapshot->n_releases++] = release_ref(release);
        return true;
}

static void capture_name(Snapshot *snapshot, const Catalog *catalog, const ScopeName *name) {
        if (name->all_keys) {
                catalog_each(catalog, name->name, add_release, snapshot);
                return;
        }
        for (size_t i = 0; i < name->n_keys; i++) {
                Release *release = catalog_get(catalog, name->name, name->keys[i]);

                if (release)
                        (void)add_release(snapshot, release);
        }
}

static Snapshot *capture(const Scope *covered, const Catalog *catalog) {
        Snapshot *snapshot = allocate(1, sizeof(*snapshot));

        snapshot->n_refs = 1;
        snapshot->revision = catalog->revision;
        for (size_t i = 0; i < covered->n_names; i++)
                capture_name(snapshot, catalog, &covered->names[i]);
        return snapshot;
}

Snapshot *snapshot_get(Audience *audience, const Catalog *catalog, Span epoch, int64_t now_ms,
                       _Atomic uint64_t *account) {
        if (!audience->snapshot || audience->snapshot->revision != catalog->revision) {
                snapshot_unref(audience->snapshot);
                audience->snapshot = capture(audience->covered, catalog);
                audience->snapshot->epoch = epoch;
                audience->snapshot->account = account;
        }
        audience->snapshot_used_at_ms = now_ms;
        return snapshot_ref(audience->snapshot);
}

Snapshot *snapshot_ref(Snapshot *snapshot) {
        snapshot->n_refs++;
        return snapshot;
}

Snapshot *snapshot_unref(Snapshot *snapshot) {
        if (!snapshot || --snapshot->n_refs > 0)
                return NULL;

        for (size_t i = 0; i < snapshot->n_releases; i++)
                release_unref(snapshot->releases[i]);
        for (size_t i = 0; i < snapshot->n_kept; i++)
                wire_frame_unref(snapshot->kept[i].frame);
        free(snapshot->releases);
        free(snapshot->kept);
        free(snapshot);
        return NULL;
}

uint64_t snapshot_revision(const Snapshot *snapshot) {
        return snapshot->revision;
}

/* Appends releases from @begin until there is enough, or none is left. Return: the one after the last. */
static size_t append_frame(const Snapshot *snapshot, Buf *text, size_t begin, size_t size_max) {
        SnapshotFrame writer;
        size_t i = begin;

        snapshot_frame_begin(&writer, text, snapshot->revision, snapshot->epoch);
        while (i < snapshot->n_releases && text->size < size_max)
                snapshot_frame_add(&writer, snapshot->releases[i++]);
        snapshot_frame_end(&writer, i < snapshot->n_releases);
        if (buf_failed(text))
                abort();
        return i;
}

static void keep(Snapshot *snapshot, WireFrame *frame, size_t end) {
        if (snapshot->kept_size + frame->size > KEPT_SIZE_MAX)
                return;

        snapshot->kept = realloc(snapshot->kept, (snapshot->n_kept + 1) * sizeof(*snapshot->kept));
        if (!snapshot->kept)
                abort();
        snapshot->kept[snapshot->n_kept++] = (KeptFrame){ wire_frame_ref(frame), end };
        snapshot->kept_size += frame->size;
}

static WireFrame *encode(Snapshot *snapshot, const SnapshotPlace *place, size_t *ret_end) {
        _cleanup_(buf_deinit) Buf text = BUF_NULL;
        size_t end = append_frame(snapshot, &text, place->release, SNAPSHOT_FRAME_SIZE);
        WireFrame *frame = wire_frame_new(OPCODE_TEXT, FRAME_SNAPSHOT, snapshot->revision, buf_span(&text),
                                          snapshot->account);

        frame->has_more = end < snapshot->n_releases;
        if (place->frame == snapshot->n_kept)
                keep(snapshot, frame, end);
        *ret_end = end;
        return frame;
}

WireFrame *snapshot_next(Snapshot *snapshot, SnapshotPlace *place, bool *ret_encoded) {
        WireFrame *frame;
        size_t end;

        assert(!place->is_done);
        *ret_encoded = place->frame >= snapshot->n_kept;
        if (*ret_encoded)
                frame = encode(snapshot, place, &end);
        else {
                frame = wire_frame_ref(snapshot->kept[place->frame].frame);
                end = snapshot->kept[place->frame].end;
        }

        place->release = end;
        place->frame++;
        place->is_done = end == snapshot->n_releases;
        return frame;
}

void snapshot_append(const Snapshot *snapshot, Buf *buf) {
        (void)append_frame(snapshot, buf, 0, SIZE_MAX);
}

void snapshot_forget(Audience *audience, int64_t before_ms) {
        if (audience->snapshot_used_at_ms < before_ms)
                audience->snapshot = snapshot_unref(audience->snapshot);
}
