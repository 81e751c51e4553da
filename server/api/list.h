/*
 * Answers that are lists, page by page: {"items": [...], "cursor": "..."}.
 *
 * A cursor is the place of a page's last item in the list's order, so that a page begins where the one before
 * ended, whatever was added or removed meanwhile.
 */
#pragma once

#include <stdbool.h>

#include "http/request.h"

typedef struct List {
        Request *request;
        Buf *body;
        size_t n_items;
        Buf place;    /* of the last item */
        bool is_full; /* the page ended early, for its size */
} List;

#define LIST_NULL ((List){ .request = NULL })

/* Reads limit and cursor. @ret_after: the place, appended; empty for the first page. Return: false with a
 * reply made. */
bool list_begin(List *list, Request *request, unsigned *ret_limit, Buf *ret_after);
void list_deinit(List *list);

/* Begins an item: what is appended to the buffer is its JSON. The caller then sets its place. */
Buf *list_add(List *list);
void list_set_place(List *list, Span place);
void list_set_place_number(List *list, int64_t place);

/* To be returned by the callback of a list with contents: whether the page is large enough already. */
int list_ends_for_size(List *list);

/* Ends the answer, or replaces it by a refusal when @outcome is no 0. */
void list_end(List *list, int outcome, bool has_more);

/* Refuses a cursor that is not of this list. Return: false. */
bool list_refuse_cursor(Request *request);

/* The place as a number, where it is one; false with a reply made when it is not. 0 for the first page. */
bool list_place_number(Request *request, Span place, int64_t *ret_number);
