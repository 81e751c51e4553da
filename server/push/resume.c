#include "push/resume.h"
#include "util/allocate.h"

/* Different values of since, in one subscribe, that the tail is searched for. A client's names mostly share
 * one; what is beyond gets a snapshot, so that no frame makes the loop walk its tail hundreds of times. */
#define GROUPS_MAX 4

/* One name of a subscribe. */
typedef struct Name {
        uint64_t since;
        Scope *covered;  /* what follows from it; NULL when it cannot resume, and gets a snapshot */
        bool has_missed; /* changes were sent for it */
} Name;

typedef struct Resumption {
        Channel *channel;
        const Scope *added;
        Name *names;   /* as many as added has */
        bool is_mixed; /* some of them get a snapshot */
} Resumption;

bool resume_is_possible(const Hub *hub, Span epoch, uint64_t since) {
        return since > 0 && since <= hub->loop->catalog.revision && span_equal(epoch, hub->push->epoch) &&
               tail_reaches(&hub->tail, since);
}

/* A name that stands twice has what it has from the older of both on. */
static uint64_t find_since(const Frame *frame, Span name) {
        uint64_t since = UINT64_MAX;

        for (size_t i = 0; i < frame->n_namespaces; i++)
                if (span_equal(frame->namespaces[i].name, name))
                        since = MIN(since, frame->namespaces[i].since);
        return since;
}

static bool add_group(uint64_t *groups, size_t *n_groups, uint64_t since) {
        for (size_t i = 0; i < *n_groups; i++)
                if (groups[i] == since)
                        return true;
        if (*n_groups == GROUPS_MAX)
                return false;

        groups[(*n_groups)++] = since;
        return true;
}

/* What this connection was told already is not told again: the revisions of its changes only grow. */
static uint64_t told_revision(const Channel *channel) {
        return MAX(channel->known_revision, channel->changed_revision);
}

static void choose(Resumption *resumption, const Frame *frame) {
        uint64_t groups[GROUPS_MAX];
        size_t n_groups = 0;

        for (size_t i = 0; i < resumption->added->n_names; i++) {
                Name *name = &resumption->names[i];

                name->since = find_since(frame, resumption->added->names[i].name);
                if (!resume_is_possible(resumption->channel->hub, frame->epoch, name->since) ||
                    name->since < told_revision(resumption->channel) ||
                    !add_group(groups, &n_groups, name->since)) {
                        resumption->is_mixed = true;
                        continue;
                }
                name->covered = scope_cover(&(Scope){ .n_names = 1, .names = &resumption->added->names[i] });
        }
}

/* Which items of @change are news for any name. */
static bool match(const Resumption *resumption, const Change *change, bool *is_wanted) {
        _cleanup_(freep) bool *of_name = allocate(change->n_items, sizeof(bool));
        bool any = false;

        for (size_t i = 0; i < resumption->added->n_names; i++) {
                Name *name = &resumption->names[i];

                if (!name->covered || name->since >= change->revision ||
                    !scope_match(name->covered, change, of_name))
                        continue;
                any = name->has_missed = true;
                for (size_t k = 0; k < change->n_items; k++)
                        is_wanted[k] |= of_name[k];
        }
        return any;
}

static uint64_t oldest_since(const Resumption *resumption) {
        uint64_t since = UINT64_MAX;

        for (size_t i = 0; i < resumption->added->n_names; i++)
                if (resumption->names[i].covered)
                        since = MIN(since, resumption->names[i].since);
        return since;
}

static void send_event(Channel *channel, Event *event, const bool *is_wanted) {
        bool is_encoded;
        WireFrame *frame = event_frame(event, is_wanted, &is_encoded);

        if (is_encoded)
                metric_add(hub_metrics(channel->hub), METRIC_STREAM_ENCODED, 1);
        channel_deliver(channel, event_change(event)->revision, frame);
        wire_frame_unref(frame);
}

static void send_changes(const Resumption *resumption) {
        const Tail *tail = &resumption->channel->hub->tail;

        for (size_t i = tail_find(tail, oldest_since(resumption)); i < tail->n; i++) {
                Event *event = tail_get(tail, i);
                const Change *change = event_change(event);
                _cleanup_(freep) bool *is_wanted = allocate(change->n_items, sizeof(bool));

                if (match(resumption, change, is_wanted))
                        send_event(resumption->channel, event, is_wanted);
        }
}

/* Nothing has changed since the revision that the client named. Beside a snapshot, those whose changes were
 * sent are listed too: whatever is not, the snapshot is about. */
static bool is_current(const Resumption *resumption, const Name *name) {
        return name->covered && (!name->has_missed || resumption->is_mixed);
}

static bool needs_snapshot(_unused_ const Resumption *resumption, const Name *name) {
        return !name->covered;
}

/* Return: how many names are picked; the array to be freed. */
static size_t pick(const Resumption *resumption, bool (*is_picked)(const Resumption *, const Name *),
                   ScopeName **ret_names) {
        ScopeName *names = allocate(resumption->added->n_names, sizeof(*names));
        size_t n = 0;

        for (size_t i = 0; i < resumption->added->n_names; i++)
                if (is_picked(resumption, &resumption->names[i]))
                        names[n++] = resumption->added->names[i];
        *ret_names = names;
        return n;
}

static void send_current(const Resumption *resumption) {
        _cleanup_(freep) ScopeName *names = NULL;
        size_t n = pick(resumption, is_current, &names);
        _cleanup_(freep) FrameNamespace *namespaces = allocate(n, sizeof(*namespaces));
        Hub *hub = resumption->channel->hub;
        WireFrame *wire;

        if (n == 0 || !resumption->channel->type->is_told_current)
                return;
        if (resumption->channel->is_behind)
                return; /* what was missed did not find room: a snapshot of all comes instead */

        for (size_t i = 0; i < n; i++)
                namespaces[i].name = names[i].name;
        wire = wire_frame_encode(&(Frame){ .type = FRAME_CURRENT,
                                           .seq = hub->loop->catalog.revision,
                                           .epoch = hub->push->epoch,
                                           .namespaces = namespaces,
                                           .n_namespaces = n },
                                 &hub->push->memory_bytes);
        channel_send(resumption->channel, wire);
        wire_frame_unref(wire);
}

static void send_snapshot(const Resumption *resumption) {
        _cleanup_(freep) ScopeName *names = NULL;
        size_t n = pick(resumption, needs_snapshot, &names);
        Audience *audience;

        if (n == 0 || resumption->channel->is_behind)
                return;

        audience = hub_audience(resumption->channel->hub, scope_new(names, n));
        channel_send_snapshot(resumption->channel, audience);
        audience_unref(audience);
}

/* Whether a snapshot of all that the channel follows, sent instead, would be taken for something else: where
 * a snapshot of some names is awaited. */
static bool must_be_whole(const Resumption *resumption) {
        size_t n = resumption->added->n_names, n_resuming = 0;

        for (size_t i = 0; i < n; i++)
                n_resuming += resumption->names[i].covered != NULL;
        return (n_resuming > 0 && n_resuming < n) ||
               !scope_equal(resumption->added, resumption->channel->follower.audience->asked);
}

void resume(Channel *channel, const Frame *frame, const Scope *added) {
        Resumption resumption = {
                .channel = channel,
                .added = added,
                .names = allocate(added->n_names, sizeof(Name)),
        };

        choose(&resumption, frame);
        channel->is_answering = must_be_whole(&resumption);
        send_changes(&resumption);
        send_current(&resumption);
        send_snapshot(&resumption);
        channel->is_answering = false;
        if (!channel->is_behind)
                channel->told_revision = channel->hub->loop->catalog.revision;

        for (size_t i = 0; i < added->n_names; i++)
                free(resumption.names[i].covered);
        free(resumption.names);
}
