/*
 * Child processes, and the signals that end this one.
 *
 * A child has a process group of its own, so that all of it can be ended; the standard input is /dev/null.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "model/macros.h"

/* SIGINT, SIGTERM and SIGHUP, which come by a descriptor instead of ending the process. */
typedef struct Signals {
        int fd;   /* readable when one came */
        bool end; /* one came: leave what is being done, and end */
} Signals;

#define SIGNALS_NULL ((Signals){ .fd = -1 })

/* Before any thread is started. Broken pipes are errors from here on. Return: 0 or a negative errno. */
int signals_open(Signals *signals);
void signals_close(Signals *signals);

/* Takes what is there. */
void signals_read(Signals *signals);

/* The number of "HUP", "SIGHUP" or "1"; 0: there is no such signal. */
int signal_from_string(const char *name);

typedef struct Child {
        pid_t pid; /* 0: there is none */
        int fd;    /* readable when it has ended */
} Child;

#define CHILD_NULL ((Child){ .pid = 0, .fd = -1 })

/* Starts a program; @additions, "NAME=value", are put into its environment, and end with NULL. Return: 0 or a
 * negative errno. */
int child_start(Child *child, char *const *argv, char *const *additions);

/* Starts "/bin/sh -c COMMAND", with @argument, unless it is NULL, as the command's last. */
int child_start_shell(Child *child, const char *command, const char *argument, char *const *additions);

/* Sends a signal to all of its group. */
void child_signal(const Child *child, int number);

/*
 * child_reap() - take leave of a child that has ended
 * @kill_rest: end what is left of its group
 *
 * Return: its status, 0 to 255, or 128 and the number of the signal that ended it.
 */
int child_reap(Child *child, bool kill_rest);

/* Ends it, with SIGTERM and after a while with SIGKILL, and waits for that. Return: as child_reap(). */
int child_end(Child *child);

#define CHILD_E_TIMEOUT     1 /* it took too long, and was ended */
#define CHILD_E_INTERRUPTED 2 /* a signal came, and it was ended */

/* Waits for its end. Return: 0, CHILD_E_TIMEOUT or CHILD_E_INTERRUPTED. */
int child_wait(Child *child, Signals *signals, int64_t timeout_ms, int *ret_status);

/* Milliseconds of a clock that only goes forward. */
int64_t monotonic_ms(void);
