/*
 * libh2o, as Debian builds it for its own event loop. The headers default to libuv, silently with other
 * sizes.
 */
#pragma once

#ifndef H2O_USE_LIBUV
#error "compile with -DH2O_USE_LIBUV=0, as meson.build's h2o_dep does"
#endif

#include <h2o.h>
#include <h2o/http1.h>

_Static_assert(H2O_USE_LIBUV == 0, "libh2o-evloop is not the libuv build");

#include "model/span.h"

static inline Span span_from_iovec(h2o_iovec_t bytes) {
        return (Span){ bytes.base, bytes.len };
}

static inline h2o_iovec_t iovec_from_span(Span span) {
        return (h2o_iovec_t){ (char *)span.data, span.size };
}

/* The value of a request's header, the first one of that name; absent when there is none. @name: in lower
 * case */
static inline Span header_of(const h2o_req_t *h2o, Span name) {
        ssize_t at = h2o_find_header_by_str(&h2o->headers, name.data, name.size, -1);

        return at < 0 ? SPAN_NULL : span_from_iovec(h2o->headers.entries[at].value);
}
