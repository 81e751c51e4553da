/*
 * A gray release as answers show it.
 */
#pragma once

#include "model/buf.h"
#include "model/release.h"

/* Appends the object without its closing brace. @release has a gray release. */
void gray_document_append(Buf *body, const Release *release);
