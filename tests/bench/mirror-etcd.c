/*
 * mirror-etcd: what a mirror's etcd target takes beside a bare client
 *
 * Puts --keys keys of --size bytes into the etcd at --endpoint in transactions of 128, by the functions that
 * a mirror's worker calls; in turns with libcurl alone, which posts the same transactions made before,
 * without the fence. In turns by transaction, so that whatever else the machine does meets both. Prints one
 * line of JSON per
 * --rounds, with seconds.
 */

#include <curl/curl.h>
#include <getopt.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mirror/etcd_json.h"
#include "mirror/target.h"
#include "util/clock.h"

#define TXN_KEYS 128
#define KEY_SIZE 40

typedef struct Bench {
        char *endpoint;
        size_t n_keys;
        size_t size;
        unsigned n_rounds;
        char (*keys)[KEY_SIZE];
        char *value;
        Target *target;
        CURL *curl;
} Bench;

static void die(const char *what, const char *why) {
        (void)fprintf(stderr, "mirror-etcd: %s: %s\n", what, why);
        exit(1);
}

static MirrorOptions options = {
        .name = "bench",
        .batch_max = TXN_KEYS,
        .timeout_ms = 30000,
        .n_endpoints = 1,
        .user = "",
        .password = "",
        .ca_file = "",
        .cert_file = "",
        .key_file = "",
        .lock_key = "",
};

static void open_target(Bench *bench) {
        static Waker waker;
        Problem problem;
        TargetError error;

        options.endpoints = &bench->endpoint;
        if (waker_init(&waker) || target_etcd.open(&options, 0, &waker, &bench->target, &problem))
                die("opening", problem.text);
        if (target_etcd.connect(bench->target, &error) != TARGET_OK)
                die("connecting", error.problem.text);
}

static size_t swallow(char *data, size_t size, size_t n, void *context) {
        Buf *answer = context;

        buf_append(answer, data, size * n);
        return size * n;
}

static void open_bare(Bench *bench) {
        static char url[256];

        (void)snprintf(url, sizeof(url), "%s/v3/kv/txn", bench->endpoint);
        bench->curl = curl_easy_init();
        curl_easy_setopt(bench->curl, CURLOPT_URL, url);
        curl_easy_setopt(bench->curl, CURLOPT_HTTPHEADER, curl_slist_append(NULL, "Expect:"));
        curl_easy_setopt(bench->curl, CURLOPT_UPLOAD_BUFFERSIZE, 512L * 1024);
        curl_easy_setopt(bench->curl, CURLOPT_WRITEFUNCTION, swallow);
}

/* Random bytes as letters: nothing on the way may shorten them. */
static void make_contents(Bench *bench) {
        bench->keys = calloc(bench->n_keys, sizeof(*bench->keys));
        bench->value = malloc(bench->size);
        for (size_t i = 0; i < bench->n_keys; i++)
                (void)snprintf(bench->keys[i], KEY_SIZE, "/bench/prod/acme/%08zu", i);
        for (size_t i = 0; i < bench->size; i++)
                bench->value[i] = (char)('a' + random() % 26);
}

static int64_t put_by_target(const Bench *bench, size_t at, size_t n) {
        static TargetItem items[TXN_KEYS];
        static const ConfigData config;
        TargetError error;
        int64_t from_us;

        for (size_t i = 0; i < n; i++)
                items[i] = (TargetItem){ .key = span_from_string(bench->keys[at + i]),
                                         .value = { bench->value, bench->size },
                                         .config = &config };
        from_us = clock_monotonic_us();
        if (target_etcd.apply(bench->target, items, n, 1, &error) != TARGET_OK)
                die("putting", error.problem.text);
        return clock_monotonic_us() - from_us;
}

static int64_t put_bare(const Bench *bench, size_t at, size_t n) {
        Buf body = BUF_NULL, answer = BUF_NULL;
        int64_t from_us, took_us;
        CURLcode code;

        etcd_json_open_always(&body);
        for (size_t i = 0; i < n; i++)
                etcd_json_append_put(&body, span_from_string(bench->keys[at + i]),
                                     (Span){ bench->value, bench->size });
        etcd_json_close(&body);

        from_us = clock_monotonic_us();
        curl_easy_setopt(bench->curl, CURLOPT_WRITEDATA, &answer);
        curl_easy_setopt(bench->curl, CURLOPT_POSTFIELDS, body.data);
        curl_easy_setopt(bench->curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)body.size);
        code = curl_easy_perform(bench->curl);
        took_us = clock_monotonic_us() - from_us;
        if (code != CURLE_OK || !memmem(answer.data, answer.size, "\"succeeded\":true", 16))
                die("putting without Confer", curl_easy_strerror(code));
        buf_deinit(&body);
        buf_deinit(&answer);
        return took_us;
}

static void run_round(const Bench *bench) {
        int64_t target_us = 0, bare_us = 0;

        for (size_t at = 0, i = 0; at < bench->n_keys; at += TXN_KEYS, i++) {
                size_t n = MIN(bench->n_keys - at, (size_t)TXN_KEYS);

                if (i % 2)
                        bare_us += put_bare(bench, at, n);
                target_us += put_by_target(bench, at, n);
                if (i % 2 == 0)
                        bare_us += put_bare(bench, at, n);
        }
        (void)printf("{\"keys\":%zu,\"size\":%zu,\"target\":%.3f,\"bare\":%.3f,\"ratio\":%.3f}\n",
                     bench->n_keys, bench->size, (double)target_us / 1e6, (double)bare_us / 1e6,
                     (double)bare_us / (double)target_us);
}

static void read_arguments(Bench *bench, int argc, char **argv) {
        static const struct option known[] = {
                { "endpoint", required_argument, NULL, 'e' },
                { "keys", required_argument, NULL, 'k' },
                { "size", required_argument, NULL, 's' },
                { "rounds", required_argument, NULL, 'r' },
                { NULL, 0, NULL, 0 },
        };
        int option;

        while ((option = getopt_long(argc, argv, "", known, NULL)) != -1) {
                if (option == 'e')
                        bench->endpoint = optarg;
                else if (option == 'k')
                        bench->n_keys = strtoul(optarg, NULL, 10);
                else if (option == 's')
                        bench->size = strtoul(optarg, NULL, 10);
                else if (option == 'r')
                        bench->n_rounds = (unsigned)strtoul(optarg, NULL, 10);
                else
                        exit(2);
        }
}

int main(int argc, char **argv) {
        static char endpoint[] = "http://127.0.0.1:2379";
        Bench bench = { .endpoint = endpoint, .n_keys = 100000, .size = 1024, .n_rounds = 3 };

        read_arguments(&bench, argc, argv);
        make_contents(&bench);
        open_target(&bench);
        open_bare(&bench);
        for (unsigned i = 0; i < bench.n_rounds; i++)
                run_round(&bench);
        return 0;
}
