/*
 * Tags on the command line. A name has no "=", so the first one ends it.
 */
#include <string.h>

#include "cli/memory.h"
#include "cli/tags.h"
#include "model/tag.h"

static Tag split(const char *text) {
        size_t size = strcspn(text, "=");

        return (Tag){ { text, size }, span_from_string(text[size] ? text + size + 1 : NULL) };
}

static int check(const char *option, const char *text, Problem *ret_problem) {
        Tag tag = split(text);

        if (!tag.value.data)
                problem_set(ret_problem, NULL, "--%s: %.48s is not NAME=VALUE", option, text);
        else if (!tag_name_is_valid(tag.name))
                problem_set(ret_problem, NULL,
                            "--%s: %.*s is no name of a tag: 1 to %d of a-z, 0-9, _, . and -", option,
                            (int)MIN(tag.name.size, (size_t)48), tag.name.data, TAG_NAME_SIZE_MAX);
        else if (!tag_value_is_valid(tag.value))
                problem_set(ret_problem, NULL, "--%s: the value of %.*s has more than %d bytes", option,
                            (int)tag.name.size, tag.name.data, TAG_VALUE_SIZE_MAX);
        else
                return 0;
        return TAGS_E_INVALID;
}

int tags_check(const TextList *tags, Problem *ret_problem) {
        for (size_t i = 0; i < tags->n; i++) {
                Span name = split(tags->items[i]).name;
                int r = check("tag", tags->items[i], ret_problem);

                if (r)
                        return r;
                for (size_t j = 0; j < i; j++)
                        if (span_equal(split(tags->items[j]).name, name)) {
                                problem_set(ret_problem, NULL, "--tag: %.*s stands twice", (int)name.size,
                                            name.data);
                                return TAGS_E_INVALID;
                        }
        }

        return 0;
}

char *tags_name(const TextList *tags, size_t index) {
        Span name = split(tags->items[index]).name;

        return memory_format("%.*s", (int)name.size, name.data);
}

const char *tags_value(const TextList *tags, size_t index) {
        return split(tags->items[index]).value.data;
}

json_t *tags_to_json(const TextList *tags) {
        json_t *object = memory_had(json_object());

        for (size_t i = 0; i < tags->n; i++) {
                _cleanup_(freep) char *name = tags_name(tags, i);

                if (json_object_set_new(object, name, json_string(tags_value(tags, i))))
                        (void)memory_had(NULL);
        }
        return object;
}

static void add_value(json_t *match, const char *name, const char *value) {
        if (!json_object_get(match, name) && json_object_set_new(match, name, json_array()))
                (void)memory_had(NULL);
        if (json_array_append_new(json_object_get(match, name), json_string(value)))
                (void)memory_had(NULL);
}

int tags_to_match(const TextList *tags, json_t **ret_match, Problem *ret_problem) {
        json_auto_t *match = memory_had(json_object());

        for (size_t i = 0; i < tags->n; i++) {
                _cleanup_(freep) char *name = tags_name(tags, i);
                int r = check("match", tags->items[i], ret_problem);

                if (r)
                        return r;
                add_value(match, name, tags_value(tags, i));
        }

        *ret_match = json_incref(match);
        return 0;
}
