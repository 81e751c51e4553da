/*
 * A request that is answered with a census.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "http/request.h"
#include "push/census.h"

/*
 * census_hold() - take the exchange over, and have @answer make the reply when the census is taken
 * @release, @candidate, @n_listed_max: as for census_new(); what @candidate lies in is kept by the request
 *
 * For a route's hold(). Return: true. @thread loop, and so is @answer
 */
bool census_hold(Request *request, Release *release, const Gray *candidate, size_t n_listed_max,
                 void (*answer)(Request *request, const Census *census));
