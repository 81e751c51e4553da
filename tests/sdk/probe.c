#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "probe.h"

#define LINE_MAX_BYTES (1024 * 1024)

typedef struct Input {
        char bytes[LINE_MAX_BYTES];
        size_t size;
} Input;

/* "@7 dump" is for client 7; a command without a number is for client 0. */
static void run_line(Probe *probe, char *line) {
        size_t index = 0;
        json_t *answer;

        if (*line == '@') {
                index = strtoull(line + 1, &line, 10);
                line += *line == ' ';
        }
        if (index >= probe->n_clients)
                probe_die("there is no client %zu", index);
        answer = probe_run_command(&probe->clients[index], line);
        json_object_set_new(answer, "event", json_string("answer"));
        json_object_set_new(answer, "client", json_integer((json_int_t)index));
        probe_print(answer);
}

static void run_lines(Probe *probe, Input *input) {
        char *line = input->bytes, *end = input->bytes + input->size, *newline;

        while ((newline = memchr(line, '\n', (size_t)(end - line)))) {
                *newline = '\0';
                run_line(probe, line);
                line = newline + 1;
        }
        input->size = (size_t)(end - line);
        memmove(input->bytes, line, input->size);
}

/* Return: false at the end of the input. */
static bool read_input(Probe *probe, Input *input) {
        ssize_t n = read(STDIN_FILENO, input->bytes + input->size, LINE_MAX_BYTES - input->size);

        if (n < 0 && errno == EINTR)
                return true;
        if (n <= 0)
                return false;
        input->size += (size_t)n;
        run_lines(probe, input);
        if (input->size == LINE_MAX_BYTES)
                probe_die("a line is too long");
        return true;
}

static void dispatch_due(Probe *probe, const struct pollfd *polled) {
        for (size_t i = 0; i < probe->n_clients; i++)
                if (polled[i].revents && confer_dispatch(probe->clients[i].handle, 0))
                        probe_die("confer_dispatch() fails");
}

/* Descriptors are asked for each time: "restart" changes them. They are -1 where the clients have threads. */
static void watch(const Probe *probe, struct pollfd *polled) {
        polled[0] = (struct pollfd){ .fd = STDIN_FILENO, .events = POLLIN };
        for (size_t i = 0; i < probe->n_clients; i++)
                polled[i + 1] = (struct pollfd){
                        .fd = confer_client_get_fd(probe->clients[i].handle),
                        .events = POLLIN,
                };
}

static void serve(Probe *probe) {
        static Input input;
        struct pollfd *polled = calloc(probe->n_clients + 1, sizeof(*polled));

        if (!polled)
                probe_die("no memory");
        for (;;) {
                watch(probe, polled);
                if (poll(polled, probe->n_clients + 1, -1) < 0 && errno != EINTR)
                        probe_die("poll: %s", strerror(errno));
                if (polled[0].revents && !read_input(probe, &input))
                        break;
                dispatch_due(probe, polled + 1);
        }
        free(polled);
}

int main(int argc, char **argv) {
        Probe probe = { 0 };

        probe_parse_options(&probe, argc, argv);
        probe.clients = calloc(probe.n_clients, sizeof(*probe.clients));
        if (!probe.clients)
                probe_die("no memory");
        for (size_t i = 0; i < probe.n_clients; i++)
                probe_client_open(&probe.clients[i], &probe, i);

        serve(&probe);
        for (size_t i = 0; i < probe.n_clients; i++)
                probe_client_close(&probe.clients[i]);
        free(probe.clients);
        confer_options_free(probe.options);
        return 0;
}
