/*
 * What the tests of gray releases in the store share, in the words of suite.h: rules and plans, and what is
 * to be seen of the gray release of prod/app.
 */
#pragma once

#include <stdint.h>

#include "model/gray_release.h"
#include "suite.h"

#define VERSION_2 "[{\"split\":[{\"version\":2,\"weight\":100}]}]"
#define VERSIONS_2_3                                                                                         \
        "[{\"match\":{\"ring\":[\"canary\"]},\"split\":[{\"version\":2,\"weight\":100}]},"                   \
        "{\"split\":[{\"version\":2,\"weight\":5},{\"version\":3,\"weight\":10.5}]}]"
#define TWO_ARMS "[{\"split\":[{\"version\":2,\"weight\":1},{\"version\":3,\"weight\":50}]}]"
#define PLAN                                                                                                 \
        "{\"steps\":[{\"weight\":1,\"hold\":\"10m\"},{\"weight\":10.5,\"hold\":\"30m\"},{\"weight\":50}]}"
#define PLAN_TOO_HEAVY "{\"steps\":[{\"weight\":1,\"hold\":\"10m\"},{\"weight\":50.001}]}"

/* Good until the next one is planned. */
Operation planned(Operation operation, const char *plan);
Operation move(GrayMove move);
/* Version 1 is in force, up to @n are saved. */
void publish_and_save(int n);

/* Of what is served, which something is; NULL where none runs. */
const GrayRelease *gray(void);
void assert_salt(const char *expected);
void assert_holds(const Release *release, const char *expected);

/* What @text selects, written as dump() does. */
void assert_rows(const char *text, const char *expected);
#define LAST_EVENT                                                                                           \
        "SELECT kind, version, from_version, restores, revision, created_by, comment FROM releases ORDER BY" \
        " id DESC LIMIT 1"
#define LAST_OUTBOX  "SELECT revision, namespace, key, version FROM outbox ORDER BY id DESC LIMIT 1"
#define LAST_DETAILS "SELECT action, details FROM audit ORDER BY id DESC LIMIT 1"
#define GRAY_COLUMNS "SELECT config_id, event_id, salt, plan, ramp_state, ramp_step FROM grays"

/* For its versions, at that field of the request. */
void assert_refused_at(Operation operation, const char *field);
