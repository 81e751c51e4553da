/*
 * import: a directory tree becomes configs.
 *
 * The tree is read as a whole and compared with what the server has before anything is sent, so that a file
 * that cannot be a config stops the import while nothing has happened. Each transaction names the versions
 * that were compared with: what somebody else saves meanwhile is not overwritten.
 */
#include <jansson.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli/api.h"
#include "cli/commands.h"
#include "cli/content.h"
#include "cli/memory.h"
#include "cli/table.h"
#include "cli/tree.h"
#include "model/json.h"

/* The server's limits of a transaction are 128 operations and 16 MiB of contents; half of that keeps the body
 * well under its own limit, whatever the escapes add. One content alone may be larger. */
#define OPERATIONS_MAX     128
#define CONTENTS_MAX_BYTES (8UL * 1024 * 1024)

typedef enum Action {
        ACTION_CREATE,
        ACTION_UPDATE,
        ACTION_PUBLISH, /* the content is the newest version's, which is not in force */
        ACTION_NONE,    /* it is as it should be, or cannot be a config */
} Action;

typedef struct Plan {
        Action action;
        int64_t version;    /* the newest one that the server has; 0: the config does not exist */
        const char *format; /* of the config that is there, which it keeps; NULL: by the key. Borrowed */
} Plan;

typedef struct Import {
        const Options *options;
        const char *namespace_;
        Api *api;
        Tree tree;
        Plan *plans;      /* one for each file */
        json_t *results;  /* what the transactions have answered */
        json_t *existing; /* what the server had: by key, without contents */
        size_t n_to_do;
        size_t n_done;
        size_t n_unchanged;
} Import;

#define IMPORT_NULL ((Import){ .tree = { .files = NULL } })

static void import_deinit(Import *import) {
        api_close(import->api);
        tree_deinit(&import->tree);
        free(import->plans);
        json_decref(import->results);
        json_decref(import->existing);
}

/*
 * Looking.
 */

static int read_tree(Import *import, const char *directory) {
        int r = tree_read(directory, &import->tree);

        if (r < 0)
                return fail(EXIT_REFUSED, "%s: %s", directory, strerror(-r));

        for (size_t i = 0; i < import->tree.n_files; i++)
                if (import->tree.files[i].fault)
                        warn("%s/%s cannot be a config: %s", directory, import->tree.files[i].path,
                             import->tree.files[i].fault);
        if (import->tree.n_faults && !import->options->skip)
                return fail(EXIT_REFUSED, "nothing is imported; --skip leaves out what cannot be a config");
        return EXIT_DONE;
}

static int compare_key(const void *key, const void *file) {
        const TreeFile *candidate = file;

        return strcmp(key, candidate->path);
}

static TreeFile *find_file(const Import *import, const char *key) {
        const char *fault;
        _cleanup_(freep) char *path = tree_path_from_key(key, &fault);

        if (!path || import->tree.n_files == 0)
                return NULL;
        return bsearch(path, import->tree.files, import->tree.n_files, sizeof(*import->tree.files),
                       compare_key);
}

static bool is_content(const TreeFile *file, json_t *item) {
        json_t *content = json_object_get(item, "content");
        Span there = { json_string_value(content), json_string_length(content) };

        return span_equal(buf_span(&file->content), there);
}

/* Whether the newest version, which is not the one in force, has the file's content. */
static int compare_newest(Import *import, const TreeFile *file, int64_t version, bool *ret_is_same) {
        _cleanup_(buf_deinit) Buf path = BUF_NULL;
        json_auto_t *data = NULL;
        int r;

        api_config_path(&path, import->namespace_, file->key, NULL);
        api_query_number(&path, "version", version);
        r = api_call(import->api, "GET", &path, NULL, &data);
        if (r)
                return r;

        *ret_is_same = is_content(file, data);
        return EXIT_DONE;
}

/* Decides on a file whose config is there; @item has the content in force or, without one, the newest. */
static int plan_file(Import *import, const TreeFile *file, json_t *item, Plan *plan) {
        int64_t in_force = json_integer_value(json_object_get(item, "version"));
        bool is_same = is_content(file, item);
        int r;

        plan->version = json_integer_value(json_object_get(item, "latest_version"));
        plan->format = json_string_value(json_object_get(item, "format"));
        plan->action = ACTION_UPDATE;

        if (import->options->publish) {
                if (is_same)
                        plan->action = in_force ? ACTION_NONE : ACTION_PUBLISH;
                return EXIT_DONE;
        }
        if (in_force && in_force != plan->version) {
                r = compare_newest(import, file, plan->version, &is_same);
                if (r)
                        return r;
        }
        if (is_same)
                plan->action = ACTION_NONE;
        return EXIT_DONE;
}

static int on_existing(void *context, json_t *items) {
        Import *import = context;
        json_t *item;
        size_t i;
        int r;

        json_array_foreach(items, i, item) {
                const char *key = json_string_value(json_object_get(item, "key"));
                const TreeFile *file = key ? find_file(import, key) : NULL;

                if (!file || file->fault)
                        continue;

                r = plan_file(import, file, item, &import->plans[file - import->tree.files]);
                if (r)
                        return r;

                /* The plan borrows its format from the item. */
                (void)json_object_del(item, "content");
                if (json_array_append(import->existing, item))
                        (void)memory_had(NULL);
        }

        return EXIT_DONE;
}

static int make_plans(Import *import) {
        _cleanup_(buf_deinit) Buf path = BUF_NULL;
        int r;

        import->plans = memory_new(import->tree.n_files, sizeof(*import->plans));
        import->existing = memory_had(json_array());
        api_path(&path, "namespaces", import->namespace_, "configs");
        api_query_flag(&path, "content", true);
        r = api_each_page(import->api, &path, 0, on_existing, import);
        if (r)
                return r;

        for (size_t i = 0; i < import->tree.n_files; i++) {
                if (import->tree.files[i].fault)
                        import->plans[i].action = ACTION_NONE;
                else if (import->plans[i].action == ACTION_NONE)
                        import->n_unchanged++;
                else
                        import->n_to_do++;
        }
        return EXIT_DONE;
}

/*
 * Doing.
 */

static void append_operation(Buf *to, const Import *import, size_t i) {
        const TreeFile *file = &import->tree.files[i];
        const Plan *plan = &import->plans[i];

        buf_append_literal(to, "{\"op\":\"put\"");
        content_append_member(to, "namespace", import->namespace_);
        content_append_member(to, "key", file->key);
        content_append_member(to, "format", plan->format);
        buf_append_format(to, ",\"expect_version\":%lld", (long long)plan->version);
        if (import->options->publish)
                buf_append_literal(to, ",\"publish\":true");
        buf_append_literal(to, ",\"content\":");
        json_append_string(to, buf_span(&file->content));
        buf_append_char(to, '}');
}

/* Appends the body of a transaction of the files from @first on, as many as fit; returns how far it came. */
static size_t append_transaction(Buf *body, const Import *import, size_t first, size_t *ret_files,
                                 size_t *ret_n) {
        size_t n_bytes = 0, n = 0, i;

        buf_append_literal(body, "{\"operations\":[");
        for (i = first; i < import->tree.n_files && n < OPERATIONS_MAX; i++) {
                if (import->plans[i].action == ACTION_NONE)
                        continue;

                n_bytes += import->tree.files[i].content.size;
                if (n > 0 && n_bytes > CONTENTS_MAX_BYTES)
                        break;

                buf_append_string(body, n ? "," : "");
                append_operation(body, import, i);
                ret_files[n++] = i;
        }
        buf_append_char(body, ']');
        content_append_member(body, "comment", import->options->comment);
        buf_append_char(body, '}');

        *ret_n = n;
        return i;
}

/* Says which file it was, where the server names an operation. */
static int refuse_transaction(const Import *import, const ApiRefusal *refusal, const size_t *files,
                              size_t n) {
        json_t *detail = json_array_get(refusal->details, 0);
        const char *field = json_string_value(json_object_get(detail, "field"));
        size_t at;

        if (field && sscanf(field, "operations[%zu]", &at) == 1 && at < n)
                return api_refusal_tell(refusal, import->tree.files[files[at]].path);
        return api_refusal_tell(refusal, NULL);
}

static int send_transaction(Import *import, size_t *at) {
        _cleanup_(api_refusal_deinit) ApiRefusal refusal = API_REFUSAL_NULL;
        _cleanup_(buf_deinit) Buf body = BUF_NULL, path = BUF_NULL;
        _cleanup_(freep) char *target = NULL;
        HttpRequest request = { .method = "POST" };
        size_t files[OPERATIONS_MAX], n;
        json_auto_t *data = NULL;

        *at = append_transaction(&body, import, *at, files, &n);
        if (n == 0)
                return EXIT_DONE;

        memory_check(&body);
        api_path(&path, "transactions");
        target = memory_take(&path);
        request.path = target;
        request.body = buf_span(&body);
        if (api_try(import->api, &request, &data, &refusal))
                return refuse_transaction(import, &refusal, files, n);

        import->n_done += n;
        if (json_array_append(import->results, data))
                (void)memory_had(NULL);
        return EXIT_DONE;
}

/* One line on a terminal, written over and over; only where it takes more than one step. */
static void show_progress(const Import *import, bool is_last) {
        if (!import->options->quiet && import->n_to_do > OPERATIONS_MAX && isatty(STDERR_FILENO))
                (void)fprintf(stderr, "\rconfer: %zu of %zu files%s", import->n_done, import->n_to_do,
                              is_last ? "\n" : "");
}

static int send_all(Import *import) {
        size_t at = 0;
        int r = EXIT_DONE;

        while (r == EXIT_DONE && at < import->tree.n_files) {
                show_progress(import, false);
                r = send_transaction(import, &at);
        }

        show_progress(import, true);
        if (r && import->n_done)
                warn("%zu of %zu files were imported before", import->n_done, import->n_to_do);
        return r;
}

/*
 * Telling.
 */

static const char *action_to_string(Action action) {
        return action == ACTION_CREATE ? "create" : action == ACTION_UPDATE ? "update" : "publish";
}

static void print_plan(const Import *import) {
        json_auto_t *items = memory_had(json_array());

        for (size_t i = 0; i < import->tree.n_files; i++) {
                const TreeFile *file = &import->tree.files[i];
                json_t *item;

                if (import->plans[i].action == ACTION_NONE)
                        continue;

                item = json_pack("{s:s, s:s}", "key", file->key, "action",
                                 action_to_string(import->plans[i].action));
                if (json_array_append_new(items, memory_had(item)))
                        (void)memory_had(NULL);
                if (import->options->output != OUTPUT_JSON)
                        printf("%-7s %s\n", action_to_string(import->plans[i].action), file->key);
        }
        if (import->options->output == OUTPUT_JSON)
                print_json(items);
}

static void print_summary(const Import *import) {
        if (import->options->dry_run)
                note("%zu would be imported, %zu are unchanged, %zu cannot be configs", import->n_to_do,
                     import->n_unchanged, import->tree.n_faults);
        else if (import->options->output == OUTPUT_JSON)
                print_json(import->results);
        else
                note("%zu imported%s, %zu unchanged, %zu left out", import->n_done,
                     import->options->publish ? " and in force" : "", import->n_unchanged,
                     import->tree.n_faults);
}

int command_import(const Invocation *invocation) {
        _cleanup_(import_deinit) Import import = IMPORT_NULL;
        int r;

        import.options = &invocation->options;
        import.namespace_ = invocation_argument(invocation, 1);
        import.results = memory_had(json_array());
        r = api_check_namespace(import.namespace_);
        if (r == EXIT_DONE)
                r = read_tree(&import, invocation_argument(invocation, 0));
        if (r == EXIT_DONE)
                r = api_open(import.options, &import.api);
        if (r == EXIT_DONE)
                r = make_plans(&import);
        if (r)
                return r;

        if (import.options->dry_run) {
                print_plan(&import);
        } else {
                r = send_all(&import);
                if (r)
                        return r;
        }
        print_summary(&import);
        return EXIT_DONE;
}
