#include <string.h>

#include "http/timer.h"
#include "model/catalog.h"
#include "model/gray_release.h"
#include "model/hash.h"
#include "push/allocate.h"
#include "ramp/driver.h"
#include "ramp/move.h"
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

/* A ramp that is not done. The clocks are monotonic. */
typedef struct Runner {
        Release *release; /* as it is now; a reference */
        bool is_moving;
        bool is_gone;    /* no longer in the table; it is freed when its move is over */
        bool is_doubted; /* what instances refuse is to be counted */
        bool has_failed; /* and that was logged */
        int64_t counted_at_ms;
        int64_t retry_at_ms;
} Runner;

struct RampDriver {
        int64_t settle_ms;
        Store *store;
        Loop *loop; /* where it lives */
        LoopTimer timer;
        int64_t settled_at_ms; /* monotonic */
        bool is_stopping;
        Table runners; /* by namespace and key */
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

static const Ramp *ramp_of(const Release *release) {
        return release->gray ? release->gray->ramp : NULL;
}

static bool is_guarded(const Ramp *ramp) {
        return ramp->refused_max || ramp->refused_percent_max;
}

/* The table. */

static uint64_t hash_name(Span namespace, Span key) {
        return hash_span(hash_span(0, namespace), key);
}

typedef struct ConfigName {
        Span namespace;
        Span key;
} ConfigName;

static bool has_name(const void *value, const void *wanted_) {
        const Runner *runner = value;
        const ConfigName *wanted = wanted_;

        return span_equal(release_namespace(runner->release), wanted->namespace) &&
               span_equal(release_key(runner->release), wanted->key);
}

static Runner *find(const RampDriver *driver, Span namespace, Span key) {
        return table_get(&driver->runners, hash_name(namespace, key), has_name,
                         &(ConfigName){ namespace, key });
}

static void runner_free(Runner *runner) {
        release_unref(runner->release);
        free(runner);
}

/* Return: whether there was one. */
static bool drop(RampDriver *driver, Span namespace, Span key) {
        Runner *runner = table_take(&driver->runners, hash_name(namespace, key), has_name,
                                    &(ConfigName){ namespace, key });

        if (!runner)
                return false;

        if (runner->is_moving)
                runner->is_gone = true;
        else
                runner_free(runner);
        return true;
}

static Runner *add(RampDriver *driver, Release *release) {
        Runner *runner = allocate(1, sizeof(*runner));
        ConfigName name = { release_namespace(release), release_key(release) };

        runner->release = release_ref(release);
        runner->counted_at_ms = clock_monotonic_ms() - RECOUNT_MS;
        if (table_reserve(&driver->runners, 1) != 0)
                abort();
        (void)table_put(&driver->runners, hash_name(name.namespace, name.key), has_name, &name, runner);
        return runner;
}

/* Follows a release. Return: whether that changes anything here. */
static bool follow(RampDriver *driver, Release *release) {
        Span namespace = release_namespace(release), key = release_key(release);
        const Ramp *ramp = ramp_of(release);
        Runner *runner;

        if (!ramp || ramp->state == RAMP_DONE)
                return drop(driver, namespace, key);

        runner = find(driver, namespace, key);
        if (runner) {
                release_unref(runner->release);
                runner->release = release_ref(release);
        } else
                runner = add(driver, release);

        /* Some may have refused a version before it was guarded. */
        runner->is_doubted = is_guarded(ramp);
        return true;
}

/* Looking. */

static void look(RampDriver *driver);

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
        int64_t due_at_ms = ramp_due_at_ms(ramp_of(runner->release)), wait_ms = INT64_MAX;

        if (due_at_ms != INT64_MAX)
                wait_ms = MAX(due_at_ms - clock_wall_ms(), driver->settled_at_ms - now_ms);
        if (runner->is_doubted)
                wait_ms = MIN(wait_ms, runner->counted_at_ms + RECOUNT_MS - now_ms);
        return MAX(wait_ms, runner->retry_at_ms - now_ms);
}

/* Starts all moves that are due, and sees to it that the next one is. */
static void look(RampDriver *driver) {
        int64_t now_ms = clock_monotonic_ms(), least_ms = TIMER_MAX_MS;

        if (driver->is_stopping)
                return;

        for (size_t i = 0; i < driver->runners.n_slots; i++) {
                Runner *runner = driver->runners.slots[i].value;
                int64_t wait_ms;

                if (!runner || runner->is_moving)
                        continue;
                wait_ms = wait_of(driver, runner, now_ms);
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
        Runner *runner = mover->runner;

        free(mover);
        runner->is_moving = false;
        if (runner->is_gone) {
                runner_free(runner);
                return;
        }

        judge(runner, release, outcome, problem);
        look(driver);
}

/* Refusals. */

static void on_refusal(_unused_ Loop *loop, LoopMessage *message) {
        Refusal *refusal = (Refusal *)((char *)message - offsetof(Refusal, message));
        RampDriver *driver = refusal->driver;
        Runner *runner = find(driver, release_namespace(refusal->release), release_key(refusal->release));

        release_unref(refusal->release);
        free(refusal);
        if (!runner)
                return;

        runner->is_doubted = is_guarded(ramp_of(runner->release));
        look(driver);
}

static bool names_version(const Gray *gray, int64_t version) {
        size_t n;
        const GrayArm *arms = gray_arms(gray, &n);

        for (size_t i = 0; i < n; i++)
                if (arms[i].version == version)
                        return true;
        return false;
}

void ramp_driver_note_refusal(void *driver_, Release *release, int64_t version) {
        RampDriver *driver = driver_;
        const Ramp *ramp = ramp_of(release);
        Refusal *refusal;

        if (!ramp || ramp->state == RAMP_DONE || !is_guarded(ramp) ||
            !names_version(release->gray->rules, version))
                return;

        refusal = allocate(1, sizeof(*refusal));
        *refusal = (Refusal){ { .run = on_refusal }, driver, release_ref(release) };
        loop_send(driver->loop, &refusal->message);
}

/* The life of the loop. */

static void measure(RampDriver *driver) {
        size_t n_running = 0, n_paused = 0;

        for (size_t i = 0; i < driver->runners.n_slots; i++) {
                const Runner *runner = driver->runners.slots[i].value;

                if (!runner)
                        continue;
                if (ramp_of(runner->release)->state == RAMP_PAUSED)
                        n_paused++;
                else
                        n_running++;
        }
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
        if (ramp_of(release))
                (void)follow(context, release);
        return true;
}

static void on_seeded(Loop *loop, void *context) {
        RampDriver *driver = context;

        if (driver->loop != loop)
                return;

        driver->settled_at_ms = clock_monotonic_ms() + driver->settle_ms;
        catalog_each(&loop->catalog, SPAN_NULL, follow_one, driver);
        measure(driver);
        look(driver);
}

static bool follow_change(RampDriver *driver, const Change *change) {
        bool is_touched = false;

        for (size_t i = 0; i < change->n_items; i++) {
                const ChangeItem *item = &change->items[i];

                if (item->kind == CHANGE_RELEASE)
                        is_touched |= follow(driver, item->release);
                else if (item->kind == CHANGE_REMOVAL)
                        is_touched |= drop(driver, item->namespace, item->key);
        }
        return is_touched;
}

static void on_applied(Loop *loop, void *context, const Commit *commit, _unused_ void *made) {
        RampDriver *driver = context;
        bool is_touched = false;

        if (driver->loop != loop)
                return;

        for (size_t i = 0; i < commit->n_changes; i++)
                is_touched |= follow_change(driver, commit->changes[i]);
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

        for (size_t i = 0; i < driver->runners.n_slots; i++)
                if (driver->runners.slots[i].value)
                        runner_free(driver->runners.slots[i].value);
        table_deinit(&driver->runners);
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
