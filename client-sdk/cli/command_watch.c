/*
 * watch: prints changes as they happen, or runs or signals a program.
 */
#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "cli/api.h"
#include "cli/commands.h"
#include "cli/file.h"
#include "cli/follow.h"
#include "cli/memory.h"
#include "cli/runner.h"
#include "cli/table.h"
#include "model/format.h"
#include "model/timestamp.h"

#define PID_FILE_MAX_BYTES 64

typedef struct Watch {
        const Options *options;
        Follow follow;
        Runner runner;
        int signal;       /* to send; 0: none */
        bool is_known;    /* the values in force have been heard; what comes now are changes */
        size_t n_changes; /* since they were acted on */
} Watch;

static const char *const kinds[] = {
        [CONFER_CHANGE_INITIAL] = "initial",
        [CONFER_CHANGE_UPDATED] = "updated",
        [CONFER_CHANGE_REMOVED] = "removed",
};

/* A value that appears after the others were heard is a change like any other. */
static const char *kind_of(const Watch *watch, const confer_change *change) {
        confer_change_kind kind = confer_change_get_kind(change);

        return kinds[kind == CONFER_CHANGE_INITIAL && watch->is_known ? CONFER_CHANGE_UPDATED : kind];
}

/*
 * Printing.
 */

static void print_text(const Watch *watch, const confer_change *change) {
        confer_value *value = confer_change_get_new(change);
        int64_t at_ms = value ? confer_value_get_updated_at_ms(value) : (int64_t)time(NULL) * 1000;
        _cleanup_(freep) char *when = time_for_people_ms(at_ms), *comment = NULL, *by = NULL;

        printf("%s  %s  %s", when, confer_change_get_key(change), kind_of(watch, change));
        if (value) {
                comment = text_tame(confer_value_get_comment(value));
                by = text_tame(confer_value_get_updated_by(value));
                printf("  version %" PRId64 "%s  %s  %s", confer_value_get_version(value),
                       confer_value_is_gray(value) ? ", gray" : "", confer_value_get_namespace(value), by);
                if (*comment)
                        printf("  %s", comment);
        }
        (void)putchar('\n');

        if (value && watch->options->content) {
                size_t size;
                const char *content = confer_value_content(value, &size);

                (void)fwrite(content, 1, size, stdout);
                if (size && content[size - 1] != '\n')
                        (void)putchar('\n');
        }
}

static void set_gray(json_t *config, int rule) {
        if (json_object_set_new(config, "gray", json_true()) ||
            json_object_set_new(config, "rule", json_integer(rule)))
                (void)memory_had(NULL);
}

/* The fields that GET has, in its order. */
static json_t *value_to_json(const confer_value *value) {
        _cleanup_(buf_deinit) Buf at = BUF_NULL;
        _cleanup_(freep) char *time = NULL;
        const char *content;
        json_t *config;
        size_t size;

        content = confer_value_content(value, &size);
        timestamp_append(&at, confer_value_get_updated_at_ms(value));
        time = memory_take(&at);
        config = memory_had(json_pack("{s:s, s:s, s:I, s:I, s:s, s:s%, s:s, s:s, s:s, s:s}", "namespace",
                                      confer_value_get_namespace(value), "key", confer_value_get_key(value),
                                      "version", (json_int_t)confer_value_get_version(value), "revision",
                                      (json_int_t)confer_value_get_revision(value), "format",
                                      format_to_string((Format)confer_value_get_format(value)), "content",
                                      content, size, "sha256", confer_value_get_sha256(value), "updated_at",
                                      time, "updated_by", confer_value_get_updated_by(value), "comment",
                                      confer_value_get_comment(value)));
        if (confer_value_is_gray(value))
                set_gray(config, confer_value_get_rule(value));
        return config;
}

static void print_change_json(const Watch *watch, const confer_change *change) {
        const confer_value *value = confer_change_get_new(change);
        json_t *config = value ? value_to_json(value) : json_null();
        json_auto_t *line = NULL;

        line = memory_had(json_pack("{s:s, s:s, s:s, s:o}", "kind", kind_of(watch, change), "namespace",
                                    confer_change_get_namespace(change), "key", confer_change_get_key(change),
                                    "config", config));
        print_json_line(line);
}

/* Who reads the lines wants each at once; when nobody does any more, that is the end. */
static void flush_lines(Watch *watch) {
        if (fflush(stdout) == 0 && !ferror(stdout))
                return;

        clearerr(stdout);
        watch->follow.code = fail(EXIT_REFUSED, "the standard output: %s", strerror(errno));
}

/*
 * Acting.
 */

static void send_signal(const Watch *watch) {
        _cleanup_(buf_deinit) Buf text = BUF_NULL;
        _cleanup_(freep) char *line = NULL;
        const char *path = watch->options->pid_file;
        char *end = NULL;
        long pid;
        int r;

        r = file_read(path, PID_FILE_MAX_BYTES, &text);
        if (r < 0) {
                warn("%s: %s; nothing is signalled", path, strerror(-r));
                return;
        }

        line = memory_take(&text);
        pid = strtol(line, &end, 10);
        if (end == line || end[strspn(end, " \t\r\n")] || pid <= 1 || pid != (pid_t)pid)
                warn("%s has no number of a process; nothing is signalled", path);
        else if (kill((pid_t)pid, watch->signal) < 0)
                warn("process %ld: %s", pid, strerror(errno));
        else
                note("process %ld is sent SIG%s", pid, sigabbrev_np(watch->signal));
}

/* What the command is told of the change. */
static void set_change(Watch *watch, const confer_change *change) {
        const confer_value *value = confer_change_get_new(change);

        runner_set(&watch->runner, "CONFER_CHANGE_NAMESPACE", confer_change_get_namespace(change));
        runner_set(&watch->runner, "CONFER_CHANGE_KEY", confer_change_get_key(change));
        runner_set(&watch->runner, "CONFER_CHANGE_KIND", kind_of(watch, change));
        if (value) {
                _cleanup_(freep) char *version = memory_format("%" PRId64, confer_value_get_version(value));

                runner_set(&watch->runner, "CONFER_CHANGE_VERSION", version);
        } else {
                runner_set(&watch->runner, "CONFER_CHANGE_VERSION", "");
        }
}

static void on_change(_unused_ confer_client *client, confer_change *change, void *context) {
        Watch *watch = context;

        watch->n_changes++;
        if (watch->options->exec)
                set_change(watch, change);
        if (watch->options->exec || watch->signal)
                return;

        if (watch->options->output == OUTPUT_JSON)
                print_change_json(watch, change);
        else
                print_text(watch, change);
        flush_lines(watch);
}

/* Changes that came together are acted on once. */
static void act(Watch *watch) {
        if (watch->n_changes == 0)
                return;

        watch->n_changes = 0;
        if (watch->options->exec)
                runner_run(&watch->runner);
        if (watch->signal)
                send_signal(watch);
}

/*
 * The command.
 */

static int check_options(Watch *watch, const Invocation *invocation) {
        const Options *options = watch->options;
        int r;

        if (!options->signal != !options->pid_file)
                return fail(EXIT_USAGE, "--signal and --pid-file belong together");
        if (options->signal) {
                watch->signal = signal_from_string(options->signal);
                if (!watch->signal)
                        return fail(EXIT_USAGE, "--signal: there is no signal %.48s", options->signal);
        }

        r = api_check_namespace(watch->follow.namespace_);
        for (size_t i = 1; r == EXIT_DONE && i < invocation->n_arguments; i++)
                r = api_check_key(invocation_argument(invocation, i));
        return r;
}

static int watch_run(Watch *watch) {
        Follow *follow = &watch->follow;
        int r;

        r = follow_start(follow, watch->options, "confer watch");
        if (r == EXIT_DONE)
                r = follow_listen(follow, on_change, watch);
        if (r || follow->signals.end)
                return r;

        watch->is_known = true;
        watch->n_changes = 0;
        if (watch->options->exec)
                runner_run(&watch->runner);
        while (follow->code == EXIT_DONE &&
               follow_step(follow, runner_timeout_ms(&watch->runner), watch->runner.child.fd)) {
                runner_step(&watch->runner);
                act(watch);
        }

        return follow->code;
}

int command_watch(const Invocation *invocation) {
        Watch watch = {
                .options = &invocation->options,
                .follow = FOLLOW_NULL,
                .runner = RUNNER_NULL,
        };
        int r;

        watch.follow.namespace_ = invocation_argument(invocation, 0);
        watch.follow.keys = invocation->arguments + 1;
        watch.follow.n_keys = invocation->n_arguments - 1;
        watch.follow.is_patient = true;
        watch.runner.argv = invocation->options.exec;

        r = check_options(&watch, invocation);
        if (r == EXIT_DONE)
                r = watch_run(&watch);
        runner_end(&watch.runner);
        if (r == EXIT_DONE && invocation->options.exec)
                r = watch.runner.status;
        follow_deinit(&watch.follow);
        runner_deinit(&watch.runner);
        return r;
}
