#include <assert.h>
#include <stddef.h>

#include "ingest/note.h"
#include "mirror/backoff.h"
#include "util/clock.h"
#include "util/log.h"

typedef struct Submission {
        Command command;
        pthread_mutex_t lock;
        pthread_cond_t done;
        bool is_done;
} Submission;

/* @thread any loop */
static void on_done(Command *command) {
        Submission *submission = (Submission *)((char *)command - offsetof(Submission, command));

        pthread_mutex_lock(&submission->lock);
        submission->is_done = true;
        pthread_cond_signal(&submission->done);
        pthread_mutex_unlock(&submission->lock);
}

static void wait_until_done(Submission *submission) {
        pthread_mutex_lock(&submission->lock);
        while (!submission->is_done)
                pthread_cond_wait(&submission->done, &submission->lock);
        pthread_mutex_unlock(&submission->lock);
}

static void submit_once(Store *store, Operation *operations, size_t n, Command *ret_command) {
        Submission submission = {
                .command = {
                        .actor = SPAN_LITERAL("system:ingest"),
                        .address = SPAN_LITERAL(""),
                        .operations = operations,
                        .n_operations = n,
                        .done = on_done,
                },
                .lock = PTHREAD_MUTEX_INITIALIZER,
                .done = PTHREAD_COND_INITIALIZER,
        };

        if (store_submit(store, &submission.command) == 0)
                wait_until_done(&submission);
        else {
                submission.command.outcome = STORE_E_BUSY;
                problem_set(&submission.command.problem, NULL, "too many changes wait to be written");
        }
        command_deinit(&submission.command);
        pthread_cond_destroy(&submission.done);
        pthread_mutex_destroy(&submission.lock);
        *ret_command = submission.command;
}

static bool is_for_later(StoreOutcome outcome) {
        return outcome == STORE_E_BUSY || outcome == STORE_E_FAILED;
}

static void tell_failure(Ingest *ingest, const Problem *problem, int64_t wait_ms) {
        IngestStatus *status = ingest_lock_status(ingest);

        status->state = INGEST_WAITING;
        status->retry_at_ms = clock_wall_ms() + wait_ms;
        status->n_store_errors++;
        memcpy(status->error, problem->text, sizeof(status->error));
        ingest_unlock_status(ingest);
}

bool note_submit(Ingest *ingest, Operation *operations, size_t n, Command *ret_command) {
        for (unsigned n_failures = 0; !waker_is_stopping(&ingest->waker);) {
                int64_t wait_ms;

                submit_once(ingest->store, operations, n, ret_command);
                if (!is_for_later(ret_command->outcome))
                        return true;

                wait_ms = backoff_ms(ingest->options, ++n_failures);
                tell_failure(ingest, &ret_command->problem, wait_ms);
                if (n_failures == 1)
                        log_warning("ingest.store-failed",
                                    "Ingest %s has something that the store cannot take now, and tries "
                                    "again: %s.",
                                    ingest->options->name, ret_command->problem.text);
                (void)waker_poll(&ingest->waker, -1, 0, wait_ms, 0);
        }
        return false;
}

Operation note_place_operation(const Ingest *ingest, const IngestPlace *place) {
        Operation operation = { .type = OPERATION_INGEST_REACHED, .comment = SPAN_LITERAL("") };

        operation.ingest_reached.ingest = span_from_string(ingest->options->name);
        operation.ingest_reached.cluster_id = span_from_string(place->cluster);
        operation.ingest_reached.mapping = span_from_string(ingest->mapping);
        operation.ingest_reached.generation = place->generation;
        operation.ingest_reached.revision = place->revision;
        return operation;
}

bool note_place(Ingest *ingest, const IngestPlace *place) {
        Operation operation = note_place_operation(ingest, place);
        Command command;

        if (!note_submit(ingest, &operation, 1, &command))
                return false;

        assert(command.outcome == STORE_OK);
        ingest->place = *place;
        return true;
}
