#include "ramp/runner.h"
#include "model/hash.h"
#include "util/allocate.h"

typedef struct ConfigName {
        Span namespace;
        Span key;
} ConfigName;

static ConfigName name_of(const Release *release) {
        return (ConfigName){ release_namespace(release), release_key(release) };
}

static uint64_t hash_name(const ConfigName *name) {
        return hash_config(name->namespace, name->key);
}

static bool has_name(const void *value, const void *wanted_) {
        const Runner *runner = value;
        const ConfigName *wanted = wanted_;

        return span_equal(release_namespace(runner->release), wanted->namespace) &&
               span_equal(release_key(runner->release), wanted->key);
}

static void runner_free(Runner *runner) {
        release_unref(runner->release);
        free(runner);
}

void runners_deinit(Runners *runners) {
        Runner *runner;

        for (size_t at = 0; (runner = runners_next(runners, &at));)
                runner_free(runner);
        table_deinit(&runners->by_config);
}

Runner *runners_find(const Runners *runners, const Release *release) {
        ConfigName name = name_of(release);

        return table_get(&runners->by_config, hash_name(&name), has_name, &name);
}

Runner *runners_next(const Runners *runners, size_t *at) {
        while (*at < runners->by_config.n_slots) {
                Runner *runner = runners->by_config.slots[(*at)++].value;

                if (runner)
                        return runner;
        }
        return NULL;
}

static bool drop(Runners *runners, ConfigName name) {
        Runner *runner;

        if (runners->by_config.n_values == 0)
                return false;

        runner = table_take(&runners->by_config, hash_name(&name), has_name, &name);
        if (!runner)
                return false;

        runner->is_gone = true;
        if (!runner->is_moving)
                runner_free(runner);
        return true;
}

static Runner *add(Runners *runners, Release *release) {
        Runner *runner = allocate(1, sizeof(*runner));
        ConfigName name = name_of(release);

        runner->release = release_ref(release);
        if (table_reserve(&runners->by_config, 1) != 0)
                abort();
        (void)table_put(&runners->by_config, hash_name(&name), has_name, &name, runner);
        return runner;
}

static void replace(Runner *runner, Release *release) {
        release_unref(runner->release);
        runner->release = release_ref(release);
}

bool runners_follow(Runners *runners, Release *release) {
        const Ramp *ramp = release->gray ? release->gray->ramp : NULL;
        Runner *runner;

        if (!ramp || ramp->state == RAMP_DONE)
                return drop(runners, name_of(release));

        runner = runners_find(runners, release);
        if (runner)
                replace(runner, release);
        else
                runner = add(runners, release);

        /* Some may have refused a version before it was guarded, or before an arm gave it to them. */
        runner->is_doubted = ramp_is_guarded(ramp);
        return true;
}

bool runners_follow_change(Runners *runners, const Change *change) {
        bool is_touched = false;

        for (size_t i = 0; i < change->n_items; i++) {
                const ChangeItem *item = &change->items[i];

                if (item->kind == CHANGE_RELEASE)
                        is_touched |= runners_follow(runners, item->release);
                else if (item->kind == CHANGE_REMOVAL)
                        is_touched |= drop(runners, (ConfigName){ item->namespace, item->key });
        }
        return is_touched;
}

Runner *runner_rest(Runner *runner) {
        runner->is_moving = false;
        if (!runner->is_gone)
                return runner;

        runner_free(runner);
        return NULL;
}
