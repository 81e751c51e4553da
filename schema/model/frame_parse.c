/*
 * Reading frames.
 *
 * The text is checked whole, then walked member by member. Texts are decoded into one block of memory, which
 * is as large as the frame, and each array is a block of its own; frame_deinit() frees them all.
 *
 * Jansson, which reads bodies in the server, is not used: where a buffer cannot grow it drops the bytes and
 * goes on, with texts and numbers that are not what was sent. That is no matter where the want of memory is
 * fatal, but an application is to survive it.
 */
#include <errno.h>

#include "model/frame_read.h"
#include "model/frame_release.h"
#include "model/macros.h"
#include "model/name.h"

#define CODE_MIN 100
#define CODE_MAX 599

static bool tag_is_known(const Frame *frame, Span name) {
        for (size_t i = 0; i < frame->n_tags; i++)
                if (span_equal(frame->tags[i].name, name))
                        return true;
        return false;
}

static int read_tag(FrameParser *parser, const FramePath *path, Span name, JsonValue value) {
        Tag *tag = &parser->frame.tags[parser->frame.n_tags];

        if (value.kind != JSON_KIND_STRING)
                return frame_refuse(parser, path, "the value of a tag must be a string");

        *tag = (Tag){
                .name = frame_keep_text(parser, (JsonValue){ JSON_KIND_STRING, name }),
                .value = frame_keep_text(parser, value),
        };
        if (!tag_name_is_valid(tag->name))
                return frame_refuse(parser, path, "the name of a tag is 1 to 64 of a-z, 0-9, _, . and -");
        if (!tag_value_is_valid(tag->value))
                return frame_refuse(parser, path,
                                    "the value of a tag has at most 256 bytes, and no NUL character");
        if (tag_is_known(&parser->frame, tag->name))
                return frame_refuse(parser, path, "a tag stands twice");

        parser->frame.n_tags++;
        return 0;
}

static int read_tags(FrameParser *parser, const FramePath *path, const JsonMember *member) {
        const FramePath at = { .parent = path, .name = member->name };
        Span rest = member->value.text, name;
        size_t n_tags = member->is_present ? json_read_count(member->value) : 0;
        JsonValue value;

        if (n_tags == 0)
                return 0;
        if (n_tags > TAGS_MAX)
                return frame_refuse(parser, &at, "at most 32 tags are allowed");

        parser->frame.tags = frame_keep_array(parser, n_tags, sizeof(Tag));
        if (!parser->frame.tags)
                return -ENOMEM;

        while (json_read_member(&rest, &name, &value)) {
                int r = read_tag(parser, &at, name, value);

                if (r)
                        return r;
        }
        return 0;
}

static bool is_printable(Span text) {
        for (size_t i = 0; i < text.size; i++)
                if (text.data[i] <= ' ' || text.data[i] > '~')
                        return false;
        return true;
}

static int read_instance(FrameParser *parser, const JsonMember *member) {
        enum { ID, APP, SDK, TAGS, N };
        const FramePath at = { .name = member->name };
        JsonMember members[N] = {
                [ID] = REQUIRED("id", STRING),
                [APP] = OPTIONAL("app", STRING),
                [SDK] = OPTIONAL("sdk", STRING),
                [TAGS] = OPTIONAL("tags", OBJECT),
        };
        Frame *frame = &parser->frame;
        int r;

        if (!member->is_present)
                return 0;

        r = frame_read_members(parser, &at, member->value, members, N);
        if (!r)
                r = frame_read_text(parser, &at, &members[ID], 1, INSTANCE_ID_SIZE_MAX, &frame->instance_id);
        if (!r && !is_printable(frame->instance_id))
                r = frame_refuse(parser, &(FramePath){ .parent = &at, .name = "id" },
                                 "it must be printable ASCII without spaces");
        if (!r)
                r = frame_read_text(parser, &at, &members[APP], 0, INSTANCE_TEXT_MAX, &frame->app);
        if (!r)
                r = frame_read_text(parser, &at, &members[SDK], 0, INSTANCE_TEXT_MAX, &frame->sdk);
        return r ? r : read_tags(parser, &at, &members[TAGS]);
}

/* Is it ["*"]? */
static bool means_all(JsonValue keys) {
        Span rest = keys.text;
        JsonValue value;

        return json_read_element(&rest, &value) && value.kind == JSON_KIND_STRING &&
               json_read_equals(value.text, SPAN_LITERAL("*")) && !json_read_element(&rest, &value);
}

static int read_keys(FrameParser *parser, const FramePath *path, const JsonMember *member,
                     FrameNamespace *wanted) {
        wanted->all_keys = !member->is_present || means_all(member->value);
        if (wanted->all_keys)
                return 0;
        if (json_read_count(member->value) == 0)
                return frame_refuse(parser, &(FramePath){ .parent = path, .name = member->name },
                                    "it is empty; [\"*\"] means all");
        return frame_read_names(parser, path, member, key_is_valid, FRAME_KEYS_MAX, &wanted->keys,
                                &wanted->n_keys);
}

static int read_wanted(FrameParser *parser, const FramePath *path, JsonValue object, void *ret_wanted) {
        enum { NAME, KEYS, SINCE, N };
        JsonMember members[N] = {
                [NAME] = REQUIRED("name", STRING),
                [KEYS] = OPTIONAL("keys", ARRAY),
                [SINCE] = OPTIONAL("since", NUMBER),
        };
        FrameNamespace *wanted = ret_wanted;
        int r;

        r = frame_read_members(parser, path, object, members, N);
        if (!r)
                r = frame_read_name(parser, path, &members[NAME], namespace_is_valid, &wanted->name);
        if (!r)
                r = read_keys(parser, path, &members[KEYS], wanted);
        return r ? r : frame_read_revision(parser, path, &members[SINCE], 0, &wanted->since);
}

static int check_n_keys(FrameParser *parser, const JsonMember *member) {
        size_t n_keys = 0;

        for (size_t i = 0; i < parser->frame.n_namespaces; i++)
                n_keys += parser->frame.namespaces[i].n_keys;
        return n_keys <= FRAME_KEYS_MAX ? 0
                                        : frame_refuse(parser, &(FramePath){ .name = member->name },
                                                       "they name more than 4096 keys together");
}

static int parse_subscribe(FrameParser *parser, JsonValue payload) {
        enum { INSTANCE, EPOCH, NAMESPACES, N };
        JsonMember members[N] = {
                [INSTANCE] = OPTIONAL("instance", OBJECT),
                [EPOCH] = OPTIONAL("epoch", STRING),
                [NAMESPACES] = REQUIRED("namespaces", ARRAY),
        };
        Frame *frame = &parser->frame;
        int r;

        r = frame_read_members(parser, NULL, payload, members, N);
        if (!r)
                r = read_instance(parser, &members[INSTANCE]);
        if (!r)
                r = frame_read_text(parser, NULL, &members[EPOCH], 0, EPOCH_SIZE_MAX, &frame->epoch);
        if (!r)
                r = frame_read_objects(parser, NULL, &members[NAMESPACES], FRAME_NAMESPACES_MAX, read_wanted,
                                       sizeof(FrameNamespace), &frame->namespaces, &frame->n_namespaces);
        if (r)
                return r;

        if (frame->epoch.size == 0)
                frame->epoch = SPAN_NULL;
        return check_n_keys(parser, &members[NAMESPACES]);
}

static int read_result(FrameParser *parser, const FramePath *path, JsonValue object, void *ret_result) {
        enum { NAMESPACE, KEY, VERSION, OK, ERROR, N };
        JsonMember members[N] = {
                [NAMESPACE] = REQUIRED("namespace", STRING), [KEY] = REQUIRED("key", STRING),
                [VERSION] = REQUIRED("version", NUMBER),     [OK] = REQUIRED("ok", BOOLEAN),
                [ERROR] = OPTIONAL("error", STRING),
        };
        FrameResult *result = ret_result;
        int r;

        r = frame_read_members(parser, path, object, members, N);
        if (!r)
                r = frame_read_name(parser, path, &members[NAMESPACE], namespace_is_valid,
                                    &result->namespace);
        if (!r)
                r = frame_read_name(parser, path, &members[KEY], key_is_valid, &result->key);
        if (!r)
                r = frame_read_number(parser, path, &members[VERSION], 1, INT64_MAX, &result->version);
        if (!r)
                r = frame_read_text(parser, path, &members[ERROR], 0, ACK_ERROR_SIZE_MAX, &result->error);
        if (r)
                return r;

        result->ok = frame_member_is_true(&members[OK]);
        if (result->ok)
                result->error = SPAN_NULL;
        return 0;
}

static int parse_ack(FrameParser *parser, JsonValue payload) {
        JsonMember members[] = { REQUIRED("results", ARRAY) };
        int r;

        r = frame_read_members(parser, NULL, payload, members, ARRAY_SIZE(members));
        return r ? r
                 : frame_read_objects(parser, NULL, &members[0], FRAME_RESULTS_MAX, read_result,
                                      sizeof(FrameResult), &parser->frame.results, &parser->frame.n_results);
}

/* Reads an array of names into namespaces that have nothing else. */
static int read_namespace_names(FrameParser *parser, const JsonMember *member, size_t n_max) {
        FrameNamespace *namespaces;
        size_t n_names = 0;
        Span *names;
        int r;

        r = frame_read_names(parser, NULL, member, namespace_is_valid, n_max, &names, &n_names);
        if (r || n_names == 0)
                return r;

        namespaces = frame_keep_array(parser, n_names, sizeof(*namespaces));
        if (!namespaces)
                return -ENOMEM;

        for (size_t i = 0; i < n_names; i++)
                namespaces[i].name = names[i];
        parser->frame.namespaces = namespaces;
        parser->frame.n_namespaces = n_names;
        return 0;
}

static int parse_unsubscribe(FrameParser *parser, JsonValue payload) {
        JsonMember members[] = { REQUIRED("namespaces", ARRAY) };
        int r;

        r = frame_read_members(parser, NULL, payload, members, ARRAY_SIZE(members));
        return r ? r : read_namespace_names(parser, &members[0], FRAME_NAMESPACES_MAX);
}

/* What of a snapshot or a change is of one namespace. @deleted: NULL where nothing can be. */
static int read_replica(FrameParser *parser, const FramePath *path, JsonValue object, bool is_change,
                        FrameNamespace *replica) {
        enum { NAMESPACE, RELEASES, DELETED, N };
        JsonMember members[N] = {
                [NAMESPACE] = REQUIRED("namespace", STRING),
                [RELEASES] = REQUIRED("releases", ARRAY),
                [DELETED] = REQUIRED("deleted", ARRAY),
        };
        int r;

        r = frame_read_members(parser, path, object, members, is_change ? N : DELETED);
        if (!r)
                r = frame_read_name(parser, path, &members[NAMESPACE], namespace_is_valid, &replica->name);
        if (!r)
                r = frame_read_objects(parser, path, &members[RELEASES], SIZE_MAX, frame_read_release,
                                       sizeof(ConfigData), &replica->releases, &replica->n_releases);
        if (!r && is_change)
                r = frame_read_names(parser, path, &members[DELETED], key_is_valid, SIZE_MAX,
                                     &replica->deleted, &replica->n_deleted);
        if (r)
                return r;

        for (size_t i = 0; i < replica->n_releases; i++)
                replica->releases[i].namespace = replica->name;
        return 0;
}

static int read_snapshot_part(FrameParser *parser, const FramePath *path, JsonValue object, void *ret_part) {
        return read_replica(parser, path, object, false, ret_part);
}

static int read_change_part(FrameParser *parser, const FramePath *path, JsonValue object, void *ret_part) {
        return read_replica(parser, path, object, true, ret_part);
}

static int parse_snapshot(FrameParser *parser, JsonValue payload) {
        enum { EPOCH, NAMESPACES, MORE, N };
        JsonMember members[N] = {
                [EPOCH] = REQUIRED("epoch", STRING),
                [NAMESPACES] = REQUIRED("namespaces", ARRAY),
                [MORE] = REQUIRED("more", BOOLEAN),
        };
        Frame *frame = &parser->frame;
        int r;

        r = frame_read_members(parser, NULL, payload, members, N);
        if (!r)
                r = frame_read_text(parser, NULL, &members[EPOCH], 1, EPOCH_SIZE_MAX, &frame->epoch);
        if (r)
                return r;

        frame->more = frame_member_is_true(&members[MORE]);
        return frame_read_objects(parser, NULL, &members[NAMESPACES], SIZE_MAX, read_snapshot_part,
                                  sizeof(FrameNamespace), &frame->namespaces, &frame->n_namespaces);
}

static int parse_change(FrameParser *parser, JsonValue payload) {
        JsonMember members[] = { REQUIRED("changes", ARRAY) };
        int r;

        r = frame_read_members(parser, NULL, payload, members, ARRAY_SIZE(members));
        return r ? r
                 : frame_read_objects(parser, NULL, &members[0], SIZE_MAX, read_change_part,
                                      sizeof(FrameNamespace), &parser->frame.namespaces,
                                      &parser->frame.n_namespaces);
}

static int parse_current(FrameParser *parser, JsonValue payload) {
        enum { EPOCH, NAMESPACES, N };
        JsonMember members[N] = {
                [EPOCH] = REQUIRED("epoch", STRING),
                [NAMESPACES] = REQUIRED("namespaces", ARRAY),
        };
        int r;

        r = frame_read_members(parser, NULL, payload, members, N);
        if (!r)
                r = frame_read_text(parser, NULL, &members[EPOCH], 1, EPOCH_SIZE_MAX, &parser->frame.epoch);
        return r ? r : read_namespace_names(parser, &members[NAMESPACES], SIZE_MAX);
}

static int parse_error(FrameParser *parser, JsonValue payload) {
        enum { CODE, REASON, MESSAGE, N };
        JsonMember members[N] = {
                [CODE] = REQUIRED("code", NUMBER),
                [REASON] = REQUIRED("reason", STRING),
                [MESSAGE] = REQUIRED("message", STRING),
        };
        Frame *frame = &parser->frame;
        int64_t code = 0;
        int r;

        r = frame_read_members(parser, NULL, payload, members, N);
        if (!r)
                r = frame_read_number(parser, NULL, &members[CODE], CODE_MIN, CODE_MAX, &code);
        if (!r)
                r = frame_read_text(parser, NULL, &members[REASON], 1, SIZE_MAX, &frame->reason);
        if (r)
                return r;

        frame->code = (int)code;
        return frame_read_text(parser, NULL, &members[MESSAGE], 0, SIZE_MAX, &frame->message);
}

static int (*const parse_payload[FRAME_TYPE_N])(FrameParser *parser, JsonValue payload) = {
        [FRAME_SUBSCRIBE] = parse_subscribe,
        [FRAME_ACK] = parse_ack,
        [FRAME_UNSUBSCRIBE] = parse_unsubscribe,
        [FRAME_SNAPSHOT] = parse_snapshot,
        [FRAME_CHANGE] = parse_change,
        [FRAME_CURRENT] = parse_current,
        [FRAME_ERROR] = parse_error,
};

static int parse_type(FrameParser *parser, const JsonMember *member) {
        FrameType type = 0;

        while (type < FRAME_TYPE_N &&
               !json_read_equals(member->value.text, span_from_string(frame_type_to_string(type))))
                type++;
        if (type == FRAME_TYPE_N) {
                problem_set(parser->problem, member->name, "no frame has this type");
                return FRAME_E_UNKNOWN;
        }

        parser->frame.type = type;
        return 0;
}

static int parse_frame(FrameParser *parser, JsonValue object) {
        enum { SEQ, TYPE, PAYLOAD, N };
        JsonMember members[N] = {
                [SEQ] = REQUIRED("seq", NUMBER),
                [TYPE] = REQUIRED("type", STRING),
                [PAYLOAD] = REQUIRED("payload", OBJECT),
        };
        int r;

        r = frame_read_members(parser, NULL, object, members, N);
        if (!r)
                r = frame_read_revision(parser, NULL, &members[SEQ], 0, &parser->frame.seq);
        if (!r)
                r = parse_type(parser, &members[TYPE]);
        return r ? r : parse_payload[parser->frame.type](parser, members[PAYLOAD].value);
}

static int refuse_shape(Span text, Problem *ret_problem) {
        const char *problem = "it is no object";
        size_t at = 0;

        if (json_read_check(text, FRAME_DEPTH_MAX, &problem, &at) &&
            json_read_value(text).kind == JSON_KIND_OBJECT)
                return 0;

        problem_set(ret_problem, NULL, "this is no frame in JSON: %s, at byte %zu", problem, at);
        return FRAME_E_MALFORMED;
}

int frame_parse(Span text, Frame *ret_frame, Problem *ret_problem) {
        FrameParser parser = { .frame = FRAME_NULL, .problem = ret_problem };
        int r;

        r = refuse_shape(text, ret_problem);
        if (r)
                return r;

        parser.text = frame_keep_array(&parser, text.size, 1);
        r = parser.text ? parse_frame(&parser, json_read_value(text)) : -ENOMEM;
        if (r) {
                frame_free_blocks(parser.blocks);
                return r;
        }

        *ret_frame = parser.frame;
        ret_frame->kept = parser.blocks;
        return 0;
}

void frame_deinit(Frame *frame) {
        frame_free_blocks(frame->kept);
        *frame = FRAME_NULL;
}
