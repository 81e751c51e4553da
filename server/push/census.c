#include <stdatomic.h>
#include <string.h>

#include "model/catalog.h"
#include "model/gray_release.h"
#include "push/census.h"
#include "push/stream.h"
#include "util/allocate.h"

/* What is listed, in the order in which it is told: instances that an arm has chosen come before others. */
enum {
        LIST_OF_ARMS,
        LIST_OF_STABLE,
        LIST_N,
};

typedef struct Entry {
        uint64_t serial; /* of the stream: the order of connecting */
        char *text;      /* what the rest points into */
        union {
                CensusRefusal refusal;
                CensusMove move;
        };
} Entry;

typedef struct EntryList {
        size_t n;
        Entry *entries;
} EntryList;

/* What one loop has. */
typedef struct Part {
        CensusCount *counts; /* of the arms, then of the stable version */
        size_t n_moves;
        EntryList lists[LIST_N];
} Part;

struct Census {
        Server *server;
        Release *release;
        const Gray *candidate;
        size_t n_listed_max;
        void (*done)(Census *census, void *context);
        void *context;

        size_t n_arms;
        const GrayArm *arms;
        CensusCount *counts; /* as a part's, of all loops */
        size_t n_moves;
        size_t n_listed;
        CensusRefusal *refusals; /* one of these two */
        CensusMove *moves;

        size_t n_loops;
        _Atomic size_t n_parts; /* that are begun */
        Part parts[];
};

Census *census_new(Server *server, Release *release, const Gray *candidate, size_t n_listed_max) {
        size_t n_loops = server_n_loops(server);
        Census *census = allocate(1, sizeof(*census) + n_loops * sizeof(Part));

        census->server = server;
        census->release = release_ref(release);
        census->candidate = candidate;
        census->n_listed_max = n_listed_max;
        if (release->gray)
                census->arms = gray_arms(release->gray->rules, &census->n_arms);
        census->counts = allocate(census->n_arms + 1, sizeof(CensusCount));
        census->n_loops = n_loops;
        for (size_t i = 0; i < n_loops; i++)
                census->parts[i].counts = allocate(census->n_arms + 1, sizeof(CensusCount));
        return census;
}

static void part_deinit(Part *part) {
        for (size_t i = 0; i < LIST_N; i++) {
                for (size_t k = 0; k < part->lists[i].n; k++)
                        free(part->lists[i].entries[k].text);
                free(part->lists[i].entries);
        }
        free(part->counts);
}

Census *census_free(Census *census) {
        if (!census)
                return NULL;

        for (size_t i = 0; i < census->n_loops; i++)
                part_deinit(&census->parts[i]);
        free(census->refusals);
        free(census->moves);
        free(census->counts);
        release_unref(census->release);
        free(census);
        return NULL;
}

/* One instance. */

/* Return: an entry with room for @text_size bytes; NULL when the list is full. */
static Entry *add_entry(const Census *census, EntryList *list, const Stream *stream, size_t text_size) {
        Entry *entry;

        if (list->n == census->n_listed_max)
                return NULL;
        if (!list->entries)
                list->entries = allocate(census->n_listed_max, sizeof(Entry));

        entry = &list->entries[list->n++];
        entry->serial = stream->serial;
        entry->text = allocate(text_size, 1);
        return entry;
}

static void list_refusal(const Census *census, EntryList *list, const Stream *stream,
                         const FrameResult *result) {
        Span id = stream->instance->id;
        Entry *entry = add_entry(census, list, stream, id.size + result->error.size);
        char *text;

        if (!entry)
                return;

        text = entry->text;
        entry->refusal = (CensusRefusal){
                .id = span_copy(&text, id),
                .version = result->version,
                .error = span_copy(&text, result->error),
        };
}

static void list_move(const Census *census, EntryList *list, const Stream *stream, const CensusMove *move) {
        const Instance *instance = stream->instance;
        Span address = span_from_string(stream_address(stream));
        Entry *entry = add_entry(census, list, stream, instance->id.size + instance->app.size + address.size);
        char *text;

        if (!entry)
                return;

        text = entry->text;
        entry->move = *move;
        entry->move.id = span_copy(&text, instance->id);
        entry->move.app = span_copy(&text, instance->app);
        entry->move.address = span_copy(&text, address);
}

/* What the arm @arm of @arms gives; -1 is the stable version. */
static int64_t version_of(const Census *census, const GrayArm *arms, int arm) {
        return arm < 0 ? release_version(census->release) : arms[arm].version;
}

static void count_acknowledged(const Census *census, Part *part, const Stream *stream, int arm) {
        CensusCount *count = &part->counts[arm < 0 ? census->n_arms : (size_t)arm];
        const FrameResult *result = instance_results_get(&stream->results, release_namespace(census->release),
                                                         release_key(census->release));

        count->n_connected++;
        if (!result || result->version != version_of(census, census->arms, arm))
                return;

        if (result->ok) {
                count->n_applied++;
                return;
        }
        count->n_refused++;
        if (!census->candidate)
                list_refusal(census, &part->lists[arm < 0 ? LIST_OF_STABLE : LIST_OF_ARMS], stream, result);
}

static void try_candidate(const Census *census, Part *part, const Stream *stream, const GrayAsker *asker,
                          int64_t from) {
        GrayVerdict verdict = gray_evaluate(census->candidate, asker);
        int64_t to = version_of(census, gray_arms(census->candidate, &(size_t){ 0 }), verdict.arm);

        if (from == to)
                return;

        part->n_moves++;
        list_move(census, &part->lists[LIST_OF_ARMS], stream,
                  &(CensusMove){ .from = from, .to = to, .rule = verdict.rule, .bucket = verdict.bucket });
}

static void count_instance(const Census *census, Part *part, const Stream *stream) {
        const GrayRelease *gray = census->release->gray;
        const Instance *instance = stream->instance;
        GrayAsker asker = { .unit = instance->id, .tags = instance->tags, .n_tags = instance->n_tags };
        GrayVerdict verdict = gray ? gray_evaluate(gray->rules, &asker) : GRAY_VERDICT_NULL;

        count_acknowledged(census, part, stream, verdict.arm);
        if (census->candidate)
                try_candidate(census, part, stream, &asker, version_of(census, census->arms, verdict.arm));
}

/* One loop's part. */

/* Whether one of the names that are followed resolves to the config. */
static bool follows(const Census *census, const Catalog *catalog, const Audience *audience) {
        Span namespace = release_namespace(census->release), key = release_key(census->release);

        if (!audience_covers(audience, namespace, key))
                return false;
        for (size_t i = 0; i < audience->asked->n_names; i++) {
                const ScopeName *name = &audience->asked->names[i];
                const Release *found =
                        scope_name_has(name, key) ? catalog_find(catalog, name->name, key) : NULL;

                if (found && span_equal(release_namespace(found), namespace))
                        return true;
        }
        return false;
}

static void count_part(Loop *loop, void *context) {
        Census *census = context;
        Part *part = &census->parts[atomic_fetch_add(&census->n_parts, 1)];
        const Hub *hub = hub_of(loop);
        const Audience *last = NULL; /* nearly all share one */
        bool last_follows = false;

        for (h2o_linklist_t *at = hub->streams.next; at != &hub->streams; at = at->next) {
                const Stream *stream = H2O_STRUCT_FROM_MEMBER(Stream, link, at);
                const Audience *audience = stream->channel.follower.audience;

                if (!stream->instance || stream->state != STREAM_OPEN || !audience)
                        continue;
                if (audience != last)
                        last_follows = follows(census, &loop->catalog, audience);
                last = audience;
                if (last_follows)
                        count_instance(census, part, stream);
        }
}

/* Together. */

static void add_count(CensusCount *sum, const CensusCount *count) {
        sum->n_connected += count->n_connected;
        sum->n_applied += count->n_applied;
        sum->n_refused += count->n_refused;
}

static void add_part(Census *census, const Part *part) {
        for (size_t i = 0; i <= census->n_arms; i++)
                add_count(&census->counts[i], &part->counts[i]);
        census->n_moves += part->n_moves;
}

static int compare_entries(const void *a, const void *b) {
        uint64_t a_serial = ((const Entry *)a)->serial, b_serial = ((const Entry *)b)->serial;

        return (a_serial > b_serial) - (a_serial < b_serial);
}

static void tell(Census *census, const Entry *entry) {
        if (census->candidate)
                census->moves[census->n_listed++] = entry->move;
        else
                census->refusals[census->n_listed++] = entry->refusal;
}

static void merge_lists(Census *census, size_t list) {
        _cleanup_(freep) Entry *entries = NULL;
        size_t n = 0;

        for (size_t i = 0; i < census->n_loops; i++)
                n += census->parts[i].lists[list].n;
        entries = allocate(n, sizeof(Entry));
        n = 0;
        for (size_t i = 0; i < census->n_loops; i++)
                for (size_t k = 0; k < census->parts[i].lists[list].n; k++)
                        entries[n++] = census->parts[i].lists[list].entries[k];

        qsort(entries, n, sizeof(Entry), compare_entries);
        for (size_t i = 0; i < n && census->n_listed < census->n_listed_max; i++)
                tell(census, &entries[i]);
}

/* @thread the last loop */
static void on_counted(void *context) {
        Census *census = context;

        if (census->candidate)
                census->moves = allocate(census->n_listed_max, sizeof(CensusMove));
        else
                census->refusals = allocate(census->n_listed_max, sizeof(CensusRefusal));
        for (size_t i = 0; i < census->n_loops; i++)
                add_part(census, &census->parts[i]);
        for (size_t list = 0; list < LIST_N; list++)
                merge_lists(census, list);
        census->done(census, census->context);
}

void census_take(Census *census, void (*done)(Census *, void *), void *context) {
        census->done = done;
        census->context = context;
        server_visit_loops(census->server, count_part, on_counted, census);
}

/* What was counted. */

Release *census_release(const Census *census) {
        return census->release;
}

const Gray *census_candidate(const Census *census) {
        return census->candidate;
}

size_t census_n_instances(const Census *census) {
        size_t n = 0;

        for (size_t i = 0; i <= census->n_arms; i++)
                n += census->counts[i].n_connected;
        return n;
}

CensusCount census_stable(const Census *census) {
        return census->counts[census->n_arms];
}

const CensusCount *census_arms(const Census *census, size_t *ret_n) {
        *ret_n = census->n_arms;
        return census->counts;
}

CensusCount census_sum_of_arms(const Census *census, int64_t version) {
        CensusCount sum = { 0 };

        for (size_t i = 0; i < census->n_arms; i++)
                if (!version || census->arms[i].version == version)
                        add_count(&sum, &census->counts[i]);
        return sum;
}

const CensusRefusal *census_refusals(const Census *census, size_t *ret_n) {
        *ret_n = census->candidate ? 0 : census->n_listed;
        return census->refusals;
}

size_t census_n_moves(const Census *census) {
        return census->n_moves;
}

const CensusMove *census_moves(const Census *census, size_t *ret_n) {
        *ret_n = census->candidate ? census->n_listed : 0;
        return census->moves;
}
