/*
 * A YAML file that an operator wrote, piece by piece, its faults told with their line.
 *
 * Every value is a text to us, whatever YAML calls it, so that `true` and `"true"`, `10 s` and `"10 s"` are
 * the same as in a variable or a flag. YAML 1.1 would make booleans of yes and no, and minutes of 10:30; none
 * of this happens here. Pieces, not a tree: what nests deeper than its reader knows is refused where it
 * begins, and costs nothing.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "model/macros.h"
#include "model/problem.h"
#include "model/span.h"

/* A real file has some hundred bytes, much of them comments. */
#define SETTINGS_FILE_MAX_BYTES (1024 * 1024)

typedef enum YamlPieceType {
        YAML_PIECE_TEXT,
        YAML_PIECE_ALIAS,
        YAML_PIECE_LIST,    /* what is in it comes next, up to its end */
        YAML_PIECE_MAPPING, /* likewise, names and values in turn */
        YAML_PIECE_END,     /* of a list or mapping */
        YAML_PIECE_OVER,    /* of the file */
        YAML_PIECE_TYPE_N,
} YamlPieceType;

typedef struct YamlPiece {
        YamlPieceType type;
        Span text;    /* borrowed, until the next piece is read */
        bool is_null; /* a text that YAML reads as null: nothing, a tilde, or the word, without quotes */
        size_t line;  /* 1-based */
} YamlPiece;

typedef struct SettingsYaml SettingsYaml;

/*
 * settings_yaml_open() - read the file @path
 * @path: borrowed; a file that is missing is refused, since somebody named it
 * @what: for messages, such as "a file of settings"; borrowed
 *
 * Returns 0, SETTINGS_E_INVALID or -ENOMEM.
 */
int settings_yaml_open(const char *path, const char *what, SettingsYaml **ret_yaml, Problem *ret_problem);
SettingsYaml *settings_yaml_close(SettingsYaml *yaml);
DEFINE_CLEANUP(SettingsYaml *, settings_yaml_close);

/* A second document is refused. Returns 0, SETTINGS_E_INVALID or -ENOMEM. */
int settings_yaml_next(SettingsYaml *yaml, YamlPiece *ret_piece, Problem *ret_problem);

/* For messages: what a piece that is no text is, "a list". */
const char *yaml_piece_type_to_string(YamlPieceType type);
