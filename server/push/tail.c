#include "push/tail.h"
#include "model/macros.h"
#include "util/allocate.h"

#define SLOTS_MIN 64

void tail_init(Tail *tail, size_t n_max, size_t bytes_max) {
        *tail = (Tail){ .n_max = n_max, .bytes_max = bytes_max, .floor = UINT64_MAX };
}

static void drop_first(Tail *tail) {
        Event *event = tail_get(tail, 0);

        tail->floor = event_change(event)->revision;
        tail->bytes -= event_size(event);
        tail->first = (tail->first + 1) % tail->n_slots;
        tail->n--;
        event_unref(event);
}

void tail_deinit(Tail *tail) {
        while (tail->n > 0)
                drop_first(tail);
        free(tail->events);
        *tail = (Tail){ 0 };
}

void tail_begin(Tail *tail, uint64_t revision) {
        tail->floor = revision;
}

static void grow(Tail *tail) {
        size_t n_slots = MAX(2 * tail->n_slots, (size_t)SLOTS_MIN);
        Event **events = allocate(n_slots, sizeof(Event *));

        for (size_t i = 0; i < tail->n; i++)
                events[i] = tail_get(tail, i);
        free(tail->events);
        tail->events = events;
        tail->first = 0;
        tail->n_slots = n_slots;
}

void tail_add(Tail *tail, Event *event) {
        if (event_change(event)->n_items == 0)
                return;

        if (tail->n == tail->n_slots)
                grow(tail);
        tail->events[(tail->first + tail->n++) % tail->n_slots] = event_ref(event);
        tail->bytes += event_size(event);
        while (tail->n > 0 && (tail->n > tail->n_max || tail->bytes > tail->bytes_max))
                drop_first(tail);
}

bool tail_reaches(const Tail *tail, uint64_t since) {
        return since >= tail->floor;
}

size_t tail_find(const Tail *tail, uint64_t since) {
        size_t low = 0, high = tail->n;

        while (low < high) {
                size_t middle = low + (high - low) / 2;

                if (event_change(tail_get(tail, middle))->revision > since)
                        high = middle;
                else
                        low = middle + 1;
        }
        return low;
}

Event *tail_get(const Tail *tail, size_t place) {
        return tail->events[(tail->first + place) % tail->n_slots];
}
