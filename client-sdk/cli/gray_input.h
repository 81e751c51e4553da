/*
 * What the options of the gray commands say, as the server takes it: rules and plans.
 *
 * Only what could not be sent otherwise is refused here; the rest is the server's to judge.
 */
#pragma once

#include <jansson.h>

#include "cli/options.h"
#include "model/problem.h"

#define GRAY_INPUT_E_INVALID 1 /* the options are wrong; the problem says which */
#define GRAY_INPUT_E_FILE    2 /* a file cannot be read, or is no JSON; the problem says where */

/* "10.5", in percent, as a JSON number; @option, for the problem, is "weight". */
int gray_input_weight(const char *option, const char *text, json_t **ret_weight, Problem *ret_problem);

/* "1:10m,10:30m,100" as [{"weight": 1, "hold": "10m"}, ..., {"weight": 100}]. */
int gray_input_steps(const char *text, json_t **ret_steps, Problem *ret_problem);

/*
 * gray_input_plan() - the plan of --steps and the options beside it
 *
 * Without any of them it is NULL. Return: 0 or GRAY_INPUT_E_INVALID.
 */
int gray_input_plan(const Options *options, json_t **ret_plan, Problem *ret_problem);

/*
 * gray_input_rules() - the rules in the file of --rules, or the one of --version and --match
 * @weight: that of the one rule; borrowed. NULL: it is missing, and that is refused
 *
 * Without any of the options the rules are NULL. Return: 0, GRAY_INPUT_E_INVALID or GRAY_INPUT_E_FILE.
 */
int gray_input_rules(const Options *options, json_t *weight, json_t **ret_rules, Problem *ret_problem);

/*
 * gray_input_read() - the rules, which must be given, with --weight; and the plan in the file of --plan
 *
 * Without a file the plan is NULL. Return: 0, GRAY_INPUT_E_INVALID or GRAY_INPUT_E_FILE.
 */
int gray_input_read(const Options *options, json_t **ret_rules, json_t **ret_plan, Problem *ret_problem);

/* Tells people of an outcome that is not 0. Return: the exit code. */
int gray_input_tell(int outcome, const Problem *problem);
