/*
 * receiver: holds the subscribers of one server, publishes, and says how long the last one waited
 *
 *      receiver --protocol confer|bare|etcd|redis --port PORT --pid PID [OPTION]...
 *
 * Takes commands on stdin, one a line, and answers each with one line of JSON:
 *
 *      connect N fresh|resume      N subscribers, until all are current; resume: from the revision seen last
 *      publish N                   N pairs of a quiet publish and one for all subscribers
 *      disconnect                  answers how many connections the server had closed before
 *      server PID                  the server was started again, on the same port
 *
 * It ends with its stdin.
 */

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "receiver.h"

static const Protocol *const protocols[] = { &confer_protocol, &bare_protocol, &etcd_protocol,
                                             &redis_protocol, NULL };

static const struct option options[] = {
        { "protocol", required_argument, NULL, 'P' },
        { "port", required_argument, NULL, 'p' },
        { "pid", required_argument, NULL, 'i' },
        { "token", required_argument, NULL, 't' },
        { "namespace", required_argument, NULL, 'n' },
        { "frame-bytes", required_argument, NULL, 'b' },
        { "gap-ms", required_argument, NULL, 'g' },
        { "ack", no_argument, NULL, 'a' },
        { NULL, 0, NULL, 0 },
};

static long number_or_die(const char *text, long high) {
        char *end;
        long n = strtol(text, &end, 10);

        if (*text == '\0' || *end != '\0' || n < 0 || n > high)
                die("%s is no number from 0 to %ld", text, high);
        return n;
}

static const Protocol *protocol_or_die(const char *name) {
        for (const Protocol *const *protocol = protocols; *protocol; protocol++)
                if (strcmp((*protocol)->name, name) == 0)
                        return *protocol;
        die("%s is no protocol that is known", name);
}

static void set_option(Receiver *receiver, int option) {
        switch (option) {
        case 'P':
                receiver->protocol = protocol_or_die(optarg);
                break;
        case 'p':
                receiver->port = (uint16_t)number_or_die(optarg, UINT16_MAX);
                break;
        case 'i':
                receiver->pid = (int)number_or_die(optarg, INT32_MAX);
                break;
        case 't':
                receiver->token = optarg;
                break;
        case 'n':
                receiver->namespace = optarg;
                break;
        case 'b':
                receiver->frame_bytes = (size_t)number_or_die(optarg, INT32_MAX);
                break;
        case 'g':
                receiver->gap_ms = number_or_die(optarg, 60000);
                break;
        case 'a':
                receiver->is_acking = true;
                break;
        default:
                exit(2);
        }
}

static void allow_descriptors(void) {
        struct rlimit limit;

        if (getrlimit(RLIMIT_NOFILE, &limit))
                die("getrlimit: %s", strerror(errno));
        limit.rlim_cur = limit.rlim_max;
        if (setrlimit(RLIMIT_NOFILE, &limit))
                die("setrlimit: %s", strerror(errno));
}

static bool has_command(const Receiver *receiver) {
        return receiver->is_ended || memchr(receiver->command, '\n', receiver->n_command) != NULL;
}

static void server_changed(Receiver *receiver, int pid) {
        receiver->pid = pid;
        printf("{\"pid\": %d}\n", pid);
}

static void execute(Receiver *receiver) {
        char how[16];
        size_t n;
        int pid;

        if (sscanf(receiver->command, "connect %zu %15s", &n, how) == 2 && n > 0 && n <= SUBSCRIBERS_MAX)
                subscribers_connect(receiver, n, strcmp(how, "resume") == 0);
        else if (sscanf(receiver->command, "publish %zu", &n) == 1)
                publish_measure(receiver, n);
        else if (strcmp(receiver->command, "disconnect\n") == 0)
                subscribers_disconnect(receiver);
        else if (sscanf(receiver->command, "server %d", &pid) == 1)
                server_changed(receiver, pid);
        else
                die("no command: %s", receiver->command);
        fflush(stdout);
        receiver->n_command = 0;
}

int main(int argc, char **argv) {
        static Receiver receiver = { .token = "", .namespace = "", .gap_ms = 30 };
        int c;

        while ((c = getopt_long(argc, argv, "", options, NULL)) != -1)
                set_option(&receiver, c);
        if (optind != argc || !receiver.protocol || receiver.port == 0 || receiver.pid == 0) {
                fprintf(stderr,
                        "usage: receiver --protocol confer|bare|etcd|redis --port PORT --pid PID "
                        "[--token TOKEN] [--namespace NAME] [--frame-bytes N] [--gap-ms MS] [--ack]\n");
                return 2;
        }

        allow_descriptors();
        loop_init(&receiver);
        for (;;) {
                loop_run(&receiver, has_command, 0, "command");
                if (receiver.is_ended)
                        return 0;
                execute(&receiver);
        }
}
