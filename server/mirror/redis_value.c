#include <stdlib.h>
#include <string.h>

#include "mirror/redis_value.h"
#include "model/json_read.h"
#include "util/content.h"

#define BYTE_ORDER_MARK SPAN_LITERAL("\xef\xbb\xbf")

void redis_value_deinit(RedisValue *value) {
        free(value->members);
        buf_deinit(&value->texts);
        *value = REDIS_VALUE_NULL;
}

/* Return: whether @content is a JSON object, then with @ret_object. */
static bool find_object(Span content, JsonValue *ret_object) {
        const char *problem;
        size_t at;

        if (span_starts_with(content, BYTE_ORDER_MARK))
                span_drop(&content, BYTE_ORDER_MARK.size);
        if (!json_read_check(content, CONTENT_DEPTH_MAX, &problem, &at))
                return false;

        *ret_object = json_read_value(content);
        return ret_object->kind == JSON_KIND_OBJECT;
}

static bool make_room(RedisValue *value, size_t n_members) {
        RedisMember *members;

        if (n_members <= value->n_members_room)
                return true;

        members = reallocarray(value->members, n_members, sizeof(RedisMember));
        if (!members)
                return false;

        value->members = members;
        value->n_members_room = n_members;
        return true;
}

/* The rest writes into room that was made for all texts at once: none is longer than it stands in the
 * content, and none may move. */

static Span write_decoded(Buf *texts, Span escaped) {
        Span text = { texts->data + texts->size, json_read_decode(escaped, texts->data + texts->size) };

        buf_advance(texts, text.size);
        return text;
}

static bool is_space(char c) {
        return c == ' ' || c == '\n' || c == '\r' || c == '\t';
}

/* The size of the string at the front of @text, quotes included. */
static size_t string_size(Span text) {
        size_t at = 1;

        while (text.data[at] != '"')
                at += text.data[at] == '\\' ? 2 : 1;
        return at + 1;
}

static Span write_compact(Buf *texts, Span json) {
        char *begin = texts->data + texts->size, *to = begin;

        while (json.size > 0) {
                size_t size = *json.data == '"' ? string_size(json) : 1;

                if (!is_space(*json.data))
                        to = mempcpy(to, json.data, size);
                span_drop(&json, size);
        }
        buf_advance(texts, (size_t)(to - begin));
        return (Span){ begin, (size_t)(to - begin) };
}

static Span write_value(Buf *texts, JsonValue value) {
        switch (value.kind) {
        case JSON_KIND_STRING:
                return write_decoded(texts, value.text);
        case JSON_KIND_ARRAY:
        case JSON_KIND_OBJECT:
                return write_compact(texts, (Span){ value.text.data - 1, value.text.size + 2 });
        default:
                return write_compact(texts, value.text);
        }
}

static void write_members(RedisValue *value, Span rest) {
        JsonValue member;
        Span name;

        value->n_members = 0;
        while (json_read_member(&rest, &name, &member)) {
                Span decoded = write_decoded(&value->texts, name);

                value->members[value->n_members++] =
                        (RedisMember){ decoded, write_value(&value->texts, member) };
        }
}

/* By name, and of one name by place. */
static int compare(const void *a_pointer, const void *b_pointer) {
        const RedisMember *a = *(RedisMember *const *)a_pointer, *b = *(RedisMember *const *)b_pointer;
        int r = memcmp(a->name.data, b->name.data, MIN(a->name.size, b->name.size));

        if (r == 0)
                r = (a->name.size > b->name.size) - (a->name.size < b->name.size);
        return r ? r : (a > b) - (a < b);
}

static void drop_nameless(RedisValue *value) {
        size_t n = 0;

        for (size_t i = 0; i < value->n_members; i++)
                if (value->members[i].name.data)
                        value->members[n++] = value->members[i];
        value->n_members = n;
}

/* Of members of one name the last stays. */
static bool drop_superseded(RedisValue *value) {
        _cleanup_(freep) RedisMember **sorted = NULL;

        if (value->n_members < 2)
                return true;

        sorted = calloc(value->n_members, sizeof(RedisMember *));
        if (!sorted)
                return false;

        for (size_t i = 0; i < value->n_members; i++)
                sorted[i] = &value->members[i];
        qsort(sorted, value->n_members, sizeof(RedisMember *), compare);

        for (size_t i = 1; i < value->n_members; i++)
                if (span_equal(sorted[i - 1]->name, sorted[i]->name))
                        sorted[i - 1]->name = SPAN_NULL;
        drop_nameless(value);
        return true;
}

static bool make_hash(RedisValue *value, JsonValue object) {
        size_t n_members = json_read_count(object);

        if (n_members == 0) {
                value->kind = REDIS_VALUE_ABSENT;
                return true;
        }

        buf_clear(&value->texts);
        if (!buf_reserve(&value->texts, object.text.size) || !make_room(value, n_members))
                return false;

        value->kind = REDIS_VALUE_HASH;
        write_members(value, object.text);
        return drop_superseded(value);
}

bool redis_value_make(RedisValue *value, const TargetItem *item, MirrorValue how) {
        JsonValue object;

        value->kind = item->value.data ? REDIS_VALUE_STRING : REDIS_VALUE_ABSENT;
        value->text = item->value;
        if (!item->value.data || how != MIRROR_VALUE_RAW || item->config->format != FORMAT_JSON)
                return true;
        return !find_object(item->value, &object) || make_hash(value, object);
}
