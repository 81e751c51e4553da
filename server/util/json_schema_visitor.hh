/*
 * Holding a value against what Valijson has compiled.
 */
#pragma once

#include <string>
#include <vector>

#include <valijson/schema.hpp>

#include "util/json_schema_parts.hh"

namespace confer {

/* What is wrong, where. */
struct Failure {
        size_t depth; /* of the place */
        std::string text;
};

/* The first few. */
class Failures {
      public:
        static constexpr size_t n_max = 3;

        bool is_full() const {
                return list.size() >= n_max;
        }

        void add(Failure failure) {
                if (!is_full())
                        list.push_back(std::move(failure));
        }

        /* Of alternatives, those that got furthest into the content tell most. */
        size_t depth() const {
                size_t depth = 0;

                for (const Failure &failure : list)
                        depth = std::max(depth, failure.depth);
                return depth;
        }

        const std::vector<Failure> &all() const {
                return list;
        }

      private:
        std::vector<Failure> list;
};

/* Return: whether it fits. Throws TooCostly. */
bool schema_fits(const valijson::Subschema &schema, const SchemaForm &form, const Json &content,
                 Failures &failures);

} // namespace confer
