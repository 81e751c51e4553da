/*
 * Profiles: servers with their tokens, under names, in one JSON file:
 *
 *      {"current": "work", "profiles": {"work": {"server": "https://confer.example", "token": "..."}}}
 *
 * The file is replaced as a whole and has mode 0600, since it holds tokens.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "model/macros.h"
#include "model/problem.h"

typedef struct Profile {
        char *name;
        char *server;
        char *token; /* NULL: none */
} Profile;

typedef struct Profiles {
        Profile *items; /* ordered by name */
        size_t n_items;
        char *current;   /* NULL: none is in use */
        bool is_exposed; /* the file holds a token, and others than its owner may read it */
} Profiles;

#define PROFILES_NULL ((Profiles){ .items = NULL })

#define PROFILE_E_INVALID 1 /* the file cannot be read, or is no file of profiles; the problem says more */

/* 1 to 64 of [A-Za-z0-9._-], the first no dash. */
bool profile_name_is_valid(const char *name);

/* Where the file is: @config_home/confer/profiles.json, with @home/.config for a config_home of NULL or "";
 * NULL when both are missing. The caller's. */
char *profiles_path(const char *config_home, const char *home);

/* A file that does not exist has no profiles. */
int profiles_load(const char *path, Profiles *ret_profiles, Problem *ret_problem);
int profiles_save(const char *path, const Profiles *profiles, Problem *ret_problem);
void profiles_deinit(Profiles *profiles);

/* NULL: there is none of this name. Borrowed. */
Profile *profiles_find(const Profiles *profiles, const char *name);

/* Makes or changes a profile. A @token of NULL leaves the one that is there, if @server is what it was. */
void profiles_set(Profiles *profiles, const char *name, const char *server, const char *token);

/* Takes out a profile that is there; when it was the current one, none is. */
void profiles_remove(Profiles *profiles, const char *name);
