#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "mirror/election.h"
#include "mirror/tenure.h"
#include "util/allocate.h"
#include "util/clock.h"
#include "util/log.h"

/* What giving the leadership back may hold up a stop by; the lease ends by itself where that fails. */
#define RESIGN_MAX_MS 1000

struct Election {
        const MirrorOptions *options;
        Gate *gate;
        Waker waker;
        pthread_t thread;
        bool is_started;

        char name[ELECTION_NAME_MAX];
        ElectionCalls *calls;
        Tenure tenure;
        bool is_leader; /* as it was told */
        bool has_failed;
        int64_t held_off_until_ms; /* it does not stand before */

        pthread_mutex_t lock; /* of what follows */
        ElectionStatus status;
};

/*
 * What is told.
 */

void election_get_status(Election *election, ElectionStatus *ret_status) {
        pthread_mutex_lock(&election->lock);
        *ret_status = election->status;
        pthread_mutex_unlock(&election->lock);
        ret_status->is_leader = gate_leader_term(election->gate, clock_boot_ms()) != 0;
}

const char *election_key(const Election *election) {
        return election->options->key;
}

static void set_leader(Election *election, const char *name) {
        pthread_mutex_lock(&election->lock);
        (void)snprintf(election->status.leader, sizeof(election->status.leader), "%s", name);
        pthread_mutex_unlock(&election->lock);
}

static void set_error(Election *election, const char *text) {
        pthread_mutex_lock(&election->lock);
        (void)snprintf(election->status.error, sizeof(election->status.error), "%s", text);
        pthread_mutex_unlock(&election->lock);
}

/* Told once, not at each attempt. */
static void note_failure(Election *election, TargetOutcome outcome, const TargetError *error) {
        if (outcome == TARGET_E_STOPPED)
                return;

        set_error(election, error->problem.text);
        if (!election->is_leader)
                set_leader(election, "");
        if (!election->has_failed)
                log_warning("election.failed", "Who leads cannot be told while etcd is not there: %s.",
                            error->problem.text);
        election->has_failed = true;
}

static void note_success(Election *election) {
        if (!election->has_failed)
                return;

        set_error(election, "");
        election->has_failed = false;
}

static void count_change(Election *election, bool is_leader) {
        pthread_mutex_lock(&election->lock);
        election->status.n_won += is_leader;
        election->status.n_lost += !is_leader;
        election->status.since_ms = clock_wall_ms();
        pthread_mutex_unlock(&election->lock);
        election->is_leader = is_leader;
}

/*
 * Leading.
 */

static void win(Election *election) {
        count_change(election, true);
        set_leader(election, election->name);
        log_info("election.won", "This server leads from now on, as %s.", election->name);
}

static void step_down(Election *election) {
        gate_step_down(election->gate);
        tenure_end(&election->tenure);
        count_change(election, false);
        set_leader(election, "");
}

static void lose(Election *election, const char *reason) {
        step_down(election);
        log_warning("election.lost", "This server leads no more: %s.", reason);
}

/* What is not told in time counts for nothing: by then somebody else may lead. */
static void believe(Election *election, int64_t sent_at_ms) {
        int64_t now_ms = clock_boot_ms();

        tenure_renew(&election->tenure, sent_at_ms);
        if (!tenure_holds(&election->tenure, now_ms))
                return;

        if (!election->is_leader)
                win(election);
        gate_lead(election->gate, tenure_until_ms(&election->tenure), now_ms);
}

/* A lease that is not needed is not left to run its time out. */
static void drop_lease(Election *election, const char *lease) {
        TargetError error;

        if (*lease)
                (void)election_revoke(election->calls, lease,
                                      tenure_timeout_ms(&election->tenure, clock_boot_ms()), &error);
        if (lease == election_lease(election->calls))
                election_forget_lease(election->calls);
}

static const char *reason_to_go(bool is_alive, const ElectionView *view) {
        if (!is_alive)
                return "etcd does not know its lease any more";
        switch (view->holder) {
        case ELECTION_SELF:
                return NULL;
        case ELECTION_NOBODY:
                return "its key in etcd is gone";
        default:
                return "its key in etcd is somebody else's";
        }
}

/* An etcd that has lost its data, or was given older ones, has forgotten who leads; who does may not know
 * yet.
 */
static bool is_held_off(Election *election, const ElectionView *view) {
        int64_t now_ms = clock_boot_ms();

        if (view->has_gone_back)
                election->held_off_until_ms = now_ms + election->tenure.ttl_ms;
        return now_ms < election->held_off_until_ms;
}

/* The lease is renewed, and the key is there by it. */
static TargetOutcome renew(Election *election, const char **ret_reason, TargetError *ret_error) {
        ElectionView view = { .holder = ELECTION_NOBODY };
        bool is_alive = false;
        TargetOutcome outcome;

        outcome = election_renew(election->calls, tenure_timeout_ms(&election->tenure, clock_boot_ms()),
                                 &is_alive, ret_error);
        if (outcome == TARGET_OK && is_alive)
                outcome =
                        election_look(election->calls, tenure_timeout_ms(&election->tenure, clock_boot_ms()),
                                      &view, ret_error);
        if (outcome == TARGET_OK) {
                (void)is_held_off(election, &view);
                *ret_reason = reason_to_go(is_alive, &view);
        }
        return outcome;
}

/* Return: for how long to wait. */
static int64_t lead(Election *election) {
        int64_t sent_at_ms = clock_boot_ms();
        const char *reason = NULL;
        TargetError error;
        TargetOutcome outcome;

        if (!tenure_holds(&election->tenure, sent_at_ms)) {
                lose(election, "its lease was not renewed in time");
                return 0;
        }

        outcome = renew(election, &reason, &error);
        if (outcome != TARGET_OK)
                note_failure(election, outcome, &error);
        else
                note_success(election);
        if (reason) {
                lose(election, reason);
                drop_lease(election, election_lease(election->calls));
                return 0;
        }
        if (outcome == TARGET_OK)
                believe(election, sent_at_ms);
        return tenure_wait_ms(&election->tenure, outcome != TARGET_OK, clock_boot_ms());
}

/*
 * Following.
 */

/* Stands where nobody leads. */
static TargetOutcome stand(Election *election, ElectionView *ret_view, TargetError *ret_error) {
        int64_t timeout_ms = tenure_timeout_ms(&election->tenure, clock_boot_ms());
        int64_t sent_at_ms = clock_boot_ms();
        TargetOutcome outcome;

        drop_lease(election, election_lease(election->calls));
        outcome = election_grant(election->calls, timeout_ms, ret_error);
        if (outcome == TARGET_OK)
                outcome = election_campaign(election->calls, timeout_ms, ret_view, ret_error);
        if (outcome == TARGET_OK && ret_view->holder == ELECTION_SELF)
                believe(election, sent_at_ms);
        return outcome;
}

/* The key is this server's, as the answer that was lost would have said; whether the lease has time left is
 * asked. */
static TargetOutcome resume(Election *election, TargetError *ret_error) {
        int64_t sent_at_ms = clock_boot_ms();
        const char *reason = NULL;
        TargetOutcome outcome = renew(election, &reason, ret_error);

        if (outcome == TARGET_OK && !reason)
                believe(election, sent_at_ms);
        else if (outcome == TARGET_OK)
                drop_lease(election, election_lease(election->calls));
        return outcome;
}

static TargetOutcome act(Election *election, ElectionView *view, TargetError *ret_error) {
        switch (view->holder) {
        case ELECTION_NOBODY:
                return is_held_off(election, view) ? TARGET_OK : stand(election, view, ret_error);
        case ELECTION_SELF:
                return resume(election, ret_error);
        case ELECTION_SELF_FORMER:
                drop_lease(election, view->lease);
                return TARGET_OK;
        case ELECTION_OTHER:
                drop_lease(election, election_lease(election->calls));
                return TARGET_OK;
        }
        return TARGET_OK;
}

static int64_t follow(Election *election) {
        int64_t now_ms = clock_boot_ms();
        ElectionView view = { .holder = ELECTION_NOBODY };
        TargetError error;
        TargetOutcome outcome;

        outcome = election_look(election->calls, tenure_timeout_ms(&election->tenure, now_ms), &view, &error);
        if (outcome == TARGET_OK)
                outcome = act(election, &view, &error);
        if (outcome != TARGET_OK) {
                note_failure(election, outcome, &error);
                return tenure_look_ms(&election->tenure);
        }

        note_success(election);
        if (election->is_leader)
                return tenure_wait_ms(&election->tenure, false, clock_boot_ms());
        set_leader(election, view.holder == ELECTION_OTHER ? view.name : "");
        return tenure_look_ms(&election->tenure);
}

/*
 * Its life.
 */

/* By calls of its own: those of the thread end with the waker. */
static void resign(Election *election) {
        int64_t timeout_ms = MIN(election->tenure.ttl_ms, RESIGN_MAX_MS);
        const char *lease = election_lease(election->calls);
        ElectionCalls *calls;
        Problem problem;
        Waker waker;
        TargetError error;

        if (!*lease || waker_init(&waker) != 0)
                return;
        if (election_calls_open(election->options, election->name, &waker, &calls, &problem) == 0) {
                (void)election_revoke(calls, lease, timeout_ms, &error);
                election_calls_close(calls);
        }
        waker_deinit(&waker);
}

static void *run(void *context) {
        Election *election = context;

        while (!waker_is_stopping(&election->waker)) {
                int64_t wait_ms = election->is_leader ? lead(election) : follow(election);

                (void)waker_poll(&election->waker, -1, 0, wait_ms, 0);
        }
        if (election->is_leader)
                step_down(election);
        resign(election);
        return NULL;
}

int election_new(const MirrorOptions *options, Gate *gate, Election **ret_election, Problem *ret_problem) {
        _cleanup_(election_freep) Election *election = allocate(1, sizeof(*election));
        _cleanup_(election_calls_closep) ElectionCalls *calls = NULL;
        int r;

        election->options = options;
        election->gate = gate;
        election->waker.fd = -1;
        election->tenure = TENURE_NULL((int64_t)options->ttl_ms);
        pthread_mutex_init(&election->lock, NULL);
        election->status.since_ms = clock_wall_ms();
        r = waker_init(&election->waker);
        if (r)
                return r;
        r = election_calls_open(options, "", &election->waker, &calls, ret_problem);
        if (r)
                return r;

        gate_guard(gate);
        *ret_election = election;
        election = NULL;
        return 0;
}

/* "web-1:4711 127.0.0.1:8750" */
static void make_name(Election *election, const char *address) {
        char host[128] = "";

        (void)gethostname(host, sizeof(host) - 1);
        (void)snprintf(election->name, sizeof(election->name), "%s:%ld %.64s", host, (long)getpid(), address);
}

int election_start(Election *election, const char *address, Problem *ret_problem) {
        int r;

        make_name(election, address);
        r = election_calls_open(election->options, election->name, &election->waker, &election->calls,
                                ret_problem);
        if (r)
                return r;

        r = -pthread_create(&election->thread, NULL, run, election);
        election->is_started = r == 0;
        return r;
}

void election_stop(Election *election) {
        if (!election->is_started)
                return;

        waker_stop(&election->waker);
        (void)pthread_join(election->thread, NULL);
        election->is_started = false;
}

Election *election_free(Election *election) {
        if (!election)
                return NULL;

        election_calls_close(election->calls);
        waker_deinit(&election->waker);
        pthread_mutex_destroy(&election->lock);
        free(election);
        return NULL;
}

void election_append_metrics(Election *election, Buf *buf) {
        ElectionStatus status;

        if (!election)
                return;

        election_get_status(election, &status);
        buf_append_format(buf,
                          "# HELP confer_election_leader 1 while this server leads.\n"
                          "# TYPE confer_election_leader gauge\n"
                          "confer_election_leader %d\n"
                          "# HELP confer_election_transitions_total Elections won, and leaderships lost.\n"
                          "# TYPE confer_election_transitions_total counter\n"
                          "confer_election_transitions_total{to=\"leader\"} %" PRIu64 "\n"
                          "confer_election_transitions_total{to=\"follower\"} %" PRIu64 "\n",
                          status.is_leader, status.n_won, status.n_lost);
}
