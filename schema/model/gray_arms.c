/*
 * The arms of rules: where they stand, and which versions they name.
 */
#include <assert.h>
#include <inttypes.h>
#include <stdio.h>

#include "model/gray.h"
#include "model/gray_compiled.h"

size_t gray_n_rules(const Gray *gray) {
        return gray->n_rules;
}

const GrayArm *gray_arms(const Gray *gray, size_t *ret_n) {
        *ret_n = gray->n_arms;
        return gray->arms;
}

const GrayArm *gray_arms_of_rule(const Gray *gray, uint32_t rule, size_t *ret_n) {
        assert(rule < gray->n_rules);

        *ret_n = gray->rules[rule].n_arms;
        return gray->arms + gray->rules[rule].first_arm;
}

const GrayArm *gray_first_arm(const Gray *gray, uint32_t rule) {
        return gray_arms_of_rule(gray, rule, &(size_t){ 0 });
}

size_t gray_arm_index(const Gray *gray, size_t arm) {
        assert(arm < gray->n_arms);

        return arm - gray->rules[gray->arms[arm].rule].first_arm;
}

bool gray_names_version(const Gray *gray, int64_t version) {
        for (size_t i = 0; i < gray->n_arms; i++)
                if (gray->arms[i].version == version)
                        return true;
        return false;
}

int64_t gray_only_version(const Gray *gray) {
        for (size_t i = 1; i < gray->n_arms; i++)
                if (gray->arms[i].version != gray->arms[0].version)
                        return 0;
        return gray->arms[0].version;
}

int64_t gray_arm_version(const Gray *gray, size_t i) {
        return i < gray->n_arms ? gray->arms[i].version : 0;
}

int gray_check_versions(const Gray *gray, int64_t newest, Problem *ret_problem) {
        char path[PROBLEM_FIELD_MAX];

        for (size_t i = 0; i < gray->n_arms; i++) {
                const GrayArm *arm = &gray->arms[i];

                if (arm->version <= newest)
                        continue;

                (void)snprintf(path, sizeof(path), "rules[%" PRIu32 "].split[%zu].version", arm->rule,
                               gray_arm_index(gray, i));
                problem_set(ret_problem, path, "there is no version %" PRId64 ", the newest is %" PRId64,
                            arm->version, newest);
                return GRAY_E_INVALID;
        }
        return 0;
}
