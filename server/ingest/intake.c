#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ingest/note.h"
#include "ingest/overlap.h"
#include "ingest/worker.h"
#include "model/hash.h"
#include "model/name.h"
#include "util/allocate.h"
#include "util/clock.h"
#include "util/content.h"
#include "util/digest.h"
#include "util/log.h"

/* What one command may have of one revision of etcd: more than --max-txn-ops of any sane etcd. */
#define KEYS_MAX  4096
#define BYTES_MAX (64 * UINT64_C(1024) * 1024)

#define OPERATIONS_PER_ITEM 3

/* What becomes of one key. */
struct IntakeItem {
        Span etcd_key;
        Span namespace; /* of its config, or absent */
        Span key;
        Span content;
        Span comment;
        int64_t mod_revision;
        bool is_gone;           /* the key is */
        bool changes_config;    /* else it has what it is to have already */
        bool creates_namespace; /* which is not there */
        char *reason;           /* why it is quarantined, and nothing else happens; NULL: it is not */
        uint8_t sha256[SHA256_SIZE];
        char texts[];
};

/*
 * What is gathered.
 */

static IntakeItem *item_free(IntakeItem *item) {
        if (item)
                free(item->reason);
        free(item);
        return NULL;
}

static bool is_item_of(const void *value, const void *wanted) {
        return span_equal(((const IntakeItem *)value)->etcd_key, *(const Span *)wanted);
}

static bool is_item_in(const void *value, const void *wanted) {
        return span_equal(((const IntakeItem *)value)->namespace, *(const Span *)wanted);
}

static void forget_items(Intake *intake) {
        table_deinit(&intake->keys);
        table_deinit(&intake->namespaces);
        for (size_t i = 0; i < intake->n; i++)
                item_free(intake->items[i]);
        intake->keys = TABLE_NULL;
        intake->namespaces = TABLE_NULL;
        intake->n = 0;
        intake->n_bytes = 0;
}

void intake_clear(Intake *intake) {
        forget_items(intake);
        intake->revision = 0;
        intake->complete = 0;
}

void intake_deinit(Intake *intake) {
        intake_clear(intake);
        free(intake->items);
        *intake = INTAKE_NULL;
}

static bool has_key(const Intake *intake, Span etcd_key) {
        return table_get(&intake->keys, hash_span(0, etcd_key), is_item_of, &etcd_key);
}

static void put_in_table(Table *table, Span name, TableEqual equal, IntakeItem *item) {
        if (table_reserve(table, 1))
                abort();
        (void)table_put(table, hash_span(0, name), equal, &name, item);
}

static void add_item(Intake *intake, IntakeItem *item) {
        if (intake->n == intake->capacity) {
                intake->capacity = intake->capacity ? 2 * intake->capacity : 64;
                intake->items = had(realloc(intake->items, intake->capacity * sizeof(IntakeItem *)));
        }
        intake->items[intake->n++] = item;
        intake->n_bytes += item->content.size;
        put_in_table(&intake->keys, item->etcd_key, is_item_of, item);
        if (item->creates_namespace)
                put_in_table(&intake->namespaces, item->namespace, is_item_in, item);
}

static Span span_copy_or_null(char **at, Span text) {
        return text.data ? span_copy(at, text) : SPAN_NULL;
}

/* With a comment that says where it comes from. */
static IntakeItem *item_new(Span etcd_key, Span namespace, Span key, Span content, int64_t mod_revision) {
        static const char form[] = "from etcd: %.*s, mod_revision %" PRId64;
        int comment_size = snprintf(NULL, 0, form, (int)etcd_key.size, etcd_key.data, mod_revision);
        IntakeItem *item = allocate(1, sizeof(*item) + etcd_key.size + namespace.size + key.size +
                                               content.size + (size_t)comment_size + 1);
        char *at = item->texts;

        item->etcd_key = span_copy(&at, etcd_key);
        item->namespace = span_copy_or_null(&at, namespace);
        item->key = span_copy_or_null(&at, key);
        item->content = span_copy_or_null(&at, content);
        item->comment = (Span){ at, (size_t)comment_size };
        (void)snprintf(at, (size_t)comment_size + 1, form, (int)etcd_key.size, etcd_key.data, mod_revision);
        item->mod_revision = mod_revision;
        return item;
}

static void quarantine(IntakeItem *item, const Problem *problem) {
        free(item->reason);
        if (problem->line == 0)
                item->reason = had(strdup(problem->text));
        else if (asprintf(&item->reason, "line %zu, column %zu: %s", problem->line, problem->column,
                          problem->text) < 0)
                abort();
        item->is_gone = false;
        item->changes_config = false;
        item->creates_namespace = false;
}

/*
 * What is known of a key.
 */

typedef struct Known {
        bool is_known;
        bool has_config;
        int64_t mod_revision;
        int64_t generation;
        size_t namespace_size;
        size_t key_size;
        char namespace[NAMESPACE_SIZE_MAX];
        char key[KEY_SIZE_MAX];
} Known;

static int take_known(void *context, const IngestedRow *row) {
        Known *known = context;

        known->is_known = true;
        known->has_config = row->has_config && row->namespace.size <= sizeof(known->namespace) &&
                            row->key.size <= sizeof(known->key);
        known->mod_revision = row->mod_revision;
        known->generation = row->generation;
        if (!known->has_config)
                return 0;

        known->namespace_size = row->namespace.size;
        known->key_size = row->key.size;
        memcpy(known->namespace, row->namespace.data, row->namespace.size);
        memcpy(known->key, row->key.data, row->key.size);
        return 0;
}

static bool read_known(Ingest *ingest, Span etcd_key, Known *ret_known) {
        int r;

        *ret_known = (Known){ .is_known = false };
        r = reader_get_ingested(ingest->reader, span_from_string(ingest->options->name), etcd_key, take_known,
                                ret_known);
        if (r)
                ingest_fail_to_read(ingest, r);
        return r == 0;
}

/* What was looked at in another etcd says nothing of this one. */
static bool is_done(const Ingest *ingest, const Known *known, int64_t revision) {
        return known->is_known && known->generation == ingest->place.generation &&
               known->mod_revision >= revision;
}

/*
 * What its config is.
 */

typedef struct Served {
        bool is_served;
        Format format;
        uint8_t sha256[SHA256_SIZE];
} Served;

static int take_served(void *context, const ServedRow *row) {
        Served *served = context;

        served->is_served = row->is_served;
        served->format = row->data.format;
        memcpy(served->sha256, row->data.sha256, SHA256_SIZE);
        return 0;
}

static bool read_served(Ingest *ingest, Span namespace, Span key, Served *ret_served) {
        int r;

        *ret_served = (Served){ .is_served = false };
        r = reader_get_served(ingest->reader, namespace, key, SERVED_STABLE, take_served, ret_served);
        if (r < 0)
                ingest_fail_to_read(ingest, r);
        return r >= 0;
}

static int ignore_namespace(_unused_ void *context, _unused_ const NamespaceRow *row) {
        return 0;
}

static bool look_for_namespace(Ingest *ingest, IntakeItem *item) {
        Span namespace = item->namespace;
        int r;

        if (table_get(&ingest->intake.namespaces, hash_span(0, namespace), is_item_in, &namespace))
                return true;

        r = reader_get_namespace(ingest->reader, namespace, ignore_namespace, NULL);
        item->creates_namespace = r == STORE_E_NAMESPACE_UNKNOWN;
        if (r < 0)
                ingest_fail_to_read(ingest, r);
        return r >= 0;
}

/* What the config serves already is not published again. */
static bool compare_with_served(Ingest *ingest, IntakeItem *item) {
        Served served;

        if (!read_served(ingest, item->namespace, item->key, &served))
                return false;

        sha256(item->content, item->sha256);
        item->changes_config = !served.is_served || served.format != ingest->options->format ||
                               memcmp(served.sha256, item->sha256, SHA256_SIZE) != 0;
        return !item->changes_config || look_for_namespace(ingest, item);
}

/*
 * Taking in.
 */

static bool check_value(const Ingest *ingest, const IntakeKey *key, Problem *ret_problem) {
        if (!key->value.data) {
                problem_set(ret_problem, NULL, "%s", key->problem);
                return false;
        }
        if (key->value.size > ingest->content_max_bytes) {
                problem_set(ret_problem, NULL, "the value has %zu bytes, %zu are allowed", key->value.size,
                            ingest->content_max_bytes);
                return false;
        }
        return content_check(ingest->options->format, key->value, ret_problem);
}

/* Makes an item of a key that is one of the pattern's. */
static bool make_item(Ingest *ingest, const IntakeKey *key, bool is_named, Span namespace, Span name,
                      const Problem *problem, IntakeItem **ret_item) {
        Problem fault = *problem;
        bool is_good = is_named && check_value(ingest, key, &fault);
        IntakeItem *item =
                item_new(key->etcd_key, is_named ? namespace : SPAN_NULL, is_named ? name : SPAN_NULL,
                         is_good ? key->value : SPAN_NULL, key->mod_revision);

        if (!is_good)
                quarantine(item, &fault);
        else if (!compare_with_served(ingest, item)) {
                item_free(item);
                return false;
        }

        *ret_item = item;
        return true;
}

static void count_ignored(Ingest *ingest, bool is_passed_over) {
        IngestStatus *status = ingest_lock_status(ingest);

        if (is_passed_over)
                status->n_passed_over++;
        else
                status->n_ignored++;
        ingest_unlock_status(ingest);
}

bool intake_put(Ingest *ingest, const IntakeKey *key) {
        _cleanup_(buf_deinit) Buf namespace = BUF_NULL, name = BUF_NULL;
        bool is_passed_over = overlap_has(ingest->overlap, key->etcd_key);
        Problem problem = PROBLEM_NULL;
        IntakeItem *item = NULL;
        Known known;
        int r;

        r = key_pattern_map(&ingest->pattern, key->etcd_key, &namespace, &name, &problem);
        if (is_passed_over || r == KEY_PATTERN_E_OTHER) {
                count_ignored(ingest, is_passed_over);
                return true;
        }

        if (has_key(&ingest->intake, key->etcd_key) && !intake_flush(ingest))
                return false;
        if (!read_known(ingest, key->etcd_key, &known))
                return false;
        if (!key->is_retried && is_done(ingest, &known, key->mod_revision))
                return true;
        if (!make_item(ingest, key, r == 0, buf_span(&namespace), buf_span(&name), &problem, &item))
                return false;

        add_item(&ingest->intake, item);
        return true;
}

bool intake_delete(Ingest *ingest, Span etcd_key, int64_t revision, bool is_retried) {
        Span namespace, name;
        IntakeItem *item;
        Served served = { .is_served = false };
        Known known;

        if (has_key(&ingest->intake, etcd_key) && !intake_flush(ingest))
                return false;
        if (!read_known(ingest, etcd_key, &known))
                return false;
        if (!known.is_known || (!is_retried && is_done(ingest, &known, revision)))
                return true;

        namespace = (Span){ known.namespace, known.namespace_size };
        name = (Span){ known.key, known.key_size };
        if (known.has_config && !read_served(ingest, namespace, name, &served))
                return false;

        item = item_new(etcd_key, namespace, name, SPAN_NULL, revision);
        item->is_gone = true;
        item->changes_config = served.is_served;
        add_item(&ingest->intake, item);
        return true;
}

/*
 * The command.
 */

typedef struct Draft {
        Operation *operations;
        size_t *origins; /* the item of each operation */
        size_t n;
} Draft;

static void draft_deinit(Draft *draft) {
        free(draft->operations);
        free(draft->origins);
}

static Operation *draft_add(Draft *draft, size_t i, const IntakeItem *item, OperationType type) {
        Operation *operation = &draft->operations[draft->n];

        draft->origins[draft->n++] = i;
        *operation = (Operation){
                .type = type,
                .namespace = item->namespace,
                .key = item->key,
                .comment = item->comment,
        };
        return operation;
}

static void draft_put(Draft *draft, size_t i, const IntakeItem *item, Format format) {
        Operation *operation = draft_add(draft, i, item, OPERATION_PUT);

        operation->put.format = format;
        operation->put.content = item->content;
        operation->put.publish = true;
        memcpy(operation->put.sha256, item->sha256, SHA256_SIZE);
}

static void draft_namespace(Draft *draft, size_t i, const IntakeItem *item) {
        Operation *operation = draft_add(draft, i, item, OPERATION_NAMESPACE_CREATE);

        operation->key = SPAN_NULL;
        operation->namespace_edit.description = SPAN_LITERAL("");
}

static void draft_memory(Draft *draft, const Ingest *ingest, size_t i, const IntakeItem *item) {
        Operation *operation =
                draft_add(draft, i, item, item->is_gone ? OPERATION_INGEST_FORGET : OPERATION_INGEST_KEY);

        operation->ingest_key.ingest = span_from_string(ingest->options->name);
        operation->ingest_key.etcd_key = item->etcd_key;
        operation->ingest_key.mod_revision = item->mod_revision;
        operation->ingest_key.generation = ingest->place.generation;
        operation->ingest_key.reason = item->reason ? span_from_string(item->reason) : SPAN_NULL;
}

static void draft_item(Draft *draft, const Ingest *ingest, size_t i) {
        const IntakeItem *item = ingest->intake.items[i];

        if (item->creates_namespace)
                draft_namespace(draft, i, item);
        if (item->changes_config && item->is_gone)
                (void)draft_add(draft, i, item, OPERATION_DELETE);
        else if (item->changes_config)
                draft_put(draft, i, item, ingest->options->format);
        draft_memory(draft, ingest, i, item);
}

static IngestPlace reached_place(const Ingest *ingest) {
        IngestPlace place = ingest->place;

        place.revision = MAX(place.revision, ingest->intake.complete);
        return place;
}

static void draft_init(Draft *draft, const Ingest *ingest, const IngestPlace *place) {
        size_t n_max = OPERATIONS_PER_ITEM * ingest->intake.n + 1;

        *draft = (Draft){
                .operations = allocate(n_max, sizeof(*draft->operations)),
                .origins = allocate(n_max, sizeof(*draft->origins)),
        };
        for (size_t i = 0; i < ingest->intake.n; i++)
                draft_item(draft, ingest, i);
        if (place->revision > ingest->place.revision)
                draft->operations[draft->n++] = note_place_operation(ingest, place);
}

/* What the item that was refused is to be instead. Somebody may have made, or removed, something meanwhile.
 */
static void heed_refusal(IntakeItem *item, const Operation *operation, const Command *command) {
        StoreOutcome outcome = command->outcome;

        assert(!item->reason);
        if (operation->type == OPERATION_NAMESPACE_CREATE && outcome == STORE_E_NAMESPACE_EXISTS)
                item->creates_namespace = false;
        else if (operation->type == OPERATION_PUT && outcome == STORE_E_NAMESPACE_UNKNOWN &&
                 !item->creates_namespace)
                item->creates_namespace = true;
        else if (operation->type == OPERATION_DELETE &&
                 (outcome == STORE_E_CONFIG_UNKNOWN || outcome == STORE_E_NAMESPACE_UNKNOWN))
                item->changes_config = false;
        else
                quarantine(item, &command->problem);
}

/* Return: 1 where it is done, 0 where it is to be tried in another form, -1 where the thread is to stop. */
static int submit(Ingest *ingest, const IngestPlace *place) {
        _cleanup_(draft_deinit) Draft draft;
        Command command;

        draft_init(&draft, ingest, place);
        if (draft.n == 0)
                return 1;
        if (!note_submit(ingest, draft.operations, draft.n, &command))
                return -1;
        if (command.outcome == STORE_OK)
                return 1;

        heed_refusal(ingest->intake.items[draft.origins[command.failed_operation]],
                     &draft.operations[command.failed_operation], &command);
        return 0;
}

static void log_quarantine(const Ingest *ingest, const IntakeItem *item) {
        Span shown = { item->etcd_key.data, MIN(item->etcd_key.size, (size_t)200) };

        log_warning("ingest.quarantined", "Ingest %s puts %.*s aside: %s.", ingest->options->name,
                    (int)shown.size, shown.data, item->reason);
}

static void count_items(Ingest *ingest) {
        const Intake *intake = &ingest->intake;
        IngestStatus *status = ingest_lock_status(ingest);
        bool has_quarantine = status->n_quarantined > 0, has_left = status->n_left > 0;

        for (size_t i = 0; i < intake->n; i++) {
                const IntakeItem *item = intake->items[i];

                status->n_refused += item->reason != NULL;
                status->n_deleted += item->is_gone;
                status->n_put += !item->reason && !item->is_gone;
                has_quarantine = has_quarantine || item->reason;
        }
        if (intake->n > 0)
                status->last_success_at_ms = clock_wall_ms();
        status->revision = ingest->place.revision;
        ingest_unlock_status(ingest);

        for (size_t i = 0; i < intake->n; i++)
                if (intake->items[i]->reason)
                        log_quarantine(ingest, intake->items[i]);
        if (has_quarantine)
                ingest_count_quarantine(ingest);
        if (has_left)
                ingest_count_left(ingest);
}

bool intake_flush(Ingest *ingest) {
        IngestPlace place = reached_place(ingest);
        int done;

        while ((done = submit(ingest, &place)) == 0)
                ;
        if (done < 0)
                return false;

        ingest->place = place;
        count_items(ingest);
        forget_items(&ingest->intake);
        ingest_succeed(ingest);
        return true;
}

static bool is_full(const Ingest *ingest) {
        const Intake *intake = &ingest->intake;

        return intake->n >= ingest->options->batch_max || intake->n_bytes >= ingest->options->batch_max_bytes;
}

bool intake_flush_full(Ingest *ingest) {
        return !is_full(ingest) || intake_flush(ingest);
}

bool intake_event(Ingest *ingest, int64_t revision) {
        Intake *intake = &ingest->intake;
        bool is_next = revision > intake->revision;

        if (is_next && intake->revision > 0)
                intake_complete(ingest, intake->revision);
        intake->revision = revision;
        if (is_next ? is_full(ingest) : intake->n >= KEYS_MAX || intake->n_bytes >= BYTES_MAX)
                return intake_flush(ingest);
        return true;
}

void intake_complete(Ingest *ingest, int64_t revision) {
        ingest->intake.complete = MAX(ingest->intake.complete, revision);
}
