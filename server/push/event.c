#include <pthread.h>
#include <string.h>

#include "model/buf.h"
#include "model/macros.h"
#include "push/event.h"
#include "util/allocate.h"

/* More distinct subsets of one change are possible, but then scopes differ so much that little is shared. */
#define FRAMES_MAX 32
/* Of the frames kept, against what the change itself takes. */
#define KEPT_FACTOR 2
#define ITEM_SIZE   64 /* of an item, about, besides its texts */

typedef struct Kept {
        bool *is_wanted;
        WireFrame *frame;
} Kept;

struct Event {
        _Atomic uint32_t n_refs;
        Change *change;
        size_t change_size;
        _Atomic uint64_t *account;
        pthread_mutex_t mutex;
        size_t kept_size;
        size_t n_kept;
        Kept *kept;
};

static size_t measure(const Change *change) {
        size_t size = sizeof(Event) + sizeof(Change);

        for (size_t i = 0; i < change->n_items; i++) {
                const ChangeItem *item = &change->items[i];

                size += ITEM_SIZE + item->namespace.size + item->key.size;
                if (item->release)
                        size += release_json(item->release).size;
        }
        return size;
}

Event *event_new(Change *change, _Atomic uint64_t *account) {
        Event *event = allocate(1, sizeof(*event));

        event->n_refs = 1;
        event->change = change_ref(change);
        event->change_size = measure(change);
        event->account = account;
        (void)pthread_mutex_init(&event->mutex, NULL);
        return event;
}

Event *event_ref(Event *event) {
        atomic_fetch_add_explicit(&event->n_refs, 1, memory_order_relaxed);
        return event;
}

Event *event_unref(Event *event) {
        if (!event || atomic_fetch_sub_explicit(&event->n_refs, 1, memory_order_acq_rel) != 1)
                return NULL;

        for (size_t i = 0; i < event->n_kept; i++) {
                free(event->kept[i].is_wanted);
                wire_frame_unref(event->kept[i].frame);
        }
        free(event->kept);
        (void)pthread_mutex_destroy(&event->mutex);
        change_unref(event->change);
        free(event);
        return NULL;
}

const Change *event_change(const Event *event) {
        return event->change;
}

size_t event_size(const Event *event) {
        return event->change_size * (1 + KEPT_FACTOR);
}

static WireFrame *find(const Event *event, const bool *is_wanted) {
        for (size_t i = 0; i < event->n_kept; i++)
                if (memcmp(event->kept[i].is_wanted, is_wanted, event->change->n_items) == 0)
                        return event->kept[i].frame;

        return NULL;
}

static void keep(Event *event, const bool *is_wanted, WireFrame *frame) {
        size_t n_items = event->change->n_items;
        Kept *kept;

        if (event->n_kept == FRAMES_MAX || event->kept_size + frame->size > event->change_size * KEPT_FACTOR)
                return;

        event->kept = realloc(event->kept, (event->n_kept + 1) * sizeof(*event->kept));
        if (!event->kept)
                abort();
        kept = &event->kept[event->n_kept++];
        kept->is_wanted = allocate(n_items, sizeof(bool));
        memcpy(kept->is_wanted, is_wanted, n_items * sizeof(bool));
        kept->frame = wire_frame_ref(frame);
        event->kept_size += frame->size;
}

static WireFrame *encode(const Event *event, const bool *is_wanted) {
        _cleanup_(buf_deinit) Buf text = BUF_NULL;

        frame_append_change(&text, event->change, is_wanted);
        if (buf_failed(&text))
                abort();
        return wire_frame_new(OPCODE_TEXT, FRAME_CHANGE, event->change->revision, buf_span(&text),
                              event->account);
}

WireFrame *event_frame(Event *event, const bool *is_wanted, bool *ret_encoded) {
        WireFrame *frame;

        (void)pthread_mutex_lock(&event->mutex);
        frame = find(event, is_wanted);
        *ret_encoded = !frame;
        if (frame)
                frame = wire_frame_ref(frame);
        else {
                frame = encode(event, is_wanted);
                keep(event, is_wanted, frame);
        }
        (void)pthread_mutex_unlock(&event->mutex);
        return frame;
}
