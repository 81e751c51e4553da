/*
 * gray-evaluate: what it costs to find out which version somebody gets
 *
 * The gray release has 8 rules of 2 conditions each, of all kinds: lists, prefixes, semantic versions,
 * networks. The asker's tags hold the first condition of every rule, and the second one of the last rule
 * alone, whose weight decides; the unit is another one each time. That is done over and over for --seconds,
 * on one thread, in turns with the floor: the bare hash of salt and unit, and 16 comparisons of a text with
 * another one of its size. Prints one line of JSON per round.
 *
 * An answer that is not the one wanted ends the program.
 */

#include <errno.h>
#include <getopt.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "model/gray.h"
#include "model/murmur3.h"

#define UNITS          4096
#define UNIT_SIZE      24
#define N_COMPARISONS  16
#define ASKED_PER_LOOK 65536 /* at the clock */

static const char salt[] = "9f86d081884c7d65";

static const char rules[] =
        "["
        "{\"match\":{\"region\":[\"eu-west-1\",\"us-east-1\"],\"app_version\":{\"semver\":\">=3.0.0\"}},"
        "\"split\":[{\"version\":2,\"weight\":100}]},"
        "{\"match\":{\"address\":{\"cidr\":\"10.0.0.0/8\"},\"app_version\":{\"semver\":\">=2.1.0 <2.3.0\"}},"
        "\"split\":[{\"version\":3,\"weight\":100}]},"
        "{\"match\":{\"host\":{\"prefix\":\"web-\"},\"address\":{\"cidr\":[\"192.168.0.0/16\",\"2001:db8::/"
        "32\"]}},"
        "\"split\":[{\"version\":4,\"weight\":100}]},"
        "{\"match\":{\"ring\":[\"canary\",\"stable\"],\"host\":{\"prefix\":[\"db-\",\"api-\"]}},"
        "\"split\":[{\"version\":5,\"weight\":100}]},"
        "{\"match\":{\"region\":[\"eu-central-1\",\"eu-west-1\"],\"ring\":{\"not_in\":[\"stable\",\"beta\"]}}"
        ","
        "\"split\":[{\"version\":6,\"weight\":100}]},"
        "{\"match\":{\"region\":{\"prefix\":\"eu-\"},\"app_version\":{\"semver\":\"^1.4.0\"}},"
        "\"split\":[{\"version\":7,\"weight\":100}]},"
        "{\"match\":{\"host\":{\"prefix\":[\"web-00\",\"web-01\"]},\"app_version\":{\"semver\":\"~2.2.0\"}},"
        "\"split\":[{\"version\":8,\"weight\":100}]},"
        "{\"match\":{\"ring\":[\"stable\"],\"address\":{\"cidr\":\"10.1.0.0/16\"}},"
        "\"split\":[{\"version\":9,\"weight\":10},{\"version\":2,\"weight\":40}]}"
        "]";

static const Tag tags[] = {
        { SPAN_LITERAL("region"), SPAN_LITERAL("eu-west-1") },
        { SPAN_LITERAL("ring"), SPAN_LITERAL("stable") },
        { SPAN_LITERAL("app_version"), SPAN_LITERAL("2.3.11") },
        { SPAN_LITERAL("address"), SPAN_LITERAL("10.1.22.133") },
        { SPAN_LITERAL("host"), SPAN_LITERAL("web-0042") },
};

typedef size_t (*Work)(const Gray *gray, size_t first);

static char units[UNITS][UNIT_SIZE];
static long n_rounds = 7;
static double seconds = 1;

static void die(const char *what, const char *why) {
        fprintf(stderr, "gray-evaluate: %s: %s\n", what, why);
        exit(1);
}

static double now_seconds(void) {
        struct timespec t;

        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
        return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static Span unit_of(size_t i) {
        return (Span){ units[i % UNITS], strlen("instance-") + 6 };
}

static void make_units(void) {
        for (unsigned i = 0; i < UNITS; i++)
                (void)snprintf(units[i], sizeof(units[i]), "instance-%06u", i * 7919 % 1000000);
}

/* How many of ASKED_PER_LOOK units some arm of the last rule takes. */
static size_t evaluate(const Gray *gray, size_t first) {
        size_t n_chosen = 0;

        for (size_t i = first; i < first + ASKED_PER_LOOK; i++) {
                GrayAsker asker = { unit_of(i), tags, ARRAY_SIZE(tags) };
                GrayVerdict verdict = gray_evaluate(gray, &asker);

                if (verdict.rule != 7)
                        die("a unit", "the last rule has not decided");
                n_chosen += verdict.reason == GRAY_REASON_ARM;
        }
        return n_chosen;
}

/* The same number of units in as long a slice, by nothing but the hash; and comparisons as a match takes. */
static size_t evaluate_floor(const Gray *gray, size_t first) {
        Murmur3 salted = MURMUR3_NULL;
        size_t n_chosen = 0;

        murmur3_add(&salted, gray_salt(gray));
        murmur3_add(&salted, SPAN_LITERAL("\x1f"));
        for (size_t i = first; i < first + ASKED_PER_LOOK; i++) {
                Murmur3 hash = salted;
                size_t n_equal = 0;

                for (size_t k = 0; k < N_COMPARISONS; k++) {
                        Span value = tags[k % ARRAY_SIZE(tags)].value, other = value;

                        __asm__ volatile("" : "+r"(other.data)); /* so that it is not known to be the same */
                        n_equal += span_equal(value, other);
                }
                murmur3_add(&hash, unit_of(i));
                n_chosen += n_equal == N_COMPARISONS && murmur3_get(&hash) % GRAY_BUCKETS < 50000;
        }
        return n_chosen;
}

/* Nanoseconds of processor time for each unit. */
static double measure(const Gray *gray, Work work, size_t n_wanted) {
        double start = now_seconds(), now;
        size_t n = 0;

        do {
                if (work(gray, n) != n_wanted)
                        die("units", "their number is not the one that the hash says");
                n += ASKED_PER_LOOK;
                now = now_seconds();
        } while (now - start < seconds);
        return (now - start) * 1e9 / (double)n;
}

static void parse(int argc, char **argv) {
        static const struct option options[] = {
                { "rounds", required_argument, NULL, 'r' },
                { "seconds", required_argument, NULL, 'd' },
                { NULL, 0, NULL, 0 },
        };
        int c;

        while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
                if (c == 'r')
                        n_rounds = strtol(optarg, NULL, 10);
                else if (c == 'd')
                        seconds = strtod(optarg, NULL);
                else
                        optind = argc + 1;
        }
        if (optind != argc || n_rounds < 1 || !(seconds > 0 && seconds <= 60)) {
                fprintf(stderr, "usage: gray-evaluate [--rounds N] [--seconds S]\n");
                exit(2);
        }
}

int main(int argc, char **argv) {
        _cleanup_(gray_unrefp) Gray *gray = NULL;
        Problem problem = PROBLEM_NULL;
        size_t n_wanted;

        parse(argc, argv);
        make_units();
        if (gray_new(span_from_string(rules), span_from_string(salt), &gray, &problem))
                die(problem.field, problem.text);
        n_wanted = evaluate_floor(gray, 0);

        for (long round = 0; round < n_rounds; round++) {
                double floor_ns = measure(gray, evaluate_floor, n_wanted);
                double ns = measure(gray, evaluate, n_wanted);

                printf("{\"ns\": %.2f, \"per_second\": %.0f, \"floor_ns\": %.2f}\n", ns, 1e9 / ns, floor_ns);
        }
        return 0;
}
