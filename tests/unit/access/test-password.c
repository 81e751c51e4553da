#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "access/password.h"
#include "model/buf.h"

/* Quick, for tests. */
static const PasswordCost cheap = { .n = 16, .r = 8, .p = 3 };

static char directory[32], path[64];

static int setup(void **state) {
        (void)state;

        (void)strcpy(directory, "/tmp/test-password-XXXXXX");
        if (!mkdtemp(directory))
                return -1;
        (void)snprintf(path, sizeof(path), "%s/" PASSWORD_FILE, directory);
        return 0;
}

static int teardown(void **state) {
        (void)state;

        (void)unlink(path);
        (void)rmdir(path);
        return rmdir(directory);
}

static void write_file(Span content, mode_t mode) {
        FILE *file = fopen(path, "w");

        assert_non_null(file);
        assert_int_equal(fwrite(content.data, 1, content.size, file), content.size);
        assert_int_equal(fclose(file), 0);
        assert_int_equal(chmod(path, mode), 0);
}

static void assert_read(Span content, const char *expected) {
        char password[PASSWORD_SIZE_MAX + 1];
        Problem problem = PROBLEM_NULL;

        write_file(content, 0600);
        assert_int_equal(password_file_read(directory, password, &problem), 0);
        assert_string_equal(password, expected);
        assert_string_equal(problem.text, "");
}

static void assert_unreadable(int error, const char *part) {
        char password[PASSWORD_SIZE_MAX + 1] = "untouched";
        Problem problem = PROBLEM_NULL;

        assert_int_equal(password_file_read(directory, password, &problem), -error);
        assert_string_equal(password, "untouched");
        assert_non_null(strstr(problem.text, path));
        assert_non_null(strstr(problem.text, part));
}

static void assert_refused(Span content, const char *part) {
        write_file(content, 0600);
        assert_unreadable(EINVAL, part);
}

/* Computed by another program: scrypt, n=16 r=8 p=3, 32 bytes. */
static void test_the_hash_is_scrypt_with_its_cost_in_this_order(void **state) {
        PasswordHash hash = { .cost = cheap };
        const uint8_t expected[PASSWORD_HASH_SIZE] = {
                0xce, 0xdf, 0x6f, 0xaa, 0x84, 0x07, 0x20, 0xca, 0x9c, 0x7e, 0xdd,
                0x36, 0x7b, 0xff, 0x25, 0x97, 0xd4, 0x66, 0xfa, 0xd5, 0x3a, 0xd3,
                0x19, 0x49, 0x9c, 0xfa, 0x3f, 0xd3, 0x2e, 0xca, 0x32, 0xaf,
        };

        (void)state;

        for (uint8_t i = 0; i < PASSWORD_SALT_SIZE; i++)
                hash.salt[i] = i;
        memcpy(hash.hash, expected, sizeof(expected));
        assert_true(password_matches(&hash, SPAN_LITERAL("correct horse")));
}

static void test_only_the_same_password_matches(void **state) {
        PasswordHash hash;

        (void)state;

        password_hash(SPAN_LITERAL("correct horse"), cheap, &hash);
        assert_true(password_matches(&hash, SPAN_LITERAL("correct horse")));
        assert_false(password_matches(&hash, SPAN_LITERAL("correct horsf")));
        assert_false(password_matches(&hash, SPAN_LITERAL("correct hors")));
        assert_false(password_matches(&hash, SPAN_LITERAL("correct horse\0")));
        assert_false(password_matches(&hash, SPAN_LITERAL("")));
        assert_false(password_matches(&hash, SPAN_NULL));
}

static void test_the_same_password_is_hashed_with_another_salt(void **state) {
        PasswordHash first, second;

        (void)state;

        password_hash(SPAN_LITERAL("correct horse"), cheap, &first);
        password_hash(SPAN_LITERAL("correct horse"), cheap, &second);
        assert_memory_not_equal(first.salt, second.salt, sizeof(first.salt));
        assert_memory_not_equal(first.hash, second.hash, sizeof(first.hash));
}

static void test_the_default_cost_is_what_the_manual_says(void **state) {
        PasswordHash hash;

        (void)state;

        assert_int_equal(PASSWORD_COST_DEFAULT.n, 32768);
        assert_int_equal(PASSWORD_COST_DEFAULT.r, 8);
        assert_int_equal(PASSWORD_COST_DEFAULT.p, 3);
        password_hash(SPAN_LITERAL("correct horse"), PASSWORD_COST_DEFAULT, &hash);
        assert_true(password_matches(&hash, SPAN_LITERAL("correct horse")));
}

static void test_generated_passwords_use_all_of_an_unambiguous_alphabet(void **state) {
        char password[PASSWORD_GENERATED_SIZE + 1];
        bool seen[256] = { false };
        size_t n_seen = 0;

        (void)state;

        /* 12,000 draws of 57 characters: one of them is missed once in 10^90. */
        for (int i = 0; i < 500; i++) {
                password_generate(password);
                assert_int_equal(strlen(password), PASSWORD_GENERATED_SIZE);
                for (size_t at = 0; at < PASSWORD_GENERATED_SIZE; at++)
                        seen[(unsigned char)password[at]] = true;
        }

        for (int c = 0; c < 256; c++)
                if (seen[c]) {
                        assert_true((c >= '2' && c <= '9') || (c >= 'A' && c <= 'Z') ||
                                    (c >= 'a' && c <= 'z'));
                        assert_null(strchr("IOl", c));
                        n_seen++;
                }
        assert_int_equal(n_seen, 57);
}

/* 24 of the 57 are capitals: 0.421, while bytes taken modulo 57 would give 0.469. One in 10^17 runs fails by
 * chance. */
static void test_no_character_of_generated_passwords_is_likelier(void **state) {
        char password[PASSWORD_GENERATED_SIZE + 1];
        size_t n_capitals = 0, n = 0;

        (void)state;

        for (; n < 2000 * (size_t)PASSWORD_GENERATED_SIZE; n += PASSWORD_GENERATED_SIZE) {
                password_generate(password);
                for (size_t at = 0; at < PASSWORD_GENERATED_SIZE; at++)
                        n_capitals += password[at] >= 'A' && password[at] <= 'Z';
        }
        assert_in_range(n_capitals * 1000 / n, 401, 441);
}

static void test_a_password_must_be_fit_for_http(void **state) {
        static char text[PASSWORD_SIZE_MAX + 1];
        Problem problem = PROBLEM_NULL;

        (void)state;

        memset(text, 'x', sizeof(text));
        assert_true(password_is_fit("it", (Span){ text, PASSWORD_SIZE_MAX }, &problem));
        assert_true(password_is_fit("it", SPAN_LITERAL(" a: \xc3\xa9"), &problem));
        assert_string_equal(problem.text, "");

        assert_false(password_is_fit("it", (Span){ text, sizeof(text) }, &problem));
        assert_string_equal(problem.text, "it has more than 1024 bytes");
        assert_false(password_is_fit("it", SPAN_LITERAL(""), &problem));
        assert_string_equal(problem.text, "it is empty; put a password there, or remove it");
        assert_false(password_is_fit("it", SPAN_LITERAL("ab\x7f"), &problem));
        assert_string_equal(problem.text, "it has a control character, at byte 3; remove it");
        assert_false(password_is_fit("it", SPAN_LITERAL("a\0b"), &problem));
}

static void test_no_file_is_told_from_a_bad_one(void **state) {
        char password[PASSWORD_SIZE_MAX + 1] = "untouched";
        Problem problem = PROBLEM_NULL;

        (void)state;

        assert_int_equal(password_file_read(directory, password, &problem), -ENOENT);
        assert_string_equal(problem.text, "");
        assert_string_equal(password, "untouched");
}

static void test_one_newline_at_the_end_is_no_part_of_the_password(void **state) {
        (void)state;

        assert_read(SPAN_LITERAL("correct horse\n"), "correct horse");
        assert_read(SPAN_LITERAL("correct horse"), "correct horse");
        assert_read(SPAN_LITERAL(" correct horse \n"), " correct horse ");
}

static void test_the_longest_password_is_read(void **state) {
        char text[PASSWORD_SIZE_MAX + 4];

        (void)state;

        memset(text, 'x', sizeof(text));
        text[PASSWORD_SIZE_MAX] = '\0';
        assert_read((Span){ text, PASSWORD_SIZE_MAX }, text);
        text[PASSWORD_SIZE_MAX] = '\n';
        write_file((Span){ text, PASSWORD_SIZE_MAX + 1 }, 0600);
        text[PASSWORD_SIZE_MAX] = 'x';
        assert_refused((Span){ text, PASSWORD_SIZE_MAX + 1 }, "more than 1024 bytes");
        assert_refused((Span){ text, sizeof(text) }, "more than 1024 bytes");
}

static void test_a_file_that_holds_no_password_is_refused(void **state) {
        (void)state;

        assert_refused(SPAN_LITERAL(""), "is empty");
        assert_refused(SPAN_LITERAL("\n"), "is empty");
        assert_refused(SPAN_LITERAL("correct\nhorse\n"), "control character, at byte 8");
        assert_refused(SPAN_LITERAL("correct horse\r\n"), "control character, at byte 14");
}

static void test_what_is_no_file_is_refused_and_not_waited_for(void **state) {
        (void)state;

        assert_int_equal(mkfifo(path, 0600), 0);
        assert_unreadable(EINVAL, "not a regular file");
        assert_int_equal(unlink(path), 0);
        assert_int_equal(mkdir(path, 0700), 0);
        assert_unreadable(EINVAL, "not a regular file");
}

/* What reading a file of @mode writes to standard error. */
static char *complaint_about(mode_t mode) {
        static char text[1024];
        FILE *log = tmpfile();
        int saved = dup(STDERR_FILENO);

        assert_non_null(log);
        assert_true(dup2(fileno(log), STDERR_FILENO) >= 0);
        write_file(SPAN_LITERAL("correct horse\n"), mode);
        char password[PASSWORD_SIZE_MAX + 1];
        Problem problem;
        int r = password_file_read(directory, password, &problem);
        (void)dup2(saved, STDERR_FILENO);
        (void)close(saved);
        assert_int_equal(r, 0);

        rewind(log);
        text[fread(text, 1, sizeof(text) - 1, log)] = '\0';
        (void)fclose(log);
        return text;
}

static void test_a_file_that_others_can_read_is_complained_about(void **state) {
        (void)state;

        assert_string_equal(complaint_about(0600), "");
        assert_string_equal(complaint_about(0400), "");
        assert_non_null(strstr(complaint_about(0640), " warning access.password_file_exposed "));
        assert_non_null(strstr(complaint_about(0604), "mode=0604"));
        assert_null(strstr(complaint_about(0644), "correct horse"));
}

static void test_a_made_file_is_the_owners_alone_and_reads_back(void **state) {
        char password[PASSWORD_SIZE_MAX + 1];
        Problem problem = PROBLEM_NULL;
        struct stat status;
        mode_t mask = umask(0);

        (void)state;

        assert_int_equal(password_file_make(directory, "correct horse", &problem), 0);
        (void)umask(mask);
        assert_int_equal(stat(path, &status), 0);
        assert_int_equal(status.st_mode & 07777, 0600);
        assert_int_equal(status.st_size, strlen("correct horse\n"));
        assert_int_equal(password_file_read(directory, password, &problem), 0);
        assert_string_equal(password, "correct horse");
}

static void test_making_overwrites_nothing(void **state) {
        char password[PASSWORD_SIZE_MAX + 1];
        Problem problem = PROBLEM_NULL;

        (void)state;

        write_file(SPAN_LITERAL("older\n"), 0600);
        assert_int_equal(password_file_make(directory, "newer", &problem), -EEXIST);
        assert_non_null(strstr(problem.text, path));
        assert_int_equal(password_file_read(directory, password, &problem), 0);
        assert_string_equal(password, "older");
}

static void test_making_without_a_directory_says_so(void **state) {
        Problem problem = PROBLEM_NULL;

        (void)state;

        assert_int_equal(password_file_make("/nonexistent", "newer", &problem), -ENOENT);
        assert_string_equal(problem.text,
                            "/nonexistent/admin-password cannot be made: No such file or directory");
}

#define with_directory(test) cmocka_unit_test_setup_teardown((test), setup, teardown)

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_the_hash_is_scrypt_with_its_cost_in_this_order),
                cmocka_unit_test(test_only_the_same_password_matches),
                cmocka_unit_test(test_the_same_password_is_hashed_with_another_salt),
                cmocka_unit_test(test_the_default_cost_is_what_the_manual_says),
                cmocka_unit_test(test_generated_passwords_use_all_of_an_unambiguous_alphabet),
                cmocka_unit_test(test_no_character_of_generated_passwords_is_likelier),
                cmocka_unit_test(test_a_password_must_be_fit_for_http),
                with_directory(test_no_file_is_told_from_a_bad_one),
                with_directory(test_one_newline_at_the_end_is_no_part_of_the_password),
                with_directory(test_the_longest_password_is_read),
                with_directory(test_a_file_that_holds_no_password_is_refused),
                with_directory(test_what_is_no_file_is_refused_and_not_waited_for),
                with_directory(test_a_file_that_others_can_read_is_complained_about),
                with_directory(test_a_made_file_is_the_owners_alone_and_reads_back),
                with_directory(test_making_overwrites_nothing),
                with_directory(test_making_without_a_directory_says_so),
        };

        return cmocka_run_group_tests_name("password", tests, NULL, NULL);
}
