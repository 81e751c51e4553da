/*
 * Refusals that libh2o makes by itself before a request reaches its handler (a body too large, a broken
 * encoding), brought into our envelope, counted and logged.
 */
#pragma once

#include "http/h2o.h"

void early_refusal_register(h2o_pathconf_t *path);
