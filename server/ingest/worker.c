#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ingest/note.h"
#include "ingest/worker.h"
#include "mirror/backoff.h"
#include "mirror/etcd_json.h"
#include "model/hash.h"
#include "util/allocate.h"
#include "util/clock.h"
#include "util/log.h"

/* Where a person has to change something, it is looked after that often whether they have. */
#define DENIED_RETRY_MS 60000

#define SMALL_ANSWER_BYTES (64UL * 1024 * 1024) /* of one key, whatever it holds */

/* What was asked for, in order. */
typedef struct IngestAsked {
        struct IngestAsked *next;
        IngestRequest request;
        Span etcd_key; /* absent: all */
        char texts[];
} IngestAsked;

/* The status. */

IngestStatus *ingest_lock_status(Ingest *ingest) {
        pthread_mutex_lock(&ingest->lock);
        return &ingest->status;
}

void ingest_unlock_status(Ingest *ingest) {
        pthread_mutex_unlock(&ingest->lock);
}

void ingest_set_state(Ingest *ingest, IngestState state) {
        IngestStatus *status = ingest_lock_status(ingest);

        status->state = state;
        status->retry_at_ms = 0;
        status->error[0] = '\0';
        ingest_unlock_status(ingest);
}

void ingest_count_quarantine(Ingest *ingest) {
        uint64_t n;

        if (reader_count_quarantine(ingest->reader, span_from_string(ingest->options->name), &n) != 0)
                return;

        ingest_lock_status(ingest)->n_quarantined = n;
        ingest_unlock_status(ingest);
}

void ingest_count_left(Ingest *ingest) {
        uint64_t n;

        if (reader_count_left(ingest->reader, span_from_string(ingest->options->name),
                              ingest->place.generation, &n) != 0)
                return;

        ingest_lock_status(ingest)->n_left = n;
        ingest_unlock_status(ingest);
}

void ingest_count(Ingest *ingest) {
        ingest_count_quarantine(ingest);
        ingest_count_left(ingest);
        ingest_lock_status(ingest)->revision = ingest->place.revision;
        ingest_unlock_status(ingest);
}

/* Failing. */

static void disconnect(Ingest *ingest) {
        watch_close(ingest);
        etcd_client_disconnect(ingest->client);
        intake_clear(&ingest->intake);
        ingest->is_connected = false;
}

/* Told once, not at each attempt. */
static void log_failure(const Ingest *ingest, TargetOutcome outcome, const char *text) {
        if (outcome == TARGET_E_DENIED)
                log_error("ingest.denied", "Ingest %s cannot go on before something is changed: %s.",
                          ingest->options->name, text);
        else
                log_warning("ingest.down", "Ingest %s waits for its etcd: %s.", ingest->options->name, text);
}

static uint64_t failure_id(TargetOutcome outcome, const char *text) {
        return outcome == TARGET_E_DENIED ? hash_span((uint64_t)outcome, span_from_string(text))
                                          : (uint64_t)outcome;
}

static int64_t wait_after(Ingest *ingest, TargetOutcome outcome, const TargetError *error) {
        if (outcome == TARGET_E_DENIED)
                return DENIED_RETRY_MS;
        return MAX(backoff_ms(ingest->options, ingest->n_failures), error->retry_after_ms);
}

void ingest_fail(Ingest *ingest, TargetOutcome outcome, const TargetError *error) {
        int64_t wait_ms = wait_after(ingest, outcome, error);
        uint64_t told = failure_id(outcome, error->problem.text);
        IngestStatus *status;

        disconnect(ingest);
        if (outcome == TARGET_E_STOPPED)
                return;

        ingest->n_failures++;
        ingest->retry_at_ms = clock_monotonic_ms() + wait_ms;
        status = ingest_lock_status(ingest);
        status->state = outcome == TARGET_E_DENIED ? INGEST_DENIED : INGEST_WAITING;
        status->retry_at_ms = clock_wall_ms() + wait_ms;
        status->n_errors[outcome]++;
        memcpy(status->error, error->problem.text, sizeof(status->error));
        ingest_unlock_status(ingest);
        if (told != ingest->told)
                log_failure(ingest, outcome, error->problem.text);
        ingest->told = told;
}

void ingest_fail_down(Ingest *ingest, const char *format, ...) {
        TargetError error = { .retry_after_ms = 0 };
        va_list args;

        va_start(args, format);
        problem_set_args(&error.problem, NULL, format, args);
        va_end(args);
        ingest_fail(ingest, TARGET_E_DOWN, &error);
}

void ingest_fail_to_read(Ingest *ingest, int error) {
        ingest_fail_down(ingest, "the store cannot be read: %s", strerror(-error));
}

void ingest_catch_up(Ingest *ingest, uint64_t term) {
        ingest->caught_up_term = term;
        if (gate_is_guarded(ingest->gate))
                gate_caught_up(ingest->gate, ingest->predecessor, term);
}

void ingest_succeed(Ingest *ingest) {
        ingest->n_failures = 0;
        ingest->told = 0;
}

/* 0: another server leads. */
static uint64_t term_now(const Ingest *ingest) {
        return gate_leader_term(ingest->gate, clock_boot_ms());
}

/* Asking etcd. */

static Span body_of(Buf *body) {
        if (buf_failed(body))
                abort();
        return buf_span(body);
}

/* There is no smaller request, so that one which etcd refuses is a failure. */
static TargetOutcome call(Ingest *ingest, const char *path, Span body, size_t answer_max_bytes,
                          EtcdAnswer *ret_answer, TargetError *ret_error) {
        EtcdCall request = { path, body, answer_max_bytes, (int64_t)ingest->options->timeout_ms };

        return etcd_client_call(ingest->client, &request, ret_answer, ret_error);
}

static bool is_same_cluster(const Ingest *ingest, const EtcdAnswer *answer) {
        return answer->http.is_cut ||
               span_equal_string(etcd_json_cluster(answer->object), ingest->place.cluster);
}

bool ingest_call(Ingest *ingest, const char *path, Span body, size_t answer_max_bytes, EtcdAnswer *ret_answer,
                 bool *ret_compacted) {
        TargetError error = { .retry_after_ms = 0 };
        EtcdAnswer answer = ETCD_ANSWER_NULL;
        TargetOutcome outcome;

        *ret_compacted = false;
        outcome = call(ingest, path, body, answer_max_bytes, &answer, &error);
        if (outcome == TARGET_E_REFUSED && etcd_client_is_compaction(&error)) {
                *ret_compacted = true;
                return true;
        }
        if (outcome != TARGET_OK) {
                ingest_fail(ingest, outcome, &error);
                return false;
        }
        if (!is_same_cluster(ingest, &answer)) {
                etcd_answer_deinit(&answer);
                ingest_fail_down(ingest, "another etcd answers than the one that was connected to");
                return false;
        }

        *ret_answer = answer;
        return true;
}

bool ingest_check(Ingest *ingest, int64_t at, int64_t *ret_revision) {
        _cleanup_(buf_deinit) Buf body = BUF_NULL;
        _cleanup_(etcd_answer_deinit) EtcdAnswer answer = ETCD_ANSWER_NULL;
        bool is_compacted;
        IngestStatus *status;

        etcd_json_append_one(&body, key_pattern_prefix(&ingest->pattern), at);
        if (!ingest_call(ingest, "/v3/kv/range", body_of(&body), SMALL_ANSWER_BYTES, &answer, &is_compacted))
                return false;

        *ret_revision = 0;
        if (is_compacted)
                return true;

        *ret_revision = answer.http.is_cut ? 0 : etcd_json_revision(answer.object);
        if (*ret_revision < ingest->place.revision) {
                ingest_fail_down(ingest, "etcd has older data than before");
                return false;
        }

        status = ingest_lock_status(ingest);
        status->etcd_revision = *ret_revision;
        ingest_unlock_status(ingest);
        return true;
}

/*
 * Connecting. What is taken in says where in which etcd that was; whether it is still the same one is for the
 * connection to find out. Where it is not, keys that are missing say nothing, and nothing is deleted for
 * them.
 */

static int take_witness(void *context, const IngestedRow *row) {
        IntakeKey *witness = context;

        witness->etcd_key = (Span){ had(malloc(row->etcd_key.size + 1)), row->etcd_key.size };
        memcpy((char *)witness->etcd_key.data, row->etcd_key.data, row->etcd_key.size);
        witness->mod_revision = row->mod_revision;
        return 0;
}

/* The witness is a key that was taken in last, and what etcd says of it as it was then. Return: whether etcd
 * contradicts. Where it no longer knows what was then it does not. */
static bool contradicts(Ingest *ingest, const IntakeKey *witness, TargetOutcome *ret_outcome,
                        TargetError *ret_error) {
        _cleanup_(buf_deinit) Buf body = BUF_NULL;
        _cleanup_(etcd_answer_deinit) EtcdAnswer answer = ETCD_ANSWER_NULL;
        JsonValue kvs, kv;

        etcd_json_append_one(&body, witness->etcd_key, ingest->place.revision);
        *ret_outcome = call(ingest, "/v3/kv/range", body_of(&body), SMALL_ANSWER_BYTES, &answer, ret_error);
        if (*ret_outcome == TARGET_E_REFUSED && etcd_client_is_compaction(ret_error))
                *ret_outcome = TARGET_OK;
        if (*ret_outcome != TARGET_OK || !answer.object.text.data || answer.http.is_cut)
                return false;
        return !etcd_json_find(answer.object, "kvs", JSON_KIND_ARRAY, &kvs) ||
               !json_read_element(&kvs.text, &kv) ||
               etcd_json_number(kv, "mod_revision") != witness->mod_revision;
}

/* Return: false: nothing could be asked, and ingest_fail() was called. */
static bool ask_witness(Ingest *ingest, bool *ret_contradicts) {
        IngestRow row = { .generation = ingest->place.generation, .revision = ingest->place.revision };
        IntakeKey witness = { .etcd_key = SPAN_NULL };
        TargetOutcome outcome = TARGET_OK;
        TargetError error = { .retry_after_ms = 0 };
        int r;

        r = reader_get_ingest_witness(ingest->reader, span_from_string(ingest->options->name), &row,
                                      take_witness, &witness);
        if (r) {
                ingest_fail_to_read(ingest, r);
                return false;
        }

        *ret_contradicts = witness.etcd_key.data && contradicts(ingest, &witness, &outcome, &error);
        free((char *)witness.etcd_key.data);
        if (outcome != TARGET_OK)
                ingest_fail(ingest, outcome, &error);
        return outcome == TARGET_OK;
}

/* Why nothing that is remembered counts any more; NULL: it does. */
static bool judge(Ingest *ingest, Span cluster, int64_t revision, const char **ret_why) {
        bool is_contradicted = false;

        *ret_why = NULL;
        if (ingest->is_remapped)
                *ret_why = "from, namespace, key or format was changed";
        else if (!span_equal_string(cluster, ingest->place.cluster))
                *ret_why = "it is another etcd";
        else if (revision < MAX(ingest->place.revision, ingest->read.is_on ? ingest->read.revision : 0))
                *ret_why = "etcd has lost data: its revision is lower than before";
        else if (ingest->place.revision > 0 && !ask_witness(ingest, &is_contradicted))
                return false;
        else if (is_contradicted)
                *ret_why = "etcd has lost data: what it says of before is something else";
        return true;
}

static bool begin_generation(Ingest *ingest, Span cluster) {
        IngestPlace place = { .generation = ingest->place.generation + 1 };

        memcpy(place.cluster, cluster.data, cluster.size);
        if (!note_place(ingest, &place))
                return false;

        ingest->is_remapped = false;
        ingest->read.is_on = false;
        return true;
}

/* It is there. Return: as those of worker.h */
static bool settle(Ingest *ingest, Span cluster, int64_t revision) {
        bool is_new = !*ingest->place.cluster;
        const char *why = NULL;

        if (!is_new && !judge(ingest, cluster, revision, &why))
                return false;
        if (why)
                log_warning("ingest.lost", "Ingest %s reads all anew and deletes nothing for it: %s.",
                            ingest->options->name, why);
        if ((is_new || why) && !begin_generation(ingest, cluster))
                return false;

        ingest->is_connected = true;
        if (ingest->place.revision == 0 && !ingest->read.is_on)
                return full_read_begin(ingest, revision);
        return true;
}

static void connect_etcd(Ingest *ingest) {
        _cleanup_(buf_deinit) Buf body = BUF_NULL;
        _cleanup_(etcd_answer_deinit) EtcdAnswer answer = ETCD_ANSWER_NULL;
        TargetError error = { .retry_after_ms = 0 };
        TargetOutcome outcome;
        Span cluster;

        ingest->term = term_now(ingest);
        if (ingest->n_failures == 0)
                ingest_set_state(ingest, INGEST_CONNECTING);
        etcd_json_append_one(&body, key_pattern_prefix(&ingest->pattern), 0);
        outcome = call(ingest, "/v3/kv/range", body_of(&body), SMALL_ANSWER_BYTES, &answer, &error);
        if (outcome != TARGET_OK) {
                ingest_fail(ingest, outcome, &error);
                return;
        }

        cluster = answer.http.is_cut ? SPAN_NULL : etcd_json_cluster(answer.object);
        if (cluster.size == 0 || cluster.size >= INGEST_CLUSTER_MAX) {
                ingest_fail_down(ingest, "what answers does not say which etcd it is");
                return;
        }
        if (settle(ingest, cluster, etcd_json_revision(answer.object)))
                log_info("ingest.connected", "Ingest %s is connected to %s.", ingest->options->name,
                         etcd_client_place(ingest->client));
        ingest_count(ingest);
}

/* What is asked of it. */

static bool is_same_request(const IngestAsked *a, const IngestAsked *b) {
        return a->request == b->request && !a->etcd_key.data == !b->etcd_key.data &&
               span_equal(a->etcd_key, b->etcd_key);
}

/* Appends @asked, or frees it where the same is asked for already. */
static void put_asked(Ingest *ingest, IngestAsked *asked) {
        IngestAsked **end;

        pthread_mutex_lock(&ingest->lock);
        for (end = &ingest->asked; *end && !is_same_request(*end, asked); end = &(*end)->next)
                ;
        if (*end)
                free(asked);
        else
                *end = asked;
        pthread_mutex_unlock(&ingest->lock);
}

void ingest_ask(Ingest *ingest, IngestRequest request, Span etcd_key) {
        IngestAsked *asked = allocate(1, sizeof(*asked) + etcd_key.size);
        char *at = asked->texts;

        asked->request = request;
        asked->etcd_key = span_copy(&at, etcd_key);
        put_asked(ingest, asked);
        waker_wake(&ingest->waker);
}

static IngestAsked *take_asked(Ingest *ingest) {
        IngestAsked *asked;

        pthread_mutex_lock(&ingest->lock);
        asked = ingest->asked;
        ingest->asked = NULL;
        pthread_mutex_unlock(&ingest->lock);
        return asked;
}

/* Where nothing was missed since, it is read as it was when the last change was taken in: then none is passed
 * over. As that may be long ago, it makes sure of no more than was sure before. */
static void resync(Ingest *ingest) {
        if (!ingest->read.is_on && intake_flush(ingest) && full_read_begin(ingest, ingest->place.revision))
                ingest->read.term = ingest->caught_up_term;
}

static void answer_one(Ingest *ingest, const IngestAsked *asked) {
        switch (asked->request) {
        case INGEST_RESYNC:
                resync(ingest);
                return;
        case INGEST_RETRY:
                (void)quarantine_retry(ingest, asked->etcd_key);
                return;
        default:
                ingest_count(ingest);
        }
}

/* What needs etcd waits until it is there; and all of it while a revision of etcd is there in part, which it
 * would tear apart. */
static void answer(Ingest *ingest) {
        bool has_news = waker_take(&ingest->waker), was_connected = ingest->is_connected;
        IngestAsked *asked, *next;

        if ((!has_news && !was_connected) || ingest->watch.is_in_fragment)
                return;

        for (asked = take_asked(ingest); asked; asked = next) {
                next = asked->next;
                asked->next = NULL;
                if (!ingest->is_connected && asked->request != INGEST_RECOUNT) {
                        if (!was_connected)
                                ingest->retry_at_ms = 0;
                        put_asked(ingest, asked);
                        continue;
                }
                answer_one(ingest, asked);
                free(asked);
        }
}

/* Its life. */

static void wait_for_etcd(Ingest *ingest) {
        int64_t left_ms = ingest->retry_at_ms - clock_monotonic_ms();

        if (left_ms > 0)
                (void)waker_poll(&ingest->waker, -1, 0, left_ms, WAIT_FOR_NEWS);
}

/* Another server works. What is asked for is kept for when it is this one's turn. */
static void stand_by(Ingest *ingest) {
        if (ingest->is_connected) {
                log_info("ingest.standby", "Ingest %s rests: this server does not lead.",
                         ingest->options->name);
                disconnect(ingest);
        }
        ingest_succeed(ingest);
        ingest->retry_at_ms = 0;
        ingest_set_state(ingest, INGEST_STANDBY);
        answer(ingest);
        if (term_now(ingest) == 0)
                (void)waker_poll(&ingest->waker, -1, 0, -1, WAIT_FOR_NEWS);
}

/*
 * While another server led this one has taken nothing in, and its mirrors wait until it has all again. First
 * the watch tells what it knows, version by version; then a full read makes sure of the rest.
 */
static bool has_to_make_sure(const Ingest *ingest) {
        return gate_is_guarded(ingest->gate) && ingest->caught_up_term != ingest->term &&
               watch_has_caught_up(ingest);
}

static void work(Ingest *ingest) {
        if (!ingest->read.is_on && has_to_make_sure(ingest) && !full_read_begin(ingest, 0))
                return;

        if (ingest->read.is_on) {
                if (full_read_page(ingest))
                        ingest_set_state(ingest, INGEST_READING);
        } else if (watch_turn(ingest) && ingest->watch.is_created)
                ingest_set_state(ingest, INGEST_RUNNING);
}

static void *run(void *context) {
        Ingest *ingest = context;

        while (!waker_is_stopping(&ingest->waker)) {
                if (term_now(ingest) == 0) {
                        stand_by(ingest);
                        continue;
                }
                if (ingest->is_connected && term_now(ingest) != ingest->term)
                        disconnect(ingest);
                answer(ingest);
                if (ingest->is_connected)
                        work(ingest);
                else if (clock_monotonic_ms() < ingest->retry_at_ms)
                        wait_for_etcd(ingest);
                else
                        connect_etcd(ingest);
        }
        disconnect(ingest);
        return NULL;
}

static char *make_mapping(const MirrorOptions *options) {
        char *mapping;

        if (asprintf(&mapping, "%s\n%s\n%s\n%s", options->from, options->namespace, options->key,
                     format_to_string(options->format)) < 0)
                abort();
        return mapping;
}

int ingest_init(Ingest *ingest, const MirrorOptions *options, const Overlap *overlap, Gate *gate,
                Problem *ret_problem) {
        int r;

        *ingest = (Ingest){
                .options = options,
                .pattern = KEY_PATTERN_NULL,
                .mapping = make_mapping(options),
                .overlap = overlap,
                .gate = gate,
                .waker = { .fd = -1 },
                .intake = INTAKE_NULL,
                .read = FULL_READ_NULL,
                .status = { .state = INGEST_CONNECTING },
        };
        pthread_mutex_init(&ingest->lock, NULL);
        r = key_pattern_parse(span_from_string(options->from), span_from_string(options->namespace),
                              span_from_string(options->key), &ingest->pattern, ret_problem);
        if (r)
                return r < 0 ? r : -EINVAL;
        r = waker_init(&ingest->waker);
        if (r)
                return r;
        gate_add_waker(gate, &ingest->waker);
        if (gate_is_guarded(gate))
                ingest->predecessor = gate_add_predecessor(gate);
        return etcd_client_open(options, &ingest->waker, &ingest->client, ret_problem);
}

static int take_place(void *context, const IngestRow *row) {
        Ingest *ingest = context;

        if (row->cluster_id.size >= INGEST_CLUSTER_MAX)
                return -EBADMSG;

        memcpy(ingest->place.cluster, row->cluster_id.data, row->cluster_id.size);
        ingest->place.generation = row->generation;
        ingest->place.revision = row->revision;
        ingest->is_remapped = !span_equal_string(row->mapping, ingest->mapping);
        return 0;
}

int ingest_start(Ingest *ingest, const char *path, Problem *ret_problem) {
        int r;

        r = reader_open(path, &ingest->reader, ret_problem);
        if (r)
                return r;
        r = reader_get_ingest(ingest->reader, span_from_string(ingest->options->name), take_place, ingest);
        if (r)
                return r;

        ingest_count(ingest);
        r = -pthread_create(&ingest->thread, NULL, run, ingest);
        ingest->is_started = r == 0;
        return r;
}

void ingest_join(Ingest *ingest) {
        if (ingest->is_started)
                (void)pthread_join(ingest->thread, NULL);
        ingest->is_started = false;
}

void ingest_deinit(Ingest *ingest) {
        IngestAsked *asked = take_asked(ingest), *next;

        for (; asked; asked = next) {
                next = asked->next;
                free(asked);
        }
        intake_deinit(&ingest->intake);
        buf_deinit(&ingest->read.position);
        etcd_client_close(ingest->client);
        reader_close(ingest->reader);
        waker_deinit(&ingest->waker);
        key_pattern_deinit(&ingest->pattern);
        free(ingest->mapping);
        pthread_mutex_destroy(&ingest->lock);
}
