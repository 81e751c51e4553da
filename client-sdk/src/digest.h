/*
 * SHA-256, of contents that arrive and of the cache file.
 */
#pragma once

#include <stdint.h>

#include "model/release.h"
#include "model/span.h"

/* Return: 0 or -ENOMEM. */
int digest_sha256(Span data, uint8_t ret_sha256[SHA256_SIZE]);
