#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <yaml.h>

#include "model/buf.h"
#include "util/settings.h"
#include "util/settings_message.h"
#include "util/settings_yaml.h"

struct SettingsYaml {
        const char *path;
        const char *what;
        Buf text;
        yaml_parser_t parser;
        yaml_event_t event; /* of the piece that was read last */
        size_t n_documents;
};

static void file_close(FILE **file) {
        if (*file)
                (void)fclose(*file);
}

/* Reads at most one byte more than a file may have. */
static int file_read(SettingsYaml *yaml, Problem *ret_problem) {
        const size_t size_max = SETTINGS_FILE_MAX_BYTES + 1;
        _cleanup_(file_close) FILE *file = NULL;
        char *room = buf_reserve(&yaml->text, size_max);

        if (!room)
                return -ENOMEM;

        file = fopen(yaml->path, "rbe");
        if (file)
                buf_advance(&yaml->text, fread(room, 1, size_max, file));
        if (!file || ferror(file))
                return settings_refuse_at(yaml->path, 0, "", ret_problem, "cannot be read: %s",
                                          strerror(errno));
        if (yaml->text.size == size_max)
                return settings_refuse_at(yaml->path, 0, "", ret_problem,
                                          "is longer than %s may be, %d bytes", yaml->what,
                                          SETTINGS_FILE_MAX_BYTES);

        return 0;
}

static size_t line_of(const yaml_mark_t *mark) {
        return mark->line + 1;
}

/* The line of byte @offset: for faults that libyaml finds before it counts lines. */
static size_t line_at(Span text, size_t offset) {
        size_t line = 1;

        for (size_t i = 0; i < offset && i < text.size; i++)
                line += text.data[i] == '\n';

        return line;
}

static int refuse_syntax(const SettingsYaml *yaml, Problem *ret_problem) {
        const yaml_parser_t *parser = &yaml->parser;
        const char *problem = parser->problem ? parser->problem : "it does not parse";
        Span text = buf_span(&yaml->text);
        size_t line;

        if (parser->error == YAML_MEMORY_ERROR)
                return -ENOMEM;

        if (parser->error == YAML_READER_ERROR)
                line = line_at(text, parser->problem_offset);
        else /* libyaml sees the end of the text on a line of its own */
                line = MIN(line_of(&parser->problem_mark), line_at(text, text.size));

        return settings_refuse_at(yaml->path, line, "", ret_problem, "is not valid YAML: %s%s%s", problem,
                                  parser->context ? " " : "", parser->context ? parser->context : "");
}

static Span scalar_text(const yaml_event_t *event) {
        return (Span){ (const char *)event->data.scalar.value, event->data.scalar.length };
}

static bool is_null(const yaml_event_t *event) {
        static const char *const nulls[] = { "", "~", "null", "Null", "NULL" };

        if (event->data.scalar.style != YAML_PLAIN_SCALAR_STYLE)
                return false;
        for (size_t i = 0; i < ARRAY_SIZE(nulls); i++)
                if (span_equal_string(scalar_text(event), nulls[i]))
                        return true;

        return false;
}

/* Reads the next event. On failure it is empty. */
static int event_read(SettingsYaml *yaml, Problem *ret_problem) {
        yaml_event_delete(&yaml->event);
        if (!yaml_parser_parse(&yaml->parser, &yaml->event))
                return refuse_syntax(yaml, ret_problem);
        if (yaml->event.type == YAML_DOCUMENT_START_EVENT && yaml->n_documents++ > 0)
                return settings_refuse_at(yaml->path, line_of(&yaml->event.start_mark), "", ret_problem,
                                          "a second document begins here, %s has one", yaml->what);

        return 0;
}

/* Returns false for an event that is no piece of its own. */
static bool piece_of(const yaml_event_t *event, YamlPiece *ret_piece) {
        static const struct {
                bool is_piece;
                YamlPieceType type;
        } pieces[] = {
                [YAML_STREAM_END_EVENT] = { true, YAML_PIECE_OVER },
                [YAML_ALIAS_EVENT] = { true, YAML_PIECE_ALIAS },
                [YAML_SCALAR_EVENT] = { true, YAML_PIECE_TEXT },
                [YAML_SEQUENCE_START_EVENT] = { true, YAML_PIECE_LIST },
                [YAML_SEQUENCE_END_EVENT] = { true, YAML_PIECE_END },
                [YAML_MAPPING_START_EVENT] = { true, YAML_PIECE_MAPPING },
                [YAML_MAPPING_END_EVENT] = { true, YAML_PIECE_END },
        };

        if (!pieces[event->type].is_piece)
                return false;

        *ret_piece = (YamlPiece){ .type = pieces[event->type].type, .line = line_of(&event->start_mark) };
        if (event->type == YAML_SCALAR_EVENT) {
                ret_piece->text = scalar_text(event);
                ret_piece->is_null = is_null(event);
        }
        return true;
}

int settings_yaml_next(SettingsYaml *yaml, YamlPiece *ret_piece, Problem *ret_problem) {
        int r;

        do {
                r = event_read(yaml, ret_problem);
                if (r)
                        return r;
        } while (!piece_of(&yaml->event, ret_piece));

        return 0;
}

int settings_yaml_open(const char *path, const char *what, SettingsYaml **ret_yaml, Problem *ret_problem) {
        _cleanup_(settings_yaml_closep) SettingsYaml *yaml = calloc(1, sizeof(*yaml));
        Span text;
        int r;

        if (!yaml)
                return -ENOMEM;

        yaml->path = path;
        yaml->what = what;
        r = file_read(yaml, ret_problem);
        if (r)
                return r;
        if (!yaml_parser_initialize(&yaml->parser))
                return -ENOMEM;

        text = buf_span(&yaml->text);
        yaml_parser_set_encoding(&yaml->parser, YAML_UTF8_ENCODING);
        yaml_parser_set_input_string(&yaml->parser, (const unsigned char *)text.data, text.size);
        *ret_yaml = yaml;
        yaml = NULL;
        return 0;
}

/* An event and a parser that are all zero are empty, and may be deleted too. */
SettingsYaml *settings_yaml_close(SettingsYaml *yaml) {
        if (!yaml)
                return NULL;

        yaml_event_delete(&yaml->event);
        yaml_parser_delete(&yaml->parser);
        buf_deinit(&yaml->text);
        free(yaml);
        return NULL;
}

const char *yaml_piece_type_to_string(YamlPieceType type) {
        static const char *const names[YAML_PIECE_TYPE_N] = {
                [YAML_PIECE_TEXT] = "a text",       [YAML_PIECE_ALIAS] = "an alias",
                [YAML_PIECE_LIST] = "a list",       [YAML_PIECE_MAPPING] = "a mapping",
                [YAML_PIECE_END] = "the end of it", [YAML_PIECE_OVER] = "the end of the file",
        };

        return names[type];
}
