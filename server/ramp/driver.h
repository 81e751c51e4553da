/*
 * What moves ramps on: it watches every config whose gray release has a plan, and when a step is due, or when
 * instances refuse what they are given, it asks the store for the change that the plan wants.
 *
 * It lives on one loop. All that it knows stands in the releases, so that there is nothing of its own to be
 * kept, and after a restart it goes on from what the catalog holds. Each change that it asks for names the
 * revision that it was decided on: where a person has changed the gray release meanwhile, the store refuses,
 * and the driver looks anew. So no step is lost and none is taken twice, whatever happens in between.
 */
#pragma once

#include <stdint.h>

#include "http/hooks.h"
#include "model/macros.h"
#include "model/release.h"
#include "store/store.h"

typedef struct RampDriver RampDriver;

/*
 * @settle_ms: how long after the start nothing is due, so that the instances have time to come back and to
 *             say what they make of the value; refusals are counted all the same
 * Return: NULL for want of memory.
 */
RampDriver *ramp_driver_new(int64_t settle_ms);
/* When the loops have ended. */
RampDriver *ramp_driver_free(RampDriver *driver);

/* Before the loops get the catalog. */
void ramp_driver_set_store(RampDriver *driver, Store *store);

/* What the server is to call. */
LoopHooks ramp_driver_hooks(RampDriver *driver);

/* An instance refuses @version of @release, which may have no ramp. For PushOptions. @thread any loop */
void ramp_driver_note_refusal(void *driver, Release *release, int64_t version);

DEFINE_CLEANUP(RampDriver *, ramp_driver_free);
