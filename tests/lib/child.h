/*
 * A program that a test starts, such as the real server of a mirror's target: started, frozen, thawed,
 * killed. It ends with the test, however that ends. Whatever goes wrong here fails the test.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

typedef struct Child {
        pid_t pid; /* 0: none */
} Child;

/* Whether a program of this name is installed. */
bool child_is_installed(const char *program);

/* @arguments: the program's name first, NULL last. What it prints goes to the file @log. */
void child_start(Child *child, const char *const *arguments, const char *log);

/* Asks it to end, and waits until it has. */
void child_stop(Child *child);
void child_kill(Child *child);

/* Returns when all its threads stand still. */
void child_freeze(Child *child);
void child_thaw(Child *child);

/* A port of 127.0.0.1 and of ::1 on which nobody listens now. */
uint16_t child_free_port(void);

/* Calls @is_ready until it says so, for ten seconds, while the child lives. */
void child_wait_until(Child *child, bool (*is_ready)(void *context), void *context);

/* An empty directory, of which @to gets the path; and its end, with the files in it. */
void child_make_directory(char *to, size_t size);
void child_remove_directory(const char *path);
