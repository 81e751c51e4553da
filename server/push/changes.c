/*
 * GET /changes: what has changed in a namespace since a revision, now, as soon as something does, or on and
 * on.
 */
#include "model/name.h"
#include "push/event_stream.h"
#include "push/handlers.h"
#include "push/poll.h"
#include "push/resume.h"
#include "util/allocate.h"

#define WAIT_DEFAULT_S 30
#define WAIT_MAX_S     60

typedef struct Question {
        Span namespace;
        Span epoch;    /* or absent */
        int64_t since; /* -1: not given */
        int64_t wait_s;
        bool is_events; /* an event stream is asked for */
} Question;

static bool accepts_events(const h2o_req_t *h2o) {
        Span accepted = header_of(h2o, SPAN_LITERAL("accept"));

        return accepted.size &&
               h2o_strstr(accepted.data, accepted.size, H2O_STRLIT("text/event-stream")) != SIZE_MAX;
}

static bool read_namespace(Request *request, Question *question) {
        question->namespace = request_parameter(request, "namespace");
        if (!namespace_is_valid(question->namespace)) {
                reply_refusal(request, REASON_INVALID_PARAMETER, "namespace",
                              "namespace names what is to be followed: 1 to 4 segments joined by dots");
                return false;
        }
        request->params[PARAM_NAMESPACE] = question->namespace; /* what a refusal is about */
        return true;
}

/* What the browser has seen is newer than what its page once asked for. */
static bool read_last_event_id(Request *request, const h2o_req_t *h2o, Question *question) {
        Span id = header_of(h2o, SPAN_LITERAL("last-event-id"));

        if (!question->is_events || !id.size)
                return true;
        if (number_parse(id, INT64_MAX, &question->since))
                return true;

        reply_refusal(request, REASON_INVALID_HEADER, "Last-Event-ID", "Last-Event-ID is a revision");
        return false;
}

static bool read_question(Request *request, const h2o_req_t *h2o, Question *question) {
        question->is_events = accepts_events(h2o);
        question->epoch = request_parameter(request, "epoch");
        return read_namespace(request, question) &&
               request_number(request, "since", INT64_MAX, -1, &question->since) &&
               request_number(request, "wait", WAIT_MAX_S, WAIT_DEFAULT_S, &question->wait_s) &&
               read_last_event_id(request, h2o, question);
}

static Scope *scope_of(const Question *question) {
        return scope_new(&(ScopeName){ .name = question->namespace, .all_keys = true }, 1);
}

/* Return: false with a refusal made. */
static bool answer(Hub *hub, Exchange *exchange, const Question *question) {
        Span epoch = question->epoch.data ? question->epoch : hub->push->epoch;
        Poll *poll;

        if (question->is_events && !exchange->request.is_head)
                return event_stream_begin(hub, exchange, scope_of(question), epoch,
                                          (uint64_t)MAX(question->since, 0));

        poll = poll_new(hub, exchange, scope_of(question));
        if (question->since < 0 || exchange->request.is_head)
                poll_answer_nothing(poll);
        else if (!resume_is_possible(hub, epoch, (uint64_t)question->since)) {
                if (hub_is_over_memory(hub)) {
                        reply_refusal(&exchange->request, REASON_BUSY, NULL,
                                      "too many snapshots are on their way: try again in a moment");
                        return false;
                }
                poll_answer_snapshot(poll);
        } else if (!poll_answer_changes(poll, (uint64_t)question->since)) {
                if (question->wait_s > 0)
                        return poll_park(poll, question->wait_s * 1000);
                poll_answer_nothing(poll);
        }
        return true;
}

bool changes_hold(Request *request) {
        Exchange *exchange = exchange_of_request(request);
        Hub *hub = hub_of(exchange->loop);
        Question question = { .since = -1 };

        if (!read_question(request, exchange->h2o, &question) ||
            !request_may(request, RIGHT_READER, question.namespace))
                return false;
        if (hub->is_draining) {
                reply_refusal(request, REASON_NOT_READY, NULL, "the server is stopping");
                return false;
        }
        return answer(hub, exchange, &question);
}
