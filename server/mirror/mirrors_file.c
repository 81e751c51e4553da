#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mirror/fields.h"
#include "mirror/mirrors_environment.h"
#include "mirror/mirrors_file.h"
#include "model/digits.h"
#include "util/settings.h"
#include "util/settings_message.h"
#include "util/settings_yaml.h"

/* The texts of a field, kept until the kind of the mirror is known. */
typedef struct Entry {
        const MirrorField *field; /* any row of its name */
        size_t line;
        Span values[MIRROR_FIELD_LIST_MAX]; /* owned */
        size_t n;
} Entry;

/* A mirror as the file has it. */
typedef struct Draft {
        char name[MIRROR_NAME_SIZE_MAX + 1];
        size_t line;
        Entry entries[MIRROR_FIELDS_MAX];
        size_t n;
} Draft;

typedef struct Reader {
        const char *path;
        SettingsYaml *yaml;
        MirrorsFile *mirrors;
        Problem *ret_problem;
} Reader;

static void draft_deinit(Draft *draft) {
        for (size_t i = 0; i < draft->n; i++)
                for (size_t k = 0; k < draft->entries[i].n; k++) {
                        Span value = draft->entries[i].values[k];

                        explicit_bzero((char *)value.data, value.size);
                        free((char *)value.data);
                }
}

/*
 * Refusals. What is wrong is the file, a mirror or a field of it.
 */

static _printf_(3, 4) int refuse_file(const Reader *reader, size_t line, const char *format, ...) {
        va_list args;
        int r;

        va_start(args, format);
        r = settings_refuse_at_args(reader->path, line, "", reader->ret_problem, format, args);
        va_end(args);
        return r;
}

static _printf_(4, 5) int refuse_mirror(const Reader *reader, size_t line, const char *name,
                                        const char *format, ...) {
        va_list args;
        int r;

        va_start(args, format);
        r = settings_refuse_at_args(reader->path, line, name, reader->ret_problem, format, args);
        va_end(args);
        return r;
}

static _printf_(5, 6) int refuse_field(const Reader *reader, size_t line, const Draft *draft,
                                       const char *field, const char *format, ...) {
        char label[PROBLEM_FIELD_MAX];
        va_list args;
        int r;

        (void)snprintf(label, sizeof(label), "%s.%s", draft->name, field);
        va_start(args, format);
        r = settings_refuse_at_args(reader->path, line, label, reader->ret_problem, format, args);
        va_end(args);
        return r;
}

static int next(const Reader *reader, YamlPiece *ret_piece) {
        return settings_yaml_next(reader->yaml, ret_piece, reader->ret_problem);
}

/*
 * Reading a mirror.
 */

static int value_take(const Reader *reader, const Draft *draft, Entry *entry, const YamlPiece *piece) {
        char *copy;

        if (piece->type != YAML_PIECE_TEXT)
                return refuse_field(reader, piece->line, draft, entry->field->name,
                                    mirror_field_is_list(entry->field) ? "takes a value or a list of them, "
                                                                         "not %s"
                                                                       : "takes one value, not %s",
                                    yaml_piece_type_to_string(piece->type));
        if (piece->is_null)
                return refuse_field(reader, piece->line, draft, entry->field->name,
                                    "has no value; leave the line out for the default, or write \"\"");
        if (entry->n == MIRROR_FIELD_LIST_MAX)
                return refuse_field(reader, piece->line, draft, entry->field->name,
                                    "has more than the most, %d", MIRROR_FIELD_LIST_MAX);

        copy = malloc(piece->text.size + 1);
        if (!copy)
                return -ENOMEM;

        entry->values[entry->n++] = (Span){ copy, piece->text.size };
        (void)span_copy(&copy, piece->text);
        return 0;
}

/* Reads what follows the start of the list, up to its end. */
static int list_read(const Reader *reader, const Draft *draft, Entry *entry) {
        for (;;) {
                YamlPiece piece;
                int r;

                r = next(reader, &piece);
                if (r || piece.type == YAML_PIECE_END)
                        return r;

                r = value_take(reader, draft, entry, &piece);
                if (r)
                        return r;
        }
}

/* A secret and the file that holds it are the same twice. */
static int check_given_once(const Reader *reader, const Draft *draft, const MirrorField *field, size_t line) {
        for (size_t i = 0; i < draft->n; i++) {
                const MirrorField *former = draft->entries[i].field;

                if (former == field)
                        return refuse_field(reader, line, draft, field->name,
                                            "is given twice, first in line %zu", draft->entries[i].line);
                if (former->offset == field->offset)
                        return refuse_field(reader, line, draft, field->name,
                                            "does not go together with %s in line %zu", former->name,
                                            draft->entries[i].line);
        }

        return 0;
}

static int refuse_unknown(const Reader *reader, const Draft *draft, const YamlPiece *name) {
        const char *found = mirror_field_guess(name->text);

        if (found)
                return refuse_field(reader, name->line, draft, settings_shown(name->text).text,
                                    "there is no such field; did you mean %s?", found);
        return refuse_field(reader, name->line, draft, settings_shown(name->text).text,
                            "there is no such field, see docs/mirrors.md");
}

static int entry_read(const Reader *reader, Draft *draft, const YamlPiece *name) {
        const MirrorField *field;
        YamlPiece value;
        Entry *entry;
        int r;

        if (name->type != YAML_PIECE_TEXT)
                return refuse_mirror(reader, name->line, draft->name, "the name of a field is expected here");

        field = mirror_field_find_any(name->text);
        if (!field)
                return refuse_unknown(reader, draft, name);

        r = check_given_once(reader, draft, field, name->line);
        if (r)
                return r;

        entry = &draft->entries[draft->n++];
        *entry = (Entry){ .field = field, .line = name->line };
        r = next(reader, &value);
        if (r)
                return r;

        if (value.type == YAML_PIECE_LIST && mirror_field_is_list(field))
                return list_read(reader, draft, entry);
        return value_take(reader, draft, entry, &value);
}

/* Reads what follows the start of the mapping, up to its end. */
static int entries_read(const Reader *reader, Draft *draft) {
        for (;;) {
                YamlPiece name;
                int r;

                r = next(reader, &name);
                if (r || name.type == YAML_PIECE_END)
                        return r;

                r = entry_read(reader, draft, &name);
                if (r)
                        return r;
        }
}

/*
 * Making options of it.
 */

static const Entry *entry_find(const Draft *draft, const char *name) {
        for (size_t i = 0; i < draft->n; i++)
                if (strcmp(draft->entries[i].field->name, name) == 0)
                        return &draft->entries[i];

        return NULL;
}

static int value_apply(const Reader *reader, const Draft *draft, const Entry *entry, const MirrorField *field,
                       MirrorOptions *options) {
        Problem problem;
        int r;

        r = mirror_field_set(options, field, entry->values, entry->n, &problem);
        if (r < 0)
                return r;
        return r ? refuse_field(reader, entry->line, draft, field->name, "%s", problem.text) : 0;
}

static int entry_apply(const Reader *reader, const Draft *draft, const Entry *entry, MirrorOptions *options) {
        const char *name = entry->field->name;
        const MirrorField *field = mirror_field_find(span_from_string(name), options->kind);
        _cleanup_(freep) char *kinds = NULL;
        Buf buf = BUF_NULL;

        if (field)
                return value_apply(reader, draft, entry, field, options);

        mirror_kinds_append(&buf, entry->field->kinds);
        kinds = buf_take_string(&buf);
        if (!kinds)
                return -ENOMEM;

        return refuse_field(reader, entry->line, draft, name, "is for %s, and this mirror is of the kind %s",
                            kinds, mirror_kind_to_string(options->kind));
}

static int check_required(const Reader *reader, const Draft *draft, MirrorKind kind) {
        const MirrorField *table;
        size_t n;

        table = mirror_fields(&n);
        for (size_t i = 0; i < n; i++)
                if (table[i].is_required && table[i].kinds & 1U << kind && !entry_find(draft, table[i].name))
                        return refuse_mirror(reader, draft->line, draft->name, "has no %s", table[i].name);

        return 0;
}

static int check_fit(const Reader *reader, const Draft *draft, const MirrorOptions *options) {
        const Entry *entry;
        Problem problem;
        int r;

        r = mirror_options_check(options, &problem);
        if (r <= 0)
                return r;

        entry = entry_find(draft, problem.field);
        return refuse_field(reader, entry ? entry->line : draft->line, draft, problem.field, "%s",
                            problem.text);
}

/* Which fields there are, and their defaults, hang on the kind. */
static int kind_read(const Reader *reader, const Draft *draft, MirrorKind *ret_kind) {
        MirrorOptions options = MIRROR_OPTIONS_NULL;
        const Entry *entry = entry_find(draft, "kind");
        int r;

        if (!entry)
                return refuse_mirror(reader, draft->line, draft->name, "has no kind");

        r = value_apply(reader, draft, entry, entry->field, &options);
        if (r)
                return r;

        *ret_kind = options.kind;
        return 0;
}

static int draft_apply(const Reader *reader, const Draft *draft, MirrorOptions *options) {
        int r;

        for (size_t i = 0; i < draft->n; i++) {
                r = entry_apply(reader, draft, &draft->entries[i], options);
                if (r)
                        return r;
        }

        r = check_required(reader, draft, options->kind);
        if (r)
                return r;

        return check_fit(reader, draft, options);
}

/* Takes @options over. */
static int options_take(const Reader *reader, const Draft *draft, const MirrorOptions *options) {
        MirrorsFile *mirrors = reader->mirrors;

        if (options->kind != MIRROR_ELECTION) {
                if (mirrors->n == MIRRORS_MAX)
                        return refuse_file(reader, draft->line, "there are more mirrors than the most, %d",
                                           MIRRORS_MAX);
                mirrors->items[mirrors->n++] = *options;
                return 0;
        }
        if (mirrors->has_election)
                return refuse_mirror(reader, draft->line, draft->name,
                                     "is a second election, and one is the most: the first is %s",
                                     mirrors->election.name);
        mirrors->election = *options;
        mirrors->has_election = true;
        return 0;
}

static int draft_take(const Reader *reader, const Draft *draft) {
        _cleanup_(mirror_options_deinit) MirrorOptions options = MIRROR_OPTIONS_NULL;
        MirrorKind kind = MIRROR_KIND_N;
        int r;

        r = kind_read(reader, draft, &kind);
        if (r)
                return r;

        r = mirror_options_init(&options, draft->name, kind);
        if (r)
                return r;

        r = draft_apply(reader, draft, &options);
        if (r)
                return r;

        r = options_take(reader, draft, &options);
        if (r)
                return r;

        options = MIRROR_OPTIONS_NULL;
        return 0;
}

/*
 * Reading the file.
 */

static bool name_is_valid(Span name) {
        if (name.size == 0 || name.size > MIRROR_NAME_SIZE_MAX || *name.data == '-')
                return false;
        for (size_t i = 0; i < name.size; i++)
                if (!(name.data[i] >= 'a' && name.data[i] <= 'z') && !is_digit(name.data[i]) &&
                    name.data[i] != '-')
                        return false;

        return true;
}

static int check_name(const Reader *reader, const YamlPiece *name) {
        if (name->type != YAML_PIECE_TEXT)
                return refuse_file(reader, name->line, "the name of a mirror is expected here");
        if (!name_is_valid(name->text))
                return refuse_file(reader, name->line,
                                   "\"%s\" is no name of a mirror, which is 1 to %d of a-z, 0-9 and -, and "
                                   "does not begin with -",
                                   settings_shown(name->text).text, MIRROR_NAME_SIZE_MAX);
        for (size_t i = 0; mirrors_file_entry(reader->mirrors, i); i++) {
                const char *former = mirrors_file_entry(reader->mirrors, i)->name;

                if (span_equal_string(name->text, former))
                        return refuse_file(reader, name->line, "%s is given twice", former);
        }
        return 0;
}

static int mirror_read(const Reader *reader, const YamlPiece *name) {
        _cleanup_(draft_deinit) Draft draft = { .line = name->line };
        YamlPiece fields;
        int r;

        r = check_name(reader, name);
        if (r)
                return r;

        memcpy(draft.name, name->text.data, name->text.size);
        r = next(reader, &fields);
        if (r)
                return r;
        if (fields.type != YAML_PIECE_MAPPING)
                return refuse_mirror(reader, name->line, draft.name, "takes a mapping of fields, not %s",
                                     yaml_piece_type_to_string(fields.type));

        r = entries_read(reader, &draft);
        if (r)
                return r;

        return draft_take(reader, &draft);
}

/* Reads what follows the start of the mapping, up to its end. */
static int mirrors_list_read(const Reader *reader) {
        for (;;) {
                YamlPiece name;
                int r;

                r = next(reader, &name);
                if (r || name.type == YAML_PIECE_END)
                        return r;

                r = mirror_read(reader, &name);
                if (r)
                        return r;
        }
}

static int root_read(const Reader *reader, const YamlPiece *root) {
        if (root->type == YAML_PIECE_MAPPING)
                return mirrors_list_read(reader);
        if (root->is_null)
                return 0;
        return refuse_file(reader, root->line, "a mapping of mirrors is expected, from names to fields");
}

static int document_read(const Reader *reader) {
        YamlPiece piece;
        int r;

        r = next(reader, &piece);
        if (r || piece.type == YAML_PIECE_OVER)
                return r;

        r = root_read(reader, &piece);
        if (r)
                return r;

        return next(reader, &piece);
}

static int file_read(const char *path, MirrorsFile *mirrors, Problem *ret_problem) {
        _cleanup_(settings_yaml_closep) SettingsYaml *yaml = NULL;
        int r;

        r = settings_yaml_open(path, "a file of mirrors", &yaml, ret_problem);
        if (r)
                return r;

        return document_read(&(Reader){ path, yaml, mirrors, ret_problem });
}

/* The mirrors leave the key of the election alone, wherever it stands. */
static int tell_election_key(MirrorsFile *mirrors) {
        for (size_t i = 0; mirrors->has_election && i < mirrors->n; i++) {
                char *key = strdup(mirrors->election.key);

                if (!key)
                        return -ENOMEM;

                free(mirrors->items[i].election_key);
                mirrors->items[i].election_key = key;
        }
        return 0;
}

int mirrors_file_read(const char *path, char *const *environment, MirrorsFile *ret_file,
                      Problem *ret_problem) {
        _cleanup_(mirrors_file_deinit) MirrorsFile mirrors = MIRRORS_FILE_NULL;
        int r = 0;

        if (*path)
                r = file_read(path, &mirrors, ret_problem);
        if (r)
                return r;

        r = tell_election_key(&mirrors);
        if (r)
                return r;

        r = mirrors_read_environment(&mirrors, environment, ret_problem);
        if (r)
                return r;

        *ret_file = mirrors;
        mirrors = MIRRORS_FILE_NULL;
        return 0;
}

MirrorOptions *mirrors_file_entry(MirrorsFile *mirrors, size_t i) {
        if (i < mirrors->n)
                return &mirrors->items[i];
        return i == mirrors->n && mirrors->has_election ? &mirrors->election : NULL;
}

void mirrors_file_deinit(MirrorsFile *mirrors) {
        for (size_t i = 0; i < mirrors->n; i++)
                mirror_options_deinit(&mirrors->items[i]);
        mirror_options_deinit(&mirrors->election);

        *mirrors = MIRRORS_FILE_NULL;
}
