/*
 * The measurement: from the sending of a publish to the last subscriber that has it.
 *
 * Publishes go in pairs. The quiet one is of the same size, goes to the same server by the same connection,
 * and nobody subscribes to it: the time until its answer is what a publish takes before there is anything to
 * deliver (request, commit, answer, and this process waking up). What the other one takes longer, until the
 * first and the last subscriber have read it, is the delivery. The same goes for the processor time.
 *
 * Before each there is a pause, equally long, in which the server has nothing to do.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "receiver.h"

#define CONTENT_HEAD      "marker = " /* a multiple of three, as the marker is */
#define PUBLISHES_MAX     1000
#define ARRIVE_TIMEOUT_MS 60000

typedef enum Figure { QUIET_US, ANSWER_US, FIRST_US, LAST_US, CPU_US, FIGURE_N } Figure;

static const char *const figure_names[FIGURE_N] = {
        [QUIET_US] = "quiet_us", [ANSWER_US] = "answer_us", [FIRST_US] = "first_us",
        [LAST_US] = "last_us",   [CPU_US] = "cpu_us", /* per subscriber */
};

typedef struct Sample {
        double figures[FIGURE_N];
} Sample;

static bool is_answered(const Receiver *receiver) {
        return receiver->answered_ns > 0;
}

static bool has_arrived(const Receiver *receiver) {
        return is_answered(receiver) && receiver->n_arrived == receiver->n_connections;
}

static bool is_connected(const Receiver *receiver) {
        return receiver->publisher.state == STATE_OPENING;
}

/* A content that was never there before, with a marker by which it is known again. */
static void new_content(Receiver *receiver) {
        static uint32_t n;
        char marker[MARKER_SIZE + 1];

        (void)snprintf(marker, sizeof(marker), "mark%08x%04x%08x", (uint32_t)time(NULL),
                       (uint32_t)getpid() & 0xffffU, n++);
        memset(receiver->content, 'x', CONTENT_SIZE);
        memcpy(receiver->content, CONTENT_HEAD, strlen(CONTENT_HEAD));
        memcpy(receiver->content + strlen(CONTENT_HEAD), marker, MARKER_SIZE);
        if (receiver->protocol == &etcd_protocol)
                base64(marker, MARKER_SIZE, receiver->marker);
        else
                memcpy(receiver->marker, marker, sizeof(marker));
}

/* Returns when it was sent. */
static uint64_t publish(Receiver *receiver, bool is_quiet) {
        char request[REQUEST_SIZE];
        uint64_t sent_ns;
        size_t n;

        new_content(receiver);
        receiver->n_arrived = 0;
        receiver->answered_ns = receiver->first_ns = receiver->last_ns = 0;
        for (size_t i = 0; i < receiver->n_connections; i++)
                receiver->connections[i].has_marker = false;

        n = receiver->protocol->publish(receiver, is_quiet, request);
        sent_ns = now_ns();
        connection_send(&receiver->publisher, request, n);
        loop_run(receiver, is_quiet ? is_answered : has_arrived, ARRIVE_TIMEOUT_MS, "publish");
        if (is_quiet && receiver->n_arrived > 0)
                die("a publish that nobody subscribes to has reached a subscriber");
        return sent_ns;
}

static double us_since(uint64_t then_ns, uint64_t now) {
        return ((double)now - (double)then_ns) / 1e3;
}

static Sample measure_pair(Receiver *receiver) {
        uint64_t sent_ns, cpu[3];
        Sample sample;

        cpu[0] = cpu_of_ns(receiver->pid);
        sent_ns = publish(receiver, true);
        sample.figures[QUIET_US] = us_since(sent_ns, receiver->answered_ns);
        loop_pause(receiver, receiver->gap_ms);

        cpu[1] = cpu_of_ns(receiver->pid);
        sent_ns = publish(receiver, false);
        sample.figures[ANSWER_US] = us_since(sent_ns, receiver->answered_ns);
        sample.figures[FIRST_US] = us_since(sent_ns, receiver->first_ns);
        sample.figures[LAST_US] = us_since(sent_ns, receiver->last_ns);
        loop_pause(receiver, receiver->gap_ms);

        cpu[2] = cpu_of_ns(receiver->pid);
        sample.figures[CPU_US] =
                (us_since(cpu[1], cpu[2]) - us_since(cpu[0], cpu[1])) / (double)receiver->n_connections;
        return sample;
}

static void print_list(Figure figure, const Sample *samples, size_t n) {
        printf("\"%s\": [", figure_names[figure]);
        for (size_t i = 0; i < n; i++)
                printf("%s%.3f", i > 0 ? ", " : "", samples[i].figures[figure]);
        printf("], ");
}

void publish_measure(Receiver *receiver, size_t n) {
        static Sample samples[PUBLISHES_MAX];

        if (n < 1 || n > PUBLISHES_MAX)
                die("publish 1 to %d times", PUBLISHES_MAX);
        if (receiver->n_current != receiver->n_connections)
                die("%zu of %zu subscribers were lost", receiver->n_connections - receiver->n_current,
                    receiver->n_connections);

        receiver->publisher = (Connection){ .fd = -1 };
        connection_open(receiver, &receiver->publisher);
        loop_run(receiver, is_connected, ARRIVE_TIMEOUT_MS, "connect to publish");
        loop_pause(receiver, receiver->gap_ms);
        for (size_t i = 0; i < n; i++)
                samples[i] = measure_pair(receiver);
        connection_close(&receiver->publisher);

        printf("{");
        for (int figure = 0; figure < FIGURE_N; figure++)
                print_list((Figure)figure, samples, n);
        printf("\"message_bytes\": %zu}\n", receiver->message_bytes);
}
