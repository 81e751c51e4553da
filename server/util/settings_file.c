/*
 * The YAML file of settings: one flat mapping of names to values.
 *
 * Every value is a text to us, whatever YAML calls it, so that `true` and `"true"`, `10 s` and `"10 s"` are
 * the same as in a variable or a flag. YAML 1.1 would make booleans of yes and no, and minutes of 10:30; none
 * of this happens here.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <yaml.h>

#include "model/macros.h"
#include "util/settings_internal.h"

typedef struct Reader {
        Settings *settings;
        yaml_parser_t parser;
        Span text;
        Problem *ret_problem;
} Reader;

static int refuse_line(const Reader *reader, size_t line, const char *text) {
        return settings_refuse(reader->settings, (SettingsOrigin){ SETTINGS_FILE, line }, "",
                               reader->ret_problem, "%s", text);
}

static void file_close(FILE **file) {
        if (*file)
                (void)fclose(*file);
}

/* Reads at most one byte more than a file may have. */
static int file_read(const Settings *settings, Buf *to, Problem *ret_problem) {
        const size_t size_max = SETTINGS_FILE_MAX_BYTES + 1;
        _cleanup_(file_close) FILE *file = NULL;
        SettingsOrigin origin = { SETTINGS_FILE, 0 };
        char *room = buf_reserve(to, size_max);

        if (!room)
                return -ENOMEM;

        file = fopen(settings->config, "rbe");
        if (file)
                buf_advance(to, fread(room, 1, size_max, file));
        if (!file || ferror(file))
                return settings_refuse(settings, origin, "", ret_problem, "cannot be read: %s",
                                       strerror(errno));
        if (to->size == size_max)
                return settings_refuse(settings, origin, "", ret_problem,
                                       "is longer than a file of settings may be, %d bytes",
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

static int refuse_syntax(const Reader *reader) {
        const yaml_parser_t *parser = &reader->parser;
        const char *problem = parser->problem ? parser->problem : "it does not parse";
        SettingsOrigin origin = { SETTINGS_FILE, 0 };

        if (parser->error == YAML_MEMORY_ERROR)
                return -ENOMEM;

        if (parser->error == YAML_READER_ERROR)
                origin.line = line_at(reader->text, parser->problem_offset);
        else /* libyaml sees the end of the text on a line of its own */
                origin.line = MIN(line_of(&parser->problem_mark), line_at(reader->text, reader->text.size));

        return settings_refuse(reader->settings, origin, "", reader->ret_problem, "is not valid YAML: %s%s%s",
                               problem, parser->context ? " " : "", parser->context ? parser->context : "");
}

/* Reads the event that comes next. On failure *@event is empty. */
static int event_read(Reader *reader, yaml_event_t *event) {
        if (!yaml_parser_parse(&reader->parser, event))
                return refuse_syntax(reader);

        return 0;
}

static Span scalar_text(const yaml_event_t *event) {
        return (Span){ (const char *)event->data.scalar.value, event->data.scalar.length };
}

/* What YAML reads as null: nothing, a tilde, or the word, without quotes. */
static bool is_null(const yaml_event_t *event) {
        static const char *const nulls[] = { "", "~", "null", "Null", "NULL" };

        if (event->type != YAML_SCALAR_EVENT || event->data.scalar.style != YAML_PLAIN_SCALAR_STYLE)
                return false;
        for (size_t i = 0; i < ARRAY_SIZE(nulls); i++)
                if (span_equal_string(scalar_text(event), nulls[i]))
                        return true;

        return false;
}

static const char *kind_of(const yaml_event_t *event) {
        switch (event->type) {
        case YAML_ALIAS_EVENT:
                return "an alias";
        case YAML_SEQUENCE_START_EVENT:
                return "a list";
        default:
                return "a mapping";
        }
}

static int setting_set(Reader *reader, const Setting *setting, const yaml_event_t *value,
                       SettingsOrigin origin) {
        const SettingsOrigin *former;

        if (value->type != YAML_SCALAR_EVENT)
                return settings_refuse(reader->settings, origin, setting->name, reader->ret_problem,
                                       "takes one value, not %s", kind_of(value));

        former = &reader->settings->origins[settings_row(setting)];
        if (former->source == SETTINGS_FILE)
                return settings_refuse(reader->settings, origin, setting->name, reader->ret_problem,
                                       "is given twice, first in line %zu", former->line);
        if (is_null(value))
                return settings_refuse(reader->settings, origin, setting->name, reader->ret_problem,
                                       "has no value; leave the line out for the default, or write \"\"");

        return settings_set(reader->settings, setting, scalar_text(value), origin, reader->ret_problem);
}

/* Reads the value that belongs to @name, and sets it. */
static int setting_read(Reader *reader, const yaml_event_t *name) {
        _cleanup_(yaml_event_delete) yaml_event_t value = { .type = YAML_NO_EVENT };
        SettingsOrigin origin = { SETTINGS_FILE, line_of(&name->start_mark) };
        const Setting *setting;
        int r;

        if (name->type != YAML_SCALAR_EVENT)
                return refuse_line(reader, origin.line, "the name of a setting is expected here");

        setting = settings_find(scalar_text(name), SETTINGS_FILE);
        if (!setting)
                return settings_refuse_unknown(reader->settings, origin, scalar_text(name),
                                               reader->ret_problem);

        r = event_read(reader, &value);
        if (r)
                return r;

        return setting_set(reader, setting, &value, origin);
}

/* Reads what follows the start of the mapping, up to its end. */
static int mapping_read(Reader *reader) {
        for (;;) {
                _cleanup_(yaml_event_delete) yaml_event_t name = { .type = YAML_NO_EVENT };
                int r;

                r = event_read(reader, &name);
                if (r)
                        return r;
                if (name.type == YAML_MAPPING_END_EVENT)
                        return 0;

                r = setting_read(reader, &name);
                if (r)
                        return r;
        }
}

static int root_read(Reader *reader) {
        _cleanup_(yaml_event_delete) yaml_event_t root = { .type = YAML_NO_EVENT };
        int r;

        r = event_read(reader, &root);
        if (r)
                return r;
        if (root.type == YAML_MAPPING_START_EVENT)
                return mapping_read(reader);
        if (is_null(&root))
                return 0;
        return refuse_line(reader, line_of(&root.start_mark),
                           "a mapping of settings is expected, such as listen: 127.0.0.1:8750");
}

/* Goes on to the next document, or to the end of the file. */
static int document_find(Reader *reader, size_t *ret_line) {
        yaml_event_type_t type = YAML_NO_EVENT;
        size_t line = 0;

        while (type != YAML_DOCUMENT_START_EVENT && type != YAML_STREAM_END_EVENT) {
                yaml_event_t event;
                int r;

                r = event_read(reader, &event);
                if (r)
                        return r;

                type = event.type;
                line = line_of(&event.start_mark);
                yaml_event_delete(&event);
        }

        *ret_line = type == YAML_DOCUMENT_START_EVENT ? line : 0;
        return 0;
}

static int document_read(Reader *reader) {
        size_t line;
        int r;

        r = document_find(reader, &line);
        if (r || !line)
                return r;

        r = root_read(reader);
        if (r)
                return r;

        r = document_find(reader, &line);
        if (r || !line)
                return r;

        return refuse_line(reader, line, "a second document begins here, a file of settings has one");
}

static int text_read(Settings *settings, Span text, Problem *ret_problem) {
        Reader reader = { .settings = settings, .text = text, .ret_problem = ret_problem };
        int r;

        if (!yaml_parser_initialize(&reader.parser))
                return -ENOMEM;

        yaml_parser_set_encoding(&reader.parser, YAML_UTF8_ENCODING);
        yaml_parser_set_input_string(&reader.parser, (const unsigned char *)text.data, text.size);
        r = document_read(&reader);
        yaml_parser_delete(&reader.parser);
        return r;
}

/*
 * settings_read_file() - sets what the YAML file @path says
 * @path: not empty; a file that is missing is refused, since somebody named it
 *
 * Call it once, on settings that have their defaults. Returns 0, SETTINGS_E_INVALID or -ENOMEM.
 */
int settings_read_file(Settings *settings, const char *path, Problem *ret_problem) {
        _cleanup_(buf_deinit) Buf text = BUF_NULL;
        int r;

        settings->config = strdup(path);
        if (!settings->config)
                return -ENOMEM;

        r = file_read(settings, &text, ret_problem);
        if (r)
                return r;

        return text_read(settings, buf_span(&text), ret_problem);
}
