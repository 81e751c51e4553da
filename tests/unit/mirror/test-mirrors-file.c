/*
 * The file of mirrors: what it may say, and how its faults are told.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "mirrors_fixture.h"

#define REDIS    "kind: redis, endpoints: '127.0.0.1:6379'"
#define ETCD     "kind: etcd, endpoints: 'http://127.0.0.1:2379'"
#define HTTP     "kind: http, endpoints: 'https://search.example/batch'"
#define ELECTION "kind: election, endpoints: 'http://127.0.0.1:2379'"

static void test_a_file_is_read(void **state _unused_) {
        _cleanup_(mirrors_file_deinit) MirrorsFile mirrors = MIRRORS_FILE_NULL;
        const MirrorOptions *redis = &mirrors.items[0], *etcd = &mirrors.items[1], *http = &mirrors.items[2];

        read_file("redis-main:\n"
                  "  key: \"tenant:{below}:{key}\" # before its namespace, and before the kind\n"
                  "  endpoints: /run/redis.sock\n"
                  "  namespace: tenants\n"
                  "  kind: redis\n"
                  "  user: confer\n"
                  "  password: \"  a b\xc3\xa9 \"\n"
                  "  database: 3\n"
                  "  channel: confer\n"
                  "  tls: true\n"
                  "  prune: true\n"
                  "  workers: 4\n"
                  "  batch_max: 1000\n"
                  "  batch_max_bytes: 64 KiB\n"
                  "  batch_wait_ms: 5 ms\n"
                  "etcd:\n"
                  "  kind: etcd\n"
                  "  endpoints: [http://a:2379, 'https://[::1]:2379/']\n"
                  "  value: document\n"
                  "  ca_file: ca.pem\n"
                  "  cert_file: cert.pem\n"
                  "  key_file: key.pem\n"
                  "  lock_key: /locks/confer\n"
                  "  timeout_ms: 2s\n"
                  "  retry_min_ms: 10ms\n"
                  "  retry_max_ms: 10 ms\n"
                  "  compare_interval_ms: 0\n"
                  "9:\n"
                  "  kind: http\n"
                  "  endpoints: https://search.example/batch?index=configs\n"
                  "  method: PUT\n"
                  "  headers:\n"
                  "    - 'Authorization: Bearer abc'\n"
                  "    - 'X-Empty:'\n"
                  "  body: |\n"
                  "    {\"all\": [${items}]}\n"
                  "  item: \"${content_raw}\\n\"\n"
                  "  secret: s3cret\n"
                  "  attempts_max: 1\n"
                  "  dead_letters_max: 1\n",
                  no_environment, &mirrors);
        assert_int_equal(mirrors.n, 3);

        assert_string_equal(redis->name, "redis-main");
        assert_int_equal(redis->kind, MIRROR_REDIS);
        assert_int_equal(redis->n_endpoints, 1);
        assert_string_equal(redis->endpoints[0], "/run/redis.sock");
        assert_string_equal(redis->namespace, "tenants");
        assert_string_equal(redis->key, "tenant:{below}:{key}");
        assert_string_equal(redis->user, "confer");
        assert_string_equal(redis->password, "  a b\xc3\xa9 ");
        assert_int_equal(redis->database, 3);
        assert_string_equal(redis->channel, "confer");
        assert_true(redis->tls);
        assert_true(redis->prune);
        assert_int_equal(redis->workers, 4);
        assert_int_equal(redis->batch_max, 1000);
        assert_int_equal(redis->batch_max_bytes, 65536);
        assert_int_equal(redis->batch_wait_ms, 5);

        assert_int_equal(etcd->kind, MIRROR_ETCD);
        assert_int_equal(etcd->n_endpoints, 2);
        assert_string_equal(etcd->endpoints[1], "https://[::1]:2379/");
        assert_int_equal(etcd->value, MIRROR_VALUE_DOCUMENT);
        assert_string_equal(etcd->ca_file, "ca.pem");
        assert_string_equal(etcd->cert_file, "cert.pem");
        assert_string_equal(etcd->key_file, "key.pem");
        assert_string_equal(etcd->lock_key, "/locks/confer");
        assert_int_equal(etcd->timeout_ms, 2000);
        assert_int_equal(etcd->retry_min_ms, 10);
        assert_int_equal(etcd->retry_max_ms, 10);
        assert_int_equal(etcd->compare_interval_ms, 0);

        assert_string_equal(http->name, "9");
        assert_int_equal(http->kind, MIRROR_HTTP);
        assert_string_equal(http->method, "PUT");
        assert_int_equal(http->n_headers, 2);
        assert_string_equal(http->headers[0], "Authorization: Bearer abc");
        assert_string_equal(http->body, "{\"all\": [${items}]}\n");
        assert_string_equal(http->item, "${content_raw}\n");
        assert_string_equal(http->secret, "s3cret");
        assert_int_equal(http->attempts_max, 1);
        assert_int_equal(http->dead_letters_max, 1);
}

static void assert_defaults(const MirrorOptions *options) {
        assert_string_equal(options->namespace, "");
        assert_int_equal(options->value, MIRROR_VALUE_RAW);
        assert_int_equal(options->workers, 1);
        assert_int_equal(options->batch_max, 128);
        assert_int_equal(options->batch_max_bytes, 1048576);
        assert_int_equal(options->batch_wait_ms, 0);
        assert_int_equal(options->timeout_ms, 5000);
        assert_int_equal(options->retry_min_ms, 100);
        assert_int_equal(options->retry_max_ms, 30000);
        assert_int_equal(options->attempts_max, 8);
        assert_int_equal(options->dead_letters_max, 10000);
        assert_false(options->prune);
        assert_false(options->tls);
        assert_int_equal(options->database, 0);
        assert_int_equal(options->n_headers, 0);
        assert_string_equal(options->user, "");
        assert_string_equal(options->password, "");
        assert_string_equal(options->ca_file, "");
        assert_string_equal(options->cert_file, "");
        assert_string_equal(options->key_file, "");
        assert_string_equal(options->channel, "");
        assert_string_equal(options->lock_key, "");
        assert_string_equal(options->body, "");
        assert_string_equal(options->item, "");
        assert_string_equal(options->secret, "");
}

static void test_what_is_left_out_has_a_default(void **state _unused_) {
        _cleanup_(mirrors_file_deinit) MirrorsFile mirrors = MIRRORS_FILE_NULL;

        read_file("r: {" REDIS "}\ne: {" ETCD "}\nh: {" HTTP "}\n", no_environment, &mirrors);
        assert_int_equal(mirrors.n, 3);
        for (size_t i = 0; i < mirrors.n; i++)
                assert_defaults(&mirrors.items[i]);

        assert_string_equal(mirrors.items[0].key, "{namespace}:{key}");
        assert_string_equal(mirrors.items[1].key, "/confer/{namespace_path}/{key}");
        assert_string_equal(mirrors.items[2].key, "{namespace}:{key}");
        assert_int_equal(mirrors.items[0].compare_interval_ms, 600000);
        assert_int_equal(mirrors.items[1].compare_interval_ms, 600000);
        assert_int_equal(mirrors.items[2].compare_interval_ms, 0);
        assert_string_equal(mirrors.items[0].method, "");
        assert_string_equal(mirrors.items[2].method, "POST");
}

static void test_a_file_may_say_nothing(void **state _unused_) {
        static const char *const texts[] = { "", "# none yet\n", "---\n", "{}\n" };
        Problem problem;

        for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
                MirrorsFile mirrors = { .n = 1 };

                read_file(texts[i], no_environment, &mirrors);
                assert_int_equal(mirrors.n, 0);
        }

        MirrorsFile mirrors = { .n = 1 };
        assert_int_equal(mirrors_file_read("", no_environment, &mirrors, &problem), 0);
        assert_int_equal(mirrors.n, 0);
}

static void test_a_fault_names_its_place(void **state _unused_) {
        Problem problem;

        problem = refused_file("redis-main:\n  kind: redis\n  endpoints: a:1\n\n  batch_max: 0\n",
                               no_environment,
                               "mirrors.yaml:5: redis-main.batch_max: 0 is below the least, 1 keys");
        assert_int_equal(problem.line, 5);
        assert_string_equal(problem.field, "redis-main.batch_max");

        refused_file("a: {" ETCD ", batch_max: 129}\n", no_environment,
                     "mirrors.yaml:1: a.batch_max: 129 is above the most, 128 keys");
        refused_file("a: {" REDIS ", timeout_ms: 5 KiB}\n", no_environment,
                     "mirrors.yaml:1: a.timeout_ms: \"5 KiB\" is not a whole number of ms, which may end in "
                     "ms, s, min, h or d");
        refused_file("a: {kind: kafka}\n", no_environment,
                     "mirrors.yaml:1: a.kind: \"kafka\" is not one of redis, etcd, http, election");
        refused_file("a: {" REDIS ", value: hash}\n", no_environment,
                     "mirrors.yaml:1: a.value: \"hash\" is not one of raw, document, gray");
        refused_file("a: {" REDIS ", value: gray}\n", no_environment,
                     "mirrors.yaml:1: a.key: is that of what is stable; gray releases need one of their own, "
                     "such as \"/confer-gray/{namespace_path}/{key}\"");
        refused_file("a: {" REDIS ", prune: yes}\n", no_environment,
                     "mirrors.yaml:1: a.prune: \"yes\" is neither true nor false");
        refused_file("a: {" REDIS ", namespace: A}\n", no_environment,
                     "mirrors.yaml:1: a.namespace: \"A\" is no name of a namespace");
        refused_file("a: {" HTTP ", method: GET}\n", no_environment,
                     "mirrors.yaml:1: a.method: \"GET\" is not one of POST, PUT, PATCH");
        refused_file("a: {" REDIS ", channel: \"a\\nb\"}\n", no_environment,
                     "mirrors.yaml:1: a.channel: holds a control character, such as a line break");
        refused_file("a: {" REDIS ", channel: ~}\n", no_environment,
                     "mirrors.yaml:1: a.channel: has no value; leave the line out for the default, or write "
                     "\"\"");
        refused_file("a: [\n", no_environment, "mirrors.yaml:1: a: takes a mapping of fields, not a list");
        refused_file("a: {kind: redis\n", no_environment,
                     "mirrors.yaml:2: is not valid YAML: did not find expected ',' or '}' while parsing a "
                     "flow mapping");
}

static void test_a_mirror_has_what_it_needs(void **state _unused_) {
        refused_file("\na: {}\n", no_environment, "mirrors.yaml:2: a: has no kind");
        refused_file("a: {kind: etcd}\n", no_environment, "mirrors.yaml:1: a: has no endpoints");
        refused_file("a: {kind: etcd, endpoints: []}\n", no_environment,
                     "mirrors.yaml:1: a.endpoints: must not be empty");
}

static void test_names_are_checked(void **state _unused_) {
        static const char *const wrong[] = { "A", "a_b", "-a", "a.b", "\"\"" };
        _cleanup_(mirrors_file_deinit) MirrorsFile mirrors = MIRRORS_FILE_NULL;
        char text[128], problem[256];

        for (size_t i = 0; i < ARRAY_SIZE(wrong); i++) {
                (void)snprintf(text, sizeof(text), "%s: {" REDIS "}\n", wrong[i]);
                (void)snprintf(problem, sizeof(problem),
                               "mirrors.yaml:1: \"%s\" is no name of a mirror, which is 1 to 63 of a-z, 0-9 "
                               "and -, and does not begin with -",
                               *wrong[i] == '"' ? "" : wrong[i]);
                refused_file(text, no_environment, problem);
        }

        refused_file("a: {" REDIS "}\na: {" REDIS "}\n", no_environment, "mirrors.yaml:2: a is given twice");
        refused_file("[a]: {" REDIS "}\n", no_environment,
                     "mirrors.yaml:1: the name of a mirror is expected here");

        (void)snprintf(text, sizeof(text), "%063d: {" REDIS "}\n", 0);
        read_file(text, no_environment, &mirrors);
        assert_int_equal(strlen(mirrors.items[0].name), MIRROR_NAME_SIZE_MAX);
        (void)snprintf(text, sizeof(text), "%064d: {" REDIS "}\n", 0);
        refused_file(text, no_environment,
                     "mirrors.yaml:1: \"00000000000000000000000000000000000000000000...\" is no name of a "
                     "mirror, which is 1 to 63 of a-z, 0-9 and -, and does not begin with -");
}

static void test_an_election_is_read_and_is_no_mirror(void **state _unused_) {
        _cleanup_(mirrors_file_deinit) MirrorsFile mirrors = MIRRORS_FILE_NULL;

        read_file("a: {" ETCD "}\nleader: {" ELECTION ", key: '/{of}/us', ttl_ms: 3 s}\n",
                  ENVIRONMENT("CONFER_MIRROR_LEADER_PASSWORD=secret"), &mirrors);
        assert_int_equal(mirrors.n, 1);
        assert_true(mirrors.has_election);
        assert_string_equal(mirrors.election.name, "leader");
        assert_string_equal(mirrors.election.key, "/{of}/us");
        assert_string_equal(mirrors.election.password, "secret");
        assert_int_equal(mirrors.election.ttl_ms, 3000);
        assert_string_equal(mirrors.items[0].election_key, "/{of}/us");
        mirrors_file_deinit(&mirrors);

        read_file("leader: {" ELECTION "}\n", no_environment, &mirrors);
        assert_int_equal(mirrors.n, 0);
        assert_string_equal(mirrors.election.key, "/confer-election/leader");
        assert_int_equal(mirrors.election.ttl_ms, 5000);
}

static void test_an_election_has_what_goes_with_it(void **state _unused_) {
        refused_file("a: {" ELECTION "}\nb: {" ELECTION "}\n", no_environment,
                     "mirrors.yaml:2: b: is a second election, and one is the most: the first is a");
        refused_file("a: {" ELECTION "}\na: {" ETCD "}\n", no_environment,
                     "mirrors.yaml:2: a is given twice");
        refused_file("a: {" ELECTION ", ttl_ms: 1999}\n", no_environment,
                     "mirrors.yaml:1: a.ttl_ms: 1999 is below the least, 2000 ms");
        refused_file("a: {" ELECTION ", ttl_ms: 2500}\n", no_environment,
                     "mirrors.yaml:1: a.ttl_ms: 2500 ms is no whole number of seconds, as etcd takes them");
        refused_file(
                "a: {" ELECTION ", namespace: prod}\n", no_environment,
                "mirrors.yaml:1: a.namespace: is for redis, etcd and http, and this mirror is of the kind "
                "election");
        refused_file("a: {" ELECTION ", cert_file: a.pem}\n", no_environment,
                     "mirrors.yaml:1: a.cert_file: needs key_file too");
        refused_file("a: {" ETCD ", ttl_ms: 5 s}\n", no_environment,
                     "mirrors.yaml:1: a.ttl_ms: is for election, and this mirror is of the kind etcd");
}

static void test_there_are_not_too_many(void **state _unused_) {
        _cleanup_(mirrors_file_deinit) MirrorsFile mirrors = MIRRORS_FILE_NULL;
        char text[2048] = "";
        size_t size = 0;

        for (unsigned i = 0; i < MIRRORS_MAX; i++)
                size += (size_t)snprintf(text + size, sizeof(text) - size, "m%u: {" REDIS "}\n", i);
        read_file(text, no_environment, &mirrors);
        assert_int_equal(mirrors.n, MIRRORS_MAX);

        (void)snprintf(text + size, sizeof(text) - size, "more: {" REDIS "}\n");
        refused_file(text, no_environment, "mirrors.yaml:17: there are more mirrors than the most, 16");
}

static void test_fields_are_known_and_for_the_kind(void **state _unused_) {
        refused_file("a:\n  " REDIS "\n", no_environment,
                     "mirrors.yaml:2: is not valid YAML: mapping values are not allowed in this context");
        refused_file("a: {" REDIS ", batchmax: 1}\n", no_environment,
                     "mirrors.yaml:1: a.batchmax: there is no such field; did you mean batch_max?");
        refused_file("a: {" REDIS ", timeout: 1}\n", no_environment,
                     "mirrors.yaml:1: a.timeout: there is no such field; did you mean timeout_ms?");
        refused_file("a: {" REDIS ", Lock-Key: 1}\n", no_environment,
                     "mirrors.yaml:1: a.Lock-Key: there is no such field; did you mean lock_key?");
        refused_file("a: {" REDIS ", something: 1}\n", no_environment,
                     "mirrors.yaml:1: a.something: there is no such field, see docs/mirrors.md");
        refused_file("a: {" HTTP ", headers: [X: y]}\n", no_environment,
                     "mirrors.yaml:1: a.headers: takes a value or a list of them, not a mapping");
        refused_file("a: {" REDIS ", [x]: 1}\n", no_environment,
                     "mirrors.yaml:1: a: the name of a field is expected here");
        refused_file("a: {" REDIS ", lock_key: x}\n", no_environment,
                     "mirrors.yaml:1: a.lock_key: is for etcd, and this mirror is of the kind redis");
        refused_file("a: {channel: x, " ETCD "}\n", no_environment,
                     "mirrors.yaml:1: a.channel: is for redis, and this mirror is of the kind etcd");
        refused_file("a: {" HTTP ", value: raw}\n", no_environment,
                     "mirrors.yaml:1: a.value: is for redis and etcd, and this mirror is of the kind http");
        refused_file("a: {" REDIS ",\n kind: redis}\n", no_environment,
                     "mirrors.yaml:2: a.kind: is given twice, first in line 1");
}

static void test_aliases_and_depths_are_refused(void **state _unused_) {
        refused_file("a: &a {" REDIS "}\nb: *a\n", no_environment,
                     "mirrors.yaml:2: b: takes a mapping of fields, not an alias");
        refused_file("a: {" REDIS ", user: &u x, channel: *u }\n", no_environment,
                     "mirrors.yaml:1: a.channel: takes one value, not an alias");
        refused_file("a: &a {" REDIS "}\nb: {<<: *a}\n", no_environment,
                     "mirrors.yaml:2: b.<<: there is no such field, see docs/mirrors.md");
        refused_file("a: {" REDIS ", channel: [x]}\n", no_environment,
                     "mirrors.yaml:1: a.channel: takes one value, not a list");
        refused_file("a: {kind: redis, endpoints: [[x]]}\n", no_environment,
                     "mirrors.yaml:1: a.endpoints: takes a value or a list of them, not a list");
        refused_file("a: {kind: redis, endpoints: {x: y}}\n", no_environment,
                     "mirrors.yaml:1: a.endpoints: takes a value or a list of them, not a mapping");
        refused_file("[a]\n", no_environment,
                     "mirrors.yaml:1: a mapping of mirrors is expected, from names to fields");
        refused_file("a: {" REDIS "}\n---\n", no_environment,
                     "mirrors.yaml:2: a second document begins here, a file of mirrors has one");
}

static void refused_endpoint(const char *kind, const char *endpoint, const char *why) {
        char text[512], problem[512];

        (void)snprintf(text, sizeof(text), "a:\n  kind: %s\n  endpoints: \"%s\"\n", kind, endpoint);
        (void)snprintf(problem, sizeof(problem), "mirrors.yaml:3: a.endpoints: %s", why);
        refused_file(text, no_environment, problem);
}

static void test_endpoints_are_checked(void **state _unused_) {
        static const char no_url[] = "is no URL, such as http://127.0.0.1:2379 or https://etcd.example:2379";

        refused_endpoint("redis", "localhost", "\"localhost\" is neither HOST:PORT nor the path of a socket");
        refused_endpoint("redis", "localhost:0",
                         "\"localhost:0\" is neither HOST:PORT nor the path of a socket");
        refused_endpoint("redis", "localhost:65536",
                         "\"localhost:65536\" is neither HOST:PORT nor the path of a socket");
        refused_endpoint("redis", "redis://a:1",
                         "\"redis://a:1\" is neither HOST:PORT nor the path of a socket");
        refused_endpoint("redis", "/", "\"/\" is neither HOST:PORT nor the path of a socket");
        refused_endpoint("redis", "", "\"\" is neither HOST:PORT nor the path of a socket");
        refused_file("a: {kind: redis, endpoints: ['a:1', 'b:1']}\n", no_environment,
                     "mirrors.yaml:1: a.endpoints: has more than the most, 1");

        refused_endpoint("etcd", "127.0.0.1:2379", no_url);
        refused_endpoint("etcd", "", no_url);
        refused_endpoint("etcd", "http://", no_url);
        refused_endpoint("etcd", "http:///x", no_url);
        refused_endpoint("etcd", "http://:80", no_url);
        refused_endpoint("etcd", "http://a b", no_url);
        refused_endpoint("etcd", "http://a/#x", no_url);
        refused_endpoint("etcd", "http://\xc3\xa9", no_url);
        refused_endpoint("http", "ftp://a", no_url);
        refused_endpoint("http", "http://u:p@a/",
                         "has credentials in its URL, which have fields of their own");
}

static void test_headers_are_checked(void **state _unused_) {
        static const char no_header[] = "mirrors.yaml:1: a.headers: a header is not \"Name: value\"";

        refused_file("a: {" HTTP ", headers: Authorization}\n", no_environment, no_header);
        refused_file("a: {" HTTP ", headers: 'X Y: z'}\n", no_environment, no_header);
        refused_file("a: {" HTTP ", headers: [': z']}\n", no_environment, no_header);
        refused_file("a: {" HTTP ", headers: \"X: a\\r\\nY: b\"}\n", no_environment,
                     "mirrors.yaml:1: a.headers: a header holds a control character");
        refused_file("a: {" HTTP ", headers: ['content-length: 3']}\n", no_environment,
                     "mirrors.yaml:1: a.headers: content-length is not for settings to say");
}

static void test_fields_fit_each_other(void **state _unused_) {
        refused_file("a:\n  kind: redis\n  endpoints: a:1\n  retry_max_ms: 50\n", no_environment,
                     "mirrors.yaml:4: a.retry_max_ms: 50 ms is below retry_min_ms, which is 100 ms");
        refused_file("a:\n  kind: redis\n  endpoints: a:1\n  retry_min_ms: 31 s\n", no_environment,
                     "mirrors.yaml:1: a.retry_max_ms: 30000 ms is below retry_min_ms, which is 31000 ms");
        refused_file("a: {" ETCD ", cert_file: x}\n", no_environment,
                     "mirrors.yaml:1: a.cert_file: needs key_file too");
        refused_file("a: {" ETCD ", key_file: x}\n", no_environment,
                     "mirrors.yaml:1: a.key_file: needs cert_file too");
        refused_file("a: {" REDIS ", prune: true}\n", no_environment,
                     "mirrors.yaml:1: a.prune: would remove the keys of all others; the template of keys has "
                     "to begin with a text of its own, such as key: \"confer:{namespace}:{key}\"");
        refused_file("a: {" REDIS ", key: 'x:{below}:{key}'}\n", no_environment,
                     "mirrors.yaml:1: a.key: {below} is for a mirror that has a namespace of its own");
        refused_file("a: {" REDIS ", key: '{key}'}\n", no_environment,
                     "mirrors.yaml:1: a.key: has none of {namespace}, {namespace_path} and {below}");
}

static void test_a_file_that_cannot_be_read(void **state _unused_) {
        MirrorsFile mirrors;
        Problem problem;

        assert_int_not_equal(mirrors_file_read("missing.yaml", no_environment, &mirrors, &problem), 0);
        assert_string_equal(problem.text, "missing.yaml: cannot be read: No such file or directory");
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_a_file_is_read),
                cmocka_unit_test(test_what_is_left_out_has_a_default),
                cmocka_unit_test(test_a_file_may_say_nothing),
                cmocka_unit_test(test_a_fault_names_its_place),
                cmocka_unit_test(test_a_mirror_has_what_it_needs),
                cmocka_unit_test(test_names_are_checked),
                cmocka_unit_test(test_an_election_is_read_and_is_no_mirror),
                cmocka_unit_test(test_an_election_has_what_goes_with_it),
                cmocka_unit_test(test_there_are_not_too_many),
                cmocka_unit_test(test_fields_are_known_and_for_the_kind),
                cmocka_unit_test(test_aliases_and_depths_are_refused),
                cmocka_unit_test(test_endpoints_are_checked),
                cmocka_unit_test(test_headers_are_checked),
                cmocka_unit_test(test_fields_fit_each_other),
                cmocka_unit_test(test_a_file_that_cannot_be_read),
        };

        return cmocka_run_group_tests(tests, make_directory, remove_directory);
}
