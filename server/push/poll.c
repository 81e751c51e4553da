#include <sys/socket.h>

#include "model/json.h"
#include "push/poll.h"
#include "push/resume.h"
#include "push/snapshot.h"
#include "util/allocate.h"
#include "util/clock.h"

/* Of one answer, about; a client that has missed more asks again. */
#define ANSWER_BYTES_MAX ((size_t)1024 * 1024)
/* libh2o reads nothing while a request is being handled, so that a client's leaving is looked for, in
 * seconds. */
#define PEEK_INTERVAL 5

static Poll *poll_of_link(h2o_linklist_t *link) {
        return H2O_STRUCT_FROM_MEMBER(Poll, link, link);
}

static void unpark(Poll *poll) {
        if (!poll->is_parked)
                return;

        poll->is_parked = false;
        h2o_linklist_unlink(&poll->link);
        metric_add(hub_metrics(poll->hub), METRIC_STREAM_POLLS, (uint64_t)-1);
        hub_release(poll->hub);
}

static void dispose(void *memory) {
        Poll *poll = memory;

        unpark(poll);
        follower_join(&poll->follower, NULL);
        atomic_fetch_sub_explicit(&poll->hub->push->memory_bytes, poll->body_bytes, memory_order_relaxed);
}

Poll *poll_new(Hub *hub, Exchange *exchange, Scope *asked) {
        Poll *poll = h2o_mem_alloc_shared(&exchange->h2o->pool, sizeof(*poll), dispose);

        *poll = (Poll){ .hub = hub, .exchange = exchange, .follower.is_poll = true };
        follower_join(&poll->follower, hub_audience(hub, asked));
        exchange_leave_unmeasured(exchange);
        return poll;
}

static Buf *begin(Poll *poll) {
        Buf *body;

        unpark(poll);
        body = reply_begin(&poll->exchange->request, 200);
        buf_append_literal(body, "{\"epoch\":");
        json_append_string(body, poll->hub->push->epoch);
        return body;
}

static void end(Poll *poll) {
        reply_end(&poll->exchange->request);
        poll->body_bytes = poll->exchange->request.reply.body.size;
        atomic_fetch_add_explicit(&poll->hub->push->memory_bytes, poll->body_bytes, memory_order_relaxed);
        exchange_send(poll->exchange);
}

void poll_answer_nothing(Poll *poll) {
        Buf *body = begin(poll);

        buf_append_literal(body, ",\"revision\":");
        buf_append_u64(body, poll->hub->loop->catalog.revision);
        buf_append_literal(body, ",\"snapshot\":null,\"changes\":[]}");
        end(poll);
}

void poll_answer_snapshot(Poll *poll) {
        Hub *hub = poll->hub;
        Snapshot *snapshot = snapshot_get(poll->follower.audience, &hub->loop->catalog, hub->push->epoch,
                                          clock_monotonic_ms(), &hub->push->memory_bytes);
        _cleanup_(buf_deinit) Buf text = BUF_NULL;
        Buf *body = begin(poll);

        metric_add(hub_metrics(hub), METRIC_STREAM_SNAPSHOTS, 1);
        snapshot_append(snapshot, &text);
        buf_append_literal(body, ",\"revision\":");
        buf_append_u64(body, snapshot_revision(snapshot));
        buf_append_literal(body, ",\"snapshot\":");
        buf_append_span(body, frame_text_payload(buf_span(&text)));
        buf_append_literal(body, ",\"changes\":[]}");
        snapshot_unref(snapshot);
        end(poll);
}

/* The frame's payload is {"changes":[…]}; the revision becomes its first member. */
static void append_change(Buf *changes, Event *event, const bool *is_wanted) {
        bool is_encoded;
        WireFrame *frame = event_frame(event, is_wanted, &is_encoded);
        Span payload = frame_text_payload(wire_frame_text(frame));

        if (changes->size > 0)
                buf_append_char(changes, ',');
        buf_append_literal(changes, "{\"revision\":");
        buf_append_u64(changes, event_change(event)->revision);
        buf_append_char(changes, ',');
        buf_append(changes, payload.data + 1, payload.size - 1);
        wire_frame_unref(frame);
}

/* Return: the revision up to which @changes holds all. */
static uint64_t gather(const Poll *poll, uint64_t since, Buf *changes) {
        const Tail *tail = &poll->hub->tail;

        for (size_t i = tail_find(tail, since); i < tail->n; i++) {
                Event *event = tail_get(tail, i);
                const Change *change = event_change(event);
                _cleanup_(freep) bool *is_wanted = allocate(change->n_items, sizeof(bool));

                if (!scope_match(poll->follower.audience->covered, change, is_wanted))
                        continue;
                append_change(changes, event, is_wanted);
                if (changes->size > ANSWER_BYTES_MAX)
                        return change->revision;
        }
        return poll->hub->loop->catalog.revision;
}

bool poll_answer_changes(Poll *poll, uint64_t since) {
        _cleanup_(buf_deinit) Buf changes = BUF_NULL;
        uint64_t revision = gather(poll, since, &changes);
        Buf *body;

        if (changes.size == 0)
                return false;

        body = begin(poll);
        buf_append_literal(body, ",\"revision\":");
        buf_append_u64(body, revision);
        buf_append_literal(body, ",\"snapshot\":null,\"changes\":[");
        buf_append_span(body, buf_span(&changes));
        buf_append_literal(body, "]}");
        end(poll);
        return true;
}

bool poll_park(Poll *poll, int64_t wait_ms) {
        Hub *hub = poll->hub;

        if (!hub_admit(hub)) {
                reply_refusal(&poll->exchange->request, REASON_BUSY, NULL,
                              "stream_connections_max polls and streams are open: try again in a moment");
                return false;
        }

        poll->is_parked = true;
        poll->deadline_ms = clock_monotonic_ms() + wait_ms;
        h2o_linklist_insert(&hub->polls, &poll->link);
        metric_add(hub_metrics(hub), METRIC_STREAM_POLLS, 1);
        return true;
}

void poll_wake(Follower *follower, uint64_t revision) {
        Poll *poll = (Poll *)follower;

        if (!poll->is_parked || poll->since)
                return;

        /* All before was out of scope, however long ago the client's own revision was. */
        poll->since = revision - 1;
        h2o_linklist_unlink(&poll->link);
        h2o_linklist_insert(&poll->hub->woken, &poll->link);
}

static void answer_woken(Poll *poll) {
        if (!tail_reaches(&poll->hub->tail, poll->since) || !poll_answer_changes(poll, poll->since))
                poll_answer_snapshot(poll);
}

void polls_answer_woken(Hub *hub) {
        while (!h2o_linklist_is_empty(&hub->woken))
                answer_woken(poll_of_link(hub->woken.next));
}

void polls_answer_all(Hub *hub) {
        while (!h2o_linklist_is_empty(&hub->polls))
                poll_answer_nothing(poll_of_link(hub->polls.next));
}

static bool has_left(const Poll *poll) {
        char byte;

        return recv(connection_of(poll->exchange->h2o)->fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) == 0;
}

void polls_tick(Hub *hub) {
        bool peeks = hub->n_ticks % PEEK_INTERVAL == 0;
        int64_t now_ms = clock_monotonic_ms();

        for (h2o_linklist_t *at = hub->polls.next, *next; at != &hub->polls; at = next) {
                Poll *poll = poll_of_link(at);

                next = at->next;
                if (now_ms >= poll->deadline_ms || (peeks && has_left(poll)))
                        poll_answer_nothing(poll);
        }
}
