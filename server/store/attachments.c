#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "model/name.h"
#include "store/attachments.h"
#include "store/columns.h"
#include "store/config.h"
#include "store/outcome.h"
#include "store/sql.h"
#include "store/transaction.h"

/* The attachments. */

static void clear_items(Attachments *attachments) {
        for (size_t i = 0; i < attachments->n; i++)
                free(attachments->items[i].text);
        free(attachments->items);
        attachments->items = NULL;
        attachments->n = 0;
}

static void forget_schema(Attachments *attachments, KeptSchema *kept) {
        if (!kept->schema)
                return;

        attachments->kept_bytes -= json_schema_size(kept->schema);
        kept->schema = json_schema_free(kept->schema);
}

void attachments_deinit(Attachments *attachments) {
        clear_items(attachments);
        for (size_t i = 0; i < SCHEMAS_KEPT_MAX; i++)
                forget_schema(attachments, &attachments->kept[i]);
}

static int add_item(Attachments *attachments, sqlite3_stmt *row) {
        Span names[4];
        Attachment *items, *item;
        size_t size = 0;
        char *at;

        for (int i = 0; i < 4; i++) {
                names[i] = sql_column_text(row, i);
                size += names[i].size;
        }
        items = realloc(attachments->items, (attachments->n + 1) * sizeof(*items));
        if (!items)
                return -ENOMEM;
        attachments->items = items;
        item = &items[attachments->n];
        item->text = at = malloc(size + 1);
        if (!at)
                return -ENOMEM;

        item->namespace = span_copy(&at, names[0]);
        item->key = span_copy(&at, names[1]);
        item->schema_namespace = span_copy(&at, names[2]);
        item->schema_key = span_copy(&at, names[3]);
        item->config_id = sql_column_i64(row, 4);
        attachments->n++;
        return 0;
}

int attachments_read(Transaction *transaction) {
        sqlite3_stmt *statement = transaction_statement(transaction, STATEMENT_LIST_SCHEMAS);
        Attachments *attachments = &transaction->attachments;
        int r;

        if (!attachments->is_stale)
                return 0;

        clear_items(attachments);
        while ((r = sql_step(statement)) > 0) {
                r = add_item(attachments, statement);
                if (r)
                        break;
        }
        sql_reset(statement);
        if (r < 0)
                return r;

        attachments->is_stale = false;
        return 0;
}

static int compare_names(Span a, Span b) {
        int order = memcmp(a.data, b.data, MIN(a.size, b.size));

        return order ? order : (a.size > b.size) - (a.size < b.size);
}

static int compare_items(const void *a, const void *b) {
        const Attachment *x = a, *y = b;
        int order = compare_names(x->namespace, y->namespace);

        return order ? order : compare_names(x->key, y->key);
}

static const Attachment *find_item(const Attachments *attachments, Span namespace, Span key) {
        Attachment wanted = { .namespace = namespace, .key = key };

        return bsearch(&wanted, attachments->items, attachments->n, sizeof(wanted), compare_items);
}

static const Attachment *find_as_schema(const Attachments *attachments, int64_t config_id) {
        for (size_t i = 0; i < attachments->n; i++)
                if (attachments->items[i].config_id == config_id)
                        return &attachments->items[i];
        return NULL;
}

static bool is_attached(const Attachments *attachments, int64_t config_id, Span namespace) {
        for (size_t i = 0; i < attachments->n; i++)
                if (attachments->items[i].config_id == config_id &&
                    span_equal(attachments->items[i].namespace, namespace))
                        return true;
        return false;
}

/* Is it a schema of its own namespace, or of one above? Those who attach it elsewhere have no say here. */
static bool is_schema_here(const Attachments *attachments, const Config *config) {
        for (Span namespace = config->namespace; config->id && namespace.data;
             namespace = namespace_parent(namespace))
                if (is_attached(attachments, config->id, namespace))
                        return true;
        return false;
}

/* The nearest one going up, the key's before the namespace's. A schema is governed by none of a whole
 * namespace: it would have to describe itself. */
static const Attachment *find_governing(const Attachments *attachments, const Config *config) {
        bool is_schema = is_schema_here(attachments, config);

        for (Span namespace = config->namespace; namespace.data; namespace = namespace_parent(namespace)) {
                const Attachment *found = find_item(attachments, namespace, config->key);

                if (!found && !is_schema)
                        found = find_item(attachments, namespace, SPAN_LITERAL(""));
                if (found)
                        return found;
        }
        return NULL;
}

/* The schemas. */

/* What a config serves, as far as schemas go. */
typedef struct Stable {
        int64_t version; /* 0: nothing */
        int64_t version_id;
        Format format;
        uint8_t sha256[SHA256_SIZE];
} Stable;

static int read_stable(Transaction *transaction, int64_t config_id, Stable *ret_stable) {
        sqlite3_stmt *statement = transaction_statement(transaction, STATEMENT_GET_STABLE);
        int format, r;

        r = SQL_BIND(statement, sql_i64(config_id));
        if (r)
                return r;
        r = sql_step(statement);
        if (r < 0)
                return r;
        *ret_stable = (Stable){ 0 };
        if (r == 0)
                return 0;

        ret_stable->version = sql_column_i64(statement, 0);
        ret_stable->version_id = sql_column_i64(statement, 1);
        r = column_choice(statement, 2, FORMAT_N, &format);
        if (r == 0) {
                ret_stable->format = (Format)format;
                r = column_sha256(statement, 3, ret_stable->sha256);
        }
        sql_reset(statement);
        return r;
}

static KeptSchema *find_kept(Attachments *attachments, const uint8_t sha256[SHA256_SIZE]) {
        for (size_t i = 0; i < SCHEMAS_KEPT_MAX; i++)
                if (attachments->kept[i].schema &&
                    memcmp(attachments->kept[i].sha256, sha256, SHA256_SIZE) == 0)
                        return &attachments->kept[i];
        return NULL;
}

static KeptSchema *least_used(Attachments *attachments, bool of_those_in_use) {
        KeptSchema *least = NULL;

        for (size_t i = 0; i < SCHEMAS_KEPT_MAX; i++) {
                KeptSchema *kept = &attachments->kept[i];

                if (!kept->schema && !of_those_in_use)
                        return kept;
                if (kept->schema && (!least || kept->used_at < least->used_at))
                        least = kept;
        }
        return least;
}

/* Takes @schema. */
static KeptSchema *keep_schema(Attachments *attachments, const uint8_t sha256[SHA256_SIZE],
                               JsonSchema *schema) {
        KeptSchema *place, *oldest;

        attachments->kept_bytes += json_schema_size(schema);
        while (attachments->kept_bytes > SCHEMAS_KEPT_MAX_BYTES && (oldest = least_used(attachments, true)))
                forget_schema(attachments, oldest);
        place = least_used(attachments, false);
        forget_schema(attachments, place);
        memcpy(place->sha256, sha256, SHA256_SIZE);
        place->schema = schema;
        return place;
}

static int compile_version(Transaction *transaction, int64_t version_id, JsonSchema **ret_schema,
                           Problem *problem) {
        sqlite3_stmt *statement = transaction_statement(transaction, STATEMENT_GET_SAVED);
        int r;

        r = SQL_NEED_ROW(statement, sql_i64(version_id));
        if (r)
                return r;

        r = json_schema_new(sql_column_text(statement, 3), ret_schema, problem);
        sql_reset(statement);
        return r == JSON_SCHEMA_E_INVALID ? STORE_E_SCHEMA_INVALID : r;
}

/* Borrowed until the next call. STORE_E_SCHEMA_INVALID */
static int get_schema(Transaction *transaction, const Stable *stable, const JsonSchema **ret_schema,
                      Problem *problem) {
        Attachments *attachments = &transaction->attachments;
        KeptSchema *kept = find_kept(attachments, stable->sha256);
        JsonSchema *schema = NULL;
        int r;

        if (!kept) {
                r = compile_version(transaction, stable->version_id, &schema, problem);
                if (r)
                        return r;
                kept = keep_schema(attachments, stable->sha256, schema);
        }
        kept->used_at = ++attachments->clock;
        *ret_schema = kept->schema;
        return 0;
}

/* Checks. */

static int refuse(Problem *problem, const Attachment *governing, int64_t version, const char *text) {
        problem_set(problem, "content", "%s (version %" PRId64 " of the schema %.*s in namespace %.*s)", text,
                    version, (int)governing->schema_key.size, governing->schema_key.data,
                    (int)governing->schema_namespace.size, governing->schema_namespace.data);
        return STORE_E_SCHEMA_VIOLATION;
}

static int check_governed(Transaction *transaction, const Attachment *governing, Format format, Span content,
                          Problem *problem) {
        const JsonSchema *schema;
        Problem reason = PROBLEM_NULL;
        Stable stable;
        int r;

        if (format != FORMAT_JSON && governing->key.size == 0)
                return 0;

        r = read_stable(transaction, governing->config_id, &stable);
        if (r)
                return r;
        if (format != FORMAT_JSON)
                return refuse(problem, governing, stable.version,
                              "a schema governs it, so its format must be json");
        r = get_schema(transaction, &stable, &schema, &reason);
        if (r > 0)
                return refuse(problem, governing, stable.version, reason.text);
        if (r == 0)
                r = json_schema_check(schema, content, &reason);
        return r > 0 ? refuse(problem, governing, stable.version, reason.text) : r;
}

/* A config that is attached as a schema stays one. */
static int check_stays_schema(const Attachment *use, Format format, Span content, Problem *problem) {
        _cleanup_(json_schema_freep) JsonSchema *schema = NULL;
        Problem reason = PROBLEM_NULL;
        int r;

        if (format == FORMAT_JSON) {
                r = json_schema_new(content, &schema, &reason);
                if (r <= 0)
                        return r;
        } else {
                problem_set(&reason, NULL, "its format must be json");
        }

        problem_set(problem, "content", "this is no schema, and it is attached as one in namespace %.*s: %s",
                    (int)use->namespace.size, use->namespace.data, reason.text);
        return STORE_E_SCHEMA_INVALID;
}

int attachments_check_content(Transaction *transaction, const Config *config, Format format, Span content,
                              Problem *problem) {
        const Attachment *found;
        int r;

        r = attachments_read(transaction);
        if (r || transaction->attachments.n == 0)
                return r;

        found = config->id ? find_as_schema(&transaction->attachments, config->id) : NULL;
        r = found ? check_stays_schema(found, format, content, problem) : 0;
        if (r)
                return r;
        found = find_governing(&transaction->attachments, config);
        return found ? check_governed(transaction, found, format, content, problem) : 0;
}

int attachments_check_version(Transaction *transaction, const Config *config, int64_t version_id,
                              Problem *problem) {
        sqlite3_stmt *statement = transaction_statement(transaction, STATEMENT_GET_CHECKED);
        int format, r;

        r = attachments_read(transaction);
        if (r || transaction->attachments.n == 0)
                return r;
        r = SQL_NEED_ROW(statement, sql_i64(version_id));
        if (r)
                return r;

        r = column_choice(statement, 0, FORMAT_N, &format);
        if (r == 0)
                r = attachments_check_content(transaction, config, (Format)format,
                                              sql_column_text(statement, 1), problem);
        sql_reset(statement);
        return r;
}

static int refuse_in_use(const Attachment *use, Problem *problem) {
        problem_set(problem, NULL,
                    "%.*s in namespace %.*s is the schema of %.*s%s%.*s: detach it there first",
                    (int)use->schema_key.size, use->schema_key.data, (int)use->schema_namespace.size,
                    use->schema_namespace.data, (int)use->key.size, use->key.data,
                    use->key.size ? " in namespace " : "namespace ", (int)use->namespace.size,
                    use->namespace.data);
        return STORE_E_SCHEMA_IN_USE;
}

int attachments_check_unused(Transaction *transaction, const Config *config, Problem *problem) {
        const Attachment *use;
        int r;

        r = attachments_read(transaction);
        if (r)
                return r;

        use = find_as_schema(&transaction->attachments, config->id);
        return use ? refuse_in_use(use, problem) : 0;
}

int attachments_check_namespace_unused(Transaction *transaction, Span namespace, Problem *problem) {
        const Attachments *attachments = &transaction->attachments;
        int r;

        r = attachments_read(transaction);
        if (r)
                return r;

        for (size_t i = 0; i < attachments->n; i++)
                if (span_equal(attachments->items[i].schema_namespace, namespace) &&
                    !span_equal(attachments->items[i].namespace, namespace))
                        return refuse_in_use(&attachments->items[i], problem);
        return 0;
}

int attachments_check_schema(Transaction *transaction, const Config *config, Problem *problem) {
        const JsonSchema *schema;
        Problem reason = PROBLEM_NULL;
        Stable stable;
        int r;

        r = read_stable(transaction, config->id, &stable);
        if (r)
                return r;

        if (!stable.version)
                problem_set(&reason, NULL, "nothing of it is published");
        else if (stable.format != FORMAT_JSON)
                problem_set(&reason, NULL, "its format is not json");
        else {
                r = get_schema(transaction, &stable, &schema, &reason);
                if (r <= 0)
                        return r;
        }
        problem_set(problem, "key", "'%.*s' cannot be used as a schema: %s", (int)config->key.size,
                    config->key.data, reason.text);
        return STORE_E_SCHEMA_INVALID;
}
