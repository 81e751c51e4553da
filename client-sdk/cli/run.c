/*
 * Child processes, and the signals that end this one.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "cli/memory.h"
#include "cli/run.h"

#define END_TIMEOUT_MS 10000 /* from SIGTERM to SIGKILL */

int64_t monotonic_ms(void) {
        struct timespec now;

        (void)clock_gettime(CLOCK_MONOTONIC, &now);
        return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/*
 * Signals.
 */

static void end_signals(sigset_t *ret_set) {
        (void)sigemptyset(ret_set);
        (void)sigaddset(ret_set, SIGINT);
        (void)sigaddset(ret_set, SIGTERM);
        (void)sigaddset(ret_set, SIGHUP);
}

int signals_open(Signals *signals) {
        sigset_t set;

        end_signals(&set);
        if (sigprocmask(SIG_BLOCK, &set, NULL) < 0 || signal(SIGPIPE, SIG_IGN) == SIG_ERR)
                return -errno;

        signals->fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
        return signals->fd < 0 ? -errno : 0;
}

void signals_close(Signals *signals) {
        if (signals->fd >= 0)
                (void)close(signals->fd);
        signals->fd = -1;
}

void signals_read(Signals *signals) {
        struct signalfd_siginfo info;

        while (read(signals->fd, &info, sizeof(info)) == (ssize_t)sizeof(info))
                signals->end = true;
}

int signal_from_string(const char *name) {
        char *end = NULL;
        long number = strtol(name, &end, 10);

        if (end != name && *end == '\0')
                return number > 0 && number < NSIG ? (int)number : 0;

        if (strncmp(name, "SIG", 3) == 0)
                name += 3;
        for (int i = 1; i < NSIG; i++) {
                const char *known = sigabbrev_np(i);

                if (known && strcmp(known, name) == 0)
                        return i;
        }

        return 0;
}

/*
 * Starting.
 */

/* The environment with @additions, which win; the texts are borrowed. */
static char **environment_with(char *const *additions) {
        size_t n = 0, n_additions = 0, at = 0;
        char **all;

        while (environ[n])
                n++;
        while (additions && additions[n_additions])
                n_additions++;

        all = memory_new(n + n_additions + 1, sizeof(*all));
        for (size_t i = 0; i < n_additions; i++)
                all[at++] = additions[i];
        for (size_t i = 0; i < n; i++) {
                size_t size = strcspn(environ[i], "=") + 1;
                bool is_replaced = false;

                for (size_t j = 0; j < n_additions && !is_replaced; j++)
                        is_replaced = strncmp(environ[i], additions[j], size) == 0;
                if (!is_replaced)
                        all[at++] = environ[i];
        }

        return all;
}

static int set_attributes(posix_spawnattr_t *attributes) {
        sigset_t none, defaults;

        end_signals(&defaults);
        (void)sigaddset(&defaults, SIGPIPE);
        (void)sigemptyset(&none);
        (void)posix_spawnattr_setsigmask(attributes, &none);
        (void)posix_spawnattr_setsigdefault(attributes, &defaults);
        (void)posix_spawnattr_setpgroup(attributes, 0);
        return posix_spawnattr_setflags(attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF |
                                                            POSIX_SPAWN_SETPGROUP);
}

static int spawn(pid_t *ret_pid, char *const *argv, char *const *environment) {
        posix_spawn_file_actions_t actions;
        posix_spawnattr_t attributes;
        int r;

        r = posix_spawn_file_actions_init(&actions);
        if (r)
                return -r;
        r = posix_spawnattr_init(&attributes);
        if (r) {
                (void)posix_spawn_file_actions_destroy(&actions);
                return -r;
        }

        r = posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", 0, 0);
        if (r == 0)
                r = set_attributes(&attributes);
        if (r == 0)
                r = posix_spawnp(ret_pid, argv[0], &actions, &attributes, argv, environment);
        (void)posix_spawnattr_destroy(&attributes);
        (void)posix_spawn_file_actions_destroy(&actions);
        return -r;
}

int child_start(Child *child, char *const *argv, char *const *additions) {
        _cleanup_(freep) char **environment = environment_with(additions);
        pid_t pid = 0;
        int fd, r;

        r = spawn(&pid, argv, environment);
        if (r < 0)
                return r;

        fd = pidfd_open(pid, 0);
        if (fd < 0) {
                r = -errno;
                (void)kill(-pid, SIGKILL);
                (void)waitpid(pid, NULL, 0);
                return r;
        }

        *child = (Child){ .pid = pid, .fd = fd };
        return 0;
}

int child_start_shell(Child *child, const char *command, const char *argument, char *const *additions) {
        _cleanup_(freep) char *text = memory_format("%s%s", command, argument ? " \"$1\"" : "");
        char *argv[] = { "/bin/sh", "-c", text, "confer", (char *)argument, NULL };

        return child_start(child, argv, additions);
}

/*
 * Ending.
 */

void child_signal(const Child *child, int number) {
        (void)kill(-child->pid, number);
}

/* A child that has ended keeps its number until waitpid(), so that the group that is killed is still its. */
int child_reap(Child *child, bool kill_rest) {
        siginfo_t info = { 0 };
        int status = 0;

        while (waitid(P_PID, (id_t)child->pid, &info, WEXITED | WNOWAIT) < 0 && errno == EINTR)
                continue;
        if (kill_rest)
                child_signal(child, SIGKILL);
        while (waitpid(child->pid, &status, 0) < 0 && errno == EINTR)
                continue;

        (void)close(child->fd);
        *child = CHILD_NULL;
        return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static bool has_ended(const Child *child, int timeout_ms) {
        struct pollfd wanted = { .fd = child->fd, .events = POLLIN };

        return poll(&wanted, 1, timeout_ms) > 0;
}

int child_end(Child *child) {
        child_signal(child, SIGTERM);
        if (!has_ended(child, END_TIMEOUT_MS))
                child_signal(child, SIGKILL);
        return child_reap(child, true);
}

int child_wait(Child *child, Signals *signals, int64_t timeout_ms, int *ret_status) {
        int64_t end_ms = monotonic_ms() + timeout_ms, left_ms = timeout_ms;

        for (; left_ms > 0 && !signals->end; left_ms = end_ms - monotonic_ms()) {
                struct pollfd wanted[] = {
                        { .fd = child->fd, .events = POLLIN },
                        { .fd = signals->fd, .events = POLLIN },
                };

                if (poll(wanted, ARRAY_SIZE(wanted), (int)left_ms) <= 0)
                        continue;
                if (wanted[0].revents) {
                        *ret_status = child_reap(child, false);
                        return 0;
                }
                signals_read(signals);
        }

        (void)child_end(child);
        return signals->end ? CHILD_E_INTERRUPTED : CHILD_E_TIMEOUT;
}
