/*
 * The past of a config: its versions, their differences, and its releases.
 */
#include <inttypes.h>
#include <stdio.h>

#include "api/handlers.h"
#include "api/list.h"
#include "api/render.h"
#include "model/diff.h"
#include "model/json.h"
#include "model/name.h"

static int render_version(void *context, const ConfigData *data) {
        List *list = context;
        Buf *body = list_add(list);

        buf_append_char(body, '{');
        config_data_append_members(body, data);
        buf_append_char(body, '}');
        list_set_place_number(list, data->version);
        return list_ends_for_size(list);
}

static bool begin_history(Request *request, List *list, HistoryQuery *ret_query) {
        _cleanup_(buf_deinit) Buf after = BUF_NULL;

        *ret_query = (HistoryQuery){ .namespace = request_namespace(request), .key = request_key(request) };
        return list_begin(list, request, &ret_query->limit, &after) &&
               list_place_number(request, buf_span(&after), &ret_query->before);
}

void version_query_list(Request *request, Reader *reader) {
        _cleanup_(list_deinit) List list = LIST_NULL;
        bool with_content, has_more = false;
        HistoryQuery query;
        int r;

        if (!request_flag(request, "content", true, &with_content) || !begin_history(request, &list, &query))
                return;

        r = reader_list_versions(reader, &query, with_content, render_version, &list, &has_more);
        list_end(&list, r, has_more);
}

static int render_release(void *context, const ReleaseRow *row) {
        List *list = context;
        Buf *body = list_add(list);

        buf_append_literal(body, "{\"id\":");
        buf_append_i64(body, row->id);
        render_time(body, "time", row->created_at_ms);
        render_text(body, "actor", row->created_by);
        render_text(body, "kind", span_from_string(release_kind_to_string(row->kind)));
        render_number_or_null(body, "version", row->version);
        render_number_or_null(body, "from_version", row->from_version);
        render_number_or_null(body, "restores", row->restores);
        render_number_or_null(body, "revision", (int64_t)row->revision);
        render_text(body, "comment", row->comment);
        buf_append_char(body, '}');
        list_set_place_number(list, row->id);
        return 0;
}

void release_query_list(Request *request, Reader *reader) {
        _cleanup_(list_deinit) List list = LIST_NULL;
        bool has_more = false;
        HistoryQuery query;
        int r;

        if (!begin_history(request, &list, &query))
                return;

        r = reader_list_releases(reader, &query, render_release, &list, &has_more);
        list_end(&list, r, has_more);
}

static int copy_content(void *context, const ConfigData *data) {
        buf_append_span(context, data->content);
        return 0;
}

/* Version 0 is the empty text before the first one. */
static bool read_side(Request *request, Reader *reader, const char *name, int64_t version, Buf *ret_content) {
        Problem problem;
        int r;

        if (version == 0)
                return true;

        r = reader_get_version(reader, request_namespace(request), request_key(request), version,
                               copy_content, ret_content);
        if (r == STORE_E_VERSION_UNKNOWN) {
                problem_set(&problem, name, "there is no version %" PRId64, version);
                reply_refuse(request, REASON_VERSION_NOT_FOUND, &problem);
        } else if (r)
                reply_store_outcome(request, r, NULL);
        return r == 0;
}

/* Fills in what the request left out: to the newest version, from the one in force. */
static bool choose_sides(Request *request, Reader *reader, int64_t *ret_from, int64_t *ret_to) {
        int64_t newest, stable;
        int r;

        if (!request_version(request, "from", ret_from) || !request_version(request, "to", ret_to))
                return false;

        r = reader_get_config(reader, request_namespace(request), request_key(request), &newest, &stable);
        if (r) {
                reply_store_outcome(request, r, NULL);
                return false;
        }

        if (*ret_from == 0)
                *ret_from = stable;
        if (*ret_to == 0)
                *ret_to = newest;
        return true;
}

static void reply_diff(Request *request, int64_t from, int64_t to, Span diff) {
        Buf *body = reply_begin(request, 200);

        buf_append_literal(body, "{\"namespace\":");
        json_append_string(body, request_namespace(request));
        render_text(body, "key", request_key(request));
        render_number_or_null(body, "from", from);
        render_number_or_null(body, "to", to);
        render_text(body, "diff", diff);
        buf_append_char(body, '}');
        reply_end(request);
}

void version_query_diff(Request *request, Reader *reader) {
        _cleanup_(buf_deinit) Buf from_content = BUF_NULL, to_content = BUF_NULL, diff = BUF_NULL;
        char from_label[KEY_SIZE_MAX + 32], to_label[KEY_SIZE_MAX + 32];
        Span key = request_key(request);
        int64_t from, to;

        if (!choose_sides(request, reader, &from, &to) ||
            !read_side(request, reader, "from", from, &from_content) ||
            !read_side(request, reader, "to", to, &to_content))
                return;

        (void)snprintf(from_label, sizeof(from_label), "%.*s@%" PRId64, (int)key.size, key.data, from);
        (void)snprintf(to_label, sizeof(to_label), "%.*s@%" PRId64, (int)key.size, key.data, to);
        diff_unified(buf_span(&from_content), buf_span(&to_content), from_label, to_label, &diff);
        reply_diff(request, from, to, buf_span(&diff));
}
