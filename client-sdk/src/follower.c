#include <errno.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client.h"
#include "clock.h"
#include "follower.h"

/* -------------------------------------------------------------------------------------------------- applying
 */

static uint64_t known_revision(const confer_client *client) {
        return atomic_load(&client->replica.revision);
}

static void supersede_all(const Edits *edits, int64_t now_ms) {
        for (size_t i = 0; i < edits->n; i++)
                if (edits->items[i].before && edits->items[i].before != edits->items[i].after)
                        value_supersede(edits->items[i].before, now_ms);
}

/* @revision, @makes_known: as listeners_apply(). Return: 0 or -ENOMEM. */
static int apply(confer_client *client, const Edits *edits, uint64_t revision, bool makes_known,
                 int64_t now_ms) {
        int r;

        if (edits->n == 0 && !makes_known) {
                atomic_store(&client->replica.revision, revision);
                return 0;
        }
        r = listeners_apply(&client->listeners, edits, revision, makes_known, &client->verdicts);
        if (r)
                return r;

        supersede_all(edits, now_ms);
        if (edits->n > 0)
                keeper_note_change(&client->keeper, now_ms);
        return 0;
}

static bool add_unchanged(void *context, Release *release) {
        void **contexts = context;
        int *r = contexts[1];

        *r = edits_add(contexts[0], value_of(release), value_of(release), release->revision);
        return *r == 0;
}

/* Listeners have to look at all that is there, when it becomes known what it means to them. */
static int add_all_unchanged(Edits *edits, const Catalog *known) {
        int r = 0;
        void *contexts[] = { edits, &r };

        catalog_each(known, SPAN_NULL, add_unchanged, contexts);
        return r;
}

int follower_load(confer_client *client, const Catalog *releases, uint64_t revision, const char *epoch,
                  const bool *is_known) {
        Follower *follower = &client->follower;
        Edits edits = EDITS_NULL;
        uint64_t newest;
        int r;

        r = add_all_unchanged(&edits, releases);
        for (size_t i = 0; i < edits.n; i++) {
                value_unref(edits.items[i].before);
                edits.items[i].before = NULL;
        }
        if (r == 0) {
                edits_sort(&edits);
                newest = edits.n > 0 ? edits.items[edits.n - 1].revision : 0;
                scope_set_known(&client->scope, is_known);
                r = apply(client, &edits, MAX(revision, newest), false, clock_now_ms());
        }
        edits_deinit(&edits);
        if (r)
                return r;

        (void)snprintf(follower->epoch, sizeof(follower->epoch), "%s", epoch);
        follower->is_complete = revision > 0 && scope_is_all_known(&client->scope);
        return 0;
}

/* ---------------------------------------------------------------------------------------------------- ending
 */

static void end(Stream *stream, confer_error error, const char *why) {
        if (stream->is_ended)
                return;

        stream->is_ended = true;
        stream->error = error;
        (void)snprintf(stream->why, sizeof(stream->why), "%s", why);
}

static void end_for(Stream *stream, int r) {
        if (r == -ENOMEM) {
                end(stream, CONFER_E_NOMEM, "there is no memory for what the server sent");
                return;
        }
        stream->client->follower.is_complete = false;
        end(stream, CONFER_E_PROTOCOL, "the server sent something damaged, all of it is asked for again");
}

/* --------------------------------------------------------------------------------------------------- asking
 */

typedef struct Question {
        FrameNamespace *namespaces;
        Span *keys;
} Question;

static void question_deinit(Question *question) {
        free(question->namespaces);
        free(question->keys);
}

static void ask_for(Question *question, const confer_options *options, uint64_t since, bool widened) {
        Span *keys = question->keys;

        for (size_t i = 0; i < options->n_wanted; i++) {
                const Wanted *wanted = &options->wanted[i];

                question->namespaces[i] = (FrameNamespace){
                        .name = span_from_string(wanted->name),
                        .all_keys = wanted->all_keys || widened,
                        .keys = keys,
                        .n_keys = wanted->n_keys,
                        .since = since,
                };
                for (size_t k = 0; k < wanted->n_keys; k++)
                        *keys++ = span_from_string(wanted->keys[k]);
        }
}

/* @question: NULL where nothing is wanted that was not asked for already. */
static void append_subscribe(const Stream *stream, const Question *question, Buf *buf) {
        const confer_client *client = stream->client;
        const confer_options *options = client->options;

        frame_append(buf,
                     &(Frame){
                             .type = FRAME_SUBSCRIBE,
                             .epoch = stream->since ? span_from_string(client->follower.epoch) : SPAN_NULL,
                             .instance_id = span_from_string(client->instance),
                             .app = span_from_string(options->app ? options->app : ""),
                             .sdk = SPAN_LITERAL("libconfer/" CONFER_VERSION),
                             .tags = stream->tags ? stream->tags->tags : NULL,
                             .n_tags = stream->tags ? stream->tags->n_tags : 0,
                             .namespaces = question ? question->namespaces : NULL,
                             .n_namespaces = question ? options->n_wanted : 0,
                     });
}

static int write_subscribe(const Stream *stream, Buf *buf, bool widened) {
        _cleanup_(question_deinit) Question question = { 0 };
        const confer_options *options = stream->client->options;

        question.namespaces = calloc(options->n_wanted, sizeof(FrameNamespace));
        question.keys = calloc(options->n_keys + 1, sizeof(Span));
        if (!question.namespaces || !question.keys)
                return -ENOMEM;

        ask_for(&question, options, stream->since, widened);
        append_subscribe(stream, &question, buf);
        return buf_failed(buf) ? -ENOMEM : 0;
}

/* From here on the server is told of these tags. Return: whether they are other ones. */
static bool take_tags(Stream *stream) {
        TagSet *tags = replica_tags(&stream->client->replica);
        bool is_other = tags != stream->tags;

        tag_set_unref(stream->tags);
        stream->tags = tags;
        return is_other;
}

static int subscribe(Stream *stream) {
        _cleanup_(buf_deinit) Buf buf = BUF_NULL;
        Follower *follower = &stream->client->follower;
        int r;

        (void)take_tags(stream);
        stream->since = follower->is_complete ? known_revision(stream->client) : 0;
        r = write_subscribe(stream, &buf, false);
        if (r == 0 && buf.size > SUBSCRIBE_SIZE_MAX) {
                buf_clear(&buf);
                r = write_subscribe(stream, &buf, true);
        }
        if (r)
                return r;
        return stream->type->send(stream->transport, buf_span(&buf));
}

static void on_opened(void *context) {
        Stream *stream = context;

        stream->opened_at_ms = stream->heard_at_ms = stream->pinged_at_ms = stream->answer_at_ms =
                stream->now_ms;
        if (subscribe(stream) != 0) {
                end(stream, CONFER_E_NOMEM, "there is no memory to subscribe");
                return;
        }
        stream->type->ping(stream->transport);
}

/* ------------------------------------------------------------------------------------------------- answers
 */

static void become_current(Stream *stream) {
        confer_client *client = stream->client;

        if (stream->current_at_ms)
                return;

        stream->current_at_ms = stream->now_ms;
        confirm_all(replica_catalog(&client->replica));
        provenance_set_current(client->provenance);
        keeper_note_confirmation(&client->keeper, stream->now_ms);
        acks_renew(&client->acks, &client->replica);
        if (acks_are_waiting(&client->acks))
                stream->acks_due_at_ms = stream->now_ms + ACK_DELAY_MS;
        atomic_store(&client->last_error, (int)CONFER_OK);
        client_move(client, CONFER_STATE_CONNECTED);
}

/* An answer that is no snapshot is over when the pong to the ping behind the question is there. */
static void settle(Stream *stream) {
        bool is_late = stream->has_resumed && stream->now_ms - stream->resumed_at_ms >= CATCH_UP_MAX_MS;

        if (!stream->current_at_ms && stream->has_resumed && (stream->has_pong || is_late))
                become_current(stream);
}

static void note_resumption(Stream *stream) {
        if (!stream->has_resumed) {
                stream->has_resumed = true;
                stream->resumed_at_ms = stream->now_ms;
        }
        settle(stream);
}

static void raise_revision(confer_client *client, uint64_t revision) {
        if (revision > known_revision(client))
                atomic_store(&client->replica.revision, revision);
}

/* Return: 0; -ENOMEM. */
static int apply_snapshot(Stream *stream) {
        confer_client *client = stream->client;
        Follower *follower = &client->follower;
        const Snapshot *snapshot = &stream->snapshot;
        const Catalog *known = replica_catalog(&client->replica);
        bool is_same_epoch = strcmp(snapshot->epoch, follower->epoch) == 0;
        bool makes_known = !scope_is_all_known(&client->scope);
        uint64_t revision = snapshot->revision;
        Edits edits = EDITS_NULL;
        int r;

        r = snapshot_to_edits(snapshot, known, follower->epoch, &edits);
        if (r == 0 && makes_known)
                r = add_all_unchanged(&edits, known);
        if (is_same_epoch)
                revision = MAX(revision, known_revision(client));
        if (r == 0)
                r = apply(client, &edits, revision, makes_known, stream->now_ms);
        edits_deinit(&edits);
        if (r)
                return r;

        (void)snprintf(follower->epoch, sizeof(follower->epoch), "%s", snapshot->epoch);
        follower->is_complete = true;
        return 0;
}

/* A snapshot that is older than what is known completely, of the same store, has nothing to say. */
static bool is_outdated(const Stream *stream) {
        const Follower *follower = &stream->client->follower;

        return follower->is_complete && stream->snapshot.revision < known_revision(stream->client) &&
               strcmp(stream->snapshot.epoch, follower->epoch) == 0;
}

static Intake intake_of(confer_client *client) {
        return (Intake){ &client->scope, client->provenance, &client->log };
}

static int on_snapshot(Stream *stream, const Frame *frame) {
        confer_client *client = stream->client;
        const Intake intake = intake_of(client);
        int r;

        r = snapshot_add(&stream->snapshot, frame, &intake);
        if (r)
                return r;
        if (frame->more)
                return 0;

        if (!is_outdated(stream))
                r = apply_snapshot(stream);
        if (r)
                return r;
        stream->floor = stream->snapshot.revision;
        stream->last_change = 0;
        snapshot_deinit(&stream->snapshot);
        become_current(stream);
        client_signal(client);
        return 0;
}

/*
 * Changes come in order, each once. One that is repeated is harmless. One that comes too late is a sign that
 * frames were mixed up, and then nothing is certain any more.
 */
static int on_change(Stream *stream, const Frame *frame) {
        confer_client *client = stream->client;
        const Intake intake = intake_of(client);
        Edits edits = EDITS_NULL;
        int r;

        if (stream->snapshot.is_begun || (!stream->current_at_ms && stream->since == 0) || frame->seq == 0)
                return APPLYING_E_DAMAGED;
        if (frame->seq <= stream->floor || frame->seq == stream->last_change)
                return 0;
        if (frame->seq < stream->last_change)
                return APPLYING_E_DAMAGED;
        stream->last_change = frame->seq;

        if (frame->seq > known_revision(client)) {
                r = change_to_edits(frame, replica_catalog(&client->replica), &intake, &edits);
                if (r == 0)
                        r = apply(client, &edits, frame->seq, false, stream->now_ms);
                edits_deinit(&edits);
                if (r)
                        return r;
        }
        note_resumption(stream);
        return 0;
}

/*
 * Names that are not among those current are sent their changes next, of revisions up to this frame's. So
 * only when all are current does the revision hold.
 */
static int on_current(Stream *stream, const Frame *frame) {
        Follower *follower = &stream->client->follower;

        if (stream->since == 0 || !span_equal_string(frame->epoch, follower->epoch))
                return APPLYING_E_DAMAGED;

        stream->n_current += frame->n_namespaces;
        if (stream->n_current >= stream->client->scope.n_wanted && !stream->has_resumed) {
                raise_revision(stream->client, frame->seq);
                become_current(stream);
        }
        note_resumption(stream);
        return 0;
}

static void on_error(Stream *stream, const Frame *frame) {
        log_write(&stream->client->log, CONFER_LOG_WARNING, "The server says: %d %.*s: %.*s", frame->code,
                  (int)frame->reason.size, frame->reason.data, (int)frame->message.size, frame->message.data);

        if (frame->code == 401)
                end(stream, CONFER_E_UNAUTHENTICATED, "the server does not accept the token");
        else if (frame->code == 403)
                end(stream, CONFER_E_FORBIDDEN, "the token may not read one of the namespaces");
        else if (!stream->current_at_ms)
                end(stream, frame->code == 429 || frame->code >= 500 ? CONFER_E_NETWORK : CONFER_E_PROTOCOL,
                    "the server refuses the subscription");
}

static int on_frame(Stream *stream, const Frame *frame) {
        switch (frame->type) {
        case FRAME_SNAPSHOT:
                return on_snapshot(stream, frame);
        case FRAME_CHANGE:
                return on_change(stream, frame);
        case FRAME_CURRENT:
                return on_current(stream, frame);
        case FRAME_ERROR:
                on_error(stream, frame);
                return 0;
        default:
                return APPLYING_E_DAMAGED;
        }
}

static void on_received(void *context, Span message) {
        Stream *stream = context;
        Problem problem = PROBLEM_NULL;
        Frame frame = FRAME_NULL;
        int r;

        if (stream->is_ended)
                return;

        stream->now_ms = clock_now_ms();
        stream->heard_at_ms = stream->answer_at_ms = stream->now_ms;
        r = frame_parse(message, &frame, &problem);
        if (r == FRAME_E_UNKNOWN)
                return;
        if (r == 0)
                r = on_frame(stream, &frame);
        else if (r > 0)
                log_write(&stream->client->log, CONFER_LOG_WARNING, "A frame cannot be read: %s: %s",
                          problem.field, problem.text);
        frame_deinit(&frame);
        if (r)
                end_for(stream, r);
}

static void on_heard(void *context) {
        Stream *stream = context;

        stream->now_ms = stream->heard_at_ms = clock_now_ms();
        stream->has_pong = true;
        settle(stream);
}

static void on_closed(void *context, confer_error error, const char *why) {
        end(context, error, why);
}

const TransportEvents stream_events = {
        .opened = on_opened,
        .received = on_received,
        .heard = on_heard,
        .closed = on_closed,
};

/* ------------------------------------------------------------------------------------------------- the time
 */

void stream_init(Stream *stream, confer_client *client, const TransportType *type, int64_t now_ms) {
        *stream = (Stream){
                .client = client,
                .type = type,
                .now_ms = now_ms,
                .began_at_ms = now_ms,
                .heard_at_ms = now_ms,
                .snapshot = SNAPSHOT_NULL,
        };
}

void stream_deinit(Stream *stream) {
        snapshot_deinit(&stream->snapshot);
        stream->tags = tag_set_unref(stream->tags);
}

/* A subscribe that asks for nothing says who this is from here on. It has no answer. */
static void tell_tags(Stream *stream) {
        _cleanup_(buf_deinit) Buf buf = BUF_NULL;

        if (!take_tags(stream))
                return;

        append_subscribe(stream, NULL, &buf);
        if (buf_failed(&buf) || stream->type->send(stream->transport, buf_span(&buf)) != 0)
                end(stream, CONFER_E_NOMEM, "there is no memory for other tags");
}

static void send_acks(Stream *stream) {
        _cleanup_(buf_deinit) Buf buf = BUF_NULL;
        Acks *acks = &stream->client->acks;

        stream->acks_due_at_ms = 0;
        while (acks_are_waiting(acks)) {
                buf_clear(&buf);
                if (acks_take(acks, &buf) != 0 ||
                    stream->type->send(stream->transport, buf_span(&buf)) != 0) {
                        end(stream, CONFER_E_NOMEM, "there is no memory for acknowledgements");
                        return;
                }
        }
}

void stream_tick(Stream *stream, int64_t now_ms) {
        stream->now_ms = now_ms;
        if (!stream->opened_at_ms && now_ms - stream->began_at_ms >= OPENING_MAX_MS)
                end(stream, CONFER_E_NETWORK, "the connection takes too long to open");
        if (now_ms - stream->heard_at_ms >= SILENCE_MAX_MS)
                end(stream, CONFER_E_NETWORK, "the server is silent");
        if (stream->is_ended || !stream->opened_at_ms)
                return;

        tell_tags(stream);
        settle(stream);
        if (!stream->current_at_ms && now_ms - stream->answer_at_ms >= SILENCE_MAX_MS)
                end(stream, CONFER_E_NETWORK, "the server does not answer the subscription");
        if (stream->is_ended)
                return;

        if (now_ms - stream->pinged_at_ms >= PING_INTERVAL_MS) {
                stream->pinged_at_ms = now_ms;
                stream->type->ping(stream->transport);
        }
        if (stream->current_at_ms && !stream->acks_due_at_ms && acks_are_waiting(&stream->client->acks))
                stream->acks_due_at_ms = now_ms + ACK_DELAY_MS;
        if (stream->acks_due_at_ms && now_ms >= stream->acks_due_at_ms)
                send_acks(stream);
}

int64_t stream_timeout_ms(Stream *stream, int64_t now_ms) {
        int64_t due_ms = stream->heard_at_ms + SILENCE_MAX_MS;

        if (!stream->opened_at_ms)
                return MAX(stream->began_at_ms + OPENING_MAX_MS - now_ms, (int64_t)0);

        due_ms = MIN(due_ms, stream->pinged_at_ms + PING_INTERVAL_MS);
        if (!stream->current_at_ms)
                due_ms = MIN(due_ms, stream->answer_at_ms + SILENCE_MAX_MS);
        if (!stream->current_at_ms && stream->has_resumed)
                due_ms = MIN(due_ms, stream->resumed_at_ms + CATCH_UP_MAX_MS);
        if (stream->acks_due_at_ms)
                due_ms = MIN(due_ms, stream->acks_due_at_ms);
        return MAX(due_ms - now_ms, (int64_t)0);
}
