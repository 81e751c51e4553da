/*
 * What the files of JSON Schema share.
 */
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <unordered_map>

#include <nlohmann/json.hpp>
#include <re2/re2.h>

#include "util/json_schema.h"

namespace confer {

using Json = nlohmann::json;

/* Thrown, and turned into outcomes at the C interface. */
struct BadSchema {
        std::string text;
};
struct TooCostly {
        std::string text;
};

/* What is left of the steps that somebody may take. */
class Budget {
      public:
        explicit Budget(uint64_t n_steps) : left(n_steps) {
        }

        void take(uint64_t n_steps) {
                if (n_steps > left)
                        throw TooCostly{ "the content takes too many steps to be held against the schema" };
                left -= n_steps;
        }

      private:
        uint64_t left;
};

using Patterns = std::unordered_map<std::string, std::unique_ptr<re2::RE2>>;

enum class Draft : unsigned { Draft4 = 1, Draft6 = 2, Draft7 = 4 };

/* A schema in a form without the places where Valijson's reader goes astray: every subschema stands in one
 * array, is referred to by its number there, and has keywords of the right types only. */
struct SchemaForm {
        Draft draft;
        Json document;
        size_t n_nodes;
        Patterns patterns;
};

/* Checks @schema. Throws BadSchema. */
SchemaForm schema_form(const Json &schema);

/* Reads JSON; @text is cut where it is shown. Throws Json::exception, or DuplicateMember. */
Json json_parse(Span text);

struct DuplicateMember {
        std::string name;
};

/* Appends the token of a JSON pointer, with its slash. */
void pointer_append(std::string &pointer, const std::string &token);

} // namespace confer
