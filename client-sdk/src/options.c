#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "model/name.h"
#include "model/utf8.h"
#include "options.h"
#include "value.h"

#define BACKOFF_BASE_MS_MAX 60000
#define BACKOFF_CAP_MS_MAX  600000
#define HOST_SIZE_MAX       255

/* ------------------------------------------------------------------------------------------- the life of it
 */

_public_ confer_error confer_options_new(confer_options **ret_options) {
        confer_options *options;

        if (!ret_options)
                return CONFER_E_INVALID;

        options = calloc(1, sizeof(*options));
        if (!options)
                return CONFER_E_NOMEM;

        options->defaults = CATALOG_NULL;
        options->backoff = BACKOFF_POLICY_DEFAULT;
        options->dispatch = CONFER_DISPATCH_THREAD;
        *ret_options = options;
        return CONFER_OK;
}

static void wanted_deinit(Wanted *wanted) {
        for (size_t i = 0; i < wanted->n_keys; i++)
                free(wanted->keys[i]);
        free(wanted->keys);
        free(wanted->name);
}

_public_ void confer_options_free(confer_options *options) {
        if (!options)
                return;

        for (size_t i = 0; i < options->n_servers; i++)
                free(options->servers[i].host);
        for (size_t i = 0; i < options->n_wanted; i++)
                wanted_deinit(&options->wanted[i]);
        free(options->wanted);
        tag_set_unref(options->tags);
        catalog_deinit(&options->defaults);
        free(options->token);
        free(options->tls_ca);
        free(options->tls_certificate);
        free(options->tls_key);
        free(options->tls_server_name);
        free(options->instance);
        free(options->app);
        free(options->cache_path);
        free(options);
}

/* ------------------------------------------------------------------------------------------------ copying
 */

/* Copies a text that may be absent. Return: whether there was memory. */
static bool copy_text(const char *text, char **ret_copy) {
        *ret_copy = text ? strdup(text) : NULL;
        return *ret_copy || !text;
}

static bool copy_servers(confer_options *copy, const confer_options *options) {
        for (; copy->n_servers < options->n_servers; copy->n_servers++) {
                copy->servers[copy->n_servers] = options->servers[copy->n_servers];
                if (!copy_text(options->servers[copy->n_servers].host, &copy->servers[copy->n_servers].host))
                        return false;
        }
        return true;
}

static bool copy_wanted(confer_options *copy, const confer_options *options) {
        for (size_t i = 0; i < options->n_wanted; i++) {
                const Wanted *wanted = &options->wanted[i];

                if (wanted->all_keys && confer_options_add_namespace(copy, wanted->name) != CONFER_OK)
                        return false;
                for (size_t k = 0; k < wanted->n_keys; k++)
                        if (confer_options_add_key(copy, wanted->name, wanted->keys[k]) != CONFER_OK)
                                return false;
        }
        return true;
}

int options_copy(const confer_options *options, confer_options **ret_options) {
        _cleanup_(confer_options_freep) confer_options *copy = NULL;

        if (confer_options_new(&copy) != CONFER_OK)
                return -ENOMEM;

        copy->cache_max_age_ms = options->cache_max_age_ms;
        copy->backoff = options->backoff;
        copy->log = options->log;
        copy->log_context = options->log_context;
        copy->dispatch = options->dispatch;
        copy->tags = tag_set_ref(options->tags);
        if (!copy_servers(copy, options) || !copy_wanted(copy, options) ||
            !copy_text(options->token, &copy->token) || !copy_text(options->tls_ca, &copy->tls_ca) ||
            !copy_text(options->tls_certificate, &copy->tls_certificate) ||
            !copy_text(options->tls_key, &copy->tls_key) ||
            !copy_text(options->tls_server_name, &copy->tls_server_name) ||
            !copy_text(options->instance, &copy->instance) || !copy_text(options->app, &copy->app) ||
            !copy_text(options->cache_path, &copy->cache_path) ||
            catalog_copy(&copy->defaults, &options->defaults) != 0)
                return -ENOMEM;

        *ret_options = copy;
        copy = NULL;
        return 0;
}

/* ------------------------------------------------------------------------------------------------- setters
 */

/* Puts a copy of @text, or nothing for NULL, in the place of *text_at. */
static confer_error set_text(char **text_at, const char *text) {
        char *copy;

        if (!copy_text(text, &copy))
                return CONFER_E_NOMEM;

        free(*text_at);
        *text_at = copy;
        return CONFER_OK;
}

/* 1 to @size_max printable ASCII characters. */
static bool is_printable(const char *text, size_t size_max, bool may_have_space) {
        size_t size = strlen(text);

        for (size_t i = 0; i < size; i++)
                if (text[i] < (may_have_space ? 0x20 : 0x21) || text[i] > 0x7e)
                        return false;
        return size > 0 && size <= size_max;
}

static bool is_utf8(const char *text, size_t size_max) {
        Span span = span_from_string(text);

        return span.size <= size_max && utf8_valid_size(span) == span.size;
}

static bool parse_port(const char *text, uint16_t *ret_port) {
        unsigned port = 0;
        size_t i;

        for (i = 0; i < 5 && isdigit((unsigned char)text[i]); i++)
                port = port * 10 + (unsigned)(text[i] - '0');
        if (i == 0 || (text[i] != '\0' && strcmp(text + i, "/") != 0) || port == 0 || port > UINT16_MAX)
                return false;

        *ret_port = (uint16_t)port;
        return true;
}

/* The host at the start of @text: a name, an IPv4 address, or an IPv6 address in brackets. What follows it
 * is returned; NULL when it is none. */
static const char *parse_host(const char *text, Span *ret_host) {
        static const char name_characters[] =
                "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_";
        bool in_brackets = *text == '[';
        size_t size;

        text += in_brackets;
        size = strspn(text, in_brackets ? "0123456789abcdefABCDEF:.%" : name_characters);
        if (size == 0 || size > HOST_SIZE_MAX || (in_brackets && text[size] != ']'))
                return NULL;

        *ret_host = (Span){ text, size };
        return text + size + in_brackets;
}

static bool parse_server(const char *url, Span *ret_host, Server *ret_server) {
        bool is_tls = strncmp(url, "https://", 8) == 0;
        uint16_t port = PORT_DEFAULT;
        const char *rest;

        if (!is_tls && strncmp(url, "http://", 7) != 0)
                return false;
        rest = parse_host(url + (is_tls ? 8 : 7), ret_host);
        if (!rest)
                return false;
        if (*rest == ':' ? !parse_port(rest + 1, &port) : *rest != '\0' && strcmp(rest, "/") != 0)
                return false;

        *ret_server = (Server){ .port = port, .is_tls = is_tls };
        return true;
}

_public_ confer_error confer_options_add_server(confer_options *options, const char *url) {
        Server server;
        Span host;

        if (!options || !url || options->n_servers == SERVERS_MAX || !parse_server(url, &host, &server))
                return CONFER_E_INVALID;

        server.host = strndup(host.data, host.size);
        if (!server.host)
                return CONFER_E_NOMEM;

        options->servers[options->n_servers++] = server;
        return CONFER_OK;
}

_public_ confer_error confer_options_set_token(confer_options *options, const char *token) {
        if (!options || (token && !is_printable(token, TOKEN_SIZE_MAX, false)))
                return CONFER_E_INVALID;

        return set_text(&options->token, token);
}

_public_ confer_error confer_options_set_tls_ca(confer_options *options, const char *ca_file) {
        if (!options || (ca_file && !*ca_file))
                return CONFER_E_INVALID;

        return set_text(&options->tls_ca, ca_file);
}

_public_ confer_error confer_options_set_tls_certificate(confer_options *options,
                                                         const char *certificate_file, const char *key_file) {
        char *certificate, *key;

        if (!options || !certificate_file != !key_file ||
            (certificate_file && (!*certificate_file || !*key_file)))
                return CONFER_E_INVALID;
        if (!copy_text(certificate_file, &certificate))
                return CONFER_E_NOMEM;
        if (!copy_text(key_file, &key)) {
                free(certificate);
                return CONFER_E_NOMEM;
        }

        free(options->tls_certificate);
        free(options->tls_key);
        options->tls_certificate = certificate;
        options->tls_key = key;
        return CONFER_OK;
}

_public_ confer_error confer_options_set_tls_server_name(confer_options *options, const char *name) {
        if (!options || (name && !is_printable(name, HOST_SIZE_MAX, false)))
                return CONFER_E_INVALID;

        return set_text(&options->tls_server_name, name);
}

_public_ confer_error confer_options_set_instance(confer_options *options, const char *id) {
        if (!options || (id && !is_printable(id, INSTANCE_ID_SIZE_MAX, false)))
                return CONFER_E_INVALID;

        return set_text(&options->instance, id);
}

_public_ confer_error confer_options_set_app(confer_options *options, const char *app) {
        if (!options || (app && !is_utf8(app, INSTANCE_TEXT_MAX)))
                return CONFER_E_INVALID;

        return set_text(&options->app, app);
}

_public_ confer_error confer_options_set_tag(confer_options *options, const char *name, const char *value) {
        if (!options || !name || !value)
                return CONFER_E_INVALID;

        return tag_set_change(&options->tags, name, value);
}

static Wanted *find_wanted(const confer_options *options, const char *name) {
        for (size_t i = 0; i < options->n_wanted; i++)
                if (strcmp(options->wanted[i].name, name) == 0)
                        return &options->wanted[i];
        return NULL;
}

static bool wants_key(const Wanted *wanted, const char *key) {
        for (size_t i = 0; i < wanted->n_keys; i++)
                if (strcmp(wanted->keys[i], key) == 0)
                        return true;
        return false;
}

/* Makes room for one more of them. The caller counts. */
static bool grow(void **items, size_t n, size_t item_size) {
        void *grown;

        if ((n & (n - 1)) != 0)
                return true;

        grown = realloc(*items, item_size * (n == 0 ? 1 : 2 * n));
        if (!grown)
                return false;

        *items = grown;
        return true;
}

/* Finds the namespace among those wanted, or adds it with nothing of it wanted yet. */
static confer_error need_wanted(confer_options *options, const char *name, Wanted **ret_wanted) {
        Wanted *wanted = find_wanted(options, name);

        if (!wanted) {
                if (options->n_wanted == FRAME_NAMESPACES_MAX)
                        return CONFER_E_INVALID;
                if (!grow((void **)&options->wanted, options->n_wanted, sizeof(*wanted)))
                        return CONFER_E_NOMEM;
                wanted = &options->wanted[options->n_wanted];
                *wanted = (Wanted){ .name = strdup(name) };
                if (!wanted->name)
                        return CONFER_E_NOMEM;
                options->n_wanted++;
        }

        *ret_wanted = wanted;
        return CONFER_OK;
}

_public_ confer_error confer_options_add_namespace(confer_options *options, const char *namespace_) {
        confer_error error;
        Wanted *wanted;

        if (!options || !namespace_ || !namespace_is_valid(span_from_string(namespace_)))
                return CONFER_E_INVALID;
        error = need_wanted(options, namespace_, &wanted);
        if (error)
                return error;

        wanted->all_keys = true;
        return CONFER_OK;
}

/* Takes back a namespace that was added for a key which could not be. */
static void drop_if_empty(confer_options *options, Wanted *wanted) {
        if (wanted->all_keys || wanted->n_keys > 0)
                return;

        wanted_deinit(wanted);
        options->n_wanted--;
}

static confer_error add_key(confer_options *options, Wanted *wanted, const char *key) {
        char *copy;

        if (wants_key(wanted, key))
                return CONFER_OK;
        if (options->n_keys == FRAME_KEYS_MAX)
                return CONFER_E_INVALID;
        if (!grow((void **)&wanted->keys, wanted->n_keys, sizeof(*wanted->keys)))
                return CONFER_E_NOMEM;
        copy = strdup(key);
        if (!copy)
                return CONFER_E_NOMEM;

        wanted->keys[wanted->n_keys++] = copy;
        options->n_keys++;
        return CONFER_OK;
}

_public_ confer_error confer_options_add_key(confer_options *options, const char *namespace_,
                                             const char *key) {
        confer_error error;
        Wanted *wanted;

        if (!options || !namespace_ || !key || !namespace_is_valid(span_from_string(namespace_)) ||
            !key_is_valid(span_from_string(key)))
                return CONFER_E_INVALID;
        error = need_wanted(options, namespace_, &wanted);
        if (error)
                return error;

        error = add_key(options, wanted, key);
        if (error)
                drop_if_empty(options, wanted);
        return error;
}

_public_ confer_error confer_options_set_default(confer_options *options, const char *namespace_,
                                                 const char *key, const char *content) {
        _cleanup_(value_unrefp) confer_value *value = NULL;
        ConfigData data;

        if (!options || !namespace_ || !key || !content || !is_utf8(content, SIZE_MAX))
                return CONFER_E_INVALID;
        data = (ConfigData){
                .namespace = span_from_string(namespace_),
                .key = span_from_string(key),
                .format = format_from_key(span_from_string(key)),
                .content = span_from_string(content),
        };
        if (!namespace_is_valid(data.namespace) || !key_is_valid(data.key))
                return CONFER_E_INVALID;
        if (options->defaults.n_releases == DEFAULTS_MAX &&
            !catalog_get(&options->defaults, data.namespace, data.key))
                return CONFER_E_INVALID;

        if (value_new(&data, NULL, CONFER_ORIGIN_DEFAULT, &value, NULL) != 0 ||
            catalog_put(&options->defaults, &value->release) != 0)
                return CONFER_E_NOMEM;
        return CONFER_OK;
}

_public_ confer_error confer_options_set_cache_file(confer_options *options, const char *path) {
        if (!options || (path && !*path))
                return CONFER_E_INVALID;

        return set_text(&options->cache_path, path);
}

_public_ confer_error confer_options_set_cache_max_age(confer_options *options, uint64_t max_age_ms) {
        if (!options || max_age_ms > INT64_MAX)
                return CONFER_E_INVALID;

        options->cache_max_age_ms = max_age_ms;
        return CONFER_OK;
}

_public_ confer_error confer_options_set_backoff(confer_options *options, uint64_t base_ms, uint64_t cap_ms,
                                                 uint64_t stable_ms) {
        if (!options || base_ms == 0 || base_ms > BACKOFF_BASE_MS_MAX || cap_ms < base_ms ||
            cap_ms > BACKOFF_CAP_MS_MAX || stable_ms > INT64_MAX)
                return CONFER_E_INVALID;

        options->backoff = (BackoffPolicy){ base_ms, cap_ms, stable_ms };
        return CONFER_OK;
}

_public_ confer_error confer_options_set_log(confer_options *options, confer_log_fn log, void *context) {
        if (!options)
                return CONFER_E_INVALID;

        options->log = log;
        options->log_context = context;
        return CONFER_OK;
}

_public_ confer_error confer_options_set_dispatch(confer_options *options, confer_dispatch_mode mode) {
        if (!options || (mode != CONFER_DISPATCH_THREAD && mode != CONFER_DISPATCH_APPLICATION))
                return CONFER_E_INVALID;

        options->dispatch = mode;
        return CONFER_OK;
}
