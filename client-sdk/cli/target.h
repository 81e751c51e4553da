/*
 * Which server is asked, and with which token.
 */
#pragma once

#include "cli/options.h"
#include "model/macros.h"
#include "model/problem.h"

#define TARGET_DEFAULT_SERVER "http://127.0.0.1:8750"

typedef struct Target {
        char *server;
        char *token; /* NULL: none */
} Target;

#define TARGET_NULL ((Target){ NULL, NULL })

void target_deinit(Target *target);

/* What the environment says; NULL or "" is nothing. */
typedef struct TargetEnvironment {
        const char *server;  /* CONFER_SERVER */
        const char *token;   /* CONFER_TOKEN */
        const char *profile; /* CONFER_PROFILE */
        const char *profiles_path;
} TargetEnvironment;

#define TARGET_E_INVALID 1 /* a profile that is not there, or a file of profiles that is none */

/*
 * target_choose() - decide by options, environment and profiles, in this order
 * @ret_exposed: a token comes from a file that others may read
 *
 * --server or, without it, the server of --profile; CONFER_SERVER; the server of CONFER_PROFILE or of the
 * profile in use; the default. A profile's token is shown to the profile's server only, whatever else is
 * said; CONFER_TOKEN and --token to whichever server is chosen. Return: 0 or TARGET_E_INVALID.
 */
int target_choose(const Options *options, const TargetEnvironment *environment, Target *ret_target,
                  bool *ret_exposed, Problem *ret_problem);
