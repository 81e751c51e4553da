/*
 * Settings as a server that starts finds them: in its arguments, in its environment and in a file of a
 * directory that the test is in.
 */
#pragma once

#include "model/macros.h"
#include "util/settings_internal.h"

#define ARGV(...)        ((char *[]){ "conferd", __VA_ARGS__, NULL })
#define ENVIRONMENT(...) ((char *[]){ __VA_ARGS__, NULL })

extern char *no_flags[];
extern char *no_environment[];

/* For cmocka: go into a directory of the test's own, and out of it. */
int make_directory(void **state);
int remove_directory(void **state);

int argc_of(char **argv);

/* Loads what must load. */
void load(char **argv, char **environment, Settings *ret_settings);
/* Loads what must be refused, with @text. Returns the problem for more questions. */
Problem refused(char **argv, char **environment, const char *text);

void file_write(const char *path, const void *data, size_t size);
/* The same of a file with @text. */
void load_file(const char *text, Settings *ret_settings);
Problem refused_file(const char *text, const char *problem);

const Setting *row(const char *name);
SettingsSource source_of(const Settings *settings, const char *name);

void assert_has(const char *text, const char *part);
