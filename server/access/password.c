#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "access/password.h"
#include "model/macros.h"
#include "util/digest.h"
#include "util/log.h"

static void derive(Span password, PasswordCost cost, const uint8_t salt[PASSWORD_SALT_SIZE],
                   uint8_t ret_hash[PASSWORD_HASH_SIZE]) {
        scrypt(password, (Span){ (const char *)salt, PASSWORD_SALT_SIZE }, cost.n, cost.r, cost.p, ret_hash,
               PASSWORD_HASH_SIZE);
}

void password_hash(Span password, PasswordCost cost, PasswordHash *ret_hash) {
        ret_hash->cost = cost;
        random_bytes(ret_hash->salt, sizeof(ret_hash->salt));
        derive(password, cost, ret_hash->salt, ret_hash->hash);
}

static bool has_nul(Span text) {
        return text.size > 0 && memchr(text.data, '\0', text.size);
}

/* To scrypt, a password and the same with NULs at its end are one, for HMAC fills its key up with them. */
bool password_matches(const PasswordHash *hash, Span password) {
        uint8_t derived[PASSWORD_HASH_SIZE];
        bool matches;

        derive(password, hash->cost, hash->salt, derived);
        matches = equal_in_constant_time(derived, hash->hash, sizeof(derived)) && !has_nul(password);
        wipe(derived, sizeof(derived));
        return matches;
}

/* Bytes above the largest multiple of the alphabet's size are drawn again, so all characters are as likely.
 */
static char random_character(void) {
        static const char alphabet[] = "ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz23456789";
        const unsigned n = sizeof(alphabet) - 1;
        uint8_t byte;

        do
                random_bytes(&byte, 1);
        while (byte >= 256 / n * n);
        return alphabet[byte % n];
}

void password_generate(char ret_password[static PASSWORD_GENERATED_SIZE + 1]) {
        for (size_t i = 0; i < PASSWORD_GENERATED_SIZE; i++)
                ret_password[i] = random_character();
        ret_password[PASSWORD_GENERATED_SIZE] = '\0';
}

bool password_is_fit(const char *name, Span password, Problem *ret_problem) {
        if (password.size == 0) {
                problem_set(ret_problem, NULL, "%s is empty; put a password there, or remove it", name);
                return false;
        }
        if (password.size > PASSWORD_SIZE_MAX) {
                problem_set(ret_problem, NULL, "%s has more than %d bytes", name, PASSWORD_SIZE_MAX);
                return false;
        }
        for (size_t i = 0; i < password.size; i++)
                if ((unsigned char)password.data[i] < 0x20 || password.data[i] == 0x7f) {
                        problem_set(ret_problem, NULL, "%s has a control character, at byte %zu; remove it",
                                    name, i + 1);
                        return false;
                }
        return true;
}

static void closep(const int *fd) {
        if (*fd >= 0)
                (void)close(*fd);
}

/* Return: the path of the file, to be released with free(). */
static char *file_path(const char *data_path) {
        char *path;

        if (asprintf(&path, "%s/" PASSWORD_FILE, data_path) < 0)
                abort();
        return path;
}

/* Return: -@error */
static int refuse(const char *path, const char *what, int error, Problem *ret_problem) {
        problem_set(ret_problem, NULL, "%s cannot be %s: %s", path, what, strerror(error));
        return -error;
}

/* Is the file at @path, open as @fd, one that a password may come from? */
static int check_file(int fd, const char *path, Problem *ret_problem) {
        struct stat status;

        if (fstat(fd, &status) < 0)
                return refuse(path, "read", errno, ret_problem);
        if (!S_ISREG(status.st_mode)) {
                problem_set(ret_problem, NULL, "%s is not a regular file; remove it", path);
                return -EINVAL;
        }
        if (status.st_mode & (S_IRWXG | S_IRWXO))
                log_warning(
                        "access.password_file_exposed",
                        "path=%s mode=%04o Others than its owner have rights to the file with the admin's "
                        "password; chmod 600 takes them away.",
                        path, (unsigned)(status.st_mode & 07777));
        return 0;
}

/* Return: how many bytes were read, @size at most, or negative errno. */
static ssize_t read_up_to(int fd, char *to, size_t size) {
        size_t done = 0;

        while (done < size) {
                ssize_t n = read(fd, to + done, size - done);

                if (n < 0)
                        return -errno;
                if (n == 0)
                        break;
                done += (size_t)n;
        }
        return (ssize_t)done;
}

/* Room for a newline and for one byte more than a password has, which shows that it is too long. */
static int read_password(int fd, const char *path, char ret_password[static PASSWORD_SIZE_MAX + 1],
                         Problem *ret_problem) {
        char text[PASSWORD_SIZE_MAX + 2];
        ssize_t n = read_up_to(fd, text, sizeof(text));
        Span password;
        int r = 0;

        if (n < 0)
                return refuse(path, "read", (int)-n, ret_problem);

        password = (Span){ text, (size_t)n };
        if (n > 0 && text[n - 1] == '\n')
                password.size--;

        if (password_is_fit(path, password, ret_problem)) {
                memcpy(ret_password, text, password.size);
                ret_password[password.size] = '\0';
        } else
                r = -EINVAL;

        wipe(text, sizeof(text));
        return r;
}

int password_file_read(const char *data_path, char ret_password[static PASSWORD_SIZE_MAX + 1],
                       Problem *ret_problem) {
        _cleanup_(freep) char *path = file_path(data_path);
        /* Not to hang at a pipe that somebody put there. */
        _cleanup_(closep) int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
        int r;

        if (fd < 0 && errno == ENOENT)
                return -ENOENT;
        if (fd < 0)
                return refuse(path, "opened", errno, ret_problem);

        r = check_file(fd, path, ret_problem);
        if (r)
                return r;

        return read_password(fd, path, ret_password, ret_problem);
}

/* Return: 0 or a positive errno. */
static int write_password(int fd, const char *password) {
        char line[PASSWORD_SIZE_MAX + 2];
        int size = snprintf(line, sizeof(line), "%s\n", password), error = 0;

        errno = EIO;
        if (write(fd, line, (size_t)size) != size || fsync(fd) < 0)
                error = errno;

        wipe(line, sizeof(line));
        return error;
}

/* Makes the name of a new file last, as fsync of the file does its bytes. Return: 0 or a positive errno. */
static int sync_directory(const char *path) {
        _cleanup_(closep) int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

        return fd < 0 || fsync(fd) < 0 ? errno : 0;
}

int password_file_make(const char *data_path, const char *password, Problem *ret_problem) {
        _cleanup_(freep) char *path = file_path(data_path);
        _cleanup_(closep) int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
        int error;

        if (fd < 0)
                return refuse(path, "made", errno, ret_problem);

        error = write_password(fd, password);
        if (!error)
                error = sync_directory(data_path);
        if (!error)
                return 0;

        (void)unlink(path);
        return refuse(path, "written", error, ret_problem);
}
