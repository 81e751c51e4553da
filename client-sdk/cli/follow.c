/*
 * Following a namespace through the SDK.
 */
#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <string.h>

#include "cli/api.h"
#include "cli/follow.h"
#include "cli/memory.h"
#include "cli/message.h"
#include "cli/tags.h"

#define ONCE_TIMEOUT_MS 30000 /* for the first values, where nobody wants to wait for ever */

void follow_deinit(Follow *follow) {
        confer_client_free(follow->client);
        follow->client = NULL;
        signals_close(&follow->signals);
}

static int code_of(confer_error error) {
        switch (error) {
        case CONFER_E_UNAUTHENTICATED:
        case CONFER_E_FORBIDDEN:
                return EXIT_NO_ACCESS;
        case CONFER_E_INVALID:
                return EXIT_USAGE;
        case CONFER_E_NETWORK:
        case CONFER_E_TLS:
        case CONFER_E_PROTOCOL:
        case CONFER_E_TIMEOUT:
                return EXIT_UNREACHABLE;
        default:
                return EXIT_REFUSED;
        }
}

/*
 * The state of the connection.
 */

static void on_lost(Follow *follow) {
        confer_error error = confer_client_get_last_error(follow->client);

        /* What somebody has to mend first would be waited for in vain, but a client that was connected keeps
         * its values: the token may be back tomorrow. */
        if (!follow->was_connected && (confer_error_is_fatal(error) || !follow->is_patient))
                follow->code = fail(code_of(error), "%s", confer_error_to_string(error));
        else
                warn("%s; trying again until it works", confer_error_to_string(error));
}

static void on_state(_unused_ confer_client *client, confer_state from, confer_state to, void *context) {
        Follow *follow = context;

        if (to == CONFER_STATE_RECONNECTING) {
                on_lost(follow);
        } else if (to == CONFER_STATE_CONNECTED) {
                if (from == CONFER_STATE_RECONNECTING)
                        note("connected");
                follow->was_connected = true;
        }
}

/*
 * Starting.
 */

static confer_error add_wanted(const Follow *follow, confer_options *options) {
        confer_error error = CONFER_OK;

        if (follow->n_keys == 0)
                return confer_options_add_namespace(options, follow->namespace_);
        for (size_t i = 0; i < follow->n_keys && error == CONFER_OK; i++)
                error = confer_options_add_key(options, follow->namespace_, follow->keys[i]);
        return error;
}

/* Who this instance is, to gray rules. */
static confer_error add_identity(const Options *options, confer_options *to) {
        confer_error error = CONFER_OK;

        if (options->instance)
                error = confer_options_set_instance(to, options->instance);
        for (size_t i = 0; i < options->tags.n && error == CONFER_OK; i++) {
                _cleanup_(freep) char *name = tags_name(&options->tags, i);

                error = confer_options_set_tag(to, name, tags_value(&options->tags, i));
        }
        return error;
}

static confer_error make_client(Follow *follow, const Options *given, const Api *api, const char *app) {
        confer_options *options = NULL;
        confer_error error = confer_options_new(&options);

        if (error == CONFER_OK)
                error = confer_options_add_server(options, api_server(api));
        if (error == CONFER_OK)
                error = confer_options_set_token(options, api_token(api));
        if (error == CONFER_OK)
                error = confer_options_set_app(options, app);
        if (error == CONFER_OK)
                error = confer_options_set_dispatch(options, CONFER_DISPATCH_APPLICATION);
        if (error == CONFER_OK)
                error = add_identity(given, options);
        if (error == CONFER_OK)
                error = add_wanted(follow, options);
        if (error == CONFER_OK)
                error = confer_client_new(options, &follow->client);
        if (error == CONFER_OK)
                error = confer_client_set_state_callback(follow->client, on_state, follow);
        confer_options_free(options);
        return error;
}

int follow_start(Follow *follow, const Options *options, const char *app) {
        _cleanup_(api_closep) Api *api = NULL;
        Problem problem = PROBLEM_NULL;
        confer_error error;
        int r;

        if (tags_check(&options->tags, &problem))
                return fail(EXIT_USAGE, "%s", problem.text);
        r = api_open(options, &api);
        if (r)
                return r;
        r = signals_open(&follow->signals);
        if (r < 0)
                return fail(EXIT_REFUSED, "signals cannot be waited for: %s", strerror(-r));

        error = make_client(follow, options, api, app);
        if (error == CONFER_OK)
                error = confer_client_start(follow->client);
        return error == CONFER_OK ? EXIT_DONE : fail(code_of(error), "%s", confer_error_to_string(error));
}

/*
 * Going on.
 */

static int poll_timeout(int64_t timeout_ms) {
        return timeout_ms < 0 ? -1 : (int)MIN(timeout_ms, (int64_t)INT_MAX);
}

bool follow_step(Follow *follow, int64_t timeout_ms, int other_fd) {
        struct pollfd wanted[] = {
                { .fd = confer_client_get_fd(follow->client), .events = POLLIN },
                { .fd = follow->signals.fd, .events = POLLIN },
                { .fd = other_fd, .events = POLLIN },
        };

        /* A signal may have come while a listener waited for a child. */
        if (follow->signals.end || follow->code)
                return false;

        if (poll(wanted, ARRAY_SIZE(wanted), poll_timeout(timeout_ms)) > 0) {
                if (wanted[1].revents)
                        signals_read(&follow->signals);
                if (wanted[0].revents && !follow->signals.end)
                        (void)confer_dispatch(follow->client, 0);
        }

        return !follow->signals.end && follow->code == EXIT_DONE;
}

static int wait_connected(Follow *follow) {
        int64_t end_ms = monotonic_ms() + ONCE_TIMEOUT_MS, left_ms = -1;

        do {
                if (!follow->is_patient) {
                        left_ms = end_ms - monotonic_ms();
                        if (left_ms <= 0)
                                return fail(EXIT_UNREACHABLE, "the server does not answer");
                }
        } while (follow_step(follow, left_ms, -1) && !follow->was_connected);

        return follow->code;
}

static confer_error listen_wanted(Follow *follow, confer_listener_fn listener, void *context) {
        confer_error error = CONFER_OK;

        if (follow->n_keys == 0)
                return confer_listen(follow->client, follow->namespace_, NULL, listener, context, NULL);
        for (size_t i = 0; i < follow->n_keys && error == CONFER_OK; i++)
                error = confer_listen(follow->client, follow->namespace_, follow->keys[i], listener, context,
                                      NULL);
        return error;
}

/* What is known when the listener comes is due at once, so that one call hears it all. */
int follow_listen(Follow *follow, confer_listener_fn listener, void *context) {
        confer_error error;
        int r;

        r = wait_connected(follow);
        if (r || follow->signals.end)
                return r;

        error = listen_wanted(follow, listener, context);
        if (error == CONFER_OK)
                error = confer_dispatch(follow->client, 0);
        return error == CONFER_OK ? EXIT_DONE : fail(code_of(error), "%s", confer_error_to_string(error));
}
