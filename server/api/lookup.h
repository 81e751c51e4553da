/*
 * Finding what is in force for the config that a request names.
 */
#pragma once

#include <stdbool.h>

#include "http/request.h"

/* @inherit: as far up as it takes. Return: borrowed from the catalog; NULL with a reply made. */
Release *lookup_release(Request *request, bool inherit);
