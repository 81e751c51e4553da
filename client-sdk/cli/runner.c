/*
 * A command that is run again and again.
 *
 *      no child --run--> running --run--> ending --ended--> running
 *          ^                |
 *          '-----ended------'
 */
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "cli/memory.h"
#include "cli/message.h"
#include "cli/runner.h"

#define END_TIMEOUT_MS      10000 /* from SIGTERM to SIGKILL */
#define STATUS_CANNOT_START 127   /* as shells have it */

void runner_deinit(Runner *runner) {
        for (size_t i = 0; runner->variables[i]; i++) {
                free(runner->variables[i]);
                runner->variables[i] = NULL;
        }
}

void runner_set(Runner *runner, const char *name, const char *value) {
        size_t size = strlen(name), i = 0;

        while (runner->variables[i] &&
               (strncmp(runner->variables[i], name, size) != 0 || runner->variables[i][size] != '='))
                i++;
        if (i == RUNNER_VARIABLES_MAX)
                return;

        free(runner->variables[i]);
        runner->variables[i] = memory_format("%s=%s", name, value);
}

static void start(Runner *runner) {
        int r = runner->argv[1] ? child_start(&runner->child, runner->argv, runner->variables)
                                : child_start_shell(&runner->child, runner->argv[0], NULL, runner->variables);

        runner->is_ending = runner->is_wanted = false;
        if (r < 0) {
                runner->status = STATUS_CANNOT_START;
                warn("%s: %s", runner->argv[0], strerror(-r));
        }
}

void runner_run(Runner *runner) {
        if (!runner->child.pid) {
                start(runner);
                return;
        }

        runner->is_wanted = true;
        if (!runner->is_ending) {
                runner->is_ending = true;
                runner->kill_at_ms = monotonic_ms() + END_TIMEOUT_MS;
                child_signal(&runner->child, SIGTERM);
        }
}

int64_t runner_timeout_ms(const Runner *runner) {
        return runner->child.pid && runner->is_ending ? MAX(runner->kill_at_ms - monotonic_ms(), INT64_C(0))
                                                      : -1;
}

static bool has_ended(const Runner *runner) {
        struct pollfd wanted = { .fd = runner->child.fd, .events = POLLIN };

        return poll(&wanted, 1, 0) > 0;
}

void runner_step(Runner *runner) {
        if (!runner->child.pid)
                return;

        if (has_ended(runner)) {
                runner->status = child_reap(&runner->child, runner->is_ending);
                if (!runner->is_ending)
                        note("the command has ended with status %d", runner->status);
                if (runner->is_wanted)
                        start(runner);
        } else if (runner->is_ending && monotonic_ms() >= runner->kill_at_ms) {
                child_signal(&runner->child, SIGKILL);
                runner->kill_at_ms = monotonic_ms() + END_TIMEOUT_MS;
        }
}

void runner_end(Runner *runner) {
        if (!runner->child.pid)
                return;

        runner->status = child_end(&runner->child);
        runner->is_wanted = false;
}
