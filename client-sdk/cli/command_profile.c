/*
 * profile set, list, use, delete
 */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "cli/commands.h"
#include "cli/guess.h"
#include "cli/http.h"
#include "cli/memory.h"
#include "cli/message.h"
#include "cli/profile.h"
#include "cli/table.h"

#define TOKEN_SIZE_MAX 512

typedef struct ProfilesFile {
        char *path;
        Profiles profiles;
} ProfilesFile;

#define PROFILES_FILE_NULL ((ProfilesFile){ .path = NULL })

static void profiles_file_deinit(ProfilesFile *file) {
        free(file->path);
        profiles_deinit(&file->profiles);
}

static int profiles_file_open(ProfilesFile *file) {
        Problem problem = PROBLEM_NULL;

        file->path = profiles_path(getenv("XDG_CONFIG_HOME"), getenv("HOME"));
        if (!file->path)
                return fail(EXIT_REFUSED, "neither HOME nor XDG_CONFIG_HOME says where the profiles are");
        if (profiles_load(file->path, &file->profiles, &problem))
                return fail(EXIT_REFUSED, "%s", problem.text);
        if (file->profiles.is_exposed)
                warn("others can read the token in %s; mend it with chmod 600", file->path);
        return EXIT_DONE;
}

static int profiles_file_save(const ProfilesFile *file) {
        Problem problem = PROBLEM_NULL;

        return profiles_save(file->path, &file->profiles, &problem) ? fail(EXIT_REFUSED, "%s", problem.text)
                                                                    : EXIT_DONE;
}

/* There is no such profile. */
static int refuse_name(const ProfilesFile *file, const char *name) {
        Guess guess = guess_begin(name);

        for (size_t i = 0; i < file->profiles.n_items; i++)
                guess_try(&guess, file->profiles.items[i].name);
        if (guess.found)
                return fail(EXIT_NOT_FOUND, "there is no profile %.64s; did you mean %s?", name, guess.found);
        return fail(EXIT_NOT_FOUND, "there is no profile %.64s", name);
}

/*
 * set
 */

/* Reads a line without showing it when somebody types it. */
static bool read_hidden_line(char *line, size_t size) {
        struct termios shown, hidden;
        bool is_typed = tcgetattr(STDIN_FILENO, &shown) == 0;
        bool is_read;

        if (is_typed) {
                (void)fputs("Token: ", stderr);
                hidden = shown;
                hidden.c_lflag &= ~(tcflag_t)ECHO;
                (void)tcsetattr(STDIN_FILENO, TCSAFLUSH, &hidden);
        }

        is_read = fgets(line, (int)size, stdin) != NULL;
        if (is_typed) {
                (void)tcsetattr(STDIN_FILENO, TCSAFLUSH, &shown);
                (void)fputc('\n', stderr);
        }
        return is_read;
}

static int read_token(char **ret_token) {
        char line[TOKEN_SIZE_MAX + 2];
        size_t size;

        if (!read_hidden_line(line, sizeof(line)))
                return fail(EXIT_REFUSED, "there is no token on the standard input");

        size = strcspn(line, "\r\n");
        if (size == 0 || size > TOKEN_SIZE_MAX)
                return fail(EXIT_REFUSED, "a token has 1 to %d bytes", TOKEN_SIZE_MAX);

        line[size] = '\0';
        for (const char *c = line; *c; c++)
                if (*c <= ' ' || *c > '~')
                        return fail(EXIT_REFUSED, "the token has signs that no token has");

        *ret_token = memory_copy(line);
        return EXIT_DONE;
}

int command_profile_set(const Invocation *invocation) {
        _cleanup_(profiles_file_deinit) ProfilesFile file = PROFILES_FILE_NULL;
        const char *name = invocation_argument(invocation, 0);
        _cleanup_(freep) char *server = NULL, *token = NULL;
        Problem problem = PROBLEM_NULL;
        int r;

        if (!profile_name_is_valid(name))
                return fail(EXIT_USAGE, "%.80s is no name of a profile: 1 to 64 of A-Z, a-z, 0-9 and ._-",
                            name);
        if (!invocation->options.server)
                return fail(EXIT_USAGE, "--server is missing: confer profile set %s --server URL", name);
        if (invocation->options.token)
                return fail(EXIT_USAGE, "a token is given with --token-stdin, where nobody else sees it");
        if (http_server_parse(invocation->options.server, &server, &problem))
                return fail(EXIT_USAGE, "%s", problem.text);

        r = profiles_file_open(&file);
        if (r == EXIT_DONE && invocation->options.token_stdin)
                r = read_token(&token);
        if (r)
                return r;

        profiles_set(&file.profiles, name, server, token);
        if (!file.profiles.current)
                file.profiles.current = memory_copy(name);
        return profiles_file_save(&file);
}

/*
 * list, use, delete
 */

static void profiles_print(const Profiles *profiles) {
        _cleanup_(text_table_deinit) TextTable table = TEXT_TABLE(" ", "PROFILE", "SERVER", "TOKEN");

        for (size_t i = 0; i < profiles->n_items; i++) {
                const Profile *profile = &profiles->items[i];
                bool is_current = profiles->current && strcmp(profiles->current, profile->name) == 0;

                text_table_add(&table, is_current ? "*" : " ");
                text_table_add(&table, profile->name);
                text_table_add(&table, profile->server);
                text_table_add(&table, profile->token ? "yes" : "no");
        }
        text_table_print(&table);
}

static void profiles_print_json(const Profiles *profiles) {
        json_auto_t *items = memory_had(json_array());

        for (size_t i = 0; i < profiles->n_items; i++) {
                const Profile *profile = &profiles->items[i];
                bool is_current = profiles->current && strcmp(profiles->current, profile->name) == 0;
                json_t *item =
                        json_pack("{s:s, s:s, s:b, s:b}", "name", profile->name, "server", profile->server,
                                  "has_token", profile->token != NULL, "is_current", is_current);

                if (json_array_append_new(items, memory_had(item)))
                        (void)memory_had(NULL);
        }
        print_json(items);
}

int command_profile_list(const Invocation *invocation) {
        _cleanup_(profiles_file_deinit) ProfilesFile file = PROFILES_FILE_NULL;
        int r;

        r = profiles_file_open(&file);
        if (r)
                return r;

        if (invocation->options.output == OUTPUT_JSON)
                profiles_print_json(&file.profiles);
        else
                profiles_print(&file.profiles);
        return EXIT_DONE;
}

int command_profile_use(const Invocation *invocation) {
        _cleanup_(profiles_file_deinit) ProfilesFile file = PROFILES_FILE_NULL;
        const char *name = invocation_argument(invocation, 0);
        int r;

        r = profiles_file_open(&file);
        if (r)
                return r;
        if (!profiles_find(&file.profiles, name))
                return refuse_name(&file, name);

        free(file.profiles.current);
        file.profiles.current = memory_copy(name);
        return profiles_file_save(&file);
}

int command_profile_delete(const Invocation *invocation) {
        _cleanup_(profiles_file_deinit) ProfilesFile file = PROFILES_FILE_NULL;
        const char *name = invocation_argument(invocation, 0);
        int r;

        r = profiles_file_open(&file);
        if (r)
                return r;
        if (!profiles_find(&file.profiles, name))
                return refuse_name(&file, name);

        profiles_remove(&file.profiles, name);
        return profiles_file_save(&file);
}
