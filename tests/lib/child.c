#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <netinet/in.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "lib/child.h"
#include "model/macros.h"

#define READY_MS 10000
#define LOOK_MS  5

bool child_is_installed(const char *program) {
        const char *path = getenv("PATH");
        char file[512];

        while (path && *path) {
                int size = (int)strcspn(path, ":");

                (void)snprintf(file, sizeof(file), "%.*s/%s", size, path, program);
                if (access(file, X_OK) == 0)
                        return true;
                path += (size_t)size + (path[size] == ':');
        }
        return false;
}

/* Runs in the child. */
static void become(const char *const *arguments, const char *log) {
        int fd = open(log, O_WRONLY | O_CREAT | O_APPEND, 0600);

        (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
        (void)dup2(fd, STDOUT_FILENO);
        (void)dup2(fd, STDERR_FILENO);
        (void)execvp(arguments[0], (char *const *)arguments);
        _exit(127);
}

void child_start(Child *child, const char *const *arguments, const char *log) {
        assert_int_equal(child->pid, 0);
        child->pid = fork();
        assert_true(child->pid >= 0);
        if (child->pid == 0)
                become(arguments, log);
}

static void end_with(Child *child, int signal) {
        if (child->pid == 0)
                return;

        (void)kill(child->pid, signal);
        assert_int_equal(waitpid(child->pid, NULL, 0), child->pid);
        child->pid = 0;
}

void child_stop(Child *child) {
        end_with(child, SIGTERM);
}

void child_kill(Child *child) {
        end_with(child, SIGKILL);
}

void child_freeze(Child *child) {
        int status;

        assert_int_equal(kill(child->pid, SIGSTOP), 0);
        assert_int_equal(waitpid(child->pid, &status, WUNTRACED), child->pid);
        assert_true(WIFSTOPPED(status));
}

void child_thaw(Child *child) {
        int status;

        assert_int_equal(kill(child->pid, SIGCONT), 0);
        assert_int_equal(waitpid(child->pid, &status, WCONTINUED), child->pid);
        assert_true(WIFCONTINUED(status));
}

uint16_t child_free_port(void) {
        struct sockaddr_in6 address = { .sin6_family = AF_INET6 };
        socklen_t size = sizeof(address);
        int fd = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);

        assert_true(fd >= 0);
        assert_int_equal(bind(fd, (struct sockaddr *)&address, size), 0);
        assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &size), 0);
        (void)close(fd);
        return ntohs(address.sin6_port);
}

void child_wait_until(Child *child, bool (*is_ready)(void *context), void *context) {
        for (int waited_ms = 0; waited_ms < READY_MS; waited_ms += LOOK_MS) {
                if (is_ready(context))
                        return;
                assert_int_equal(waitpid(child->pid, NULL, WNOHANG), 0);
                (void)poll(NULL, 0, LOOK_MS);
        }
        fail_msg("a program was not ready after %d ms", READY_MS);
}

void child_make_directory(char *to, size_t size) {
        const char *parent = getenv("TMPDIR");

        (void)snprintf(to, size, "%s/confer-test-XXXXXX", parent ? parent : "/tmp");
        assert_non_null(mkdtemp(to));
}

static int remove_one(const char *path, const struct stat *status _unused_, int type _unused_,
                      struct FTW *place _unused_) {
        return remove(path);
}

void child_remove_directory(const char *path) {
        assert_int_equal(nftw(path, remove_one, 8, FTW_DEPTH | FTW_PHYS), 0);
}
