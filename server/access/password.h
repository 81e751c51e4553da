/*
 * Passwords: hashing them so that guessing is dear, and the file in which a generated one waits for its
 * owner.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "model/problem.h"
#include "model/span.h"

#define PASSWORD_FILE      "admin-password" /* in the data directory */
#define PASSWORD_SIZE_MAX  1024             /* bytes; the settings have the same ceiling */
#define PASSWORD_SALT_SIZE 16
#define PASSWORD_HASH_SIZE 32

/* 24 characters of an alphabet of 57 (letters and digits without 0 O 1 I l): 139 bits. */
#define PASSWORD_GENERATED_SIZE 24

/* What one guess costs: 128 * r * n bytes of memory, and p times the work of filling it. */
typedef struct PasswordCost {
        uint64_t n; /* a power of two */
        uint32_t r;
        uint32_t p;
} PasswordCost;

/* OWASP's equivalent of n=2^17 p=1 at 32 MiB, so that a login does not need 128 MiB. */
#define PASSWORD_COST_DEFAULT ((PasswordCost){ .n = 1 << 15, .r = 8, .p = 3 })

typedef struct PasswordHash {
        PasswordCost cost;
        uint8_t salt[PASSWORD_SALT_SIZE];
        uint8_t hash[PASSWORD_HASH_SIZE];
} PasswordHash;

/*
 * Both take the time and the memory that the cost says, whatever the password, and abort when that memory is
 * not to be had. @password: at most PASSWORD_SIZE_MAX bytes
 */
void password_hash(Span password, PasswordCost cost, PasswordHash *ret_hash);
bool password_matches(const PasswordHash *hash, Span password);

void password_generate(char ret_password[static PASSWORD_GENERATED_SIZE + 1]);

/*
 * Has @password 1 to PASSWORD_SIZE_MAX bytes and no control characters, which HTTP Basic cannot carry?
 * @name: where it came from, for @ret_problem
 */
bool password_is_fit(const char *name, Span password, Problem *ret_problem);

/*
 * password_file_read() - read the password in the file of @data_path, without one newline at its end
 * @ret_password: a NUL-terminated string; the caller wipes it
 *
 * A file that others than its owner can read is used, and complained about in the log.
 * Return: 0, -ENOENT when there is no file, or another negative errno. But for -ENOENT, @ret_problem says
 * why.
 */
int password_file_read(const char *data_path, char ret_password[static PASSWORD_SIZE_MAX + 1],
                       Problem *ret_problem);

/*
 * Writes @password, and a newline, to a new file of mode 0600 in @data_path; it is on the disk when this
 * returns. Return: 0 or negative errno, -EEXIST when there is a file already; then @ret_problem says why.
 */
int password_file_make(const char *data_path, const char *password, Problem *ret_problem);
