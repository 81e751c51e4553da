/*
 * Each constraint is a step of the budget, and so is each element that it goes over; texts, regular
 * expressions and comparisons are charged by their size, before the work is done. So the time of a check is
 * bounded by the budget, whatever the schema makes of alternatives and of references to itself, and the stack
 * by the depth.
 */
#define VALIJSON_USE_EXCEPTIONS 1

#include <algorithm>
#include <cmath>
#include <cstring>
#include <unordered_set>

#include <valijson/adapters/nlohmann_json_adapter.hpp>
#include <valijson/constraints/concrete_constraints.hpp>
#include <valijson/constraints/constraint_visitor.hpp>

#include "util/json_schema_visitor.hh"

namespace confer {

namespace {

using valijson::Subschema;
using valijson::adapters::FrozenValue;
using valijson::adapters::NlohmannJsonAdapter;
using valijson::constraints::Constraint;
using valijson::constraints::ConstraintVisitor;
using valijson::constraints::TypeConstraint;

/* How much of a JSON pointer a text shows: its end. */
constexpr size_t pointer_shown_max = 100;

/* Where a value stands in the content. */
struct Place {
        const Place *parent;
        const std::string *name; /* of a member; NULL: an element */
        size_t index;
        size_t depth;
        size_t size; /* bytes of the names on the way here */
};

std::string pointer(const Place &place) {
        std::string text;

        if (!place.parent)
                return text;

        text = pointer(*place.parent);
        pointer_append(text, place.name ? *place.name : std::to_string(place.index));
        return text;
}

std::string shown(const Place &place) {
        std::string text = pointer(place);
        size_t start = text.size() > pointer_shown_max ? text.size() - pointer_shown_max : 0;

        while (start < text.size() && ((unsigned char)text[start] & 0xc0) == 0x80)
                start++;
        return text.empty() ? "the content" : start ? "…" + text.substr(start) : text;
}

struct Run {
        const SchemaForm &form;
        Budget budget;
        size_t depth;
};

class DepthGuard {
      public:
        explicit DepthGuard(size_t &counter) : depth(counter) {
                if (depth >= JSON_SCHEMA_DEPTH_MAX)
                        throw TooCostly{ "the schema leads from one place to another too often" };
                depth++;
        }
        ~DepthGuard() {
                depth--;
        }
        DepthGuard(const DepthGuard &) = delete;
        DepthGuard &operator=(const DepthGuard &) = delete;

      private:
        size_t &depth;
};

/* Steps that looking a name up, or at a text, takes beside the first. */
template <typename Text> uint64_t cost_of(const Text &text) {
        return text.size() / 64;
}

/* Steps that reading all of @value takes. */
uint64_t cost(const Json &value) {
        uint64_t n = 1;

        if (value.is_string())
                return 1 + value.get_ref<const std::string &>().size() / 64;
        if (value.is_array())
                for (const Json &element : value)
                        n += cost(element);
        else if (value.is_object())
                for (auto member = value.begin(); member != value.end(); ++member)
                        n += cost_of(member.key()) + cost(member.value());
        return n;
}

/* Of equal values the same; numbers are equal as doubles. */
size_t hash(const Json &value) {
        size_t h =
                (size_t)(value.is_number() ? Json::value_t::number_float : value.type()) * 0x9e3779b97f4a7c15;

        if (value.is_number())
                h ^= std::hash<double>()(value.get<double>());
        else if (value.is_string())
                h ^= std::hash<std::string>()(value.get_ref<const std::string &>());
        else if (value.is_boolean())
                h ^= value.get<bool>() ? 1 : 2;
        else if (value.is_array())
                for (const Json &element : value)
                        h = (h ^ hash(element)) * 0x100000001b3;
        else if (value.is_object())
                for (auto member = value.begin(); member != value.end(); ++member)
                        h = (h ^ std::hash<std::string>()(member.key()) ^ (hash(member.value()) << 1)) *
                            0x100000001b3;
        return h;
}

size_t count_characters(const std::string &text) {
        return (size_t)std::count_if(text.begin(), text.end(),
                                     [](char c) { return ((unsigned char)c & 0xc0) != 0x80; });
}

bool is_integer(const Json &value, Draft draft) {
        if (value.is_number_integer())
                return true;
        return draft != Draft::Draft4 && value.is_number_float() &&
               std::floor(value.get<double>()) == value.get<double>();
}

const char *type_name(const Json &value) {
        return value.is_object()           ? "an object"
               : value.is_array()          ? "an array"
               : value.is_string()         ? "a string"
               : value.is_boolean()        ? "a boolean"
               : value.is_null()           ? "null"
               : value.is_number_integer() ? "an integer"
                                           : "a number";
}

std::string number_text(double number) {
        char text[40];

        if (std::floor(number) == number && std::fabs(number) < 1e15)
                (void)std::snprintf(text, sizeof(text), "%.0f", number);
        else
                (void)std::snprintf(text, sizeof(text), "%.15g", number);
        return text;
}

/* As near as doubles tell: 0.0075 is a multiple of 0.0001, though neither is a double. */
bool is_multiple(double value, double divisor) {
        double quotient = value / divisor;

        if (!std::isfinite(quotient))
                return std::fmod(value, divisor) == 0;
        if (std::fabs(quotient) > 1e15)
                return std::fmod(value, divisor) == 0;
        return std::fabs(quotient - std::round(quotient)) < 1e-9 * std::max(1.0, std::fabs(quotient) * 1e-6);
}

bool fits(Run &run, const Subschema &schema, const Json &value, const Place &place, Failures *failures);

class Visitor : public ConstraintVisitor {
      public:
        Visitor(Run &run_, const Json &value_, const Place &place_, Failures *failures_)
            : run(run_), value(value_), place(place_), failures(failures_) {
        }

        bool visit(const AllOfConstraint &constraint) override {
                bool result = true;

                constraint.applyToSubschemas([&](unsigned, const Subschema *schema) {
                        result = fits(run, *schema, value, place, failures) && result;
                        return result || goes_on();
                });
                return result;
        }

        bool visit(const AnyOfConstraint &constraint) override {
                return count_alternatives(constraint, 1) > 0;
        }

        bool visit(const OneOfConstraint &constraint) override {
                unsigned n = count_alternatives(constraint, 2);

                return n == 1 ||
                       (n > 1 && fail("must fit one of the alternatives of oneOf only, and fits several"));
        }

        bool visit(const ConditionalConstraint &constraint) override {
                const Subschema *next = fits(run, *constraint.getIfSubschema(), value, place, nullptr)
                                                ? constraint.getThenSubschema()
                                                : constraint.getElseSubschema();

                return !next || fits(run, *next, value, place, failures);
        }

        bool visit(const ConstConstraint &constraint) override {
                run.budget.take(cost(value));
                return constraint.getValue()->equalTo(NlohmannJsonAdapter(value), true) ||
                       fail("must be the one value that const names");
        }

        bool visit(const ContainsConstraint &constraint) override {
                if (!value.is_array())
                        return true;
                for (const Json &element : value)
                        if (fits(run, *constraint.getSubschema(), element, place, nullptr))
                                return true;
                return fail("must have an element that fits contains");
        }

        bool visit(const DependenciesConstraint &constraint) override {
                bool result = true;

                if (!value.is_object())
                        return true;
                constraint.applyToPropertyDependencies([&](const auto &name, const auto &wanted) {
                        run.budget.take(1 + cost_of(name));
                        if (value.contains(name.c_str()))
                                for (const auto &other : wanted)
                                        result = has_dependent(other.c_str(), name.c_str()) && result;
                        return result || goes_on();
                });
                constraint.applyToSchemaDependencies([&](const auto &name, const Subschema *schema) {
                        run.budget.take(1 + cost_of(name));
                        if (value.contains(name.c_str()))
                                result = fits(run, *schema, value, place, failures) && result;
                        return result || goes_on();
                });
                return result;
        }

        bool visit(const EnumConstraint &constraint) override {
                uint64_t n = cost(value);
                bool result = false;

                constraint.applyToValues([&](const FrozenValue &wanted) {
                        run.budget.take(n);
                        result = wanted.equalTo(NlohmannJsonAdapter(value), true);
                        return !result;
                });
                return result || fail("must be one of the values that enum lists");
        }

        /* Formats are notes for people: the drafts leave it open whether they are enforced. */
        bool visit(const FormatConstraint &) override {
                return true;
        }

        bool visit(const LinearItemsConstraint &constraint) override {
                size_t n = constraint.getItemSubschemaCount();
                bool result = true;

                if (!value.is_array())
                        return true;
                constraint.applyToItemSubschemas([&](unsigned i, const Subschema *schema) {
                        result = (i >= value.size() || element_fits(*schema, i)) && result;
                        return i < value.size() && (result || goes_on());
                });
                if (constraint.getAdditionalItemsSubschema())
                        return (result || goes_on()) &&
                               elements_fit(*constraint.getAdditionalItemsSubschema(), n) && result;
                return (value.size() <= n || fail("must have at most " + count_of(n, "element"))) && result;
        }

        bool visit(const SingularItemsConstraint &constraint) override {
                return !value.is_array() || elements_fit(*constraint.getItemsSubschema(), 0);
        }

        bool visit(const MaximumConstraint &constraint) override {
                double maximum = constraint.getMaximum();

                if (!value.is_number())
                        return true;
                if (constraint.getExclusiveMaximum())
                        return value.get<double>() < maximum ||
                               fail("must be less than " + number_text(maximum));
                return value.get<double>() <= maximum || fail("must be at most " + number_text(maximum));
        }

        bool visit(const MinimumConstraint &constraint) override {
                double minimum = constraint.getMinimum();

                if (!value.is_number())
                        return true;
                if (constraint.getExclusiveMinimum())
                        return value.get<double>() > minimum ||
                               fail("must be greater than " + number_text(minimum));
                return value.get<double>() >= minimum || fail("must be at least " + number_text(minimum));
        }

        bool visit(const MaxItemsConstraint &constraint) override {
                return !value.is_array() || at_most(value.size(), constraint.getMaxItems(), "element");
        }

        bool visit(const MinItemsConstraint &constraint) override {
                return !value.is_array() || at_least(value.size(), constraint.getMinItems(), "element");
        }

        bool visit(const MaxLengthConstraint &constraint) override {
                return !value.is_string() || at_most(length(), constraint.getMaxLength(), "character");
        }

        bool visit(const MinLengthConstraint &constraint) override {
                return !value.is_string() || at_least(length(), constraint.getMinLength(), "character");
        }

        bool visit(const MaxPropertiesConstraint &constraint) override {
                return !value.is_object() || at_most(value.size(), constraint.getMaxProperties(), "member");
        }

        bool visit(const MinPropertiesConstraint &constraint) override {
                return !value.is_object() || at_least(value.size(), constraint.getMinProperties(), "member");
        }

        bool visit(const MultipleOfDoubleConstraint &constraint) override {
                double divisor = constraint.getDivisor();

                return !value.is_number() || is_multiple(value.get<double>(), divisor) ||
                       fail("must be a multiple of " + number_text(divisor));
        }

        bool visit(const MultipleOfIntConstraint &constraint) override {
                int64_t divisor = constraint.getDivisor();

                if (!value.is_number())
                        return true;
                return (value.is_number_integer() ? value.get<int64_t>() % divisor == 0
                                                  : is_multiple(value.get<double>(), (double)divisor)) ||
                       fail("must be a multiple of " + std::to_string(divisor));
        }

        bool visit(const NotConstraint &constraint) override {
                return !fits(run, *constraint.getSubschema(), value, place, nullptr) ||
                       fail("must not be what not describes");
        }

        bool visit(const PatternConstraint &constraint) override {
                if (!value.is_string())
                        return true;

                std::string pattern = constraint.getPattern<std::allocator<char>>();
                return matches(pattern, value.get_ref<const std::string &>()) ||
                       fail("must match the regular expression " + pattern);
        }

        /* None is ever made: no constraint of ours is registered with Valijson's reader. */
        bool visit(const PolyConstraint &) override {
                return true;
        }

        bool visit(const PropertiesConstraint &constraint) override {
                std::unordered_set<const Json *> described;
                bool result = true;

                if (!value.is_object())
                        return true;
                constraint.applyToProperties([&](const auto &name, const Subschema *schema) {
                        run.budget.take(1 + cost_of(name));
                        auto member = value.find(name.c_str());

                        if (member != value.end()) {
                                described.insert(&*member);
                                result = member_fits(*schema, member) && result;
                        }
                        return result || goes_on();
                });
                constraint.applyToPatternProperties([&](const auto &pattern, const Subschema *schema) {
                        for (auto member = value.begin(); member != value.end() && (result || goes_on());
                             ++member)
                                if (matches(pattern.c_str(), member.key())) {
                                        described.insert(&*member);
                                        result = member_fits(*schema, member) && result;
                                }
                        return result || goes_on();
                });
                return additional_fit(constraint.getAdditionalPropertiesSubschema(), described) && result;
        }

        bool visit(const PropertyNamesConstraint &constraint) override {
                bool result = true;

                if (!value.is_object())
                        return true;
                for (auto member = value.begin(); member != value.end() && (result || goes_on()); ++member) {
                        run.budget.take(1 + cost_of(member.key()));
                        if (!fits(run, *constraint.getSubschema(), Json(member.key()), place, nullptr))
                                result = fail("must not have a member of the name " + quoted(member.key()) +
                                              ", by propertyNames");
                }
                return result;
        }

        bool visit(const RequiredConstraint &constraint) override {
                bool result = true;

                if (!value.is_object())
                        return true;
                constraint.applyToRequiredProperties([&](const auto &name) {
                        run.budget.take(1 + cost_of(name));
                        if (!value.contains(name.c_str()))
                                result = fail("must have the member " + quoted(name.c_str()));
                        return result || goes_on();
                });
                return result;
        }

        bool visit(const TypeConstraint &constraint) override {
                std::string wanted;
                bool result = false;

                constraint.applyToNamedTypes([&](TypeConstraint::JsonType type) {
                        wanted += (wanted.empty() ? "" : " or ") + std::string(is_type(type, result));
                        return !result;
                });
                return result || fail("must be " + wanted + ", and is " + type_name(value));
        }

        /* By hashes, so that the time is not that of comparing all with all. */
        bool visit(const UniqueItemsConstraint &) override {
                std::vector<std::pair<size_t, const Json *>> elements;

                if (!value.is_array())
                        return true;
                run.budget.take(cost(value));
                for (const Json &element : value)
                        elements.emplace_back(hash(element), &element);
                std::sort(elements.begin(), elements.end());
                for (size_t i = 0; i < elements.size(); i++)
                        for (size_t j = i; j-- > 0 && elements[j].first == elements[i].first;) {
                                run.budget.take(cost(*elements[i].second));
                                if (*elements[i].second == *elements[j].second)
                                        return fail("must not have an element twice");
                        }
                return true;
        }

      private:
        Run &run;
        const Json &value;
        const Place &place;
        Failures *failures; /* NULL: only the answer is wanted */

        bool goes_on() const {
                return failures && !failures->is_full();
        }

        bool fail(const std::string &text) {
                if (failures && !failures->is_full()) {
                        run.budget.take(1 + place.depth +
                                        place.size / 8); /* names are escaped byte by byte */
                        failures->add({ place.depth, shown(place) + " " + text });
                }
                return false;
        }

        /* A name, which whoever wrote the content or the schema may have made long. */
        static std::string quoted(const std::string &name) {
                size_t size = std::min(name.size(), (size_t)64);

                while (size < name.size() && size > 0 && ((unsigned char)name[size] & 0xc0) == 0x80)
                        size--;
                return "'" + name.substr(0, size) + (size < name.size() ? "…'" : "'");
        }

        static std::string count_of(uint64_t n, const char *what) {
                return std::to_string(n) + " " + what + (n == 1 ? "" : "s");
        }

        bool at_most(uint64_t n, uint64_t maximum, const char *what) {
                return n <= maximum || fail("must have at most " + count_of(maximum, what));
        }

        bool at_least(uint64_t n, uint64_t minimum, const char *what) {
                return n >= minimum || fail("must have at least " + count_of(minimum, what));
        }

        uint64_t length() {
                const std::string &text = value.get_ref<const std::string &>();

                run.budget.take(text.size() / 64);
                return count_characters(text);
        }

        /* At worst RE2 looks at each instruction for each byte. */
        bool matches(const std::string &pattern, const std::string &text) {
                const re2::RE2 &compiled = *run.form.patterns.at(pattern);

                run.budget.take(1 + cost_of(pattern) + text.size() * (uint64_t)compiled.ProgramSize() / 512);
                return re2::RE2::PartialMatch(text, compiled);
        }

        bool has_dependent(const std::string &other, const std::string &name) {
                run.budget.take(1 + cost_of(other));
                return value.contains(other) ||
                       fail("must have the member " + quoted(other) + ", since it has " + quoted(name));
        }

        bool element_fits(const Subschema &schema, size_t i) {
                return fits(run, schema, value[i], Place{ &place, nullptr, i, place.depth + 1, place.size },
                            failures);
        }

        bool elements_fit(const Subschema &schema, size_t from) {
                bool result = true;

                for (size_t i = from; i < value.size() && (result || goes_on()); i++)
                        result = element_fits(schema, i) && result;
                return result;
        }

        bool member_fits(const Subschema &schema, const Json::const_iterator &member) {
                return fits(
                        run, schema, member.value(),
                        Place{ &place, &member.key(), 0, place.depth + 1, place.size + member.key().size() },
                        failures);
        }

        bool additional_fit(const Subschema *schema, const std::unordered_set<const Json *> &described) {
                bool result = true;

                for (auto member = value.begin(); member != value.end(); ++member) {
                        run.budget.take(1);
                        if (described.count(&*member))
                                continue;
                        if (!schema)
                                result = fail("must not have the member " + quoted(member.key()));
                        else
                                result = member_fits(*schema, member) && result;
                        if (!result && !goes_on())
                                break;
                }
                return result;
        }

        /* How many alternatives fit, up to @enough. When none does, the failures of the one that went
         * furthest are told, where it went into the content at all. */
        template <typename Alternatives>
        unsigned count_alternatives(const Alternatives &constraint, unsigned enough) {
                Failures furthest;
                unsigned n = 0, n_tried = 0;

                constraint.applyToSubschemas([&](unsigned, const Subschema *schema) {
                        Failures own;

                        n_tried++;
                        n += fits(run, *schema, value, place, failures ? &own : nullptr);
                        if (own.depth() > furthest.depth() || n_tried == 1)
                                furthest = own;
                        return n < enough;
                });
                if (n > 0 || !failures)
                        return n;
                if (n_tried > 1 && furthest.depth() <= place.depth)
                        (void)fail("must fit one of " + std::to_string(n_tried) +
                                   " alternatives, and fits none");
                else
                        for (const Failure &failure : furthest.all())
                                failures->add(failure);
                return 0;
        }

        const char *is_type(TypeConstraint::JsonType type, bool &ret_is) const {
                switch (type) {
                case TypeConstraint::kArray:
                        ret_is = value.is_array();
                        return "an array";
                case TypeConstraint::kBoolean:
                        ret_is = value.is_boolean();
                        return "a boolean";
                case TypeConstraint::kInteger:
                        ret_is = is_integer(value, run.form.draft);
                        return "an integer";
                case TypeConstraint::kNull:
                        ret_is = value.is_null();
                        return "null";
                case TypeConstraint::kNumber:
                        ret_is = value.is_number();
                        return "a number";
                case TypeConstraint::kObject:
                        ret_is = value.is_object();
                        return "an object";
                case TypeConstraint::kString:
                        ret_is = value.is_string();
                        return "a string";
                case TypeConstraint::kAny:
                default:
                        ret_is = true;
                        return "anything";
                }
        }

        friend bool fits(Run &run, const Subschema &schema, const Json &value, const Place &place,
                         Failures *failures);
};

bool fits(Run &run, const Subschema &schema, const Json &value, const Place &place, Failures *failures) {
        DepthGuard guard(run.depth);
        Visitor visitor(run, value, place, failures);

        run.budget.take(1);
        if (schema.getAlwaysInvalid())
                return visitor.fail("must not be there");

        Subschema::ApplyFunction apply = [&](const Constraint &constraint) {
                run.budget.take(1);
                return (failures && failures->is_full()) ? false : constraint.accept(visitor);
        };
        return failures ? schema.apply(apply) : schema.applyStrict(apply);
}

} // namespace

bool schema_fits(const Subschema &schema, const SchemaForm &form, const Json &content, Failures &failures) {
        Run run = { form, Budget(JSON_SCHEMA_STEPS_MAX), 0 };

        return fits(run, schema, content, Place{ nullptr, nullptr, 0, 0, 0 }, &failures);
}

} // namespace confer
