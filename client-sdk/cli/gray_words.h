/*
 * Gray releases in words, for people: which units a rule is for, what a plan does, why somebody gets a
 * version.
 *
 * They are made from the server's JSON. What this program does not know of a newer server is shown as it
 * came.
 */
#pragma once

#include <jansson.h>

#include "model/buf.h"

/* "ring is canary and app_version is a version >=2.1.0", or "everyone". */
void gray_words_append_match(Buf *to, json_t *match);

/* "1 % for 10m, 10 % for 30m, 100 %; withdrawn when 2 or 5 % refuse it; then promoted". */
void gray_words_append_plan(Buf *to, json_t *plan);

/* "running, step 2 of 3 at 10 % until 2026-01-31 10:05:00". @plan: whose steps they are. */
void gray_words_append_ramp(Buf *to, json_t *ramp, json_t *plan);

/* "version 9: an arm of rule 0 chose it, bucket 1234", of an answer to evaluate. */
void gray_words_append_verdict(Buf *to, json_t *verdict);

/* "10.5 %". */
void gray_words_append_weight(Buf *to, json_t *weight);
