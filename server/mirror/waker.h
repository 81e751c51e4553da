/*
 * What wakes the thread of a mirror's worker, wherever it waits: a descriptor that becomes readable.
 */
#pragma once

#include <poll.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct Waker {
        int fd;                   /* an eventfd */
        _Atomic bool has_news;    /* since the worker looked last */
        _Atomic bool is_stopping; /* for good */
} Waker;

int waker_init(Waker *waker);
void waker_deinit(Waker *waker);

/* There is something to do. Costs a system call only where the worker has looked since the last time.
 * @thread any */
void waker_wake(Waker *waker);
/* The worker is to end. @thread any */
void waker_stop(Waker *waker);

static inline bool waker_is_stopping(const Waker *waker) {
        return atomic_load_explicit(&waker->is_stopping, memory_order_acquire);
}

static inline bool waker_has_news(const Waker *waker) {
        return atomic_load_explicit(&waker->has_news, memory_order_acquire);
}

/* Takes the news away. Return: whether there were any. @thread worker */
bool waker_take(Waker *waker);

typedef enum WaitFor {
        WAIT_FOR_NEWS = 1 << 0, /* else only being stopped wakes */
} WaitFor;

/*
 * waker_poll() - wait for @fd, for being stopped, and where asked for news
 * @fd: or -1; @events: of poll(2); @timeout_ms: negative: none
 *
 * Return: the events of @fd; 0: the time is up, or the waker woke; ask waker_is_stopping() first.
 */
short waker_poll(Waker *waker, int fd, short events, int64_t timeout_ms, WaitFor what);
