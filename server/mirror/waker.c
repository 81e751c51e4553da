#include <errno.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "mirror/waker.h"
#include "util/clock.h"

int waker_init(Waker *waker) {
        *waker = (Waker){ .fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK) };
        return waker->fd < 0 ? -errno : 0;
}

void waker_deinit(Waker *waker) {
        if (waker->fd >= 0)
                (void)close(waker->fd);
        waker->fd = -1;
}

/* A counter that is full is readable already. */
static void ring(Waker *waker) {
        if (waker->fd >= 0)
                (void)!write(waker->fd, &(uint64_t){ 1 }, sizeof(uint64_t));
}

void waker_wake(Waker *waker) {
        if (!atomic_exchange_explicit(&waker->has_news, true, memory_order_acq_rel))
                ring(waker);
}

void waker_stop(Waker *waker) {
        atomic_store_explicit(&waker->is_stopping, true, memory_order_release);
        ring(waker);
}

bool waker_take(Waker *waker) {
        return atomic_exchange_explicit(&waker->has_news, false, memory_order_acq_rel);
}

/* Empties the descriptor. What it said stands in the flags. */
static void hush(Waker *waker) {
        uint64_t count;

        (void)!read(waker->fd, &count, sizeof(count));
}

static int poll_once(Waker *waker, struct pollfd fds[static 2], int64_t timeout_ms) {
        int r;

        r = poll(fds, 2, timeout_ms < 0 ? -1 : (int)(timeout_ms < INT32_MAX ? timeout_ms : INT32_MAX));
        if (r > 0 && fds[1].revents)
                hush(waker);
        return r;
}

static bool has_woken(Waker *waker, WaitFor what) {
        return waker_is_stopping(waker) || ((what & WAIT_FOR_NEWS) && waker_has_news(waker));
}

short waker_poll(Waker *waker, int fd, short events, int64_t timeout_ms, WaitFor what) {
        struct pollfd fds[2] = { { fd, events, 0 }, { waker->fd, POLLIN, 0 } };
        int64_t deadline_ms = clock_monotonic_ms() + timeout_ms;
        int64_t left_ms = timeout_ms;

        while (!has_woken(waker, what)) {
                if (poll_once(waker, fds, left_ms) > 0 && fds[0].revents)
                        return fds[0].revents;
                if (timeout_ms < 0)
                        continue;
                left_ms = deadline_ms - clock_monotonic_ms();
                if (left_ms <= 0)
                        return 0;
        }
        return 0;
}
