/*
 * Secrets of mirrors in the environment: CONFER_MIRROR_REDIS_MAIN_PASSWORD.
 */
#pragma once

#include "mirror/mirrors_file.h"

/* What it says wins over the file. Returns 0, SETTINGS_E_INVALID or -ENOMEM. */
int mirrors_read_environment(MirrorsFile *mirrors, char *const *environment, Problem *ret_problem);
