/*
 * Is a content YAML? Libyaml's event parser decides: no document is built, no alias followed.
 *
 * Three costs that libyaml leaves open are bounded here. It keeps all tag directives of a document in a list
 * that each tag is looked up in, and it writes out their prefixes for each tag. And it visits all open levels
 * for each token, which is harmless at any depth that people write.
 */
#include <string.h>
#include <yaml.h>

#include "util/content.h"
#include "util/content_parsers.h"

/* How much the %TAG lines of one document may hold. Real ones are one or two lines. */
#define TAG_DIRECTIVES_SIZE_MAX 1024

/* Levels visited by all events together: so many for each byte of content, where 3 is much, and for free. */
#define VISITS_PER_BYTE 32
#define VISITS_FREE     65536

typedef struct YamlCheck {
        Span content;
        yaml_parser_t parser;
        NameSet anchors; /* of the document so far */
        size_t depth;
        size_t visits_left;
} YamlCheck;

static bool yaml_check_init(YamlCheck *check, Span content) {
        *check = (YamlCheck){
                .content = content,
                .anchors = NAME_SET_NULL,
                .visits_left = VISITS_FREE + content.size * VISITS_PER_BYTE,
        };
        if (!yaml_parser_initialize(&check->parser))
                return false;

        yaml_parser_set_encoding(&check->parser, YAML_UTF8_ENCODING);
        yaml_parser_set_input_string(&check->parser, (const yaml_char_t *)content.data, content.size);
        return true;
}

/* A parser whose initialization failed is empty, and may be deleted too. */
static void yaml_check_deinit(YamlCheck *check) {
        name_set_clear(&check->anchors);
        yaml_parser_delete(&check->parser);
}

/* Does a line start at @at? YAML 1.1 breaks lines at other characters as well, which the last byte is enough
 * for. */
static bool line_starts_at(Span content, size_t at) {
        return at == 0 || strchr("\n\r\x85\xa8\xa9", content.data[at - 1]) != NULL;
}

static bool check_tag_directives(Span content, Problem *ret_problem) {
        size_t used = 0;

        if (!memmem(content.data, content.size, "%TAG", 4))
                return true;

        for (size_t at = 0; at < content.size; at++) {
                Span rest = { content.data + at, content.size - at };

                if (!line_starts_at(content, at))
                        continue;
                if (span_starts_with(rest, SPAN_LITERAL("---")))
                        used = 0;
                if (span_starts_with(rest, SPAN_LITERAL("%TAG")))
                        used += content_find(content, at, '\n') - at;
                if (used > TAG_DIRECTIVES_SIZE_MAX)
                        return content_refuse(content, at, ret_problem,
                                              "the %%TAG lines of one document are longer than %d bytes",
                                              TAG_DIRECTIVES_SIZE_MAX);
        }
        return true;
}

/* Libyaml's marks count characters. */
static size_t offset_of_mark(Span content, yaml_mark_t mark) {
        size_t offset = 0;

        for (size_t n_left = mark.index; n_left > 0 && offset < content.size; n_left--)
                do
                        offset++;
                while (offset < content.size && ((unsigned char)content.data[offset] & 0xc0) == 0x80);
        return offset;
}

static bool refuse_at_mark(const YamlCheck *check, yaml_mark_t mark, Problem *ret_problem, const char *text) {
        return content_refuse(check->content, offset_of_mark(check->content, mark), ret_problem, "%s", text);
}

/* The texts of libyaml are fixed, none holds content. */
static bool refuse_syntax(const YamlCheck *check, Problem *ret_problem) {
        const yaml_parser_t *parser = &check->parser;

        switch (parser->error) {
        case YAML_MEMORY_ERROR:
                return content_refuse(check->content, 0, ret_problem,
                                      "there is not enough memory to check the YAML");
        case YAML_READER_ERROR:
                return content_refuse(check->content, parser->problem_offset, ret_problem,
                                      "this is not YAML: %s", parser->problem);
        default:
                return content_refuse(check->content, offset_of_mark(check->content, parser->problem_mark),
                                      ret_problem, "this is not YAML: %s%s%s",
                                      parser->context ? parser->context : "", parser->context ? ", " : "",
                                      parser->problem);
        }
}

static bool check_anchor(YamlCheck *check, const yaml_char_t *name, Problem *ret_problem) {
        if (!name || name_set_add(&check->anchors, (const char *)name))
                return true;

        return content_refuse(check->content, 0, ret_problem, "there is not enough memory to check the YAML");
}

static bool check_alias(const YamlCheck *check, const yaml_event_t *event, Problem *ret_problem) {
        if (name_set_has(&check->anchors, (const char *)event->data.alias.anchor))
                return true;

        return refuse_at_mark(check, event->start_mark, ret_problem, "this alias names no anchor above it");
}

static bool check_start(YamlCheck *check, const yaml_event_t *event, const yaml_char_t *anchor,
                        Problem *ret_problem) {
        if (check->depth++ == CONTENT_DEPTH_MAX)
                return content_refuse(check->content, offset_of_mark(check->content, event->start_mark),
                                      ret_problem, "the YAML nests deeper than %d levels", CONTENT_DEPTH_MAX);

        return check_anchor(check, anchor, ret_problem);
}

static bool check_event(YamlCheck *check, const yaml_event_t *event, Problem *ret_problem) {
        if (check->visits_left < check->depth)
                return refuse_at_mark(check, event->start_mark, ret_problem,
                                      "too much of the YAML is too deeply nested");
        check->visits_left -= check->depth;

        switch (event->type) {
        case YAML_DOCUMENT_START_EVENT:
                name_set_clear(&check->anchors);
                return true;
        case YAML_ALIAS_EVENT:
                return check_alias(check, event, ret_problem);
        case YAML_SCALAR_EVENT:
                return check_anchor(check, event->data.scalar.anchor, ret_problem);
        case YAML_SEQUENCE_START_EVENT:
                return check_start(check, event, event->data.sequence_start.anchor, ret_problem);
        case YAML_MAPPING_START_EVENT:
                return check_start(check, event, event->data.mapping_start.anchor, ret_problem);
        case YAML_SEQUENCE_END_EVENT:
        case YAML_MAPPING_END_EVENT:
                check->depth--;
                return true;
        default:
                return true;
        }
}

bool content_check_yaml(Span content, Problem *ret_problem) {
        _cleanup_(yaml_check_deinit) YamlCheck check = { .depth = 0 };
        yaml_event_type_t type;
        yaml_event_t event;
        bool ok;

        if (!check_tag_directives(content, ret_problem))
                return false;
        if (!yaml_check_init(&check, content))
                return content_refuse(content, 0, ret_problem,
                                      "there is not enough memory to check the YAML");

        do {
                if (!yaml_parser_parse(&check.parser, &event))
                        return refuse_syntax(&check, ret_problem);

                type = event.type;
                ok = check_event(&check, &event, ret_problem);
                yaml_event_delete(&event);
        } while (ok && type != YAML_STREAM_END_EVENT);
        return ok;
}
