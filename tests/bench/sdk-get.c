/*
 * sdk-get: what confer_get() costs, on one thread and on two
 *
 * Connects a client to --server, waits until it has the --count configs of --namespace, and reads random ones
 * of them, each read a confer_get() and a confer_value_unref(), over and over, for --seconds: on one thread,
 * and on two. Then the same one over and over, as threads do that all ask for one feature's flag. The same is
 * done without reading, only choosing the key, which tells what share of the time that is, and what two
 * threads get out of this machine when they have nothing to do with each other. Prints one line of JSON per
 * round, the six taken in turn.
 *
 * A read that does not answer with a value of the server ends the program.
 */

#include <confer/confer.h>
#include <errno.h>
#include <getopt.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define THREADS_MAX      2
#define KEY_SIZE         40
#define COUNT_MAX        1000000
#define READY_TIMEOUT_MS 60000
#define READS_PER_LOOK   1024 /* at the clock */

typedef struct Mode {
        const char *name;
        size_t n_threads;
        bool is_reading;
        bool is_same; /* config, each time */
} Mode;

static const Mode modes[] = {
        { "read_one", 1, true, false }, { "read_two", 2, true, false },    { "same_one", 1, true, true },
        { "same_two", 2, true, true },  { "choose_one", 1, false, false }, { "choose_two", 2, false, false },
};

#define N_MODES (sizeof(modes) / sizeof(*modes))

typedef struct Runner {
        pthread_t thread;
        pthread_barrier_t *barrier;
        confer_client *client; /* NULL: nothing is read */
        size_t n_keys;         /* to choose from */
        uint32_t random;
        unsigned sum; /* of what was chosen, so that it cannot be left out */
        double per_second;
        double cpu_ns; /* processor time of each */
} Runner;

typedef struct Figures {
        double per_second; /* of all threads together */
        double cpu_ns;     /* mean of the threads */
} Figures;

static const char *server, *token, *namespace_ = "prod.acme.orders";
static size_t n_keys = 10000;
static long n_rounds = 7;
static double seconds = 1;
static char (*keys)[KEY_SIZE];

static void die(const char *what, const char *why) {
        fprintf(stderr, "sdk-get: %s: %s\n", what, why);
        exit(1);
}

static void must(const char *what, confer_error error) {
        if (error != CONFER_OK)
                die(what, confer_error_to_string(error));
}

static double now_seconds(clockid_t clock) {
        struct timespec t;

        clock_gettime(clock, &t);
        return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void make_keys(void) {
        keys = calloc(n_keys, sizeof(*keys));
        if (!keys)
                die("keys", strerror(ENOMEM));
        for (size_t i = 0; i < n_keys; i++)
                (void)snprintf(keys[i], sizeof(*keys), "service-%06zu.json", i);
}

static void check_all(confer_client *client) {
        for (size_t i = 0; i < n_keys; i++) {
                confer_value *value = NULL;

                must(keys[i], confer_get(client, namespace_, keys[i], &value));
                if (confer_value_get_origin(value) != CONFER_ORIGIN_SERVER ||
                    strcmp(confer_value_get_key(value), keys[i]) != 0)
                        die(keys[i], "this is not what the server sent");
                confer_value_unref(value);
        }
}

static confer_client *connect_client(void) {
        confer_options *options = NULL;
        confer_client *client = NULL;

        must("options", confer_options_new(&options));
        must("server", confer_options_add_server(options, server));
        must("token", confer_options_set_token(options, token));
        must("instance", confer_options_set_instance(options, "sdk-get"));
        must("namespace", confer_options_add_namespace(options, namespace_));
        must("client", confer_client_new(options, &client));
        confer_options_free(options);

        must("start", confer_client_start(client));
        must("wait", confer_client_wait_ready(client, READY_TIMEOUT_MS));
        check_all(client);
        return client;
}

static uint32_t next_random(uint32_t *random) {
        *random ^= *random << 13;
        *random ^= *random >> 17;
        *random ^= *random << 5;
        return *random;
}

static void read_some(Runner *runner) {
        for (int i = 0; i < READS_PER_LOOK; i++) {
                /* The high half of a product: a range without a division. */
                size_t k = (size_t)((uint64_t)next_random(&runner->random) * runner->n_keys >> 32);
                confer_value *value = NULL;

                if (!runner->client) {
                        runner->sum += (unsigned char)keys[k][0];
                        continue;
                }
                must("get", confer_get(runner->client, namespace_, keys[k], &value));
                confer_value_unref(value);
        }
}

static void *run(void *arg) {
        double start, start_cpu, now;
        Runner *runner = arg;
        uint64_t n = 0;

        pthread_barrier_wait(runner->barrier);
        start = now_seconds(CLOCK_MONOTONIC);
        start_cpu = now_seconds(CLOCK_THREAD_CPUTIME_ID);
        do {
                read_some(runner);
                n += READS_PER_LOOK;
                now = now_seconds(CLOCK_MONOTONIC);
        } while (now - start < seconds);
        runner->per_second = (double)n / (now - start);
        runner->cpu_ns = (now_seconds(CLOCK_THREAD_CPUTIME_ID) - start_cpu) * 1e9 / (double)n;
        return NULL;
}

static Figures measure(const Mode *mode, confer_client *client) {
        pthread_barrier_t barrier;
        Runner runners[THREADS_MAX];
        Figures figures = { 0 };

        pthread_barrier_init(&barrier, NULL, (unsigned)mode->n_threads);
        for (size_t i = 0; i < mode->n_threads; i++) {
                runners[i] = (Runner){ .barrier = &barrier,
                                       .client = mode->is_reading ? client : NULL,
                                       .n_keys = mode->is_same ? 1 : n_keys,
                                       .random = 2463534242U + 7919U * (uint32_t)i };
                errno = pthread_create(&runners[i].thread, NULL, run, &runners[i]);
                if (errno)
                        die("pthread_create", strerror(errno));
        }
        for (size_t i = 0; i < mode->n_threads; i++) {
                pthread_join(runners[i].thread, NULL);
                figures.per_second += runners[i].per_second;
                figures.cpu_ns += runners[i].cpu_ns / (double)mode->n_threads;
        }
        pthread_barrier_destroy(&barrier);
        return figures;
}

static void parse(int argc, char **argv) {
        static const struct option options[] = {
                { "server", required_argument, NULL, 's' },
                { "token", required_argument, NULL, 't' },
                { "namespace", required_argument, NULL, 'n' },
                { "count", required_argument, NULL, 'c' },
                { "rounds", required_argument, NULL, 'r' },
                { "seconds", required_argument, NULL, 'd' },
                { NULL, 0, NULL, 0 },
        };
        int c;

        while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
                switch (c) {
                case 's':
                        server = optarg;
                        break;
                case 't':
                        token = optarg;
                        break;
                case 'n':
                        namespace_ = optarg;
                        break;
                case 'c':
                        n_keys = strtoul(optarg, NULL, 10);
                        break;
                case 'r':
                        n_rounds = strtol(optarg, NULL, 10);
                        break;
                case 'd':
                        seconds = strtod(optarg, NULL);
                        break;
                default:
                        optind = argc + 1;
                }
        }
        if (optind != argc || !server || !token || n_keys < 1 || n_keys > COUNT_MAX || n_rounds < 1 ||
            !(seconds > 0 && seconds <= 60)) {
                fprintf(stderr, "usage: sdk-get --server URL --token TOKEN [--namespace NAME] [--count N] "
                                "[--rounds N] [--seconds S]\n");
                exit(2);
        }
}

static void print_round(const Figures figures[N_MODES]) {
        for (size_t i = 0; i < N_MODES; i++)
                printf("%s\"%s\": {\"per_second\": %.0f, \"cpu_ns\": %.2f}", i ? ", " : "{", modes[i].name,
                       figures[i].per_second, figures[i].cpu_ns);
        printf("}\n");
}

int main(int argc, char **argv) {
        Figures figures[N_MODES];
        confer_client *client;

        parse(argc, argv);
        make_keys();
        client = connect_client();
        (void)measure(&modes[0], client);

        for (long round = 0; round < n_rounds; round++) {
                for (size_t i = 0; i < N_MODES; i++) {
                        size_t at = ((size_t)round + i) % N_MODES;

                        figures[at] = measure(&modes[at], client);
                }
                print_round(figures);
        }

        confer_client_free(client);
        free(keys);
        return 0;
}
