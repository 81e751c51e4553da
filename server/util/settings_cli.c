/*
 * The command line and the environment, and the order in which all places are read.
 *
 * The command line is taken apart first, since it chooses the mode and names the file; its values are set
 * last, since they win. A name that nobody knows is refused everywhere, a CONFER_* variable too: it is most
 * likely a typing error, and a server that runs with a default in its stead is found out late. Variables of
 * others that share the prefix are left alone.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "model/macros.h"
#include "util/settings_internal.h"

#define VARIABLE_PREFIX "CONFER_"
#define VARIABLE_CONFIG "CONFER_CONFIG"

/* What the arguments say. The strings are borrowed from argv. */
typedef struct CommandLine {
        const SettingsOption *mode; /* NULL is to serve */
        const char *mode_file;
        const char *config;
        const char *values[SETTINGS_MAX]; /* by row of the table, NULL when not given */
} CommandLine;

/* One flag and where to go on: --name=value, --name value or --name. */
typedef struct Flag {
        Span written; /* --name */
        const char *value;
        bool is_joined; /* by an equals sign */
} Flag;

static const SettingsOrigin from_flag = { SETTINGS_FLAG, 0 };
static const SettingsOrigin from_environment = { SETTINGS_ENVIRONMENT, 0 };

static int refuse_flag(Flag flag, Problem *ret_problem, const char *text) {
        return settings_refuse(NULL, from_flag, settings_shown(flag.written).text, ret_problem, "%s", text);
}

/*
 * Takes --name or --name=value apart. The argument after it becomes the value of the former, unless it is a
 * flag itself: then a value was forgotten. Who means a value that begins with two dashes writes --name=value.
 */
static Flag flag_split(const char *argument, const char *next) {
        const char *equals = strchr(argument, '=');

        if (equals)
                return (Flag){ { argument, (size_t)(equals - argument) }, equals + 1, true };
        if (next && strncmp(next, "--", 2) == 0)
                next = NULL;
        return (Flag){ span_from_string(argument), next, false };
}

static const SettingsOption *option_find(Span written) {
        char label[SETTINGS_LABEL_MAX];
        const SettingsOption *options;
        size_t n;

        options = settings_options(&n);
        for (size_t i = 0; i < n; i++) {
                settings_label(options[i].name, SETTINGS_FLAG, label);
                if (span_equal_string(written, label))
                        return &options[i];
        }

        return NULL;
}

static int value_take(Flag flag, const char **value, Problem *ret_problem) {
        if (!flag.value)
                return refuse_flag(flag, ret_problem, "needs a value");
        if (*value)
                return refuse_flag(flag, ret_problem, "is given twice");

        *value = flag.value;
        return 0;
}

static int mode_take(CommandLine *line, const SettingsOption *option, Flag flag, Problem *ret_problem) {
        if (line->mode == option)
                return refuse_flag(flag, ret_problem, "is given twice");
        if (line->mode) {
                char label[SETTINGS_LABEL_MAX];

                settings_label(line->mode->name, SETTINGS_FLAG, label);
                return settings_refuse(NULL, from_flag, settings_shown(flag.written).text, ret_problem,
                                       "does not go together with %s", label);
        }

        line->mode = option;
        return 0;
}

static int option_take(CommandLine *line, const SettingsOption *option, Flag flag, Problem *ret_problem) {
        const char **value = option->mode == INVOCATION_SERVE ? &line->config : &line->mode_file;
        int r = 0;

        if (!option->argument && flag.is_joined)
                return refuse_flag(flag, ret_problem, "takes no value");
        if (option->argument && flag.value && !*flag.value)
                return refuse_flag(flag, ret_problem, "must not be empty");

        if (option->mode != INVOCATION_SERVE)
                r = mode_take(line, option, flag, ret_problem);
        if (r)
                return r;

        return option->argument ? value_take(flag, value, ret_problem) : 0;
}

/* Takes the flag at @argument, and says in @ret_taken how many arguments it was. */
static int flag_take(CommandLine *line, const char *argument, const char *next, int *ret_taken,
                     Problem *ret_problem) {
        Flag flag = flag_split(argument, next);
        const SettingsOption *option = option_find(flag.written);
        const Setting *setting = settings_find(flag.written, SETTINGS_FLAG);
        int r;

        if (option)
                r = option_take(line, option, flag, ret_problem);
        else if (setting)
                r = value_take(flag, &line->values[settings_row(setting)], ret_problem);
        else
                r = settings_refuse_unknown(NULL, from_flag, flag.written, ret_problem);
        if (r)
                return r;

        *ret_taken = flag.is_joined || (option && !option->argument) ? 1 : 2;
        return 0;
}

static int command_line_parse(int argc, char *const *argv, CommandLine *ret_line, Problem *ret_problem) {
        CommandLine line = { .mode = NULL };
        int taken;

        for (int i = 1; i < argc; i += taken) {
                int r;

                if (argv[i][0] != '-')
                        return settings_refuse(NULL, from_flag, "", ret_problem,
                                               "\"%s\" is no flag, and conferd takes nothing else",
                                               settings_shown(span_from_string(argv[i])).text);

                r = flag_take(&line, argv[i], i + 1 < argc ? argv[i + 1] : NULL, &taken, ret_problem);
                if (r)
                        return r;
        }

        *ret_line = line;
        return 0;
}

/*
 * The environment.
 */

static bool name_has(Span name, const char *part) {
        return memmem(name.data, name.size, part, strlen(part)) != NULL;
}

static bool name_ends_in(Span name, const char *end) {
        size_t size = strlen(end);

        return name.size >= size && memcmp(name.data + name.size - size, end, size) == 0;
}

/*
 * Is it a variable that Kubernetes makes in every pod for a service whose name begins with "confer"? They are
 * CONFER_SERVICE_HOST, CONFER_SERVICE_PORT, CONFER_PORT=tcp://10.0.0.7:8750, CONFER_PORT_8750_TCP_ADDR and
 * their like. Nobody has typed them, so that nobody has mistyped them.
 */
static bool is_service_link(Span name, const char *value) {
        if (name_has(name, "_SERVICE_HOST") || name_has(name, "_SERVICE_PORT"))
                return true;
        if (name_has(name, "_PORT_"))
                return name_has(name, "_TCP") || name_has(name, "_UDP") || name_has(name, "_SCTP");

        return name_ends_in(name, "_PORT") && strstr(value, "://");
}

/* Is it a variable of the client confer? Whoever uses it where the server runs has them for both. */
static bool is_of_client(Span name) {
        static const char *const names[] = { "CONFER_PROFILE", "CONFER_SERVER", "CONFER_TOKEN" };

        for (size_t i = 0; i < ARRAY_SIZE(names); i++)
                if (span_equal_string(name, names[i]))
                        return true;

        return false;
}

/* Is it a secret of a mirror? Which mirrors there are is for their file to say, see mirrors_file.h. */
static bool is_of_mirror(Span name) {
        return span_starts_with(name, SPAN_LITERAL("CONFER_MIRROR_")) &&
               (name_ends_in(name, "_PASSWORD") || name_ends_in(name, "_SECRET"));
}

static int variable_read(Settings *settings, Span name, const char *value, Problem *ret_problem) {
        const Setting *setting = settings_find(name, SETTINGS_ENVIRONMENT);

        if (setting)
                return settings_set(settings, setting, span_from_string(value), from_environment,
                                    ret_problem);
        if (span_equal_string(name, VARIABLE_CONFIG) || is_of_client(name) || is_of_mirror(name) ||
            is_service_link(name, value))
                return 0;
        return settings_refuse_unknown(settings, from_environment, name, ret_problem);
}

/*
 * settings_read_environment() - sets what the CONFER_* variables say
 *
 * Returns 0, SETTINGS_E_INVALID or -ENOMEM.
 */
int settings_read_environment(Settings *settings, char *const *environment, Problem *ret_problem) {
        for (; *environment; environment++) {
                const char *equals = strchr(*environment, '=');
                int r;

                if (!equals || strncmp(*environment, VARIABLE_PREFIX, sizeof(VARIABLE_PREFIX) - 1) != 0)
                        continue;

                r = variable_read(settings, (Span){ *environment, (size_t)(equals - *environment) },
                                  equals + 1, ret_problem);
                if (r)
                        return r;
        }

        return 0;
}

static const char *config_from_environment(char *const *environment) {
        const size_t size = sizeof(VARIABLE_CONFIG) - 1;

        for (; *environment; environment++)
                if (strncmp(*environment, VARIABLE_CONFIG, size) == 0 && (*environment)[size] == '=')
                        return *environment + size + 1;

        return NULL;
}

/*
 * All places together.
 */

static int flags_apply(Settings *settings, const CommandLine *line, Problem *ret_problem) {
        const Setting *table;
        size_t n;

        table = settings_table(&n);
        for (size_t i = 0; i < n; i++) {
                int r;

                if (!line->values[i])
                        continue;

                r = settings_set(settings, &table[i], span_from_string(line->values[i]), from_flag,
                                 ret_problem);
                if (r)
                        return r;
        }

        return 0;
}

static int file_apply(Settings *settings, const CommandLine *line, char *const *environment,
                      Problem *ret_problem) {
        const char *path = line->config ? line->config : config_from_environment(environment);

        if (!path)
                return 0;
        if (!*path)
                return settings_refuse(settings, from_environment, VARIABLE_CONFIG, ret_problem,
                                       "must not be empty");
        return settings_read_file(settings, path, ret_problem);
}

static int places_apply(Settings *settings, const CommandLine *line, char *const *environment,
                        Problem *ret_problem) {
        int r;

        r = file_apply(settings, line, environment, ret_problem);
        if (r)
                return r;

        r = settings_read_environment(settings, environment, ret_problem);
        if (r)
                return r;

        r = flags_apply(settings, line, ret_problem);
        if (r)
                return r;

        return settings_check(settings, ret_problem);
}

static bool mode_needs_settings(InvocationMode mode) {
        return mode != INVOCATION_HELP && mode != INVOCATION_VERSION && mode != INVOCATION_MANUAL;
}

static int invocation_init(Invocation *ret_invocation, const CommandLine *line) {
        Invocation invocation = INVOCATION_NULL;

        if (line->mode)
                invocation.mode = line->mode->mode;
        if (line->mode_file) {
                invocation.file = strdup(line->mode_file);
                if (!invocation.file)
                        return -ENOMEM;
        }

        *ret_invocation = invocation;
        return 0;
}

void invocation_deinit(Invocation *invocation) {
        free(invocation->file);
        *invocation = INVOCATION_NULL;
}

int settings_load(int argc, char *const *argv, char *const *environment, Settings *ret_settings,
                  Invocation *ret_invocation, Problem *ret_problem) {
        _cleanup_(settings_deinit) Settings settings = SETTINGS_NULL;
        _cleanup_(invocation_deinit) Invocation invocation = INVOCATION_NULL;
        CommandLine line = { .mode = NULL };
        int r;

        r = command_line_parse(argc, argv, &line, ret_problem);
        if (r)
                return r;

        r = invocation_init(&invocation, &line);
        if (r)
                return r;

        r = settings_init(&settings);
        if (r)
                return r;

        if (mode_needs_settings(invocation.mode)) {
                r = places_apply(&settings, &line, environment, ret_problem);
                if (r)
                        return r;
        }

        *ret_settings = settings;
        *ret_invocation = invocation;
        settings = SETTINGS_NULL;
        invocation = INVOCATION_NULL;
        return 0;
}
