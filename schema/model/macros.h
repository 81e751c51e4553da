/*
 * Attributes and small helpers that every file may use.
 */
#pragma once

#include <stddef.h>
#include <stdlib.h>

#define _cleanup_(fn)           __attribute__((__cleanup__(fn)))
#define _printf_(format, first) __attribute__((__format__(__printf__, format, first)))
#define _unused_                __attribute__((__unused__))
#define _public_                __attribute__((__visibility__("default")))

#define ARRAY_SIZE(array) (sizeof(array) / sizeof((array)[0]))
#define MIN(a, b)         ((a) < (b) ? (a) : (b))
#define MAX(a, b)         ((a) > (b) ? (a) : (b))

/* What a processor fetches and takes from others at once. */
#define CACHE_LINE_SIZE 64

/* Defines thing_freep() for _cleanup_(), from a thing_free() that accepts NULL. */
#define DEFINE_CLEANUP(type, fn)                                                                             \
        static inline void fn##p(type *_value) {                                                             \
                if (*_value)                                                                                 \
                        fn(*_value);                                                                         \
        }                                                                                                    \
        struct _swallow_semicolon_

static inline void freep(void *p) {
        free(*(void **)p);
}
