#include "ramp/driver.h"
#include "http/timer.h"
#include "model/catalog.h"
#include "ramp/move.h"
#include "ramp/runner.h"
#include "util/allocate.h"
#include "util/clock.h"
#include "util/log.h"

/* How soon after a census refusals are counted again, so that a thousand of them are not a thousand
 * censuses. */
#define RECOUNT_MS 100

/* After a change that the store could not make. */
#define RETRY_MS 1000

/* The loop looks at all ramps every second anyway: a timer is set for what is due before. So the clock on the
 * wall may be set to another time. */
#define TIMER_MAX_MS 1000

struct RampDriver {
        int64_t settle_ms;
        Store *store;
        Loop *loop; /* where it lives */
        LoopTimer timer;
        int64_t settled_at_ms; /* monotonic */
        bool is_stopping;
        Runners runners;
};

/* A refusal on its way to the driver's loop. */
typedef struct Refusal {
        LoopMessage message;
        RampDriver *driver;
        Release *release;
} Refusal;

RampDriver *ramp_driver_new(int64_t settle_ms) {
        RampDriver *driver = calloc(1, sizeof(*driver));

        if (driver)
                driver->settle_ms = settle_ms;
        return driver;
}

RampDriver *ramp_driver_free(RampDriver *driver) {
        free(driver);
        return NULL;
}

void ramp_driver_set_store(RampDriver *driver, Store *store) {
        driver->store = store;
}

/* Looking. */

static void on_moved(void *context, const Release *release, StoreOutcome outcome, const Problem *problem);

typedef struct Mover {
        RampDriver *driver;
        Runner *runner;
} Mover;

static void start_move(RampDriver *driver, Runner *runner, int64_t now_ms) {
        Mover *mover = allocate(1, sizeof(*mover));

        *mover = (Mover){ driver, runner };
        runner->is_moving = true;
        runner->is_doubted = false;
        runner->counted_at_ms = now_ms;
        move_start(&(MoveOptions){
                .loop = driver->loop,
                .store = driver->store,
                .release = runner->release,
                .is_settled = now_ms >= driver->settled_at_ms,
                .over = on_moved,
                .context = mover,
        });
}

/* How long until there is something to do for @runner; 0 or less: now. */
static int64_t wait_of(const RampDriver *driver, const Runner *runner, int64_t now_ms) {
        int64_t due_at_ms = ramp_due_at_ms(runner_ramp(runner)), wait_ms = INT64_MAX;

        if (due_at_ms != INT64_MAX)
                wait_ms = MAX(due_at_ms - clock_wall_ms(), driver->settled_at_ms - now_ms);
        if (runner->is_doubted)
                wait_ms = MIN(wait_ms, runner->counted_at_ms + RECOUNT_MS - now_ms);
        return MAX(wait_ms, runner->retry_at_ms - now_ms);
}

/* Starts all moves that are due, and sees to it that the next one is. */
static void look(RampDriver *driver) {
        int64_t now_ms = clock_monotonic_ms(), least_ms = TIMER_MAX_MS;
        Runner *runner;

        if (driver->is_stopping)
                return;

        for (size_t at = 0; (runner = runners_next(&driver->runners, &at));) {
                int64_t wait_ms = runner->is_moving ? INT64_MAX : wait_of(driver, runner, now_ms);

                if (wait_ms <= 0)
                        start_move(driver, runner, now_ms);
                else
                        least_ms = MIN(least_ms, wait_ms);
        }
        if (least_ms < TIMER_MAX_MS)
                loop_timer_set(&driver->timer, (uint64_t)least_ms);
}

/* Where somebody else has changed the config meanwhile, that it was refused is as it should be. */
static void judge(Runner *runner, const Release *moved, StoreOutcome outcome, const Problem *problem) {
        if (outcome == STORE_OK || runner->release != moved) {
                runner->has_failed = false;
                return;
        }

        runner->retry_at_ms = clock_monotonic_ms() + RETRY_MS;
        if (!runner->has_failed)
                log_warning("ramp.failed", "The ramp of %.*s/%.*s cannot go on, and is tried again: %s.",
                            (int)moved->namespace_size, moved->namespace, (int)moved->key_size, moved->key,
                            problem->text);
        runner->has_failed = true;
}

static void on_moved(void *context, const Release *release, StoreOutcome outcome, const Problem *problem) {
        Mover *mover = context;
        RampDriver *driver = mover->driver;
        Runner *runner = runner_rest(mover->runner);

        free(mover);
        if (!runner)
                return;

        judge(runner, release, outcome, problem);
        look(driver);
}

/* Refusals. */

static void on_refusal(_unused_ Loop *loop, LoopMessage *message) {
        Refusal *refusal = (Refusal *)((char *)message - offsetof(Refusal, message));
        RampDriver *driver = refusal->driver;
        Runner *runner = runners_find(&driver->runners, refusal->release);

        release_unref(refusal->release);
        free(refusal);
        if (!runner)
                return;

        runner->is_doubted = ramp_is_guarded(runner_ramp(runner));
        look(driver);
}

void ramp_driver_note_refusal(void *driver_, Release *release, int64_t version) {
        RampDriver *driver = driver_;
        const Ramp *ramp = release->gray ? release->gray->ramp : NULL;
        Refusal *refusal;

        if (!ramp || ramp->state == RAMP_DONE || !ramp_is_guarded(ramp) ||
            !gray_names_version(release->gray->rules, version))
                return;

        refusal = allocate(1, sizeof(*refusal));
        *refusal = (Refusal){ { .run = on_refusal }, driver, release_ref(release) };
        loop_send(driver->loop, &refusal->message);
}

/* The life of the loop. */

static void measure(RampDriver *driver) {
        size_t n_running = 0, n_paused = 0;
        const Runner *runner;

        for (size_t at = 0; (runner = runners_next(&driver->runners, &at));)
                if (runner_ramp(runner)->state == RAMP_PAUSED)
                        n_paused++;
                else
                        n_running++;
        metric_set(&driver->loop->metrics, METRIC_RAMPS_RUNNING, n_running);
        metric_set(&driver->loop->metrics, METRIC_RAMPS_PAUSED, n_paused);
}

static void on_timer(LoopTimer *timer) {
        look((RampDriver *)((char *)timer - offsetof(RampDriver, timer)));
}

static void on_started(Loop *loop, void *context) {
        RampDriver *driver = context;

        if (driver->loop)
                return;

        driver->loop = loop;
        loop_timer_init(&driver->timer, loop, on_timer);
}

static bool follow_one(void *context, Release *release) {
        (void)runners_follow(context, release);
        return true;
}

static void on_seeded(Loop *loop, void *context) {
        RampDriver *driver = context;

        if (driver->loop != loop)
                return;

        driver->settled_at_ms = clock_monotonic_ms() + driver->settle_ms;
        catalog_each(&loop->catalog, SPAN_NULL, follow_one, &driver->runners);
        measure(driver);
        look(driver);
}

static void on_applied(Loop *loop, void *context, const Commit *commit, _unused_ void *made) {
        RampDriver *driver = context;
        bool is_touched = false;

        if (driver->loop != loop)
                return;

        for (size_t i = 0; i < commit->n_changes; i++)
                is_touched |= runners_follow_change(&driver->runners, commit->changes[i]);
        if (!is_touched)
                return;

        measure(driver);
        look(driver);
}

static void on_tick(Loop *loop, void *context) {
        RampDriver *driver = context;

        if (driver->loop == loop)
                look(driver);
}

static void on_draining(Loop *loop, void *context) {
        RampDriver *driver = context;

        if (driver->loop == loop)
                driver->is_stopping = true;
}

static void on_ended(Loop *loop, void *context) {
        RampDriver *driver = context;

        if (driver->loop != loop)
                return;

        runners_deinit(&driver->runners);
        loop_timer_deinit(&driver->timer);
}

LoopHooks ramp_driver_hooks(RampDriver *driver) {
        return (LoopHooks){
                .context = driver,
                .started = on_started,
                .seeded = on_seeded,
                .tick = on_tick,
                .draining = on_draining,
                .ended = on_ended,
                .applied = on_applied,
        };
}
