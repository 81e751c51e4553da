#include <errno.h>

#include "model/digits.h"
#include "model/frame_release.h"
#include "model/gray_release.h"
#include "model/macros.h"
#include "model/name.h"
#include "model/timestamp.h"

static bool parse_sha256(Span text, uint8_t ret_sha256[SHA256_SIZE]) {
        if (text.size != (size_t)2 * SHA256_SIZE)
                return false;

        for (size_t i = 0; i < SHA256_SIZE; i++) {
                char high = text.data[2 * i], low = text.data[2 * i + 1];

                if (!is_lower_hex(high) || !is_lower_hex(low))
                        return false;
                ret_sha256[i] = (uint8_t)(hex_value(high) << 4 | hex_value(low));
        }
        return true;
}

/* The members of a content that are texts in JSON, and something else in C. */
static int convert_content(FrameParser *parser, const FramePath *path, Span format, Span sha256,
                           Format *ret_format, uint8_t *ret_sha256) {
        *ret_format = format_from_string(format);
        if (*ret_format == FORMAT_N)
                return frame_refuse(parser, &(FramePath){ .parent = path, .name = "format" },
                                    "this is no format");
        if (!parse_sha256(sha256, ret_sha256))
                return frame_refuse(parser, &(FramePath){ .parent = path, .name = "sha256" },
                                    "it must be 64 lower-case hexadecimal digits");
        return 0;
}

static int convert_time(FrameParser *parser, const FramePath *path, Span updated_at, int64_t *ret_at_ms) {
        if (timestamp_parse(updated_at, ret_at_ms))
                return 0;
        return frame_refuse(parser, &(FramePath){ .parent = path, .name = "updated_at" },
                            "it must be a time as RFC 3339 has it");
}

/* The name of a version among a gray release's contents: its number. */
static bool parse_version(Span name, int64_t *ret_version) {
        JsonValue number = { JSON_KIND_NUMBER, name };

        return name.size > 0 && name.data[0] >= '1' && name.data[0] <= '9' &&
               json_read_integer(number, ret_version);
}

static int read_gray_version(FrameParser *parser, const FramePath *path, Span name, JsonValue object,
                             GrayVersion *version) {
        enum { FORMAT, CONTENT, SHA256, N };
        JsonMember members[N] = {
                [FORMAT] = REQUIRED("format", STRING),
                [CONTENT] = REQUIRED("content", STRING),
                [SHA256] = REQUIRED("sha256", STRING),
        };
        int r;

        if (object.kind != JSON_KIND_OBJECT || !parse_version(name, &version->version))
                return frame_refuse(parser, path,
                                    "its members are objects, named by the number of a version");
        r = frame_read_members(parser, path, object, members, N);
        if (r)
                return r;

        version->content = frame_keep_text(parser, members[CONTENT].value);
        return convert_content(parser, path, frame_keep_text(parser, members[FORMAT].value),
                               frame_keep_text(parser, members[SHA256].value), &version->format,
                               version->sha256);
}

static int read_gray_versions(FrameParser *parser, const FramePath *path, const JsonMember *member,
                              GrayData *gray) {
        const FramePath at = { .parent = path, .name = member->name };
        GrayVersion *versions = frame_keep_array(parser, json_read_count(member->value), sizeof(*versions));
        Span rest = member->value.text, name;
        JsonValue value;

        if (!versions)
                return -ENOMEM;
        gray->versions = versions;
        while (json_read_member(&rest, &name, &value)) {
                int r = read_gray_version(parser, &at, name, value, &versions[gray->n_versions++]);

                if (r)
                        return r;
        }
        return 0;
}

/* What the rules say is for whoever evaluates them to see. */
static int read_gray(FrameParser *parser, const FramePath *path, const JsonMember *member,
                     const GrayData **ret_gray) {
        enum { SALT, RULES, VERSIONS, AT, BY, COMMENT, N };
        const FramePath at = { .parent = path, .name = member->name };
        JsonMember members[N] = {
                [SALT] = REQUIRED("salt", STRING),         [RULES] = REQUIRED("rules", ARRAY),
                [VERSIONS] = REQUIRED("versions", OBJECT), [AT] = REQUIRED("updated_at", STRING),
                [BY] = REQUIRED("updated_by", STRING),     [COMMENT] = REQUIRED("comment", STRING),
        };
        GrayData *gray;
        int r;

        if (!member->is_present)
                return 0;
        gray = frame_keep_array(parser, 1, sizeof(*gray));
        if (!gray)
                return -ENOMEM;
        r = frame_read_members(parser, &at, member->value, members, N);
        if (r)
                return r;

        gray->salt = frame_keep_text(parser, members[SALT].value);
        gray->rules = frame_keep_raw(parser, members[RULES].value);
        gray->updated_by = frame_keep_text(parser, members[BY].value);
        gray->comment = frame_keep_text(parser, members[COMMENT].value);
        r = convert_time(parser, &at, frame_keep_text(parser, members[AT].value), &gray->updated_at_ms);
        if (!r)
                r = read_gray_versions(parser, &at, &members[VERSIONS], gray);
        if (r)
                return r;

        *ret_gray = gray;
        return 0;
}

int frame_read_release(FrameParser *parser, const FramePath *path, JsonValue object, void *ret_release) {
        enum { KEY, VERSION, REVISION, FORMAT, CONTENT, SHA256, AT, BY, COMMENT, GRAY, N };
        JsonMember members[N] = {
                [KEY] = REQUIRED("key", STRING),           [VERSION] = REQUIRED("version", NUMBER),
                [REVISION] = REQUIRED("revision", NUMBER), [FORMAT] = REQUIRED("format", STRING),
                [CONTENT] = REQUIRED("content", STRING),   [SHA256] = REQUIRED("sha256", STRING),
                [AT] = REQUIRED("updated_at", STRING),     [BY] = REQUIRED("updated_by", STRING),
                [COMMENT] = REQUIRED("comment", STRING),   [GRAY] = OPTIONAL("gray", OBJECT),
        };
        Span texts[N] = { 0 };
        ConfigData *release = ret_release;
        int r;

        r = frame_read_members(parser, path, object, members, N);
        if (!r)
                r = frame_read_name(parser, path, &members[KEY], key_is_valid, &release->key);
        if (!r)
                r = frame_read_number(parser, path, &members[VERSION], 1, INT64_MAX, &release->version);
        if (!r)
                r = frame_read_revision(parser, path, &members[REVISION], 1, &release->revision);
        for (size_t i = FORMAT; !r && i <= COMMENT; i++)
                if (i != CONTENT)
                        r = frame_read_text(parser, path, &members[i], 0, SIZE_MAX, &texts[i]);
        if (r)
                return r;

        release->content = frame_keep_text(parser, members[CONTENT].value);
        release->updated_by = texts[BY];
        release->comment = texts[COMMENT];
        r = convert_content(parser, path, texts[FORMAT], texts[SHA256], &release->format, release->sha256);
        if (!r)
                r = convert_time(parser, path, texts[AT], &release->updated_at_ms);
        return r ? r : read_gray(parser, path, &members[GRAY], &release->gray);
}
