/*
 * Every path that the server answers.
 */
#pragma once

#include "http/route.h"

extern const size_t n_routes;

/*
 * The table, to be released with free().
 * @metrics_public: whether /metrics answers without credentials
 */
Route *routes_new(bool metrics_public);
