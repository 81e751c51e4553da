/*
 * Files of mirrors, in a directory that the test is in.
 */
#pragma once

#include "mirror/mirrors_file.h"
#include "model/macros.h"

#define ENVIRONMENT(...) ((char *[]){ __VA_ARGS__, NULL })

extern char *no_environment[];

/* For cmocka: go into a directory of the test's own, and out of it. */
int make_directory(void **state);
int remove_directory(void **state);

void file_write(const char *path, const char *text);

/* Reads mirrors.yaml with @text, which must be right, or must be refused with @problem. */
void read_file(const char *text, char **environment, MirrorsFile *ret_file);
Problem refused_file(const char *text, char **environment, const char *problem);
