/*
 * Any bytes may be in the tags and the unit of whoever asks for a version, however many there are. The input
 * is a unit and then names and values of tags in turn, each up to the next byte 0x00 or, so that a text can
 * have such a byte too, 0xff 0x00 for it.
 *
 * Each condition is told again by a plain function that knows nothing of what rules are compiled to.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "model/cidr.h"
#include "model/gray.h"
#include "model/semver.h"

#define FIELDS_MAX 200

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void expect(bool fact) {
        if (!fact)
                abort();
}

static const char *const ring_names[] = {
        "canary", "beta", "", "a-ring-with-a-long-name", "x", "yy", "a-ring-with-a-long-nose"
};
static const char *const host_prefixes[] = { "web-", "db-", "web-0042-a", "x", "very-long-host-name-", "yy" };

static bool is_one_of(Span value, const char *const *texts, size_t n_texts) {
        for (size_t i = 0; i < n_texts; i++)
                if (span_equal_string(value, texts[i]))
                        return true;
        return false;
}

static bool is_canary(const Span *ring) {
        return ring && is_one_of(*ring, ring_names, ARRAY_SIZE(ring_names));
}

static bool is_no_canary(const Span *ring) {
        return !is_canary(ring);
}

static bool has_prefix(const Span *host) {
        for (size_t i = 0; host && i < ARRAY_SIZE(host_prefixes); i++)
                if (span_starts_with(*host, span_from_string(host_prefixes[i])))
                        return true;
        return false;
}

static bool is_there(const Span *value) {
        return value != NULL;
}

static bool is_not_there(const Span *value) {
        return value == NULL;
}

static bool is_version(const Span *value) {
        return value && semver_parse(*value, &(Semver){ 0 });
}

static bool is_address(const Span *value) {
        return value && cidr_address_parse(*value, &(CidrAddress){ 0 });
}

static const struct {
        const char *name;
        const char *condition;
        bool (*holds)(const Span *value);
} conditions[] = {
        { "ring",
          "[\"canary\",\"beta\",\"\",\"a-ring-with-a-long-name\",\"x\",\"yy\",\"a-ring-with-a-long-nose\"]",
          is_canary },
        { "ring",
          "{\"not_in\":[\"x\",\"beta\",\"\",\"a-ring-with-a-long-name\",\"canary\",\"yy\","
          "\"a-ring-with-a-long-nose\"]}",
          is_no_canary },
        { "host", "{\"prefix\":[\"web-\",\"db-\",\"web-0042-a\",\"x\",\"very-long-host-name-\",\"yy\"]}",
          has_prefix },
        { "a-name-with-more-than-8", "{\"exists\":true}", is_there },
        { "v", "{\"exists\":false}", is_not_there },
        { "v", "{\"semver\":\">=0.0.0-0\"}", is_version },
        { "ip", "{\"cidr\":[\"0.0.0.0/0\",\"::/0\"]}", is_address },
};

static Gray *grays[ARRAY_SIZE(conditions)];

/* Each condition decides by itself. */
static void compile_all(void) {
        for (size_t i = 0; i < ARRAY_SIZE(conditions); i++) {
                _cleanup_(buf_deinit) Buf rules = BUF_NULL;
                Problem problem;

                if (grays[i])
                        continue;
                buf_append_format(&rules,
                                  "[{\"match\":{\"%s\":%s},\"split\":[{\"version\":1,\"weight\":50}]}]",
                                  conditions[i].name, conditions[i].condition);
                expect(gray_new(buf_span(&rules), SPAN_LITERAL("salt"), &grays[i], &problem) == 0);
        }
}

/* Takes a text off the front of the input, and undoes its escapes in place. */
static Span take_text(char **at, const char *end) {
        char *from = *at, *to = from;

        while (*at < end && **at != '\0') {
                if ((uint8_t) * *at == 0xff && *at + 1 < end && (*at)[1] == '\0')
                        (*at)++;
                *to++ = *(*at)++;
        }
        *at += *at < end;
        return (Span){ from, (size_t)(to - from) };
}

static const Span *find(const Tag *tags, size_t n_tags, const char *name) {
        for (size_t i = 0; i < MIN(n_tags, (size_t)TAGS_MAX); i++)
                if (span_equal_string(tags[i].name, name))
                        return &tags[i].value;
        return NULL;
}

static void check(size_t index, const GrayAsker *asker) {
        const Span *value = find(asker->tags, asker->n_tags, conditions[index].name);
        GrayVerdict verdict = gray_evaluate(grays[index], asker), again = gray_evaluate(grays[index], asker);

        expect((verdict.rule == 0) == conditions[index].holds(value));
        expect(memcmp(&verdict, &again, sizeof(verdict)) == 0);
        expect((verdict.bucket >= 0) == (verdict.rule == 0 && asker->unit.size > 0));
        expect(verdict.bucket < GRAY_BUCKETS);
        expect((verdict.arm == 0) == (verdict.bucket >= 0 && verdict.bucket < 50000));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        _cleanup_(freep) char *input = malloc(size + 1);
        Tag tags[FIELDS_MAX];
        GrayAsker asker = { .tags = tags };
        const char *end = input + size;
        char *at = input;

        expect(input);
        memcpy(input, data, size);
        compile_all();

        asker.unit = take_text(&at, end);
        while (at < end && asker.n_tags < FIELDS_MAX) {
                Tag *tag = &tags[asker.n_tags++];

                tag->name = take_text(&at, end);
                tag->value = take_text(&at, end);
        }
        for (size_t i = 0; i < ARRAY_SIZE(conditions); i++)
                check(i, &asker);
        return 0;
}
