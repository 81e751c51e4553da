/*
 * Every path that the server answers.
 */
#pragma once

#include "http/route.h"

/*
 * The table, to be released with free().
 * @metrics_public: whether /metrics answers without credentials
 */
Route *routes_new(bool metrics_public, size_t *ret_n_routes);
