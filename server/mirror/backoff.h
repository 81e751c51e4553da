/*
 * How long to wait before something is tried again.
 */
#pragma once

#include <stdint.h>

#include "mirror/options.h"

/* After so many failures one after another: "full jitter", anything up to a bound that doubles. Source:
 * M. Brooker, Exponential Backoff And Jitter, AWS Architecture Blog, 2015. */
int64_t backoff_ms(const MirrorOptions *options, uint64_t n_failures);
