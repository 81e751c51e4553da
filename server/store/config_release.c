/*
 * Changing what a config serves. Each way is a release event, and ends alike: the config's row, an entry in
 * the audit, a row in the outbox, and the release anew in the change.
 */
#include <errno.h>
#include <string.h>

#include "model/buf.h"
#include "store/config.h"
#include "store/sql.h"

/* What an event says of versions. */
typedef struct Event {
        ReleaseKind kind;
        int64_t version;
        int64_t from_version;
        int64_t restores;
} Event;

static int add_event(Transaction *transaction, Config *config, const Event *event, Span comment) {
        int r;

        r = SQL_RUN(transaction_statement(transaction, STATEMENT_ADD_RELEASE), sql_i64(config->id),
                    sql_i64(event->kind), sql_i64_or_null(event->version),
                    sql_i64_or_null(event->from_version), sql_i64_or_null(event->restores),
                    sql_i64((int64_t)transaction->change->revision), sql_i64(transaction->now_ms),
                    sql_text(transaction->command->actor), sql_text(comment),
                    sql_i64_or_null(config->last_event_id));
        if (r)
                return r;

        config->last_event_id = sqlite3_last_insert_rowid(transaction->database);
        return 0;
}

static int add_outbox_row(Transaction *transaction, const Config *config) {
        transaction->n_outbox_rows_added++;
        return SQL_RUN(transaction_statement(transaction, STATEMENT_ADD_OUTBOX),
                       sql_i64((int64_t)transaction->change->revision), sql_text(config->namespace),
                       sql_text(config->key), sql_i64_or_null(config->stable), sql_i64(transaction->now_ms));
}

static int audit(Transaction *transaction, const Config *config, const ConfigChange *what, Span comment) {
        return transaction_audit(transaction, &(AuditEntry){
                                                      .action = what->action,
                                                      .namespace = config->namespace,
                                                      .key = config->key,
                                                      .version = what->version,
                                                      .revision = transaction->change->revision,
                                                      .comment = comment,
                                                      .details = what->details,
                                              });
}

static Release *release_from_put(Transaction *transaction, const Config *config, const Operation *operation) {
        ConfigData data = {
                .namespace = config->namespace,
                .key = config->key,
                .version = config->newest,
                .revision = transaction->change->revision,
                .format = operation->put.format,
                .content = operation->put.content,
                .updated_at_ms = transaction->now_ms,
                .updated_by = transaction->command->actor,
                .comment = operation->comment,
        };

        memcpy(data.sha256, operation->put.sha256, SHA256_SIZE);
        return release_new(&data, (Span){ transaction->epoch, EPOCH_SIZE });
}

/* A put has the content at hand; every other way to release reads it, and a gray release is read anyway. */
static int make_release(Transaction *transaction, const Config *config, const Operation *operation,
                        Release **ret_release) {
        if (operation->type != OPERATION_PUT || config->has_gray)
                return config_read_released(transaction, config, ret_release);

        *ret_release = release_from_put(transaction, config, operation);
        return *ret_release ? 0 : -ENOMEM;
}

/* What follows on the event. The release goes to the result of @operation. */
static int finish(Transaction *transaction, Config *config, const ConfigChange *what, Operation *operation) {
        _cleanup_(release_unrefp) Release *release = NULL;
        int r;

        r = config_store(transaction, config);
        if (r)
                return r;
        r = audit(transaction, config, what, operation->comment);
        if (r)
                return r;
        r = add_outbox_row(transaction, config);
        if (r)
                return r;
        r = make_release(transaction, config, operation, &release);
        if (r)
                return r;
        r = change_add_release(transaction->change, release);
        if (r)
                return r;

        operation->result.version = config->stable;
        operation->result.release = release;
        release = NULL;
        return 0;
}

static int delete_gray(Transaction *transaction, Config *config) {
        config->has_gray = false;
        return SQL_RUN(transaction_statement(transaction, STATEMENT_DELETE_GRAY), sql_i64(config->id));
}

static Span release_action(ReleaseKind kind) {
        switch (kind) {
        case RELEASE_ROLLBACK:
                return SPAN_LITERAL("config.rollback");
        case RELEASE_PROMOTE:
                return SPAN_LITERAL("gray.promote");
        default:
                return SPAN_LITERAL("config.publish");
        }
}

int config_release(Transaction *transaction, Config *config, ReleaseKind kind, const ReleaseTarget *target,
                   Operation *operation) {
        Event event = { kind, target->version, config->stable, target->restores };
        ConfigChange what = { release_action(kind), target->version, target->details };
        int r;

        (void)transaction_change(transaction);
        r = add_event(transaction, config, &event, operation->comment);
        if (r)
                return r;
        r = config->has_gray && target->ends_gray ? delete_gray(transaction, config) : 0;
        if (r)
                return r;

        config->release_id = config->last_event_id;
        config->stable = target->version;
        config->stable_id = target->version_id;
        config->is_deleted = false;
        return finish(transaction, config, &what, operation);
}

static int set_gray(Transaction *transaction, Config *config, const GrayState *state) {
        _cleanup_(buf_deinit) Buf plan = BUF_NULL;
        const Ramp *ramp = state->ramp;

        if (ramp)
                ramp_append_plan(&plan, ramp);
        if (buf_failed(&plan))
                return -ENOMEM;

        config->has_gray = true;
        config->rules = state->rules;
        return SQL_RUN(
                transaction_statement(transaction, STATEMENT_SET_GRAY), sql_i64(config->id),
                sql_i64(state->event_id ? state->event_id : config->last_event_id),
                sql_text(gray_salt(state->rules)), sql_text(gray_rules(state->rules)),
                ramp ? sql_text(buf_span(&plan)) : sql_null(), ramp ? sql_i64(ramp->state) : sql_null(),
                ramp ? sql_i64((int64_t)ramp->step) : sql_null(), ramp ? sql_i64(ramp->since_ms) : sql_null(),
                ramp ? sql_i64(ramp->held_ms) : sql_null());
}

int config_set_gray(Transaction *transaction, Config *config, const GrayState *state,
                    const ConfigChange *what, Operation *operation) {
        int r;

        (void)transaction_change(transaction);
        r = add_event(transaction, config, &(Event){ .kind = RELEASE_GRAY, .version = what->version },
                      operation->comment);
        if (r)
                return r;
        r = set_gray(transaction, config, state);
        if (r)
                return r;

        return finish(transaction, config, what, operation);
}

int config_abort_gray(Transaction *transaction, Config *config, Operation *operation) {
        ConfigChange what = { .action = SPAN_LITERAL("gray.abort") };
        _cleanup_(gray_row_freep) GrayRow *row = NULL;
        int r;

        r = config_read_gray(transaction, config, &row);
        if (r)
                return r;

        what.version = gray_only_version(row->rules);
        (void)transaction_change(transaction);
        r = add_event(transaction, config, &(Event){ .kind = RELEASE_ABORT, .version = what.version },
                      operation->comment);
        if (r)
                return r;
        r = delete_gray(transaction, config);
        if (r)
                return r;

        return finish(transaction, config, &what, operation);
}

int config_remove(Transaction *transaction, Config *config, Span comment) {
        ConfigChange what = { SPAN_LITERAL("config.delete"), config->stable, SPAN_NULL };
        Change *change = transaction_change(transaction);
        bool was_served = config->stable != 0;
        int r;

        r = add_event(transaction, config, &(Event){ RELEASE_DELETE, 0, config->stable, 0 }, comment);
        if (r)
                return r;
        r = config->has_gray ? delete_gray(transaction, config) : 0;
        if (r)
                return r;

        config->stable = 0;
        config->stable_id = 0;
        config->is_deleted = true;
        r = config_store(transaction, config);
        if (r)
                return r;
        r = audit(transaction, config, &what, comment);
        if (r || !was_served)
                return r;

        r = add_outbox_row(transaction, config);
        if (r)
                return r;
        return change_add_removal(change, config->namespace, config->key);
}
