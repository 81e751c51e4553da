/*
 * The server's REST API: paths, the envelope of its answers, its lists, and what a refusal means to a shell.
 */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "cli/http.h"
#include "cli/message.h"
#include "cli/options.h"
#include "model/buf.h"
#include "model/macros.h"

typedef struct Api Api;

/* Chooses the server by options, environment and profiles; nothing is asked yet. Return: an exit code, told.
 */
int api_open(const Options *options, Api **ret_api);
Api *api_close(Api *api);

DEFINE_CLEANUP(Api *, api_close);

/* For other ways to the same server. Borrowed; the token may be NULL. */
const char *api_server(const Api *api);
const char *api_token(const Api *api);

/*
 * Paths. Names that are part of one are looked at first, since "..", say, would lead elsewhere.
 */

/* Return: an exit code, told. */
int api_check_namespace(const char *name);
int api_check_key(const char *key);

/* "/api/v1" and the words, each percent-encoded. */
#define api_path(path, ...) api_path_words((path), (const char *const[]){ __VA_ARGS__, NULL })
void api_path_words(Buf *path, const char *const *words);
/* "/api/v1/namespaces/NS/configs/KEY", and then the @rest, such as "versions", unless it is NULL. */
void api_config_path(Buf *path, const char *namespace_, const char *key, const char *rest);

/* Adds a parameter, unless @value is NULL, 0 or false. */
void api_query(Buf *path, const char *name, const char *value);
void api_query_number(Buf *path, const char *name, int64_t value);
void api_query_flag(Buf *path, const char *name, bool value);

/*
 * Requests.
 */

/* What the server said instead of doing it. */
typedef struct ApiRefusal {
        ExitCode code;
        char *reason;  /* "version_conflict"; NULL when there is no answer */
        char *message; /* for people */
        json_t *details;
} ApiRefusal;

#define API_REFUSAL_NULL ((ApiRefusal){ .code = EXIT_DONE })

void api_refusal_deinit(ApiRefusal *refusal);

/* Tells people: "@what: message (field, line, column)"; @what may be NULL. Return: the exit code. */
int api_refusal_tell(const ApiRefusal *refusal, const char *what);

/* One request; the path is taken as it stands. Return: an exit code; anything but EXIT_DONE fills
 * @ret_refusal. */
int api_try(Api *api, const HttpRequest *request, json_t **ret_data, ApiRefusal *ret_refusal);

/* The same, with a refusal told. @body may be NULL, and is stolen. */
int api_call(Api *api, const char *method, const Buf *path, json_t *body, json_t **ret_data);

/* The bytes of an answer that is no envelope; a refusal is told. */
int api_get_bytes(Api *api, const Buf *path, Buf *ret_bytes);

/* All pages of a list as one {items, cursor}, up to @n_max items; 0: all. A refusal is told. */
int api_list(Api *api, const Buf *path, int64_t n_max, json_t **ret_data);

/* Page by page; @on_page gets the borrowed items and returns an exit code, which ends the walk unless it is
 * EXIT_DONE. */
typedef int (*ApiPageFn)(void *context, json_t *items);
int api_each_page(Api *api, const Buf *path, int64_t n_max, ApiPageFn on_page, void *context);
