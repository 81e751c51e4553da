/*
 * The heads of configs: their log, how it is merged into the table, what each connection sees of them, and
 * what the writer remembers.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "store/config.h"
#include "store/head_cache.h"
#include "store/reader.h"
#include "store/store.h"
#include "suite.h"

static int set_up_with_rows(void **state, uint64_t max) {
        if (set_up_closed(state) < 0)
                return -1;

        suite.options.head_log_max_rows = max;
        open_store();
        start_store();
        return 0;
}

static int set_up_with_3_rows(void **state) {
        return set_up_with_rows(state, 3);
}

static int set_up_with_20_rows(void **state) {
        return set_up_with_rows(state, 20);
}

/* As the table has it, which may be behind. */
static int64_t newest_in_table(const char *key) {
        return fixture_number(suite.fixture, "SELECT newest FROM configs WHERE key = %Q", key);
}

static int64_t n_rows(void) {
        return count("head_log");
}

/* With a content that none had. */
static void publish_key(int number) {
        static int serial;
        char key[16], content[16];

        (void)snprintf(key, sizeof(key), "k%d", number);
        (void)snprintf(content, sizeof(content), "%d", ++serial);
        assert_changes(save_and_publish("prod", key, content));
}

static void publish_keys(int n) {
        for (int i = 0; i < n; i++)
                publish_key(i);
}

static int64_t listed_newest;

static int note_newest(_unused_ void *context, const ConfigRow *row) {
        listed_newest = row->newest;
        return 0;
}

static void assert_listed(Reader *reader, const char *key, int64_t newest) {
        ConfigQuery query = { .namespace = SPAN_LITERAL("prod"), .prefix = span(key), .limit = 1 };
        bool more;

        listed_newest = 0;
        assert_int_equal(reader_list_configs(reader, &query, note_newest, NULL, &more), 0);
        assert_int_equal(listed_newest, newest);
}

static Reader *open_reader(void) {
        Problem problem;
        Reader *reader;

        if (reader_open(suite.fixture->path, &reader, &problem))
                fail_msg("%s", problem.text);
        return reader;
}

static void test_a_publish_leaves_the_row_of_its_config_alone(void **state _unused_) {
        assert_changes(create_namespace("prod"));
        assert_changes(save_and_publish("prod", "app", "1"));
        assert_changes(save_and_publish("prod", "app", "2"));
        assert_int_equal(newest_in_table("app"), 0);
        assert_int_equal(n_rows(), 2);
        assert_true(is_sound_as_killed());
}

static void test_a_clean_stop_leaves_no_log(void **state _unused_) {
        assert_changes(create_namespace("prod"));
        publish_keys(20);
        assert_changes(save("prod", "k7", "2"));
        reopen_store();
        assert_int_equal(n_rows(), 0);
        assert_int_equal(newest_in_table("k7"), 2);
        assert_int_equal(newest_in_table("k8"), 1);
        assert_changes(save_and_publish("prod", "k7", "3"));
        assert_int_equal(RESULT.version, 3);
}

/* A merge takes two steps for each new row, so that the log is at its longest when one is done with writing,
 * and begins to delete. */
static void test_the_log_is_kept_short(void **state _unused_) {
        assert_changes(create_namespace("prod"));
        for (int i = 0; i < 12; i++) {
                publish_keys(5);
                assert_in_range(n_rows(), 1, 12);
                assert_true(is_sound_as_killed());
        }
        assert_in_range(newest_in_table("k0"), 10, 12);
}

static void test_the_log_is_kept_short_where_each_row_is_of_another_config(void **state _unused_) {
        assert_changes(create_namespace("prod"));
        for (int i = 0; i < 200; i++) {
                publish_key(i);
                assert_in_range(n_rows(), 1, 28);
        }
}

/* The log keeps the newer half of its rows, and of k0 there is always one among them. */
static void test_what_is_published_again_is_not_merged(void **state _unused_) {
        assert_changes(create_namespace("prod"));
        for (int i = 0; i < 40; i++) {
                publish_key(0);
                publish_key(1 + i);
        }
        assert_int_equal(newest_in_table("k0"), 0);
        assert_int_equal(newest_in_table("k1"), 1);
}

/* What was counted in earlier lives of the store is not what is in the log. */
static void test_the_log_is_kept_short_in_an_old_store(void **state _unused_) {
        close_store();
        fixture_damage(suite.fixture->path, "UPDATE store SET last_head = 1000000000");
        reopen_store();
        assert_changes(create_namespace("prod"));
        for (int i = 0; i < 4; i++) {
                publish_keys(5);
                assert_in_range(n_rows(), 1, 12);
        }
}

static void test_a_reader_sees_heads_wherever_they_are(void **state _unused_) {
        Reader *reader = open_reader(), *late = open_reader();

        assert_changes(create_namespace("prod"));
        assert_changes(save_and_publish("prod", "app", "1"));
        assert_listed(late, "app", 1);
        for (int i = 2; i <= 40; i++) {
                char content[16];

                (void)snprintf(content, sizeof(content), "%d", i);
                assert_changes(save_and_publish("prod", "app", content));
                publish_keys(i % 3);
                assert_listed(reader, "app", i);
        }
        assert_listed(late, "app", 40);
        reader_close(reader);
        reader_close(late);
}

/* Those who read before and after a restart, where the log was emptied in between. */
static void test_rows_are_never_given_twice(void **state _unused_) {
        Reader *reader = open_reader();

        assert_changes(create_namespace("prod"));
        publish_keys(4);
        assert_listed(reader, "k0", 1);
        reopen_store();
        assert_changes(save_and_publish("prod", "k0", "2"));
        assert_listed(reader, "k0", 2);
        reader_close(reader);
}

static void test_a_refusal_takes_its_heads_back(void **state _unused_) {
        assert_changes(create_namespace("prod"));
        assert_changes(save_and_publish("prod", "a", "1"));
        ASSERT_ALL_REFUSED(STORE_E_VERSION_UNKNOWN, 2, save_and_publish("prod", "a", "2"),
                           save_and_publish("prod", "new", "1"), publish("prod", "a", 9));
        assert_changes(save_and_publish("prod", "other", "1"));
        assert_refused(publish("prod", "new", 1), STORE_E_CONFIG_UNKNOWN);
        assert_changes(save_and_publish("prod", "a", "3"));
        assert_int_equal(RESULT.version, 2);
        assert_changes(save_and_publish("prod", "new", "1"));
        assert_int_equal(RESULT.version, 1);
}

/* By the names that the writer remembers. */
static void test_a_deleted_namespace_is_unknown_at_once(void **state _unused_) {
        assert_changes(create_namespace("prod"));
        assert_changes(save_and_publish("prod", "a", "1"));
        assert_changes(delete_namespace("prod", true));
        assert_refused(save_and_publish("prod", "a", "2"), STORE_E_NAMESPACE_UNKNOWN);
        ASSERT_ALL_REFUSED(STORE_E_VERSION_UNKNOWN, 1, create_namespace("prod"), publish("prod", "a", 9));
        assert_refused(save_and_publish("prod", "a", "2"), STORE_E_NAMESPACE_UNKNOWN);
        assert_changes(create_namespace("prod"));
        assert_changes(save_and_publish("prod", "a", "2"));
        assert_int_equal(RESULT.version, 2);
}

/* Nothing of it is on disk: heads, and how far the merge was, are those of before. */
static void test_what_cannot_be_written_takes_its_heads_back(void **state _unused_) {
        assert_changes(create_namespace("prod"));
        for (int i = 0; i < 10; i++) {
                publish_keys(4);
                syncs_fail = true;
                assert_int_equal(execute(save_and_publish("prod", "k1", "never")), STORE_E_FAILED);
                assert_int_equal(execute(save_and_publish("prod", "never", "x")), STORE_E_FAILED);
                syncs_fail = false;
                assert_true(is_sound_as_killed());
        }
}

static Operation random_operation(uint64_t *random) {
        static char contents[4][24];
        static size_t turn;
        static const char *const keys[] = { "a", "b", "c", "d", "e", "f", "g", "h" };
        const char *key = keys[next_random(random) % ARRAY_SIZE(keys)];
        char *content = contents[turn++ % ARRAY_SIZE(contents)];

        (void)snprintf(content, sizeof(contents[0]), "%d", (int)(next_random(random) % 1000));
        switch (next_random(random) % 8) {
        case 0:
                return save("prod", key, content);
        case 1:
                return delete ("prod", key);
        case 2:
                return roll_back("prod", key, 0);
        case 3:
                return publish("prod", key, (int64_t)(next_random(random) % 4));
        default:
                return save_and_publish("prod", key, content);
        }
}

/* Whatever is done, and whenever it is killed: verifying holds each head against versions and events. */
static void test_every_moment_of_a_random_life_is_sound(void **state _unused_) {
        uint64_t random = 20261123;

        assert_changes(create_namespace("prod"));
        for (int i = 0; i < 300; i++) {
                Operation operations[3];
                size_t n = 1 + next_random(&random) % ARRAY_SIZE(operations);

                for (size_t k = 0; k < n; k++)
                        operations[k] = random_operation(&random);
                (void)execute_all(operations, n);
                if (i % 5 == 0)
                        assert_true(is_sound_as_killed());
        }
        assert_in_range(n_rows(), 1, 20);
}

static void test_a_damaged_log_is_named(void **state _unused_) {
        static const struct {
                const char *damage;
                const char *expected;
        } damages[] = {
                { "UPDATE head_log SET config_id = 99 WHERE id = 2",
                  "row 2 of head_log: its config does not exist" },
                { "UPDATE head_log SET config_id = 9000000000000000000 WHERE id = 2",
                  "row 2 of head_log: its config does not exist" },
                { "UPDATE head_log SET id = 77 WHERE id = 2",
                  "row 77 of head_log: it is newer than the newest that the store knows of" },
                { "UPDATE head_log SET newest = 2 WHERE id = 2",
                  "config prod/k1: its newest version does not exist" },
                { "DELETE FROM head_log WHERE id = 2", "config prod/k1: its newest version does not exist" },
        };

        assert_changes(create_namespace("prod"));
        publish_keys(2);
        for (size_t i = 0; i < ARRAY_SIZE(damages); i++) {
                const char *path = copy_as_killed();

                fixture_damage(path, damages[i].damage);
                fixture_assert_broken(path, damages[i].damage, damages[i].expected);
        }
}

/*
 * What the writer remembers.
 */

static Config config_named(const char *key, int64_t id) {
        Config config = { .namespace = SPAN_LITERAL("prod"), .key = span(key), .id = id, .newest = 7 };

        config.spine.size = 2 * SPINE_ID_SIZE;
        memset(config.spine.bytes, 'x', config.spine.size);
        return config;
}

/* A log without rows in a file, so that nothing but what is put is known. */
typedef struct Memory {
        HeadCache cache;
        sqlite3 *database;
        HeadLog *log;
} Memory;

static Memory open_memory(void) {
        Memory memory = { .cache = HEAD_CACHE_NULL };

        assert_int_equal(sqlite3_open(suite.fixture->path, &memory.database), SQLITE_OK);
        assert_int_equal(head_log_open(memory.database, &memory.log), 0);
        return memory;
}

static void close_memory(Memory *memory) {
        head_cache_deinit(&memory->cache);
        head_log_close(memory->log);
        (void)sqlite3_close(memory->database);
}

static bool is_remembered(const Memory *memory, const char *namespace, const char *key) {
        Config found;

        return head_cache_get(&memory->cache, memory->log, span(namespace), span(key), &found);
}

static void assert_remembered(const Memory *memory, const Config *config) {
        Config found;

        assert_true(head_cache_get(&memory->cache, memory->log, config->namespace, config->key, &found));
        assert_int_equal(found.id, config->id);
        assert_int_equal(found.newest, config->newest);
        assert_int_equal(found.spine.size, config->spine.size);
        assert_memory_equal(found.spine.bytes, config->spine.bytes, config->spine.size);
        assert_true(head_cache_get_by_id(&memory->cache, memory->log, config->id, &found));
        assert_int_equal(found.newest, config->newest);
}

static void test_a_head_is_remembered_as_long_as_its_row_is_the_newest(void **state _unused_) {
        Config config = config_named("app", 1);
        Memory memory = open_memory();

        head_log_put(memory.log, 1, 10);
        head_cache_put(&memory.cache, memory.log, &config);
        assert_remembered(&memory, &config);
        assert_false(is_remembered(&memory, "pro", "dapp"));

        head_log_put(memory.log, 1, 11);
        assert_false(is_remembered(&memory, "prod", "app"));
        head_log_undo(memory.log, 1);
        assert_remembered(&memory, &config);
        head_log_undo(memory.log, 0);
        assert_false(is_remembered(&memory, "prod", "app"));
        close_memory(&memory);
}

static void test_a_head_is_remembered_in_the_place_of_an_older_one(void **state _unused_) {
        Config config = config_named("app", 1), found;
        Memory memory = open_memory();

        for (size_t n = 1; n <= 9; n++) {
                config.newest = (int64_t)n;
                config.spine.size = n % 2 ? n * SPINE_ID_SIZE : SPINE_ID_SIZE;
                memset(config.spine.bytes, (int)('a' + n), config.spine.size);
                head_cache_put(&memory.cache, memory.log, &config);
                assert_remembered(&memory, &config);
        }

        config.id = 2; /* the first was undone */
        head_cache_put(&memory.cache, memory.log, &config);
        assert_remembered(&memory, &config);
        assert_false(head_cache_get_by_id(&memory.cache, memory.log, 1, &found));
        assert_int_equal(memory.cache.entries.n_values, 1);
        close_memory(&memory);
}

static void put_numbered(Memory *memory, int number) {
        char key[16];
        Config config;

        (void)snprintf(key, sizeof(key), "k%d", number);
        config = config_named(key, number);
        head_cache_put(&memory->cache, memory->log, &config);
}

static void test_what_is_remembered_is_bounded(void **state _unused_) {
        Memory memory = open_memory();

        for (int i = 1; i <= HEAD_CACHE_MAX; i++)
                put_numbered(&memory, i);
        put_numbered(&memory, 1); /* is known, and takes no place */
        assert_int_equal(memory.cache.entries.n_values, HEAD_CACHE_MAX);

        put_numbered(&memory, HEAD_CACHE_MAX + 1);
        assert_int_equal(memory.cache.entries.n_values, 1);
        assert_false(is_remembered(&memory, "prod", "k1"));
        assert_true(is_remembered(&memory, "prod", "k131073"));
        close_memory(&memory);
}

int main(void) {
        static const struct CMUnitTest tests[] = {
                TEST(test_a_publish_leaves_the_row_of_its_config_alone),
                TEST(test_a_clean_stop_leaves_no_log),
                TEST_WITH(test_the_log_is_kept_short, set_up_with_3_rows),
                TEST_WITH(test_the_log_is_kept_short_where_each_row_is_of_another_config,
                          set_up_with_20_rows),
                TEST_WITH(test_what_is_published_again_is_not_merged, set_up_with_20_rows),
                TEST_WITH(test_the_log_is_kept_short_in_an_old_store, set_up_with_3_rows),
                TEST_WITH(test_a_reader_sees_heads_wherever_they_are, set_up_with_3_rows),
                TEST(test_rows_are_never_given_twice),
                TEST(test_a_refusal_takes_its_heads_back),
                TEST_WITH(test_a_deleted_namespace_is_unknown_at_once, set_up_with_3_rows),
                TEST_WITH(test_what_cannot_be_written_takes_its_heads_back, set_up_with_3_rows),
                TEST_WITH(test_every_moment_of_a_random_life_is_sound, set_up_with_3_rows),
                TEST(test_a_damaged_log_is_named),
                TEST(test_a_head_is_remembered_as_long_as_its_row_is_the_newest),
                TEST(test_a_head_is_remembered_in_the_place_of_an_older_one),
                TEST(test_what_is_remembered_is_bounded),
        };

        return cmocka_run_group_tests_name("heads", tests, silence_log, NULL);
}
