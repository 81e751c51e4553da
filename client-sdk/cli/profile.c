/*
 * The file of profiles.
 */
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/file.h"
#include "cli/memory.h"
#include "cli/profile.h"
#include "model/buf.h"

#define NAME_SIZE_MAX   64
#define FILE_MAX_BYTES  (1024UL * 1024) /* thousands of profiles */
#define DIRECTORY_MODE  0700
#define FILE_MODE       0600
#define OTHERS_MAY_READ (S_IRGRP | S_IROTH)

bool profile_name_is_valid(const char *name) {
        size_t size = strlen(name);

        return size >= 1 && size <= NAME_SIZE_MAX && *name != '-' &&
               strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-") == size;
}

char *profiles_path(const char *config_home, const char *home) {
        if (config_home && *config_home)
                return memory_format("%s/confer/profiles.json", config_home);
        return home && *home ? memory_format("%s/.config/confer/profiles.json", home) : NULL;
}

/*
 * The list.
 */

static void profile_deinit(Profile *profile) {
        free(profile->name);
        free(profile->server);
        free(profile->token);
}

void profiles_deinit(Profiles *profiles) {
        for (size_t i = 0; i < profiles->n_items; i++)
                profile_deinit(&profiles->items[i]);
        free(profiles->items);
        free(profiles->current);
        *profiles = PROFILES_NULL;
}

Profile *profiles_find(const Profiles *profiles, const char *name) {
        for (size_t i = 0; i < profiles->n_items; i++)
                if (strcmp(profiles->items[i].name, name) == 0)
                        return &profiles->items[i];

        return NULL;
}

static Profile *profiles_insert(Profiles *profiles, const char *name) {
        size_t at = 0;

        while (at < profiles->n_items && strcmp(profiles->items[at].name, name) < 0)
                at++;

        profiles->items = memory_grow(profiles->items, profiles->n_items + 1, sizeof(*profiles->items));
        memmove(&profiles->items[at + 1], &profiles->items[at],
                (profiles->n_items - at) * sizeof(*profiles->items));
        profiles->n_items++;
        profiles->items[at] = (Profile){ .name = memory_copy(name) };
        return &profiles->items[at];
}

/* A token is for the server that it was given with, and is not shown to another one. */
void profiles_set(Profiles *profiles, const char *name, const char *server, const char *token) {
        Profile *profile = profiles_find(profiles, name);
        bool is_same;

        if (!profile)
                profile = profiles_insert(profiles, name);

        is_same = profile->server && strcmp(profile->server, server) == 0;
        if (token || !is_same) {
                free(profile->token);
                profile->token = memory_copy(token);
        }
        if (!is_same) {
                free(profile->server);
                profile->server = memory_copy(server);
        }
}

void profiles_remove(Profiles *profiles, const char *name) {
        Profile *profile = profiles_find(profiles, name);
        size_t after = (size_t)(profiles->items + profiles->n_items - profile) - 1;

        if (profiles->current && strcmp(profiles->current, name) == 0) {
                free(profiles->current);
                profiles->current = NULL;
        }
        profile_deinit(profile);
        memmove(profile, profile + 1, after * sizeof(*profile));
        profiles->n_items--;
}

/*
 * Reading.
 */

static int refuse(const char *path, Problem *ret_problem, const char *what) {
        problem_set(ret_problem, NULL, "%s: %s", path, what);
        return PROFILE_E_INVALID;
}

static int read_profile(const char *path, const char *name, json_t *value, Profiles *profiles,
                        Problem *ret_problem) {
        const char *server = json_string_value(json_object_get(value, "server"));
        json_t *token = json_object_get(value, "token");

        if (!profile_name_is_valid(name) || !server || (token && !json_is_string(token))) {
                problem_set(ret_problem, NULL,
                            "%s: the profile %.64s is not {\"server\": TEXT, \"token\": TEXT}", path, name);
                return PROFILE_E_INVALID;
        }

        profiles_set(profiles, name, server, json_string_value(token));
        return 0;
}

static int read_profiles(const char *path, json_t *root, Profiles *profiles, Problem *ret_problem) {
        json_t *items = json_object_get(root, "profiles"), *current = json_object_get(root, "current"),
               *value;
        const char *name;
        int r;

        if (!json_is_object(items) || (current && !json_is_string(current) && !json_is_null(current)))
                return refuse(path, ret_problem,
                              "it is not {\"current\": NAME, \"profiles\": {NAME: {\"server\": TEXT}}}");

        json_object_foreach(items, name, value) {
                r = read_profile(path, name, value, profiles, ret_problem);
                if (r)
                        return r;
        }

        profiles->current = memory_copy(json_string_value(current));
        return 0;
}

static bool file_is_exposed(const char *path) {
        struct stat status;

        return stat(path, &status) == 0 && (status.st_mode & OTHERS_MAY_READ);
}

static bool profiles_have_token(const Profiles *profiles) {
        for (size_t i = 0; i < profiles->n_items; i++)
                if (profiles->items[i].token)
                        return true;

        return false;
}

int profiles_load(const char *path, Profiles *ret_profiles, Problem *ret_problem) {
        _cleanup_(profiles_deinit) Profiles profiles = PROFILES_NULL;
        _cleanup_(buf_deinit) Buf text = BUF_NULL;
        json_auto_t *root = NULL;
        json_error_t error;
        int r;

        r = file_read(path, FILE_MAX_BYTES, &text);
        if (r == -ENOENT || r == -ENOTDIR) {
                *ret_profiles = PROFILES_NULL;
                return 0;
        }
        if (r)
                return refuse(path, ret_problem, strerror(-r));

        root = json_loadb(buf_span(&text).data, text.size, JSON_REJECT_DUPLICATES, &error);
        if (!root) {
                problem_set(ret_problem, NULL, "%s:%d:%d: %s", path, error.line, error.column, error.text);
                return PROFILE_E_INVALID;
        }

        r = read_profiles(path, root, &profiles, ret_problem);
        if (r)
                return r;

        profiles.is_exposed = profiles_have_token(&profiles) && file_is_exposed(path);
        *ret_profiles = profiles;
        profiles = PROFILES_NULL;
        return 0;
}

/*
 * Writing.
 */

static json_t *write_profile(const Profile *profile) {
        return memory_had(json_pack("{s:s, s:s*}", "server", profile->server, "token", profile->token));
}

static char *write_profiles(const Profiles *profiles) {
        json_auto_t *items = memory_had(json_object()), *root = NULL;

        for (size_t i = 0; i < profiles->n_items; i++)
                if (json_object_set_new(items, profiles->items[i].name, write_profile(&profiles->items[i])))
                        (void)memory_had(NULL);

        root = memory_had(json_pack("{s:s?, s:O}", "current", profiles->current, "profiles", items));
        return memory_had(json_dumps(root, JSON_INDENT(2)));
}

/* The file's directory, and the one above it: ~/.config may be missing in a new home. */
static int make_directory(const char *path) {
        _cleanup_(freep) char *above = memory_copy(path);
        char *slash = strrchr(above, '/');

        if (!slash || slash == above)
                return 0;
        *slash = '\0';
        if (mkdir(above, DIRECTORY_MODE) == 0 || errno == EEXIST)
                return 0;
        if (errno != ENOENT)
                return -errno;

        slash = strrchr(above, '/');
        if (!slash || slash == above)
                return -ENOENT;
        *slash = '\0';
        if (mkdir(above, DIRECTORY_MODE) < 0 && errno != EEXIST)
                return -errno;
        *slash = '/';
        return mkdir(above, DIRECTORY_MODE) < 0 && errno != EEXIST ? -errno : 0;
}

int profiles_save(const char *path, const Profiles *profiles, Problem *ret_problem) {
        _cleanup_(freep) char *text = write_profiles(profiles), *line = memory_format("%s\n", text);
        int r;

        r = make_directory(path);
        if (r == 0)
                r = file_replace(AT_FDCWD, path, span_from_string(line), FILE_MODE);
        return r < 0 ? refuse(path, ret_problem, strerror(-r)) : 0;
}
