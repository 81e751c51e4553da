#include <errno.h>
#include <stddef.h>

#include "lib/allocations.h"

static long n_left = -1; /* allocations until one fails; negative: none does */
static bool has_failed;

void *__real_malloc(size_t size);
void *__real_calloc(size_t n, size_t size);
void *__real_realloc(void *block, size_t size);
int __real_posix_memalign(void **block, size_t alignment, size_t size);
char *__real_strdup(const char *text);
char *__real_strndup(const char *text, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_realloc(void *block, size_t size);
int __wrap_posix_memalign(void **block, size_t alignment, size_t size);
char *__wrap_strdup(const char *text);
char *__wrap_strndup(const char *text, size_t size);

void allocations_fail_after(long n) {
        has_failed = false;
        n_left = n;
}

void allocations_succeed(void) {
        n_left = -1;
}

bool allocation_has_failed(void) {
        return has_failed;
}

static bool fails(void) {
        if (n_left < 0 || n_left-- != 0)
                return false;

        has_failed = true;
        errno = ENOMEM;
        return true;
}

void *__wrap_malloc(size_t size) {
        return fails() ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t n, size_t size) {
        return fails() ? NULL : __real_calloc(n, size);
}

void *__wrap_realloc(void *block, size_t size) {
        return fails() ? NULL : __real_realloc(block, size);
}

int __wrap_posix_memalign(void **block, size_t alignment, size_t size) {
        return fails() ? ENOMEM : __real_posix_memalign(block, alignment, size);
}

char *__wrap_strdup(const char *text) {
        return fails() ? NULL : __real_strdup(text);
}

char *__wrap_strndup(const char *text, size_t size) {
        return fails() ? NULL : __real_strndup(text, size);
}
