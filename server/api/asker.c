#include <stdio.h>
#include <string.h>

#include "api/asker.h"

/* What is wrong with one more tag, or NULL. */
static const char *find_fault(const GrayAsker *who, Tag tag) {
        if (who->n_tags == TAGS_MAX)
                return "there are more than 32 tags";
        if (!tag_name_is_valid(tag.name))
                return "a tag's name is 1 to 64 of a-z, 0-9, _, . and -";
        if (!tag_value_is_valid(tag.value))
                return "a tag's value is up to 256 bytes of UTF-8 without NUL";
        for (size_t i = 0; i < who->n_tags; i++)
                if (span_equal(who->tags[i].name, tag.name))
                        return "a tag of this name is there already";
        return NULL;
}

static const char *add_tag(Asker *asker, Tag tag) {
        const char *fault = find_fault(&asker->who, tag);

        if (!fault)
                asker->tags[asker->who.n_tags++] = tag;
        return fault;
}

static const char *add_parameter(Asker *asker, Span value) {
        const char *colon = value.size ? memchr(value.data, ':', value.size) : NULL;
        size_t name_size = colon ? (size_t)(colon - value.data) : 0;

        if (!colon)
                return "a tag is NAME:VALUE";
        return add_tag(asker, (Tag){ { value.data, name_size }, { colon + 1, value.size - name_size - 1 } });
}

bool asker_read_parameters(Request *request, Asker *ret_asker) {
        ret_asker->is_given = false;
        ret_asker->who = (GrayAsker){ .tags = ret_asker->tags };

        for (size_t i = 0; i < request->n_parameters; i++) {
                const Parameter *parameter = &request->parameters[i];
                bool is_tag = span_equal(parameter->name, SPAN_LITERAL("tag"));
                const char *fault = is_tag ? add_parameter(ret_asker, parameter->value) : NULL;

                if (fault) {
                        reply_refusal(request, REASON_INVALID_PARAMETER, "tag", "%s", fault);
                        return false;
                }
                if (span_equal(parameter->name, SPAN_LITERAL("instance")))
                        ret_asker->who.unit = parameter->value;
                else if (!is_tag)
                        continue;
                ret_asker->is_given = true;
        }
        return true;
}

bool asker_read_tags(Request *request, json_t *tags, Asker *asker) {
        const char *name, *fault;
        json_t *value;

        asker->who.tags = asker->tags;
        json_object_foreach(tags, name, value) {
                Span text = json_is_string(value)
                                    ? (Span){ json_string_value(value), json_string_length(value) }
                                    : SPAN_NULL;

                fault = text.data ? add_tag(asker, (Tag){ span_from_string(name), text })
                                  : "a tag's value is a string";
                if (fault) {
                        char field[PROBLEM_FIELD_MAX];

                        (void)snprintf(field, sizeof(field), "tags.%.64s", name);
                        reply_refusal(request, REASON_INVALID_FIELD, field, "%s", fault);
                        return false;
                }
        }
        return true;
}
