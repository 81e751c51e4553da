/*
 * The JSON that etcd's gateway takes and gives: keys and values are base64 in it, 64-bit numbers are strings,
 * and what is empty, zero or false is left out.
 */
#pragma once

#include <stdbool.h>

#include "model/buf.h"
#include "model/json_read.h"
#include "model/span.h"

#define ETCD_JSON_DEPTH_MAX 16 /* a txn's answer has 6 */

/* Operations of a txn. */
void etcd_json_append_put(Buf *buf, Span key, Span value);
/* @lease: digits; the key goes when the lease ends */
void etcd_json_append_leased_put(Buf *buf, Span key, Span value, Span lease);
void etcd_json_append_delete(Buf *buf, Span key);
void etcd_json_append_get(Buf *buf, Span key);

/* Members of a txn: what is to be true, and the beginning of the list of what is done then. */
void etcd_json_open_if_value(Buf *buf, Span key, Span value);
/* @revision: digits, of the key's last change; "0": it is not there */
void etcd_json_open_if_revision(Buf *buf, Span key, Span revision);
void etcd_json_open_always(Buf *buf);
/* The beginning of the list of what is done otherwise. */
void etcd_json_open_else(Buf *buf);
void etcd_json_close(Buf *buf);

/* Asks for the names of up to @limit keys with @prefix, from @from on, in their order. */
void etcd_json_append_scan(Buf *buf, Span from, Span prefix, unsigned limit);

/* All functions below take an object that json_read_check() has found good. */

/* Finds the member @name of @object. Return: whether there is one, of @kind. */
bool etcd_json_find(JsonValue object, const char *name, JsonKind kind, JsonValue *ret_value);

/* The revision of etcd as a whole that the answer tells; 0: none. */
int64_t etcd_json_revision(JsonValue answer);

/* Were the conditions of the txn true? */
bool etcd_json_has_succeeded(JsonValue answer);

/* The first key and value that was found by the next of a txn's gets; false in @ret_found: none. Return:
 * whether there is one more answer. */
bool etcd_json_next_get(Span *responses, bool *ret_found, JsonValue *ret_kv);

/* Is what @kv holds @value? */
bool etcd_json_value_equals(JsonValue kv, Span value);

/* Appends the key of @kv; false where it is none. */
bool etcd_json_append_key(Buf *buf, JsonValue kv);
