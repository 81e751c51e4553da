/*
 * render: keeps the files of a directory as the configs of a namespace are.
 *
 *      DIR/a/b.yaml             the config a:b.yaml
 *      DIR/.confer/files.json   which files render has written, and of which namespace
 *      DIR/.confer/new/a:b.yaml a new file, while it is written and checked
 *      DIR/.confer/lock         held while render runs: a directory has one
 *
 * Invariants:
 * 1. A file is only ever replaced as a whole, by a content that the check command has agreed to.
 * 2. Only files that render has written are removed, and only when the server has said that the config is
 *    gone. A namespace that is suddenly without any config at all removes nothing at the start: an empty
 *    server that took the place of another is likelier.
 */
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/api.h"
#include "cli/commands.h"
#include "cli/file.h"
#include "cli/follow.h"
#include "cli/memory.h"
#include "cli/tree.h"
#include "model/problem.h"

#define STATE_DIRECTORY    ".confer"
#define FILES_NAME         "files.json"
#define FILES_MAX_BYTES    (64UL * 1024 * 1024) /* a quarter of a million keys of the greatest length */
#define CHECK_TIMEOUT_MS   60000
#define RELOAD_TIMEOUT_MS  60000
#define NEW_DIRECTORY_MODE 0777 /* less what umask takes */

typedef struct Render {
        const Options *options;
        const char *directory;
        Follow follow;
        int top;   /* DIR */
        int state; /* DIR/.confer */
        int fresh; /* DIR/.confer/new */
        int lock;
        json_t *files;        /* by key: what render has written, and true once it was heard of in this run */
        size_t n_faults;      /* configs that could not be made files */
        bool are_files_dirty; /* files.json is older than files */
        bool is_reload_due;
        int64_t reload_at_ms;
        bool is_reload_failed;
} Render;

static void render_deinit(Render *render) {
        follow_deinit(&render->follow);
        json_decref(render->files);
        file_closep(&render->fresh);
        file_closep(&render->state);
        file_closep(&render->lock);
        file_closep(&render->top);
}

/*
 * The list of files.
 */

static int read_files(Render *render) {
        const char *namespace_ = render->options->namespace_, *before;
        _cleanup_(buf_deinit) Buf text = BUF_NULL;
        json_auto_t *root = NULL;
        json_t *key;
        size_t i;
        int r;

        r = file_read_at(render->state, FILES_NAME, FILES_MAX_BYTES, &text);
        if (r == -ENOENT)
                return EXIT_DONE;
        if (r < 0)
                return fail(EXIT_REFUSED, "%s/" STATE_DIRECTORY "/" FILES_NAME ": %s", render->directory,
                            strerror(-r));

        root = json_loadb(buf_span(&text).data, text.size, 0, NULL);
        before = json_string_value(json_object_get(root, "namespace"));
        if (!before)
                return fail(EXIT_REFUSED, "%s/" STATE_DIRECTORY "/" FILES_NAME " is damaged; remove it",
                            render->directory);
        if (strcmp(before, namespace_) != 0)
                return fail(EXIT_REFUSED, "%s has the files of the namespace %s, not of %s",
                            render->directory, before, namespace_);

        json_array_foreach(json_object_get(root, "keys"), i, key) {
                if (json_is_string(key) &&
                    json_object_set_new(render->files, json_string_value(key), json_false()))
                        (void)memory_had(NULL);
        }
        return EXIT_DONE;
}

static void write_files(Render *render) {
        json_auto_t *keys = memory_had(json_array()), *root = NULL;
        _cleanup_(freep) char *text = NULL;
        const char *key;
        json_t *value;
        int r;

        if (!render->are_files_dirty)
                return;

        json_object_foreach(render->files, key, value) {
                if (json_array_append_new(keys, json_string(key)))
                        (void)memory_had(NULL);
        }
        root = memory_had(json_pack("{s:s, s:O}", "namespace", render->options->namespace_, "keys", keys));
        text = memory_had(json_dumps(root, JSON_INDENT(1)));
        r = file_replace(render->state, FILES_NAME, span_from_string(text), FILE_MODE_KEEP);
        if (r < 0)
                warn("%s/" STATE_DIRECTORY "/" FILES_NAME ": %s", render->directory, strerror(-r));
        render->are_files_dirty = r < 0;
}

static void remember(Render *render, const char *key) {
        if (!json_object_get(render->files, key))
                render->are_files_dirty = true;
        if (json_object_set_new(render->files, key, json_true()))
                (void)memory_had(NULL);
}

/*
 * Opening.
 */

static int open_directory(int above, const char *name, int *ret_fd) {
        if (mkdirat(above, name, NEW_DIRECTORY_MODE) < 0 && errno != EEXIST)
                return -errno;

        *ret_fd = openat(above, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        return *ret_fd < 0 ? -errno : 0;
}

static int lock_directory(Render *render) {
        render->lock = openat(render->state, "lock", O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
        if (render->lock < 0)
                return fail(EXIT_REFUSED, "%s/" STATE_DIRECTORY "/lock: %s", render->directory,
                            strerror(errno));
        if (flock(render->lock, LOCK_EX | LOCK_NB) < 0)
                return fail(EXIT_REFUSED, "another confer render keeps %s", render->directory);
        return EXIT_DONE;
}

static int open_all(Render *render) {
        int r;

        r = open_directory(AT_FDCWD, render->directory, &render->top);
        if (r == 0)
                r = open_directory(render->top, STATE_DIRECTORY, &render->state);
        if (r == 0)
                r = open_directory(render->state, "new", &render->fresh);
        if (r < 0)
                return fail(EXIT_REFUSED, "%s: %s", render->directory, strerror(-r));

        r = lock_directory(render);
        return r ? r : read_files(render);
}

/*
 * One file.
 */

/* Tells people and, through @change, the server why a config is not what its file is. */
static _printf_(4, 5) void refuse(Render *render, const char *key, confer_change *change, const char *format,
                                  ...) {
        char reason[PROBLEM_TEXT_MAX];
        va_list args;

        va_start(args, format);
        (void)vsnprintf(reason, sizeof(reason), format, args);
        va_end(args);
        warn("%s: %s; the file stays as it is", key, reason);
        confer_change_refuse(change, reason);
        render->n_faults++;
}

/* Return: whether the check command agrees with the new file. */
static bool check(Render *render, const char *key, confer_change *change) {
        _cleanup_(freep) char *path = NULL, *variable = memory_format("CONFER_CHANGE_KEY=%s", key);
        char *additions[] = { variable, NULL };
        Child child = CHILD_NULL;
        int status = 0, r;

        if (!render->options->check)
                return true;

        path = memory_format("%s/" STATE_DIRECTORY "/new/%s", render->directory, key);
        r = child_start_shell(&child, render->options->check, path, additions);
        if (r < 0) {
                refuse(render, key, change, "the check command cannot be run: %s", strerror(-r));
                return false;
        }

        r = child_wait(&child, &render->follow.signals, CHECK_TIMEOUT_MS, &status);
        if (r == CHILD_E_INTERRUPTED)
                return false;
        if (r == CHILD_E_TIMEOUT)
                refuse(render, key, change, "the check command takes longer than %d s",
                       CHECK_TIMEOUT_MS / 1000);
        else if (status != 0)
                refuse(render, key, change, "the check command ended with status %d", status);
        return r == 0 && status == 0;
}

/* The permissions of the file that is replaced. */
static mode_t mode_of(int top, const char *path) {
        struct stat status;

        if (fstatat(top, path, &status, AT_SYMLINK_NOFOLLOW) < 0 || !S_ISREG(status.st_mode))
                return FILE_MODE_KEEP;
        return status.st_mode & 07777;
}

static void put_in_place(Render *render, const char *key, const char *path, confer_change *change) {
        int r;

        r = tree_make_directories(render->top, path);
        if (r == 0)
                r = file_move(render->fresh, key, render->top, path);
        if (r < 0) {
                refuse(render, key, change, "%s", strerror(-r));
                return;
        }

        note("%s is version %lld", path, (long long)confer_value_get_version(confer_change_get_new(change)));
        remember(render, key);
        render->is_reload_due = true;
}

static void write_one(Render *render, const char *key, const char *path, Span content,
                      confer_change *change) {
        int r;

        if (file_is(render->top, path, content)) {
                remember(render, key);
                return;
        }

        r = file_write(render->fresh, key, content, mode_of(render->top, path));
        if (r < 0) {
                refuse(render, key, change, "%s", strerror(-r));
                return;
        }

        if (check(render, key, change))
                put_in_place(render, key, path, change);
        (void)unlinkat(render->fresh, key, 0);
}

static void remove_one(Render *render, const char *key) {
        const char *fault;
        _cleanup_(freep) char *path = tree_path_from_key(key, &fault);

        if (!path || !json_object_get(render->files, key))
                return;
        if (unlinkat(render->top, path, 0) < 0 && errno != ENOENT) {
                warn("%s/%s cannot be removed: %s", render->directory, path, strerror(errno));
                return;
        }

        note("%s is removed", path);
        (void)json_object_del(render->files, key);
        render->are_files_dirty = true;
        render->is_reload_due = true;
}

static void on_change(_unused_ confer_client *client, confer_change *change, void *context) {
        const char *key = confer_change_get_key(change), *fault = NULL;
        confer_value *value = confer_change_get_new(change);
        _cleanup_(freep) char *path = NULL;
        Render *render = context;
        Span content;

        if (render->follow.signals.end)
                return;
        if (!value) {
                remove_one(render, key);
                return;
        }

        /* What is refused below is still there: its old file is no leftover. */
        if (json_object_get(render->files, key))
                remember(render, key);
        path = tree_path_from_key(key, &fault);
        if (!path) {
                refuse(render, key, change, "%s", fault);
                return;
        }

        content.data = confer_value_content(value, &content.size);
        write_one(render, key, path, content, change);
}

/*
 * After the changes.
 */

/* Removes what was written in an earlier run and is no config any more. */
static void remove_leftovers(Render *render) {
        size_t n_known = 0, n = json_object_size(render->files);
        const char *key;
        json_t *is_known;
        void *next;

        json_object_foreach(render->files, key, is_known) {
                n_known += json_is_true(is_known);
        }
        if (n_known == 0 && n > 0) {
                warn("%s has no configs at all, where it had %zu: their files stay",
                     render->options->namespace_, n);
                return;
        }

        json_object_foreach_safe(render->files, next, key, is_known) {
                if (!json_is_true(is_known))
                        remove_one(render, key);
        }
}

static int64_t splay_ms(const Render *render) {
        uint64_t random = 0;

        if (render->options->splay_ms == 0 || getrandom(&random, sizeof(random), 0) != sizeof(random))
                return 0;
        return (int64_t)(random % (uint64_t)(render->options->splay_ms + 1));
}

/* The first change sets the time; those that come before it go with it. */
static void schedule_reload(Render *render) {
        if (!render->options->reload)
                render->is_reload_due = false;
        else if (render->is_reload_due && render->reload_at_ms == 0)
                render->reload_at_ms = monotonic_ms() + splay_ms(render);
}

static int64_t reload_timeout_ms(const Render *render) {
        return render->reload_at_ms ? MAX(render->reload_at_ms - monotonic_ms(), INT64_C(0)) : -1;
}

static void reload(Render *render) {
        Child child = CHILD_NULL;
        int status = 0, r;

        if (render->reload_at_ms == 0 || monotonic_ms() < render->reload_at_ms)
                return;

        render->is_reload_due = false;
        render->reload_at_ms = 0;
        render->is_reload_failed = true;
        r = child_start_shell(&child, render->options->reload, NULL, NULL);
        if (r < 0) {
                warn("the reload command cannot be run: %s", strerror(-r));
                return;
        }

        r = child_wait(&child, &render->follow.signals, RELOAD_TIMEOUT_MS, &status);
        if (r == CHILD_E_TIMEOUT)
                warn("the reload command takes longer than %d s", RELOAD_TIMEOUT_MS / 1000);
        else if (r == 0 && status != 0)
                warn("the reload command ended with status %d", status);
        render->is_reload_failed = r != 0 || status != 0;
}

static void finish_changes(Render *render) {
        write_files(render);
        schedule_reload(render);
        if (!render->follow.signals.end)
                reload(render);
}

/*
 * The command.
 */

static bool is_over(const Render *render) {
        return render->options->once && !render->is_reload_due;
}

static int render_run(Render *render) {
        Follow *follow = &render->follow;
        int r;

        r = open_all(render);
        if (r == EXIT_DONE)
                r = follow_start(follow, render->options, "confer render");
        if (r == EXIT_DONE)
                r = follow_listen(follow, on_change, render);
        if (r)
                return r;

        /* A signal may have cut the hearing short: what was not heard of is no leftover then. */
        if (!follow->signals.end)
                remove_leftovers(render);
        finish_changes(render);
        while (follow->code == EXIT_DONE && !is_over(render) &&
               follow_step(follow, reload_timeout_ms(render), -1))
                finish_changes(render);

        if (follow->code)
                return follow->code;
        return render->options->once && (render->n_faults || render->is_reload_failed) ? EXIT_REFUSED
                                                                                       : EXIT_DONE;
}

int command_render(const Invocation *invocation) {
        const Options *options = &invocation->options;
        _cleanup_(render_deinit) Render render = {
                .options = options,
                .directory = invocation_argument(invocation, 0),
                .follow = FOLLOW_NULL,
                .top = -1,
                .state = -1,
                .fresh = -1,
                .lock = -1,
        };
        int r;

        if (!options->namespace_)
                return fail(EXIT_USAGE, "--namespace is missing: confer render %s --namespace NS",
                            render.directory);
        r = api_check_namespace(options->namespace_);
        if (r)
                return r;

        render.files = memory_had(json_object());
        render.follow.namespace_ = options->namespace_;
        render.follow.is_patient = !options->once;
        return render_run(&render);
}
