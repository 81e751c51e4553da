/*
 * Output for people: aligned columns, times as clocks show them; and JSON for programs.
 */
#pragma once

#include <jansson.h>
#include <stddef.h>

#include "model/buf.h"
#include "model/macros.h"
#include "model/span.h"

typedef struct TextTable {
        const char *const *headings;
        size_t n_columns;
        char **cells;
        size_t n_cells;
        size_t capacity;
} TextTable;

#define TEXT_TABLE(...)                                                                                      \
        ((TextTable){                                                                                        \
                .headings = (const char *const[]){ __VA_ARGS__ },                                            \
                .n_columns = sizeof((const char *const[]){ __VA_ARGS__ }) / sizeof(const char *),            \
        })

void text_table_deinit(TextTable *table);

/* Adds a cell; a row is full when every column has one. NULL and "" are shown as a dash. Control characters
 * are replaced, a line break by a space. */
void text_table_add(TextTable *table, const char *cell);

/* Adds the member of a JSON object: a text, a number; null and what is missing as a dash. */
void text_table_add_member(TextTable *table, json_t *object, const char *name);
/* The same, and a text that is a time in the form for people. */
void text_table_add_time(TextTable *table, json_t *object, const char *name);

/* Writes the headings and the rows; without rows nothing. */
void text_table_write(const TextTable *table, Buf *to);
void text_table_print(const TextTable *table);

/* A copy for a terminal: line breaks as spaces, what would move the cursor as question marks. */
char *text_tame(const char *text);

/* "2026-01-31T09:05:00.000Z" as "2026-01-31 10:05:00" of the local time zone; anything else as it is. */
char *time_for_people(const char *time);
char *time_for_people_ms(int64_t at_ms);

/* Prints the data as indented JSON, and a line feed. */
void print_json(json_t *data);
/* In one line. */
void print_json_line(json_t *data);
