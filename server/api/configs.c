/*
 * Reading configs: what is in force, one version of it, lists and search.
 */
#include "api/asker.h"
#include "api/handlers.h"
#include "api/list.h"
#include "api/lookup.h"
#include "api/render.h"
#include "model/gray_release.h"
#include "model/json.h"
#include "model/name.h"

static void reply_raw(Request *request, Release *release) {
        Reply *reply = &request->reply;

        reply->status = 200;
        reply->content_type = format_to_media_type(release_format(release));
        reply->is_raw_content = true;
        release_append_content(release, &reply->body);
        reply->release = release_ref(release);
        reply->etag = release_etag(release);
}

/* What a read of a config says beside its name and who asks. */
typedef struct Wish {
        bool inherit;
        bool raw;
        bool is_of_version; /* and so from the store */
} Wish;

static bool says_only_who_asks(const Request *request) {
        for (size_t i = 0; i < request->n_parameters; i++)
                if (!span_equal(request->parameters[i].name, SPAN_LITERAL("tag")) &&
                    !span_equal(request->parameters[i].name, SPAN_LITERAL("instance")))
                        return false;
        return true;
}

/* Return: false with a reply made. */
static bool read_wish(Request *request, Wish *ret_wish) {
        *ret_wish = (Wish){ .inherit = true };
        if (says_only_who_asks(request))
                return true;

        ret_wish->is_of_version = request_parameter(request, "version").data;
        if (!request_flag(request, "inherit", true, &ret_wish->inherit) ||
            !request_flag(request, "raw", false, &ret_wish->raw))
                return false;
        if (!ret_wish->is_of_version ||
            (!request_parameter(request, "instance").data && !request_parameter(request, "tag").data))
                return true;

        reply_refusal(request, REASON_INVALID_PARAMETER, "version",
                      "a version is the same for everybody: it does not go with instance and tag");
        return false;
}

static void reply_chosen(Request *request, Release *release, const Asker *asker, bool raw) {
        GrayVerdict verdict = GRAY_VERDICT_NULL;

        if (asker->is_given)
                release = release_choose(release, &asker->who, &verdict);
        if (raw)
                reply_raw(request, release);
        else if (verdict.arm < 0)
                reply_release(request, release);
        else
                reply_chosen_release(request, release, verdict.rule);
}

static void read_evaluated(Request *request, const Wish *wish) {
        Release *release;
        Asker asker;

        if (!asker_read_parameters(request, &asker))
                return;

        release = lookup_release(request, wish->inherit);
        if (release)
                reply_chosen(request, release, &asker, wish->raw);
}

bool config_read(Request *request) {
        Release *release;
        Wish wish;

        if (request->n_parameters == 0) {
                release = lookup_release(request, true);
                if (release)
                        reply_release(request, release);
                return true;
        }

        if (!read_wish(request, &wish))
                return true;
        if (wish.is_of_version)
                return false;
        read_evaluated(request, &wish);
        return true;
}

static int render_data(void *context, const ConfigData *data) {
        Buf *body = context;

        buf_append_char(body, '{');
        config_data_append_members(body, data);
        buf_append_char(body, '}');
        return 0;
}

static int render_raw(void *context, const ConfigData *data) {
        Reply *reply = context;

        reply->status = 200;
        reply->content_type = format_to_media_type(data->format);
        reply->is_raw_content = true;
        buf_append_span(&reply->body, data->content);
        return 0;
}

static void query_version(Request *request, Reader *reader, int64_t version, bool raw) {
        int r;

        if (raw)
                r = reader_get_version(reader, request_namespace(request), request_key(request), version,
                                       render_raw, &request->reply);
        else
                r = reader_get_version(reader, request_namespace(request), request_key(request), version,
                                       render_data, reply_begin(request, 200));
        if (r)
                reply_store_outcome(request, r, NULL);
        else if (!raw)
                reply_end(request);
}

void config_query_version(Request *request, Reader *reader) {
        int64_t version;
        bool raw;

        if (request_flag(request, "raw", false, &raw) && request_version(request, "version", &version))
                query_version(request, reader, version, raw);
}

void version_query(Request *request, Reader *reader) {
        int64_t version;

        if (request_path_version(request, &version))
                query_version(request, reader, version, false);
}

static void append_row(Buf *body, const ConfigRow *row) {
        const ConfigData *data = &row->data;

        buf_append_literal(body, "{\"namespace\":");
        json_append_string(body, data->namespace);
        render_text(body, "key", data->key);
        render_number_or_null(body, "version", row->is_released ? data->version : 0);
        render_number_or_null(body, "latest_version", row->newest);
        buf_append_literal(body, ",\"revision\":");
        buf_append_u64(body, data->revision);
        render_text(body, "format", span_from_string(format_to_string(data->format)));
        if (data->content.data)
                render_text(body, "content", data->content);
        buf_append_literal(body, ",\"sha256\":\"");
        buf_append_hex(body, data->sha256, sizeof(data->sha256));
        buf_append_char(body, '"');
        render_time(body, "updated_at", data->updated_at_ms);
        render_text(body, "updated_by", data->updated_by);
        render_text(body, "comment", data->comment);
        buf_append_string(body, row->is_deleted ? ",\"deleted\":true}" : ",\"deleted\":false}");
}

/* The place of a config in its list: the digit of its depth, then its key. */
static int render_item(void *context, const ConfigRow *row) {
        List *list = context;

        append_row(list_add(list), row);
        buf_clear(&list->place);
        buf_append_char(&list->place, (char)('0' + row->depth));
        buf_append_span(&list->place, row->data.key);
        return list_ends_for_size(list);
}

static bool check_search(Request *request, Span search) {
        if (search.size <= READER_SEARCH_MAX)
                return true;

        reply_refusal(request, REASON_INVALID_PARAMETER, "q", "q has %zu bytes, %d are allowed", search.size,
                      READER_SEARCH_MAX);
        return false;
}

static bool take_place(Request *request, Span place, ConfigQuery *query) {
        if (place.size == 0)
                return true;
        if (place.data[0] < '0' || place.data[0] >= '0' + NAMESPACE_SEGMENTS_MAX)
                return list_refuse_cursor(request);

        query->after_depth = (unsigned)(place.data[0] - '0');
        query->after_key = (Span){ place.data + 1, place.size - 1 };
        return key_is_valid(query->after_key) || list_refuse_cursor(request);
}

void config_query_list(Request *request, Reader *reader) {
        _cleanup_(list_deinit) List list = LIST_NULL;
        _cleanup_(buf_deinit) Buf after = BUF_NULL;
        ConfigQuery query = {
                .namespace = request_namespace(request),
                .prefix = request_parameter(request, "prefix"),
                .search = request_parameter(request, "q"),
        };
        bool has_more = false;
        int r;

        if (!check_search(request, query.search) ||
            !request_flag(request, "content", false, &query.with_content) ||
            !request_flag(request, "inherit", false, &query.with_inherited) ||
            !request_flag(request, "deleted", false, &query.with_deleted) ||
            !list_begin(&list, request, &query.limit, &after) ||
            !take_place(request, buf_span(&after), &query))
                return;

        r = reader_list_configs(reader, &query, render_item, &list, &has_more);
        list_end(&list, r, has_more);
}
