/*
 * Which server is asked, and with which token.
 */
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "cli/guess.h"
#include "cli/http.h"
#include "cli/memory.h"
#include "cli/profile.h"
#include "cli/target.h"

void target_deinit(Target *target) {
        free(target->server);
        free(target->token);
        *target = TARGET_NULL;
}

static const char *nonempty(const char *text) {
        return text && *text ? text : NULL;
}

static int refuse_profile(const Profiles *profiles, const char *name, Problem *ret_problem) {
        Guess guess = guess_begin(name);

        for (size_t i = 0; i < profiles->n_items; i++)
                guess_try(&guess, profiles->items[i].name);
        if (guess.found)
                problem_set(ret_problem, NULL, "there is no profile %.64s; did you mean %.64s?", name,
                            guess.found);
        else
                problem_set(ret_problem, NULL, "there is no profile %.64s, see confer profile list", name);
        return TARGET_E_INVALID;
}

/* The profile that counts, or NULL. One that was named must be there. */
static int choose_profile(const Profiles *profiles, const char *named, const Profile **ret_profile,
                          Problem *ret_problem) {
        const char *name = named ? named : profiles->current;
        const Profile *profile = name ? profiles_find(profiles, name) : NULL;

        if (named && !profile)
                return refuse_profile(profiles, named, ret_problem);

        *ret_profile = profile;
        return 0;
}

static const char *choose_server(const Options *options, const TargetEnvironment *environment,
                                 const Profile *profile) {
        const char *variable = nonempty(environment->server);

        if (options->server)
                return options->server;
        if (profile && (options->profile || !variable))
                return profile->server;
        return variable ? variable : TARGET_DEFAULT_SERVER;
}

/* A file that somebody wrote by hand may have the URL in another form. */
static bool is_server_of(const Profile *profile, const char *server) {
        _cleanup_(freep) char *own = NULL;
        Problem problem;

        return http_server_parse(profile->server, &own, &problem) == 0 && strcmp(own, server) == 0;
}

static const char *choose_token(const Options *options, const TargetEnvironment *environment,
                                const Profile *profile, const char *server, bool *ret_is_profiles) {
        const char *variable = nonempty(environment->token), *own = NULL;

        if (profile && is_server_of(profile, server))
                own = profile->token;

        *ret_is_profiles = own && !options->token && (options->profile || !variable);
        return options->token ? options->token : *ret_is_profiles ? own : variable;
}

int target_choose(const Options *options, const TargetEnvironment *environment, Target *ret_target,
                  bool *ret_exposed, Problem *ret_problem) {
        _cleanup_(profiles_deinit) Profiles profiles = PROFILES_NULL;
        const char *named = options->profile ? options->profile : nonempty(environment->profile);
        _cleanup_(freep) char *server = NULL;
        const Profile *profile = NULL;
        bool is_profiles;
        int r;

        if (environment->profiles_path) {
                r = profiles_load(environment->profiles_path, &profiles, ret_problem);
                if (r)
                        return TARGET_E_INVALID;
        }
        r = choose_profile(&profiles, named, &profile, ret_problem);
        if (r)
                return r;

        r = http_server_parse(choose_server(options, environment, profile), &server, ret_problem);
        if (r)
                return TARGET_E_INVALID;

        ret_target->token = memory_copy(choose_token(options, environment, profile, server, &is_profiles));
        ret_target->server = server;
        server = NULL;
        *ret_exposed = is_profiles && profiles.is_exposed;
        return 0;
}
