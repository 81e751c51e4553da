/*
 * The C interface to JSON Schema, and reading JSON for it.
 */
#define VALIJSON_USE_EXCEPTIONS 1

#include <cerrno>
#include <unordered_set>

#include <valijson/adapters/nlohmann_json_adapter.hpp>
#include <valijson/schema.hpp>
#include <valijson/schema_parser.hpp>

#include "util/json_schema_visitor.hh"

namespace confer {

namespace {

/* How much of the stack reading a schema may take, where subschemas lead to one another in a long line. */
constexpr ptrdiff_t stack_max = (ptrdiff_t)2 << 20;

/* How deep a text nests, and how many members are in it. */
class Counter : public nlohmann::json_sax<Json> {
      public:
        size_t n_members = 0;

        bool null() override {
                return true;
        }
        bool boolean(bool) override {
                return true;
        }
        bool number_integer(number_integer_t) override {
                return true;
        }
        bool number_unsigned(number_unsigned_t) override {
                return true;
        }
        bool number_float(number_float_t, const string_t &) override {
                return true;
        }
        bool string(string_t &) override {
                return true;
        }
        bool binary(binary_t &) override {
                return true;
        }
        bool key(string_t &) override {
                n_members++;
                return true;
        }
        bool start_object(size_t) override {
                return enter();
        }
        bool end_object() override {
                depth--;
                return true;
        }
        bool start_array(size_t) override {
                return enter();
        }
        bool end_array() override {
                depth--;
                return true;
        }
        bool parse_error(size_t, const std::string &, const nlohmann::detail::exception &) override {
                return false;
        }

      private:
        size_t depth = 0;

        bool enter() {
                if (++depth > JSON_SCHEMA_DEPTH_MAX)
                        throw TooCostly{ "the JSON nests too deep" };
                return true;
        }
};

/* Finds the member that stands twice. Slow: only where it is known that there is one. */
class Finder {
      public:
        bool operator()(int, Json::parse_event_t event, const Json &parsed) {
                if (event == Json::parse_event_t::object_start)
                        open.emplace_back();
                else if (event == Json::parse_event_t::object_end)
                        open.pop_back();
                else if (event == Json::parse_event_t::key &&
                         !open.back().insert(parsed.get_ref<const std::string &>()).second)
                        throw DuplicateMember{ parsed.get_ref<const std::string &>() };
                return true;
        }

      private:
        std::vector<std::unordered_set<std::string>> open; /* names of the objects that are open */
};

/* Valijson has no number beyond those of int64_t; all the others are doubles. Return: how many members there
 * are. */
size_t make_signed(Json &value) {
        size_t n_members = value.is_object() ? value.size() : 0;

        if (value.is_number_unsigned() && value.get<uint64_t>() > (uint64_t)INT64_MAX)
                value = value.get<double>();
        else if (value.is_structured())
                for (Json &element : value)
                        n_members += make_signed(element);
        return n_members;
}

/*
 * Valijson's reader recurses from subschema to subschema. Each of ours is a reference, for each of which it
 * asks for the address here, so that this is where the stack can be looked at.
 */
class Reader : public valijson::SchemaParser {
      public:
        explicit Reader(Version version)
            : valijson::SchemaParser(version), start((char *)__builtin_frame_address(0)) {
        }

      private:
        char *start;

        opt::optional<std::string> resolveDocumentUri(const opt::optional<std::string> &,
                                                      const opt::optional<std::string> &) override {
                if (start - (char *)__builtin_frame_address(0) > stack_max)
                        throw BadSchema{
                                "the schema has too many subschemas that lead to one another in one line"
                        };
                return {};
        }
};

} // namespace

Json json_parse(Span text) {
        static const char byte_order_mark[] = "\xef\xbb\xbf";
        size_t skip = text.size >= 3 && memcmp(text.data, byte_order_mark, 3) == 0 ? 3 : 0;
        const char *start = text.data + skip, *end = text.data + text.size;
        Counter counter;

        (void)Json::sax_parse(start, end, &counter);
        Json value = Json::parse(start, end);
        if (make_signed(value) != counter.n_members)
                value = Json::parse(start, end, Finder());
        return value;
}

} // namespace confer

struct JsonSchema {
        confer::SchemaForm form;
        valijson::Schema compiled;
        size_t size;
};

namespace {

using namespace confer;

/* Cuts @text to what a problem shows, between characters. */
std::string cut(const std::string &text, size_t size) {
        if (text.size() <= size)
                return text;
        while (size > 0 && ((unsigned char)text[size] & 0xc0) == 0x80)
                size--;
        return text.substr(0, size) + "…";
}

/* Runs @work, which returns an outcome, and turns what is thrown into outcomes. */
template <typename Work> int told(int bad_json, Problem *ret_problem, const Work &work) {
        try {
                return work();
        } catch (const std::bad_alloc &) {
                throw;
        } catch (const BadSchema &bad) {
                problem_set(ret_problem, NULL, "%s", cut(bad.text, 240).c_str());
                return JSON_SCHEMA_E_INVALID;
        } catch (const TooCostly &costly) {
                problem_set(ret_problem, NULL, "%s", costly.text.c_str());
                return bad_json == JSON_SCHEMA_E_INVALID ? JSON_SCHEMA_E_INVALID : JSON_SCHEMA_E_TOO_COSTLY;
        } catch (const DuplicateMember &duplicate) {
                problem_set(ret_problem, NULL, "an object has the member '%s' twice",
                            cut(duplicate.name, 64).c_str());
                return bad_json;
        } catch (const Json::exception &) {
                problem_set(ret_problem, NULL, "this is not JSON");
                return bad_json;
        } catch (const std::exception &other) {
                problem_set(ret_problem, NULL, "the schema cannot be read: %s",
                            cut(other.what(), 200).c_str());
                return JSON_SCHEMA_E_INVALID;
        }
}

/* What is told takes memory, too. */
template <typename Work> int shielded(int bad_json, Problem *ret_problem, const Work &work) {
        try {
                return told(bad_json, ret_problem, work);
        } catch (const std::bad_alloc &) {
                return -ENOMEM;
        }
}

void read_form(JsonSchema *schema, Span text) {
        Reader reader(schema->form.draft == Draft::Draft4 ? valijson::SchemaParser::kDraft4
                                                          : valijson::SchemaParser::kDraft7);

        reader.populateSchema(valijson::adapters::NlohmannJsonAdapter(schema->form.document),
                              schema->compiled);
        schema->form.document = Json();
        schema->size = text.size * 4 + schema->form.n_nodes * 1024 +
                       schema->form.patterns.size() * (size_t)JSON_SCHEMA_PATTERN_MEMORY / 8;
}

std::string told(const Failures &failures) {
        std::string text;

        for (const Failure &failure : failures.all())
                if (text.empty() || text.size() + failure.text.size() < 240)
                        text += (text.empty() ? "" : "; ") + cut(failure.text, 240);
        return text;
}

} // namespace

int json_schema_new(Span text, JsonSchema **ret_schema, Problem *ret_problem) {
        if (text.size > JSON_SCHEMA_SIZE_MAX) {
                problem_set(ret_problem, NULL, "the schema has %zu bytes, %zu are allowed", text.size,
                            JSON_SCHEMA_SIZE_MAX);
                return JSON_SCHEMA_E_INVALID;
        }

        return shielded(JSON_SCHEMA_E_INVALID, ret_problem, [&]() {
                std::unique_ptr<JsonSchema> schema(new JsonSchema{ schema_form(json_parse(text)), {}, 0 });

                read_form(schema.get(), text);
                *ret_schema = schema.release();
                return JSON_SCHEMA_OK;
        });
}

JsonSchema *json_schema_free(JsonSchema *schema) {
        delete schema;
        return nullptr;
}

size_t json_schema_size(const JsonSchema *schema) {
        return schema->size;
}

int json_schema_check(const JsonSchema *schema, Span content, Problem *ret_problem) {
        return shielded(JSON_SCHEMA_E_VIOLATED, ret_problem, [&]() {
                Failures failures;

                if (schema_fits(schema->compiled, schema->form, json_parse(content), failures))
                        return JSON_SCHEMA_OK;
                problem_set(ret_problem, NULL, "%s", told(failures).c_str());
                return JSON_SCHEMA_E_VIOLATED;
        });
}
