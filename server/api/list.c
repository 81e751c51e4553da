#include "api/list.h"
#include "util/digest.h"

/* A page with contents ends with the item that takes it past this size. */
#define PAGE_SIZE_MAX ((size_t)8 * 1024 * 1024)

bool list_refuse_cursor(Request *request) {
        reply_refusal(
                request, REASON_INVALID_PARAMETER, "cursor",
                "this is no cursor of this list: pass on what the page before answered, or leave it out");
        return false;
}

bool list_begin(List *list, Request *request, unsigned *ret_limit, Buf *ret_after) {
        Span cursor = request_parameter(request, "cursor");

        if (!request_limit(request, ret_limit))
                return false;
        if (cursor.data && (cursor.size == 0 || cursor.size > 1024 || !base64url_decode(cursor, ret_after)))
                return list_refuse_cursor(request);

        *list = (List){ .request = request, .body = reply_begin(request, 200), .place = BUF_NULL };
        buf_append_literal(list->body, "{\"items\":[");
        return true;
}

void list_deinit(List *list) {
        buf_deinit(&list->place);
}

Buf *list_add(List *list) {
        if (list->n_items++)
                buf_append_char(list->body, ',');
        return list->body;
}

void list_set_place(List *list, Span place) {
        buf_clear(&list->place);
        buf_append_span(&list->place, place);
}

void list_set_place_number(List *list, int64_t place) {
        buf_clear(&list->place);
        buf_append_i64(&list->place, place);
}

int list_ends_for_size(List *list) {
        list->is_full = list->body->size > PAGE_SIZE_MAX;
        return list->is_full;
}

void list_end(List *list, int outcome, bool has_more) {
        if (outcome) {
                reply_store_outcome(list->request, outcome, NULL);
                return;
        }

        buf_append_literal(list->body, "],\"cursor\":");
        if (has_more || list->is_full) {
                buf_append_char(list->body, '"');
                base64url_append(list->body, buf_span(&list->place));
                buf_append_char(list->body, '"');
        } else
                buf_append_literal(list->body, "null");
        buf_append_char(list->body, '}');
        reply_end(list->request);
}

bool list_place_number(Request *request, Span place, int64_t *ret_number) {
        int64_t number = 0;

        for (size_t i = 0; i < place.size; i++) {
                if (place.size > 18 || place.data[i] < '0' || place.data[i] > '9')
                        return list_refuse_cursor(request);
                number = number * 10 + (place.data[i] - '0');
        }

        *ret_number = number;
        return true;
}
