/*
 * Who did what.
 */
#include "api/handlers.h"
#include "api/list.h"
#include "api/render.h"
#include "model/name.h"

static int render_entry(void *context, const AuditEntry *entry) {
        List *list = context;
        Buf *body = list_add(list);

        buf_append_literal(body, "{\"id\":");
        buf_append_i64(body, entry->id);
        render_time(body, "time", entry->created_at_ms);
        render_text(body, "actor", entry->actor.size ? entry->actor : SPAN_NULL);
        render_text(body, "address", entry->address.size ? entry->address : SPAN_NULL);
        render_text(body, "action", entry->action);
        render_text(body, "namespace", entry->namespace);
        render_text(body, "key", entry->key);
        render_number_or_null(body, "version", entry->version);
        render_number_or_null(body, "revision", (int64_t)entry->revision);
        render_text(body, "outcome", span_from_string(audit_outcome_to_string(entry->outcome)));
        render_text(body, "comment", entry->comment);
        buf_append_literal(body, ",\"details\":");
        buf_append_span(body, entry->details.data ? entry->details : SPAN_LITERAL("null"));
        buf_append_literal(body, ",\"hash\":\"");
        buf_append_hex(body, entry->hash, sizeof(entry->hash));
        buf_append_literal(body, "\"}");
        list_set_place_number(list, entry->id);
        return 0;
}

static bool check_names(Request *request, const AuditQuery *query) {
        if (query->namespace.data && !namespace_is_valid(query->namespace)) {
                reply_refusal(request, REASON_INVALID_PARAMETER, "namespace",
                              "this is no well-formed namespace");
                return false;
        }
        if (query->key.data && !key_is_valid(query->key)) {
                reply_refusal(request, REASON_INVALID_PARAMETER, "key", "this is no well-formed key");
                return false;
        }
        return true;
}

void audit_query_list(Request *request, Reader *reader) {
        _cleanup_(list_deinit) List list = LIST_NULL;
        _cleanup_(buf_deinit) Buf after = BUF_NULL;
        AuditQuery query = {
                .namespace = request_parameter(request, "namespace"),
                .key = request_parameter(request, "key"),
                .actor = request_parameter(request, "actor"),
                .action = request_parameter(request, "action"),
        };
        bool has_more = false;
        int r;

        if (!check_names(request, &query) || !request_time(request, "since", INT64_MIN, &query.since_ms) ||
            !request_time(request, "until", INT64_MAX, &query.until_ms) ||
            !list_begin(&list, request, &query.limit, &after) ||
            !list_place_number(request, buf_span(&after), &query.before))
                return;

        r = reader_list_audit(reader, &query, render_entry, &list, &has_more);
        list_end(&list, r, has_more);
}
