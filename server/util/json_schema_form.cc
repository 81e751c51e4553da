/*
 * Checking a schema, and bringing it into the form that Valijson is given.
 *
 * Valijson 1.0 takes some wrong types without a word, follows a reference that leads to itself for ever, and
 * keeps what references lead to under names in which different places of a schema can look alike. So all that
 * is settled here: types by a table of keywords, references by resolving them, and places by numbers. What
 * the form leaves out says nothing about contents: titles, defaults, unknown keywords, the siblings of a
 * reference.
 */
#include <cmath>
#include <cstring>
#include <vector>

#include "util/json_schema_parts.hh"

namespace confer {

namespace {

/* References that lead to references. */
constexpr int hops_max = 100;

enum class Kind {
        Any,
        Text,
        Number,
        Divisor,
        Count,
        Flag,
        Pattern,
        Type,
        Names,
        NamesOrNone,
        List,
        Schema,
        SchemaOrFlag,
        Schemas,
        SchemaMap,
        PatternMap,
        Items,
        Dependencies,
};

constexpr unsigned draft4 = (unsigned)Draft::Draft4, draft6 = (unsigned)Draft::Draft6,
                   draft7 = (unsigned)Draft::Draft7, later = draft6 | draft7, all = draft4 | later;

struct Keyword {
        const char *name;
        unsigned drafts;
        Kind kind;
        bool says_something; /* about contents; the others are checked, and left out */
};

const Keyword keywords[] = {
        { "$comment", draft7, Kind::Text, false },
        { "$schema", all, Kind::Text, false },
        { "additionalItems", all, Kind::SchemaOrFlag, true },
        { "additionalProperties", all, Kind::SchemaOrFlag, true },
        { "allOf", all, Kind::Schemas, true },
        { "anyOf", all, Kind::Schemas, true },
        { "const", later, Kind::Any, true },
        { "contains", later, Kind::Schema, true },
        { "contentEncoding", draft7, Kind::Text, false },
        { "contentMediaType", draft7, Kind::Text, false },
        { "definitions", all, Kind::SchemaMap, false },
        { "dependencies", all, Kind::Dependencies, true },
        { "description", all, Kind::Text, false },
        { "else", draft7, Kind::Schema, true },
        { "enum", all, Kind::List, true },
        { "exclusiveMaximum", draft4, Kind::Flag, true },
        { "exclusiveMaximum", later, Kind::Number, true },
        { "exclusiveMinimum", draft4, Kind::Flag, true },
        { "exclusiveMinimum", later, Kind::Number, true },
        { "format", all, Kind::Text, false },
        { "if", draft7, Kind::Schema, true },
        { "items", all, Kind::Items, true },
        { "maxItems", all, Kind::Count, true },
        { "maxLength", all, Kind::Count, true },
        { "maxProperties", all, Kind::Count, true },
        { "maximum", all, Kind::Number, true },
        { "minItems", all, Kind::Count, true },
        { "minLength", all, Kind::Count, true },
        { "minProperties", all, Kind::Count, true },
        { "minimum", all, Kind::Number, true },
        { "multipleOf", all, Kind::Divisor, true },
        { "not", all, Kind::Schema, true },
        { "oneOf", all, Kind::Schemas, true },
        { "pattern", all, Kind::Pattern, true },
        { "patternProperties", all, Kind::PatternMap, true },
        { "properties", all, Kind::SchemaMap, true },
        { "propertyNames", later, Kind::Schema, true },
        { "required", draft4, Kind::Names, true },
        { "required", later, Kind::NamesOrNone, true },
        { "then", draft7, Kind::Schema, true },
        { "title", all, Kind::Text, false },
        { "type", all, Kind::Type, true },
        { "uniqueItems", all, Kind::Flag, true },
};

const Keyword *find_keyword(const std::string &name, Draft draft) {
        for (const Keyword &keyword : keywords)
                if (name == keyword.name && (keyword.drafts & (unsigned)draft))
                        return &keyword;
        return nullptr;
}

/* Where a schema stands: at @token, a piece of a JSON pointer, after what its parent stands at. */
struct Place {
        size_t parent; /* SIZE_MAX: none, the token is the whole */
        std::string token;
};

struct Pending {
        const Json *schema;
        Place place;
};

bool is_integral(const Json &value) {
        return value.is_number_integer() ||
               (value.is_number_float() && std::floor(value.get<double>()) == value.get<double>());
}

int hex_value(char c) {
        return c >= '0' && c <= '9'                     ? c - '0'
               : (c | 0x20) >= 'a' && (c | 0x20) <= 'f' ? (c | 0x20) - 'a' + 10
                                                        : -1;
}

/* ECMA-262 writes \u00e4 what is \x{00e4} to RE2. */
std::string to_re2(const std::string &pattern) {
        std::string text;

        for (size_t i = 0; i < pattern.size(); i++) {
                if (pattern[i] != '\\' || i + 1 == pattern.size()) {
                        text += pattern[i];
                } else if (pattern[i + 1] == 'u' && i + 5 < pattern.size() &&
                           hex_value(pattern[i + 2]) >= 0 && hex_value(pattern[i + 3]) >= 0 &&
                           hex_value(pattern[i + 4]) >= 0 && hex_value(pattern[i + 5]) >= 0) {
                        text += "\\x{" + pattern.substr(i + 2, 4) + "}";
                        i += 5;
                } else {
                        text += pattern.substr(i++, 2);
                }
        }
        return text;
}

class Former {
      public:
        explicit Former(const Json &schema) : root(schema), draft(draft_of(schema)), nodes(Json::array()) {
        }

        SchemaForm form() {
                std::string first = refer(root, { SIZE_MAX, "" });

                while (nodes.size() < pending.size())
                        nodes.push_back(node(nodes.size()));

                Json document = { { "$ref", std::move(first) }, { "s", std::move(nodes) } };
                return { draft, std::move(document), pending.size(), std::move(patterns) };
        }

      private:
        const Json &root;
        Draft draft;
        Json nodes;                   /* as far as they are formed */
        std::vector<Pending> pending; /* by number */
        std::unordered_map<const Json *, size_t> numbers;
        Patterns patterns;
        int64_t n_instructions = 0;

        std::string pointer(const Place &place) const {
                return place.parent == SIZE_MAX ? place.token
                                                : pointer(pending[place.parent].place) + place.token;
        }

        [[noreturn]] void refuse(const Place &place, const std::string &text) const {
                std::string at = pointer(place);

                throw BadSchema{ (at.empty() ? "the schema" : at) + " " + text };
        }

        static Draft draft_of(const Json &schema) {
                static const char unknown[] =
                        "/$schema is not one of those that are known: "
                        "http://json-schema.org/draft-04/schema#, draft-06 and draft-07";

                if (!schema.is_object() || !schema.contains("$schema"))
                        return Draft::Draft7;
                if (!schema["$schema"].is_string())
                        throw BadSchema{ "/$schema must be a string" };

                std::string uri = schema["$schema"].get<std::string>();
                if (!uri.empty() && uri.back() == '#')
                        uri.pop_back();
                for (const char *scheme : { "http", "https" }) {
                        const std::string base = std::string(scheme) + "://json-schema.org/draft-0";

                        if (uri == base + "4/schema")
                                return Draft::Draft4;
                        if (uri == base + "6/schema")
                                return Draft::Draft6;
                        if (uri == base + "7/schema")
                                return Draft::Draft7;
                }
                throw BadSchema{ unknown };
        }

        /* What the fragment @ref leads to. */
        const Json &resolve(const std::string &ref, const Place &place) const {
                std::string text;
                const Json *at = &root;

                if (ref.empty() || ref[0] != '#' || (ref.size() > 1 && ref[1] != '/'))
                        refuse(place, "refers to another place than a # with a JSON pointer of this schema "
                                      "names; only those are followed");
                for (size_t i = 1; i < ref.size(); i++) {
                        bool is_escaped = ref[i] == '%' && i + 2 < ref.size() && hex_value(ref[i + 1]) >= 0 &&
                                          hex_value(ref[i + 2]) >= 0;

                        text += is_escaped ? (char)(hex_value(ref[i + 1]) * 16 + hex_value(ref[i + 2]))
                                           : ref[i];
                        i += is_escaped ? 2 : 0;
                }
                for (size_t i = 0; i < text.size();) {
                        size_t end = std::min(text.find('/', i + 1), text.size());

                        at = step(*at, unescape(text.substr(i + 1, end - i - 1)));
                        if (!at)
                                refuse(place, "refers to a place that the schema does not have");
                        i = end;
                }
                return *at;
        }

        static std::string unescape(const std::string &token) {
                std::string text;

                for (size_t i = 0; i < token.size(); i++) {
                        bool is_escape = token[i] == '~' && i + 1 < token.size() &&
                                         (token[i + 1] == '0' || token[i + 1] == '1');

                        text += is_escape ? (token[i + 1] == '0' ? '~' : '/') : token[i];
                        i += is_escape;
                }
                return text;
        }

        static const Json *step(const Json &from, const std::string &token) {
                if (from.is_object()) {
                        auto found = from.find(token);

                        return found == from.end() ? nullptr : &*found;
                }
                if (!from.is_array() || token.empty() || token.size() > 6 ||
                    token.find_first_not_of("0123456789") != std::string::npos ||
                    (token.size() > 1 && token[0] == '0') || std::stoul(token) >= from.size())
                        return nullptr;
                return &from[std::stoul(token)];
        }

        /* The number of @schema, or of what it refers to, as the reference that Valijson resolves. */
        std::string refer(const Json &schema, Place place) {
                const Json *target = &schema;

                for (int hops = 0; target->is_object() && target->contains("$ref"); hops++) {
                        const Json &ref = (*target)["$ref"];

                        place.token += "/$ref";
                        if (!ref.is_string())
                                refuse(place, "must be a string");
                        if (hops == hops_max)
                                refuse(place, "leads to itself, or through more than 100 other references");
                        target = &resolve(ref.get_ref<const std::string &>(), place);
                        place = { SIZE_MAX, ref.get_ref<const std::string &>().substr(1) };
                }
                check_shape(*target, place);
                return "#/s/" + std::to_string(number(*target, place));
        }

        void check_shape(const Json &schema, const Place &place) const {
                if (!schema.is_object() && (draft == Draft::Draft4 || !schema.is_boolean()))
                        refuse(place, draft == Draft::Draft4
                                              ? "must be a schema, which is an object"
                                              : "must be a schema, which is an object or a boolean");
        }

        size_t number(const Json &schema, const Place &place) {
                auto [found, is_new] = numbers.emplace(&schema, pending.size());

                if (is_new && pending.size() == JSON_SCHEMA_NODES_MAX)
                        throw BadSchema{ "the schema has more than " + std::to_string(JSON_SCHEMA_NODES_MAX) +
                                         " subschemas" };
                if (is_new)
                        pending.push_back({ &schema, place });
                return found->second;
        }

        Json child(const Json &schema, size_t parent, const std::string &token) {
                return { { "$ref", refer(schema, { parent, token }) } };
        }

        Json node(size_t i) {
                const Json &schema = *pending[i].schema;
                Json form = Json::object();

                if (schema.is_boolean())
                        return schema;

                check_id(schema, i);
                for (auto member = schema.begin(); member != schema.end(); ++member) {
                        const Keyword *keyword = find_keyword(member.key(), draft);
                        std::string token;

                        if (!keyword)
                                continue;
                        pointer_append(token, member.key());
                        Json value = form_value(*keyword, member.value(), { i, token });
                        if (keyword->says_something)
                                form[member.key()] = std::move(value);
                }
                check_companions(form, i);
                return form;
        }

        /* Within a subschema that has an address of its own references would start from there. */
        void check_id(const Json &schema, size_t i) const {
                const char *name = draft == Draft::Draft4 ? "id" : "$id";
                auto id = schema.find(name);

                if (id == schema.end())
                        return;
                if (!id->is_string())
                        refuse({ i, std::string("/") + name }, "must be a string");
                if (&schema != &root && id->get_ref<const std::string &>().rfind('#', 0) != 0)
                        refuse({ i, std::string("/") + name },
                               "gives a subschema an address of its own; only the whole schema may have one");
        }

        void check_companions(const Json &form, size_t i) const {
                if (draft != Draft::Draft4)
                        return;
                for (auto [exclusive, plain] :
                     { std::pair("exclusiveMaximum", "maximum"), std::pair("exclusiveMinimum", "minimum") })
                        if (form.contains(exclusive) && !form.contains(plain))
                                refuse({ i, std::string("/") + exclusive },
                                       std::string("stands without ") + plain + " beside it");
        }

        Json form_value(const Keyword &keyword, const Json &value, const Place &place) {
                switch (keyword.kind) {
                case Kind::Any:
                        return value;
                case Kind::Text:
                        return expect(value.is_string(), value, place, "must be a string");
                case Kind::Number:
                        return expect(value.is_number(), value, place, "must be a number");
                case Kind::Divisor:
                        return expect(value.is_number() && value.get<double>() > 0, value, place,
                                      "must be a number greater than 0");
                case Kind::Count:
                        return count(value, place);
                case Kind::Flag:
                        return expect(value.is_boolean(), value, place, "must be true or false");
                case Kind::Pattern:
                        expect(value.is_string(), value, place, "must be a string");
                        add_pattern(value.get_ref<const std::string &>(), place);
                        return value;
                case Kind::Type:
                        return type(value, place);
                case Kind::Names:
                        return names(value, place, false);
                case Kind::NamesOrNone:
                        return names(value, place, true);
                case Kind::List:
                        return expect(value.is_array() && !value.empty(), value, place,
                                      "must be a list that is not empty");
                case Kind::Schema:
                        return sub(value, place);
                case Kind::SchemaOrFlag:
                        return value.is_boolean() ? value : sub(value, place);
                case Kind::Schemas:
                        expect(value.is_array() && !value.empty(), value, place,
                               "must be a list of schemas that is not empty");
                        return list(value, place);
                case Kind::SchemaMap:
                case Kind::PatternMap:
                        return map(value, place, keyword.kind == Kind::PatternMap);
                case Kind::Items:
                        return value.is_array() ? list(value, place) : sub(value, place);
                case Kind::Dependencies:
                default:
                        return dependencies(value, place);
                }
        }

        const Json &expect(bool holds, const Json &value, const Place &place, const char *rule) const {
                if (!holds)
                        refuse(place, rule);
                return value;
        }

        Json count(const Json &value, const Place &place) const {
                static const char rule[] = "must be a whole number from 0 to 2^53";

                expect(value.is_number() && is_integral(value) && value.get<double>() >= 0 &&
                               value.get<double>() <= 9007199254740992.0,
                       value, place, rule);
                return (int64_t)value.get<double>();
        }

        Json type(const Json &value, const Place &place) const {
                static const char *const types[] = { "array",  "boolean", "integer", "null",
                                                     "number", "object",  "string" };
                Json list = value.is_array() ? value : Json::array({ value });

                expect(!list.empty(), value, place, "must name a type");
                for (const Json &name : list) {
                        bool is_known = false;

                        for (const char *known : types)
                                is_known = is_known || name == known;
                        expect(is_known, value, place,
                               "must be array, boolean, integer, null, number, object or string, or a list "
                               "of them");
                }
                return list;
        }

        Json names(const Json &value, const Place &place, bool may_be_empty) const {
                expect(value.is_array() && (may_be_empty || !value.empty()), value, place,
                       may_be_empty ? "must be a list of names"
                                    : "must be a list of names that is not empty");
                for (const Json &name : value) {
                        expect(name.is_string(), value, place, "must be a list of names, which are strings");
                        refuse_nul(name.get_ref<const std::string &>(), place);
                }
                return value;
        }

        Json sub(const Json &value, const Place &place) {
                return child(value, place.parent, place.token);
        }

        Json list(const Json &value, const Place &place) {
                Json result = Json::array();

                for (const Json &schema : value)
                        result.push_back(child(schema, place.parent,
                                               place.token + "/" + std::to_string(result.size())));
                return result;
        }

        Json map(const Json &value, const Place &place, bool has_patterns) {
                Json result = Json::object();

                expect(value.is_object(), value, place, "must be an object of schemas");
                for (auto member = value.begin(); member != value.end(); ++member) {
                        Place at = place;

                        pointer_append(at.token, member.key());
                        refuse_nul(member.key(), place);
                        if (has_patterns)
                                add_pattern(member.key(), at);
                        result[member.key()] = child(member.value(), at.parent, at.token);
                }
                return result;
        }

        Json dependencies(const Json &value, const Place &place) {
                Json result = Json::object();

                expect(value.is_object(), value, place, "must be an object of schemas and lists of names");
                for (auto member = value.begin(); member != value.end(); ++member) {
                        Place at = place;

                        pointer_append(at.token, member.key());
                        refuse_nul(member.key(), place);
                        result[member.key()] = member.value().is_array()
                                                       ? names(member.value(), at, draft != Draft::Draft4)
                                                       : child(member.value(), at.parent, at.token);
                }
                return result;
        }

        /* Valijson takes texts up to the first. */
        void refuse_nul(const std::string &text, const Place &place) const {
                if (text.find('\0') != std::string::npos)
                        refuse(place, "has a NUL character");
        }

        void add_pattern(const std::string &text, const Place &place) {
                re2::RE2::Options options;

                if (text.size() > JSON_SCHEMA_PATTERN_SIZE_MAX)
                        refuse(place, "is a regular expression of more than " +
                                              std::to_string(JSON_SCHEMA_PATTERN_SIZE_MAX) + " bytes");
                if (patterns.count(text))
                        return;
                refuse_nul(text, place);
                options.set_log_errors(false);
                options.set_never_capture(true);
                options.set_max_mem(JSON_SCHEMA_PATTERN_MEMORY);

                auto pattern = std::make_unique<re2::RE2>(to_re2(text), options);
                if (!pattern->ok())
                        refuse(place, "is no regular expression that can be matched in linear time: " +
                                              pattern->error() +
                                              "; look-ahead, look-behind and back-references are not");
                n_instructions += pattern->ProgramSize();
                if (n_instructions > JSON_SCHEMA_PATTERNS_MAX)
                        refuse(place, "makes the regular expressions of the schema too large together");
                patterns.emplace(text, std::move(pattern));
        }
};

} // namespace

void pointer_append(std::string &pointer, const std::string &token) {
        pointer += '/';
        for (char c : token)
                if (c == '~' || c == '/')
                        pointer += c == '~' ? "~0" : "~1";
                else
                        pointer += c;
}

SchemaForm schema_form(const Json &schema) {
        return Former(schema).form();
}

} // namespace confer
