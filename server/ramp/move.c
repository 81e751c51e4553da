#include <inttypes.h>
#include <stdio.h>

#include "http/server.h"
#include "model/gray_release.h"
#include "model/name.h"
#include "push/census.h"
#include "ramp/move.h"
#include "util/allocate.h"
#include "util/clock.h"
#include "util/log.h"

/* Of a comment's bytes, those that an instance's own words may take. */
#define ERROR_SHOWN_MAX 1024

typedef struct Move {
        MoveOptions options;
        LoopMessage message;
        Census *census;
        MoveKind kind;
        Buf comment;
        Operation operation;
        Command command;
} Move;

static Move *move_of_message(LoopMessage *message) {
        return (Move *)((char *)message - offsetof(Move, message));
}

static Move *move_of_command(Command *command) {
        return (Move *)((char *)command - offsetof(Move, command));
}

static const Ramp *ramp_of(const Move *move) {
        return move->options.release->gray->ramp;
}

static void come_back(Move *move, void (*run)(Loop *, LoopMessage *)) {
        move->message.run = run;
        loop_send(move->options.loop, &move->message);
}

static void finish(Move *move) {
        const MoveOptions *options = &move->options;

        options->over(options->context, options->release, move->command.outcome, &move->command.problem);
        command_deinit(&move->command);
        census_free(move->census);
        release_unref(options->release);
        buf_deinit(&move->comment);
        free(move);
}

/* What is to be done. */

static bool is_to_abort(const Move *move) {
        CensusCount arms = census_sum_of_arms(move->census, 0);
        Ramp ramp = *ramp_of(move);

        if (!move->options.is_settled)
                ramp.refused_percent_max = 0;
        return ramp_is_to_abort(&ramp, arms.n_applied, arms.n_refused);
}

static MoveKind choose(const Move *move) {
        const Ramp *ramp = ramp_of(move);

        if (is_to_abort(move))
                return MOVE_ABORT;
        if (!move->options.is_settled || clock_wall_ms() < ramp_due_at_ms(ramp))
                return MOVE_NONE;
        if (!ramp_is_at_last_step(ramp))
                return MOVE_STEP;
        return ramp->promotes ? MOVE_PROMOTE : MOVE_DONE;
}

/* The change, and why. */

/* Adds so much of an instance's own words as there is room for, up to the end of a character. */
static void append_error(Buf *comment, Span error) {
        size_t size = MIN(error.size, ERROR_SHOWN_MAX);

        if (error.size == 0)
                return;

        while (size < error.size && size > 0 && (error.data[size] & 0xc0) == 0x80)
                size--;
        buf_append_literal(comment, ": ");
        buf_append(comment, error.data, size);
}

/* "2 of 40 instances refuse version 9: line 3: no such limit". With several versions, that of the instance
 * that connected first is told of. */
static void explain_abort(Buf *comment, const Census *census) {
        size_t n;
        const CensusRefusal *first = census_refusals(census, &n);
        CensusCount count = census_sum_of_arms(census, first->version);

        buf_append_format(comment, "%zu of %zu instances refuse version %" PRId64, count.n_refused,
                          count.n_connected, first->version);
        append_error(comment, first->error);
}

static void explain_step(Buf *comment, const Ramp *ramp) {
        buf_append_format(comment, "step %zu of %zu: ", ramp->step + 2, ramp->n_steps);
        gray_append_weight(comment, ramp->steps[ramp->step + 1].weight);
        buf_append_literal(comment, " %");
}

static void explain(Move *move) {
        if (move->kind == MOVE_ABORT)
                explain_abort(&move->comment, move->census);
        else if (move->kind == MOVE_STEP)
                explain_step(&move->comment, ramp_of(move));
        else
                buf_append_literal(&move->comment, "the last step is over");
        if (buf_failed(&move->comment))
                abort();
}

static int64_t raised_version(const Release *release) {
        const GrayRelease *gray = release->gray;

        return gray_first_arm(gray->rules, gray->ramp->rule)->version;
}

static void prepare(Move *move) {
        Release *release = move->options.release;
        Operation *operation = &move->operation;

        *operation = (Operation){
                .namespace = release_namespace(release),
                .key = release_key(release),
                .comment = buf_span(&move->comment),
        };
        if (move->kind == MOVE_ABORT || move->kind == MOVE_PROMOTE) {
                operation->type = move->kind == MOVE_ABORT ? OPERATION_GRAY_ABORT : OPERATION_GRAY_PROMOTE;
                operation->gray_end.expected_revision = release_revision(release);
                if (move->kind == MOVE_PROMOTE)
                        operation->gray_end.version = raised_version(release);
                return;
        }
        operation->type = OPERATION_GRAY_MOVE;
        operation->gray_move.move = GRAY_MOVE_STEP;
        operation->gray_move.expected_revision = release_revision(release);
}

/* What was done. */

static void count(Move *move) {
        static const Metric metrics[MOVE_KIND_N] = {
                [MOVE_STEP] = METRIC_RAMP_STEPS,
                [MOVE_PROMOTE] = METRIC_RAMP_PROMOTIONS,
                [MOVE_ABORT] = METRIC_RAMP_ABORTS,
                [MOVE_DONE] = METRIC_RAMP_ENDS,
        };

        metric_add(&move->options.loop->metrics, metrics[move->kind], 1);
}

static void log_move(const Move *move) {
        Span namespace = release_namespace(move->options.release), key = release_key(move->options.release);
        char name[NAMESPACE_SIZE_MAX + sizeof("/") + KEY_SIZE_MAX];

        (void)snprintf(name, sizeof(name), "%.*s/%.*s", (int)namespace.size, namespace.data, (int)key.size,
                       key.data);
        if (move->kind == MOVE_ABORT)
                log_warning("ramp.aborted", "The gray release of %s is withdrawn: %.*s", name,
                            (int)move->comment.size, move->comment.data);
        else if (move->kind == MOVE_PROMOTE)
                log_info("ramp.promoted", "Version %" PRId64 " of %s is promoted.",
                         move->operation.gray_end.version, name);
        else if (move->kind == MOVE_DONE)
                log_info("ramp.done", "The ramp of %s is done.", name);
        else
                log_info("ramp.step", "The ramp of %s takes %.*s.", name, (int)move->comment.size,
                         move->comment.data);
}

static void on_written(_unused_ Loop *loop, LoopMessage *message) {
        Move *move = move_of_message(message);

        if (move->command.outcome == STORE_OK) {
                count(move);
                log_move(move);
        }
        finish(move);
}

/* @thread any loop */
static void on_done(Command *command) {
        come_back(move_of_command(command), on_written);
}

static void submit(Move *move) {
        move->command = (Command){
                .actor = SPAN_LITERAL("system:ramp"),
                .address = SPAN_LITERAL(""),
                .operations = &move->operation,
                .n_operations = 1,
                .done = on_done,
        };
        if (store_submit(move->options.store, &move->command) == 0)
                return;

        move->command.outcome = STORE_E_BUSY;
        problem_set(&move->command.problem, NULL, "too many changes are waiting");
        finish(move);
}

static void decide(_unused_ Loop *loop, LoopMessage *message) {
        Move *move = move_of_message(message);

        move->kind = choose(move);
        if (move->kind == MOVE_NONE) {
                finish(move);
                return;
        }

        explain(move);
        prepare(move);
        submit(move);
}

/* @thread the last loop */
static void on_counted(Census *census, void *context) {
        Move *move = context;

        move->census = census;
        come_back(move, decide);
}

void move_start(const MoveOptions *options) {
        Move *move = allocate(1, sizeof(*move));

        move->options = *options;
        release_ref(options->release);
        census_take(census_new(options->loop->server, options->release, NULL, 1), on_counted, move);
}
