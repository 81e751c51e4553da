/*
 * Output for people, and for programs.
 *
 * Cells come from whoever may write comments and keys: nothing in them moves the cursor of a terminal. Widths
 * are counted in columns, so that wide characters keep the alignment.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <wchar.h>

#include "cli/memory.h"
#include "cli/table.h"
#include "model/timestamp.h"
#include "model/utf8.h"

#define GAP 2 /* spaces between columns */

void text_table_deinit(TextTable *table) {
        for (size_t i = 0; i < table->n_cells; i++)
                free(table->cells[i]);
        free(table->cells);
        table->cells = NULL;
        table->n_cells = 0;
}

/*
 * Characters.
 */

/* The character at the start of @text, which is valid UTF-8 and not empty, and how many bytes it has. */
static wchar_t character_at(const char *text, size_t *ret_size) {
        unsigned char first = (unsigned char)*text;
        size_t size = first < 0x80 ? 1 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
        unsigned value = size == 1 ? first : first & (0xffU >> (size + 1));

        for (size_t i = 1; i < size; i++)
                value = value << 6 | ((unsigned char)text[i] & 0x3f);

        *ret_size = size;
        return (wchar_t)value;
}

/* Signs that move the cursor, or turn the direction of what follows. */
static bool is_unruly(wchar_t c) {
        return c < ' ' || (c >= 0x7f && c < 0xa0) || (c >= 0x2028 && c <= 0x202e) ||
               (c >= 0x2066 && c <= 0x2069);
}

static size_t columns_of(const char *text) {
        size_t columns = 0, size;

        for (; *text; text += size) {
                int width = wcwidth(character_at(text, &size));

                columns += width < 0 ? 1 : (size_t)width;
        }

        return columns;
}

char *text_tame(const char *text) {
        _cleanup_(buf_deinit) Buf tame = BUF_NULL;
        size_t valid = utf8_valid_size(span_from_string(text)), size;

        for (size_t at = 0; at < valid; at += size) {
                wchar_t c = character_at(text + at, &size);

                if (c == '\n' || c == '\t')
                        buf_append_char(&tame, ' ');
                else if (is_unruly(c))
                        buf_append_char(&tame, '?');
                else
                        buf_append(&tame, text + at, size);
        }

        return memory_take(&tame);
}

/*
 * Cells.
 */

void text_table_add(TextTable *table, const char *cell) {
        if (table->n_cells == table->capacity) {
                table->capacity = table->capacity ? table->capacity * 2 : 64;
                table->cells = memory_grow(table->cells, table->capacity, sizeof(*table->cells));
        }

        table->cells[table->n_cells++] = cell && *cell ? text_tame(cell) : memory_copy("-");
}

void text_table_add_member(TextTable *table, json_t *object, const char *name) {
        json_t *value = json_object_get(object, name);
        char number[24];

        if (json_is_integer(value)) {
                (void)snprintf(number, sizeof(number), "%lld", (long long)json_integer_value(value));
                text_table_add(table, number);
        } else {
                text_table_add(table, json_string_value(value));
        }
}

void text_table_add_time(TextTable *table, json_t *object, const char *name) {
        const char *time = json_string_value(json_object_get(object, name));
        _cleanup_(freep) char *text = NULL;

        if (!time) {
                text_table_add_member(table, object, name);
                return;
        }

        text = time_for_people(time);
        text_table_add(table, text);
}

/*
 * Lines.
 */

static const char *cell_at(const TextTable *table, size_t row, size_t column) {
        return row == 0 ? table->headings[column] : table->cells[(row - 1) * table->n_columns + column];
}

static size_t width_of(const TextTable *table, size_t n_rows, size_t column) {
        size_t width = 0;

        for (size_t row = 0; row < n_rows; row++)
                width = MAX(width, columns_of(cell_at(table, row, column)));

        return width;
}

void text_table_write(const TextTable *table, Buf *to) {
        size_t n_rows = table->n_cells / table->n_columns + 1;
        _cleanup_(freep) size_t *widths = memory_new(table->n_columns, sizeof(*widths));

        for (size_t column = 0; column < table->n_columns; column++)
                widths[column] = width_of(table, n_rows, column);

        for (size_t row = 0; n_rows > 1 && row < n_rows; row++) {
                for (size_t column = 0; column < table->n_columns; column++) {
                        const char *cell = cell_at(table, row, column);
                        bool is_last = column + 1 == table->n_columns;

                        buf_append_string(to, cell);
                        for (size_t i = columns_of(cell); !is_last && i < widths[column] + GAP; i++)
                                buf_append_char(to, ' ');
                }
                buf_append_char(to, '\n');
        }
}

void text_table_print(const TextTable *table) {
        _cleanup_(buf_deinit) Buf text = BUF_NULL;

        text_table_write(table, &text);
        memory_check(&text);
        (void)fwrite(buf_span(&text).data, 1, text.size, stdout);
}

/*
 * Times.
 */

char *time_for_people_ms(int64_t at_ms) {
        time_t seconds = (time_t)(at_ms / 1000);
        char text[32];
        struct tm tm;

        if (!localtime_r(&seconds, &tm) || !strftime(text, sizeof(text), "%Y-%m-%d %H:%M:%S", &tm))
                return memory_copy("?");
        return memory_copy(text);
}

char *time_for_people(const char *time) {
        int64_t at_ms;

        return timestamp_parse(span_from_string(time), &at_ms) ? time_for_people_ms(at_ms)
                                                               : memory_copy(time);
}

/*
 * JSON.
 */

static void print_dump(json_t *data, size_t flags) {
        _cleanup_(freep) char *text =
                memory_had(json_dumps(data, flags | JSON_ENCODE_ANY | JSON_REAL_PRECISION(15)));

        (void)puts(text);
}

void print_json(json_t *data) {
        print_dump(data, JSON_INDENT(2));
}

void print_json_line(json_t *data) {
        print_dump(data, JSON_COMPACT);
}
