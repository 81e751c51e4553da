#include "model/gray.h"
#include "model/gray_compiled.h"

/* Up to here a list is gone through from its front, which takes less time than halving it. */
#define LINEAR_MAX 4

/* A tag of the asker that some rule has asked for, and what was found out about it. */
typedef struct SeenTag {
        Span value;
        uint64_t head;
        bool is_version_known;
        bool is_version;
        bool is_address_known;
        bool is_address;
        Semver version;
        CidrAddress address;
} SeenTag;

/* What a name's place in Evaluation.places says; all above are the index of a SeenTag, and NAME_SEEN more. */
enum {
        NAME_UNKNOWN,
        NAME_ABSENT,
        NAME_SEEN,
};

/*
 * One evaluation. Each name is looked for among the asker's tags once, and each value parsed once, as far as
 * TAGS_MAX tags go, which are all that anybody may have. What a caller gives us beyond that is right too, and
 * only slower.
 */
typedef struct Evaluation {
        const Gray *gray;
        const GrayAsker *asker;
        size_t n_seen;
        uint8_t places[GRAY_NAMES_MAX];
        SeenTag seen[TAGS_MAX];
} Evaluation;

static const Tag *find_tag(const GrayAsker *asker, Span name) {
        for (size_t i = 0; i < asker->n_tags; i++)
                if (span_equal(asker->tags[i].name, name))
                        return &asker->tags[i];
        return NULL;
}

/* Return: NULL when the asker has no tag of that name. What is returned lives until the next call. */
static SeenTag *see(Evaluation *evaluation, uint32_t name) {
        uint8_t *place = &evaluation->places[name];
        const Tag *tag;
        SeenTag *seen;

        if (*place >= NAME_SEEN)
                return &evaluation->seen[*place - NAME_SEEN];
        if (*place == NAME_ABSENT)
                return NULL;

        tag = find_tag(evaluation->asker, gray_text(evaluation->gray->bytes, &evaluation->gray->names[name]));
        if (!tag) {
                *place = NAME_ABSENT;
                return NULL;
        }

        /* The last place is for all tags that there is no other for, and so nobody's for long. */
        seen = &evaluation->seen[evaluation->n_seen];
        if (evaluation->n_seen < TAGS_MAX - 1)
                *place = (uint8_t)(NAME_SEEN + evaluation->n_seen++);
        seen->value = tag->value;
        seen->head = gray_text_head(tag->value);
        seen->is_version_known = seen->is_address_known = false;
        return seen;
}

/* The last of sorted texts that is not behind the value; NULL: all are. */
static const GrayText *find_text(const Gray *gray, const GrayTest *test, const SeenTag *tag) {
        const GrayText *texts = gray->texts + test->first;
        size_t n_before = 0, n = test->n;

        while (n > 0) {
                size_t half = n / 2;

                if (gray_text_compare(gray->bytes, &texts[n_before + half], tag->value, tag->head) <= 0) {
                        n_before += half + 1;
                        n -= half + 1;
                } else
                        n = half;
        }
        return n_before ? &texts[n_before - 1] : NULL;
}

static bool is_text(const Gray *gray, const GrayText *text, const SeenTag *tag) {
        return text->head == tag->head && text->size == tag->value.size &&
               (text->size <= sizeof(text->head) ||
                memcmp(gray->bytes + text->at, tag->value.data, text->size) == 0);
}

static bool is_in(const Gray *gray, const GrayTest *test, const SeenTag *tag) {
        const GrayText *text = gray->texts + test->first;

        if (test->n > LINEAR_MAX) {
                text = find_text(gray, test, tag);
                return text && is_text(gray, text, tag);
        }

        for (size_t i = 0; i < test->n; i++)
                if (is_text(gray, &text[i], tag))
                        return true;
        return false;
}

static bool has_prefix(const Gray *gray, const GrayTest *test, const SeenTag *tag) {
        const GrayText *text = gray->texts + test->first;

        if (test->n > 1)
                text = find_text(gray, test, tag);
        return text && gray_text_is_prefix(gray->bytes, text, tag->value);
}

static bool is_address_in(const Gray *gray, const GrayTest *test, const CidrAddress *address) {
        const CidrNetwork *networks = gray->networks + test->first;
        size_t n_before = 0, n = test->n;

        while (n > 0) {
                size_t half = n / 2;

                if (cidr_address_compare(&networks[n_before + half].first, address) <= 0) {
                        n_before += half + 1;
                        n -= half + 1;
                } else
                        n = half;
        }
        return n_before && cidr_network_has(&networks[n_before - 1], address);
}

static bool is_in_network(const Gray *gray, const GrayTest *test, SeenTag *tag) {
        if (!tag->is_address_known) {
                tag->is_address = cidr_address_parse(tag->value, &tag->address);
                tag->is_address_known = true;
        }
        return tag->is_address && is_address_in(gray, test, &tag->address);
}

static bool is_in_range(const Gray *gray, const GrayTest *test, SeenTag *tag) {
        const SemverComparator *comparators = gray->comparators + test->first;

        if (!tag->is_version_known) {
                tag->is_version = semver_parse(tag->value, &tag->version);
                tag->is_version_known = true;
        }
        if (!tag->is_version)
                return false;

        for (size_t i = 0; i < test->n; i++)
                if (!semver_comparator_holds(&comparators[i], &tag->version))
                        return false;
        return true;
}

static bool test_holds(Evaluation *evaluation, const GrayTest *test) {
        const Gray *gray = evaluation->gray;
        SeenTag *tag = see(evaluation, test->name);

        if (!tag)
                return test->kind == GRAY_TEST_NOT_IN || test->kind == GRAY_TEST_EXISTS_NOT;

        switch ((GrayTestKind)test->kind) {
        case GRAY_TEST_EXISTS:
                return true;
        case GRAY_TEST_EXISTS_NOT:
                return false;
        case GRAY_TEST_IN:
                return is_in(gray, test, tag);
        case GRAY_TEST_NOT_IN:
                return !is_in(gray, test, tag);
        case GRAY_TEST_PREFIX:
                return has_prefix(gray, test, tag);
        case GRAY_TEST_CIDR:
                return is_in_network(gray, test, tag);
        case GRAY_TEST_SEMVER:
                return is_in_range(gray, test, tag);
        }
        return false;
}

static bool rule_holds(Evaluation *evaluation, const GrayRule *rule) {
        const GrayTest *tests = evaluation->gray->tests + rule->first_test;

        for (size_t i = 0; i < rule->n_tests; i++)
                if (!test_holds(evaluation, &tests[i]))
                        return false;
        return true;
}

static int32_t bucket_of(const Gray *gray, Span unit) {
        Murmur3 hash = gray->salted;

        murmur3_add(&hash, unit);
        return (int32_t)(murmur3_get(&hash) % GRAY_BUCKETS);
}

/* Without a unit: only a rule that leaves nothing to buckets chooses. */
static GrayVerdict choose_without_unit(const Gray *gray, size_t rule) {
        GrayVerdict verdict = { .arm = -1, .rule = (int)rule, .bucket = -1, .reason = GRAY_REASON_NO_UNIT };
        size_t first_arm = gray->rules[rule].first_arm;

        if (gray->rules[rule].n_arms == 1 && gray->arms[first_arm].to == GRAY_WEIGHT_MAX) {
                verdict.arm = (int)first_arm;
                verdict.reason = GRAY_REASON_ARM;
        }
        return verdict;
}

static GrayVerdict choose(const Gray *gray, size_t rule, Span unit) {
        GrayVerdict verdict = { .arm = -1, .rule = (int)rule, .reason = GRAY_REASON_OUTSIDE_SPLIT };
        size_t first_arm = gray->rules[rule].first_arm;

        if (unit.size == 0)
                return choose_without_unit(gray, rule);

        verdict.bucket = bucket_of(gray, unit);
        for (size_t i = first_arm; i < first_arm + gray->rules[rule].n_arms; i++)
                if ((uint32_t)verdict.bucket >= gray->arms[i].from &&
                    (uint32_t)verdict.bucket < gray->arms[i].to) {
                        verdict.arm = (int)i;
                        verdict.reason = GRAY_REASON_ARM;
                        break;
                }
        return verdict;
}

GrayVerdict gray_evaluate(const Gray *gray, const GrayAsker *asker) {
        Evaluation evaluation; /* all of it zeroed would take longer than the rest */

        evaluation.gray = gray;
        evaluation.asker = asker;
        evaluation.n_seen = 0;
        memset(evaluation.places, NAME_UNKNOWN, gray->n_names);

        for (size_t i = 0; i < gray->n_rules; i++)
                if (rule_holds(&evaluation, &gray->rules[i]))
                        return choose(gray, i, asker->unit);
        return (GrayVerdict){ .arm = -1, .rule = -1, .bucket = -1, .reason = GRAY_REASON_NO_MATCH };
}

Gray *gray_free(Gray *gray) {
        free(gray);
        return NULL;
}

Span gray_rules(const Gray *gray) {
        return gray->source;
}

Span gray_salt(const Gray *gray) {
        return gray->salt;
}

const GrayArm *gray_arms(const Gray *gray, size_t *ret_n) {
        *ret_n = gray->n_arms;
        return gray->arms;
}

size_t gray_n_rules(const Gray *gray) {
        return gray->n_rules;
}

const char *gray_reason_to_string(GrayReason reason) {
        static const char *const names[GRAY_REASON_N] = {
                [GRAY_REASON_NO_GRAY_RELEASE] = "no_gray_release",
                [GRAY_REASON_NO_MATCH] = "no_match",
                [GRAY_REASON_NO_UNIT] = "no_unit",
                [GRAY_REASON_OUTSIDE_SPLIT] = "outside_split",
                [GRAY_REASON_ARM] = "arm",
        };

        return names[reason];
}
