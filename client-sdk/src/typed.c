/*
 * Typed reading: a JSON pointer into a content, and what is found there as a string, number or truth.
 *
 * A content is checked once, when it is first asked, and then walked from the front each time: for configs of
 * some kilobytes that costs a microsecond or so, and no memory. Only strings are kept, decoded, with the
 * value, since they are lent.
 */
#include <errno.h>
#include <locale.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "confer/confer.h"
#include "model/json_read.h"
#include "value.h"

#define JSON_DEPTH_MAX 2048

/* A number of more digits is none that anybody meant. */
#define NUMBER_SIZE_MAX 400

enum {
        JSON_STATE_UNCHECKED,
        JSON_STATE_GOOD,
        JSON_STATE_BAD,
};

static const char byte_order_mark[] = "\xef\xbb\xbf";

/* The content without a byte order mark and white space around it. */
static Span trimmed(const confer_value *value) {
        Span text = { value->body->content, value->body->content_size };

        if (span_starts_with(text, span_from_string(byte_order_mark)))
                text = (Span){ text.data + 3, text.size - 3 };
        while (text.size > 0 && strchr(" \t\r\n", text.data[0]))
                text = (Span){ text.data + 1, text.size - 1 };
        while (text.size > 0 && strchr(" \t\r\n", text.data[text.size - 1]))
                text.size--;
        return text;
}

static bool is_json(confer_value *value) {
        int state = atomic_load(&value->body->json_state);
        const char *problem;
        size_t at;

        if (state == JSON_STATE_UNCHECKED) {
                state = json_read_check(trimmed(value), JSON_DEPTH_MAX, &problem, &at) ? JSON_STATE_GOOD
                                                                                       : JSON_STATE_BAD;
                atomic_store(&value->body->json_state, state);
        }
        return state == JSON_STATE_GOOD;
}

/* ------------------------------------------------------------------------------------------------- pointers
 */

static bool pointer_is_valid(const char *pointer) {
        if (*pointer && *pointer != '/')
                return false;
        for (; *pointer; pointer++)
                if (*pointer == '~' && pointer[1] != '0' && pointer[1] != '1')
                        return false;
        return true;
}

/* What a pointer's token stands for. @room: as large as the token. */
static Span decode_token(Span token, char *room) {
        size_t size = 0;

        for (size_t i = 0; i < token.size; i++) {
                room[size] = token.data[i];
                if (token.data[i] == '~')
                        room[size] = token.data[++i] == '0' ? '~' : '/';
                size++;
        }
        return (Span){ room, size };
}

/* Of members that stand twice, the last counts. Return: CONFER_OK; CONFER_E_NOT_FOUND; CONFER_E_NOMEM. */
static confer_error find_member(JsonValue object, Span token, JsonValue *ret_value) {
        _cleanup_(freep) char *room = malloc(token.size + 1);
        confer_error error = CONFER_E_NOT_FOUND;
        Span rest = object.text, name;
        JsonValue value;

        if (!room)
                return CONFER_E_NOMEM;

        token = decode_token(token, room);
        while (json_read_member(&rest, &name, &value))
                if (json_read_equals(name, token)) {
                        *ret_value = value;
                        error = CONFER_OK;
                }
        return error;
}

static confer_error find_element(JsonValue array, Span token, JsonValue *ret_value) {
        Span rest = array.text;
        size_t index = 0;
        JsonValue value;

        if (token.size == 0 || token.size > 9 || (token.size > 1 && token.data[0] == '0'))
                return CONFER_E_NOT_FOUND;
        for (size_t i = 0; i < token.size; i++) {
                if (token.data[i] < '0' || token.data[i] > '9')
                        return CONFER_E_NOT_FOUND;
                index = index * 10 + (size_t)(token.data[i] - '0');
        }

        while (json_read_element(&rest, &value))
                if (index-- == 0) {
                        *ret_value = value;
                        return CONFER_OK;
                }
        return CONFER_E_NOT_FOUND;
}

static confer_error follow(JsonValue *value, const char *pointer) {
        while (*pointer == '/') {
                Span token = { pointer + 1, strcspn(pointer + 1, "/") };
                confer_error error = CONFER_E_NOT_FOUND;

                if (value->kind == JSON_KIND_OBJECT)
                        error = find_member(*value, token, value);
                else if (value->kind == JSON_KIND_ARRAY)
                        error = find_element(*value, token, value);
                if (error)
                        return error;
                pointer = token.data + token.size;
        }
        return CONFER_OK;
}

/*
 * What the pointer leads to. @ret_is_plain: the content is no JSON, and ret_value's text is all of it.
 * Return: CONFER_OK, NOT_FOUND, TYPE, INVALID or NOMEM.
 */
static confer_error locate(confer_value *value, const char *pointer, JsonValue *ret_value,
                           bool *ret_is_plain) {
        JsonValue found;
        confer_error error;

        pointer = pointer ? pointer : "";
        if (!value || !pointer_is_valid(pointer))
                return CONFER_E_INVALID;
        if (value->release.format != FORMAT_JSON) {
                if (*pointer)
                        return CONFER_E_TYPE;
                *ret_value = (JsonValue){ JSON_KIND_STRING, trimmed(value) };
                *ret_is_plain = true;
                return CONFER_OK;
        }
        if (!is_json(value))
                return CONFER_E_TYPE;

        found = json_read_value(trimmed(value));
        error = follow(&found, pointer);
        if (error)
                return error;
        *ret_value = found;
        *ret_is_plain = false;
        return CONFER_OK;
}

/* -------------------------------------------------------------------------------------------------- strings
 */

static const char *find_decoded(DecodedText *first, const char *of) {
        for (DecodedText *text = first; text; text = text->next)
                if (text->of == of)
                        return text->text;
        return NULL;
}

/* Lends a text, decoding it if nobody has yet. Several threads may; then one's is kept, and used by all. */
static confer_error lend(confer_value *value, JsonValue string, bool is_plain, const char **ret_text) {
        DecodedText *first = atomic_load(&value->body->decoded), *text;
        const char *known = find_decoded(first, string.text.data);
        size_t size;

        if (!known) {
                text = malloc(sizeof(*text) + string.text.size + 1);
                if (!text)
                        return CONFER_E_NOMEM;
                size = string.text.size;
                if (is_plain)
                        memcpy(text->text, string.text.data, size);
                else
                        size = json_read_decode(string.text, text->text);
                text->text[size] = '\0';
                if (memchr(text->text, '\0', size)) {
                        free(text);
                        return CONFER_E_TYPE;
                }
                text->of = string.text.data;
                text->next = first;
                known = text->text;
                while (!atomic_compare_exchange_weak(&value->body->decoded, &text->next, text)) {
                        const char *other = find_decoded(text->next, string.text.data);

                        if (other) {
                                free(text);
                                known = other;
                                break;
                        }
                }
        }
        *ret_text = known;
        return CONFER_OK;
}

_public_ confer_error confer_value_get_string(confer_value *value, const char *pointer,
                                              const char **ret_text) {
        JsonValue found;
        confer_error error;
        bool is_plain;

        if (!ret_text)
                return CONFER_E_INVALID;
        error = locate(value, pointer, &found, &is_plain);
        if (error)
                return error;
        if (found.kind != JSON_KIND_STRING)
                return CONFER_E_TYPE;
        return lend(value, found, is_plain, ret_text);
}

/* ---------------------------------------------------------------------------------------- numbers and truths
 */

/* A plain text that a JSON reader would take as well is read as that. */
static confer_error locate_scalar(confer_value *value, const char *pointer, JsonValue *ret_value) {
        const char *problem;
        JsonValue found;
        confer_error error;
        bool is_plain;
        size_t at;

        error = locate(value, pointer, &found, &is_plain);
        if (error)
                return error;
        if (is_plain) {
                if (!json_read_check(found.text, JSON_DEPTH_MAX, &problem, &at))
                        return CONFER_E_TYPE;
                found = json_read_value(found.text);
        }
        *ret_value = found;
        return CONFER_OK;
}

_public_ confer_error confer_value_get_int64(confer_value *value, const char *pointer, int64_t *ret_number) {
        JsonValue found;
        confer_error error;
        int64_t number;

        if (!ret_number)
                return CONFER_E_INVALID;
        error = locate_scalar(value, pointer, &found);
        if (error)
                return error;
        if (found.kind != JSON_KIND_NUMBER || !json_read_integer(found, &number))
                return CONFER_E_TYPE;

        *ret_number = number;
        return CONFER_OK;
}

/* Whatever the process's locale says, a point is a point. */
static bool parse_double(Span text, double *ret_number) {
        char copy[NUMBER_SIZE_MAX + 1];
        locale_t c_locale;
        double number;

        if (text.size > NUMBER_SIZE_MAX)
                return false;
        memcpy(copy, text.data, text.size);
        copy[text.size] = '\0';

        c_locale = newlocale(LC_ALL_MASK, "C", NULL);
        if (!c_locale)
                return false;
        number = strtod_l(copy, NULL, c_locale);
        freelocale(c_locale);
        if (number > __DBL_MAX__ || number < -__DBL_MAX__)
                return false;

        *ret_number = number;
        return true;
}

_public_ confer_error confer_value_get_double(confer_value *value, const char *pointer, double *ret_number) {
        JsonValue found;
        confer_error error;

        if (!ret_number)
                return CONFER_E_INVALID;
        error = locate_scalar(value, pointer, &found);
        if (error)
                return error;
        if (found.kind != JSON_KIND_NUMBER || !parse_double(found.text, ret_number))
                return CONFER_E_TYPE;
        return CONFER_OK;
}

_public_ confer_error confer_value_get_bool(confer_value *value, const char *pointer, bool *ret_truth) {
        JsonValue found;
        confer_error error;

        if (!ret_truth)
                return CONFER_E_INVALID;
        error = locate_scalar(value, pointer, &found);
        if (error)
                return error;
        if (found.kind != JSON_KIND_BOOLEAN)
                return CONFER_E_TYPE;

        *ret_truth = span_equal_string(found.text, "true");
        return CONFER_OK;
}

/* ----------------------------------------------------------------------------------------------- in one step
 */

_public_ char *confer_get_string(confer_client *client, const char *namespace_, const char *key,
                                 const char *pointer, const char *fallback) {
        _cleanup_(confer_value_unrefp) confer_value *value = NULL;
        const char *text = fallback;

        if (confer_get(client, namespace_, key, &value) == CONFER_OK)
                (void)confer_value_get_string(value, pointer, &text);
        return text ? strdup(text) : NULL;
}

_public_ int64_t confer_get_int64(confer_client *client, const char *namespace_, const char *key,
                                  const char *pointer, int64_t fallback) {
        _cleanup_(confer_value_unrefp) confer_value *value = NULL;

        if (confer_get(client, namespace_, key, &value) == CONFER_OK)
                (void)confer_value_get_int64(value, pointer, &fallback);
        return fallback;
}

_public_ double confer_get_double(confer_client *client, const char *namespace_, const char *key,
                                  const char *pointer, double fallback) {
        _cleanup_(confer_value_unrefp) confer_value *value = NULL;

        if (confer_get(client, namespace_, key, &value) == CONFER_OK)
                (void)confer_value_get_double(value, pointer, &fallback);
        return fallback;
}

_public_ bool confer_get_bool(confer_client *client, const char *namespace_, const char *key,
                              const char *pointer, bool fallback) {
        _cleanup_(confer_value_unrefp) confer_value *value = NULL;

        if (confer_get(client, namespace_, key, &value) == CONFER_OK)
                (void)confer_value_get_bool(value, pointer, &fallback);
        return fallback;
}
