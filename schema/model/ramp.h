/*
 * The plan by which a gray release is raised step by step, and how far it has got. Times come from outside.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/buf.h"
#include "model/gray.h"
#include "model/problem.h"
#include "model/span.h"

#define RAMP_STEPS_MAX   32
#define RAMP_HOLD_MAX_MS ((int64_t)365 * 24 * 3600 * 1000)

enum {
        RAMP_E_INVALID = 1, /* the problem says where: "plan.steps[1].hold" */
};

typedef enum RampState {
        RAMP_RUNNING,
        RAMP_PAUSED,
        RAMP_DONE, /* the last step is taken, and nothing is left to do */
        RAMP_STATE_N,
} RampState;

/* "running" … */
const char *ramp_state_to_string(RampState state);

typedef struct RampStep {
        uint32_t weight; /* thousandths of a percent */
        int64_t hold_ms;
} RampStep;

typedef struct Ramp {
        /* The plan. */
        uint32_t rule; /* whose first arm is raised */
        size_t n_steps;
        RampStep steps[RAMP_STEPS_MAX];
        uint32_t refused_max;         /* so many refusals end it; 0: not looked at */
        uint32_t refused_percent_max; /* thousandths of a percent; 0: not looked at */
        bool promotes;

        /* How far it has got. */
        RampState state;
        size_t step;      /* in force */
        int64_t since_ms; /* wall time: when the clock of its hold began to run, or did last */
        int64_t held_ms;  /* what it had run before that */
} Ramp;

/*
 * ramp_parse() - read a plan, a JSON object of any bytes
 * @n_rules: that the gray release has
 *
 * Return: 0, with the state before the first step's clock runs (step 0, since_ms 0); RAMP_E_INVALID.
 */
int ramp_parse(Span plan, size_t n_rules, Ramp *ret_ramp, Problem *ret_problem);

/*
 * ramp_check() - is there room for the weight of each step beside the other arms of its rule?
 * @gray: the rules that @ramp was parsed for
 *
 * Return: 0; RAMP_E_INVALID: "plan.steps[2].weight".
 */
int ramp_check(const Ramp *ramp, const Gray *gray, Problem *ret_problem);

/* Appends the plan as JSON, in the words in which it is read. */
void ramp_append_plan(Buf *buf, const Ramp *ramp);

/* Appends "plan" and "ramp" as members of an object, a comma in front; @ramp: NULL: both are null. */
void ramp_append_members(Buf *buf, const Ramp *ramp);

/* When its next move is due, wall time; INT64_MAX: never. After the last step's hold that is the promotion,
 * or to be done. */
int64_t ramp_due_at_ms(const Ramp *ramp);

static inline bool ramp_is_at_last_step(const Ramp *ramp) {
        return ramp->step + 1 == ramp->n_steps;
}

/* Do refusals end it? */
static inline bool ramp_is_guarded(const Ramp *ramp) {
        return ramp->refused_max || ramp->refused_percent_max;
}

/* Have so many refusals been reported that it is to be withdrawn? That holds for a paused one as well: what
 * pauses is the clock. One that is done is no longer guarded. */
bool ramp_is_to_abort(const Ramp *ramp, size_t n_applied, size_t n_refused);

/* The moves; each returns false, and changes nothing, where it is not possible. */
bool ramp_pause(Ramp *ramp, int64_t now_ms);
bool ramp_resume(Ramp *ramp, int64_t now_ms);
bool ramp_advance(Ramp *ramp, int64_t now_ms); /* to the next step, or from the last one to done */
