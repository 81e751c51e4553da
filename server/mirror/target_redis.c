/*
 * Redis as a target: a String or a Hash for each key (redis_value.h), pipelined (redis_target.h), over a
 * connection that ends the ones before it (redis_login.h).
 */
#include <errno.h>
#include <stdlib.h>

#include "mirror/redis_login.h"
#include "mirror/redis_target.h"

static int refuse(Problem *ret_problem, const char *field, const char *text) {
        problem_set(ret_problem, field, "%s", text);
        return -EINVAL;
}

static int parse_endpoint(const MirrorOptions *options, DialAddress *ret_address, Problem *ret_problem) {
        Problem problem;

        if (options->n_endpoints != 1)
                return refuse(ret_problem, "endpoints", "a mirror to Redis has one endpoint: name one");
        if (!dial_parse(options->endpoints[0], ret_address, &problem))
                return refuse(ret_problem, "endpoints", problem.text);
        return 0;
}

static int check_options(const MirrorOptions *options, Problem *ret_problem) {
        if (options->tls)
                return refuse(ret_problem, "tls",
                              "this conferd is built with hiredis 0.14, which has no TLS: leave tls out and "
                              "name the path of a Unix socket, or the local end of a tunnel such as stunnel");
        if (options->user[0] && !options->password[0])
                return refuse(ret_problem, "password", "a user needs a password: set both, or neither");
        return 0;
}

static int redis_open(const MirrorOptions *options, size_t worker, Waker *waker, Target **ret_target,
                      Problem *ret_problem) {
        DialAddress address;
        Target *target;
        int r;

        r = check_options(options, ret_problem);
        if (r)
                return r;
        r = parse_endpoint(options, &address, ret_problem);
        if (r)
                return r;

        target = calloc(1, sizeof(*target));
        if (!target)
                return -ENOMEM;

        *target = (Target){ .options = options,
                            .worker = worker,
                            .waker = waker,
                            .address = address,
                            .value = REDIS_VALUE_NULL };
        *ret_target = target;
        return 0;
}

static void redis_disconnect(Target *target) {
        target->link = redis_link_close(target->link);
}

static Target *redis_close(Target *target) {
        if (!target)
                return NULL;

        redis_disconnect(target);
        redis_value_deinit(&target->value);
        free(target);
        return NULL;
}

static TargetOutcome redis_connect(Target *target, TargetError *ret_error) {
        _cleanup_(redis_link_closep) RedisLink *link = NULL;
        TargetOutcome outcome;

        redis_disconnect(target);
        *ret_error = (TargetError){ .problem = PROBLEM_NULL };
        outcome = redis_link_open(&target->address, target->waker, (int64_t)target->options->timeout_ms,
                                  &link, ret_error);
        if (outcome == TARGET_OK)
                outcome = redis_login_run(link, target->options, target->worker, ret_error);
        if (outcome != TARGET_OK)
                return outcome;

        target->link = link;
        link = NULL;
        return TARGET_OK;
}

static TargetOutcome redis_check(Target *target, TargetError *ret_error) {
        const RedisReply *reply;

        return redis_pipeline_call(target, REDIS_WORDS(SPAN_LITERAL("PING")), &reply, ret_error);
}

const TargetKind target_redis = {
        .name = "redis",
        .open = redis_open,
        .close = redis_close,
        .connect = redis_connect,
        .disconnect = redis_disconnect,
        .check = redis_check,
        .apply = redis_apply,
        .read_back = redis_read_back,
        .scan = redis_scan,
};
