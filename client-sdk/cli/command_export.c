/*
 * export: the configs of a namespace become files.
 *
 * Everything is fetched and looked at before the first file is written.
 */
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <string.h>
#include <sys/stat.h>

#include "cli/api.h"
#include "cli/commands.h"
#include "cli/file.h"
#include "cli/memory.h"
#include "cli/table.h"
#include "cli/tree.h"

#define NEW_DIRECTORY_MODE 0777 /* less what umask takes */

typedef struct Export {
        const Options *options;
        const char *directory;
        json_t *configs; /* by key: {path, content} */
        size_t n_faults;
        size_t n_written;
        size_t n_unchanged;
} Export;

/* Takes what has a version in force. Of one key the nearest comes first. */
static int on_configs(void *context, json_t *items) {
        Export *export = context;
        json_t *item;
        size_t i;

        json_array_foreach(items, i, item) {
                const char *key = json_string_value(json_object_get(item, "key")), *fault = NULL;
                _cleanup_(freep) char *path = NULL;
                json_t *config;

                if (!key || json_is_null(json_object_get(item, "version")) ||
                    json_object_get(export->configs, key))
                        continue;

                path = tree_path_from_key(key, &fault);
                if (!path) {
                        warn("%s cannot be a file: %s", key, fault);
                        export->n_faults++;
                        continue;
                }

                config = json_pack("{s:s, s:O}", "path", path, "content", json_object_get(item, "content"));
                if (json_object_set_new(export->configs, key, memory_had(config)))
                        (void)memory_had(NULL);
        }

        return EXIT_DONE;
}

static int fetch(Export *export, const char *namespace_) {
        _cleanup_(api_closep) Api *api = NULL;
        _cleanup_(buf_deinit) Buf path = BUF_NULL;
        int r;

        r = api_open(export->options, &api);
        if (r)
                return r;

        api_path(&path, "namespaces", namespace_, "configs");
        api_query_flag(&path, "content", true);
        api_query_flag(&path, "inherit", export->options->inherit);
        r = api_each_page(api, &path, 0, on_configs, export);
        if (r)
                return r;

        if (export->n_faults && !export->options->skip)
                return fail(EXIT_REFUSED, "nothing is exported; --skip leaves out what cannot be a file");
        return EXIT_DONE;
}

static int open_directory(const char *directory, int *ret_fd) {
        if (mkdir(directory, NEW_DIRECTORY_MODE) < 0 && errno != EEXIST)
                return fail(EXIT_REFUSED, "%s: %s", directory, strerror(errno));

        *ret_fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        return *ret_fd < 0 ? fail(EXIT_REFUSED, "%s: %s", directory, strerror(errno)) : EXIT_DONE;
}

static int write_one(Export *export, int top, json_t *config) {
        const char *path = json_string_value(json_object_get(config, "path"));
        json_t *text = json_object_get(config, "content");
        Span content = { json_string_value(text), json_string_length(text) };
        int r;

        if (file_is(top, path, content)) {
                export->n_unchanged++;
                return EXIT_DONE;
        }

        r = tree_make_directories(top, path);
        if (r == 0)
                r = file_replace(top, path, content, FILE_MODE_KEEP);
        if (r < 0)
                return fail(EXIT_REFUSED, "%s/%s: %s", export->directory, path, strerror(-r));
        export->n_written++;
        return EXIT_DONE;
}

static int write_all(Export *export) {
        _cleanup_(file_closep) int top = -1;
        const char *key;
        json_t *config;
        int r;

        r = open_directory(export->directory, &top);
        if (r)
                return r;

        json_object_foreach(export->configs, key, config) {
                r = write_one(export, top, config);
                if (r)
                        return r;
        }

        return EXIT_DONE;
}

int command_export(const Invocation *invocation) {
        const char *namespace_ = invocation_argument(invocation, 0);
        json_auto_t *configs = memory_had(json_object());
        Export export = {
                .options = &invocation->options,
                .directory = invocation_argument(invocation, 1),
                .configs = configs,
        };
        int r;

        r = api_check_namespace(namespace_);
        if (r == EXIT_DONE)
                r = fetch(&export, namespace_);
        if (r == EXIT_DONE)
                r = write_all(&export);
        if (r)
                return r;

        if (export.options->output == OUTPUT_JSON) {
                json_auto_t *counts =
                        json_pack("{s:I, s:I, s:I}", "written", (json_int_t) export.n_written, "unchanged",
                                  (json_int_t) export.n_unchanged, "left_out", (json_int_t) export.n_faults);
                print_json(memory_had(counts));
        } else {
                note("%zu written, %zu unchanged, %zu left out", export.n_written, export.n_unchanged,
                     export.n_faults);
        }
        return EXIT_DONE;
}
