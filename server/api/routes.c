#include <stdlib.h>
#include <string.h>

#include "api/handlers.h"
#include "api/page.h"
#include "api/routes.h"
#include "model/macros.h"
#include "push/handlers.h"

#define BASE      "/api/v1"
#define NAMESPACE BASE "/namespaces/{ns}"
#define CONFIG    NAMESPACE "/configs/{key}"
#define MIRROR    BASE "/mirrors/{mirror}"
#define INGEST    BASE "/ingests/{ingest}"

static const Route table[] = {
        /* First, since nearly all requests are for it and the routes are gone through in this order. */
        { "GET", CONFIG, RIGHT_READER, "config.read", "tag* instance version inherit raw",
          .read = config_read, .query = config_query_version },

        /* Without credentials: these, and nothing else. */
        { "GET", "/healthz", RIGHT_PUBLIC, "health.read", .read = status_read_health },
        { "GET", "/readyz", RIGHT_PUBLIC, "health.read", .read = status_read_readiness },
        { "GET", "/openapi.yaml", RIGHT_PUBLIC, "openapi.read", .read = status_read_openapi },
        { "GET", "/metrics", RIGHT_PUBLIC, "metrics.read", .read = status_read_metrics },
        { "POST", BASE "/login", RIGHT_PUBLIC, "login", .has_body = true, .is_slow = true,
          .prepare = session_prepare_login, .answer = session_answer_login },

        { "POST", BASE "/logout", RIGHT_AUTHENTICATED, "logout", .prepare = session_prepare_logout,
          .answer = session_answer_logout },
        { "GET", BASE "/me", RIGHT_AUTHENTICATED, "me.read", .read = session_read_me },
        { "GET", BASE "/status", RIGHT_AUTHENTICATED, "status.read", .read = status_read },

        { "PUT", CONFIG, RIGHT_EDITOR, "config.save", .has_body = true, .prepare = config_prepare_put,
          .answer = config_answer_put },
        { "DELETE", CONFIG, RIGHT_PUBLISHER, "config.delete", .prepare = config_prepare_delete,
          .answer = config_answer_delete },
        { "POST", CONFIG "/publish", RIGHT_PUBLISHER, "config.publish", .has_body = true,
          .prepare = release_prepare_publish, .answer = release_answer },
        { "POST", CONFIG "/rollback", RIGHT_PUBLISHER, "config.rollback", .has_body = true,
          .prepare = release_prepare_rollback, .answer = release_answer },
        { "GET", CONFIG "/versions", RIGHT_READER, "config.read", "content limit cursor",
          .query = version_query_list },
        { "GET", CONFIG "/versions/{n}", RIGHT_READER, "config.read", .query = version_query },
        { "GET", CONFIG "/diff", RIGHT_READER, "config.read", "from to", .query = version_query_diff },
        { "GET", CONFIG "/releases", RIGHT_READER, "config.read", "limit cursor",
          .query = release_query_list },

        { "PUT", CONFIG "/gray", RIGHT_PUBLISHER, "gray.set", .has_body = true, .prepare = gray_prepare_set,
          .answer = gray_answer },
        { "GET", CONFIG "/gray", RIGHT_READER, "gray.read", .hold = gray_hold_show },
        { "DELETE", CONFIG "/gray", RIGHT_PUBLISHER, "gray.abort", .prepare = gray_prepare_abort,
          .answer = release_answer },
        { "POST", CONFIG "/gray/promote", RIGHT_PUBLISHER, "gray.promote", .has_body = true,
          .prepare = gray_prepare_promote, .answer = release_answer },
        { "POST", CONFIG "/gray/pause", RIGHT_PUBLISHER, "gray.pause", .has_body = true,
          .prepare = gray_prepare_pause, .answer = gray_answer },
        { "POST", CONFIG "/gray/resume", RIGHT_PUBLISHER, "gray.resume", .has_body = true,
          .prepare = gray_prepare_resume, .answer = gray_answer },
        { "POST", CONFIG "/gray/preview", RIGHT_READER, "gray.preview", "limit", .has_body = true,
          .read = gray_read_for_preview, .query = gray_query_for_preview, .hold = gray_hold_preview },
        { "POST", CONFIG "/evaluate", RIGHT_READER, "config.evaluate", .has_body = true,
          .read = config_evaluate },

        { "GET", NAMESPACE "/configs", RIGHT_READER, "config.read",
          "prefix q content inherit deleted limit cursor", .query = config_query_list },
        { "POST", CONFIG "/check", RIGHT_READER, "config.check", .has_body = true,
          .query = schema_query_check },

        { "GET", NAMESPACE "/schemas", RIGHT_READER, "schema.read", .query = schema_query_list },
        /* The star is the namespace itself; it is no key, so that the two do not meet. */
        { "PUT", NAMESPACE "/schemas/*", RIGHT_ADMIN, "schema.attach", .has_body = true,
          .prepare = schema_prepare_attach, .answer = schema_answer_attach },
        { "DELETE", NAMESPACE "/schemas/*", RIGHT_ADMIN, "schema.detach", .prepare = schema_prepare_detach,
          .answer = schema_answer_detach },
        { "PUT", NAMESPACE "/schemas/{key}", RIGHT_ADMIN, "schema.attach", .has_body = true,
          .prepare = schema_prepare_attach, .answer = schema_answer_attach },
        { "DELETE", NAMESPACE "/schemas/{key}", RIGHT_ADMIN, "schema.detach",
          .prepare = schema_prepare_detach, .answer = schema_answer_detach },

        { "GET", NAMESPACE, RIGHT_READER, "namespace.read", .query = namespace_query },
        { "PATCH", NAMESPACE, RIGHT_ADMIN, "namespace.update", .has_body = true,
          .prepare = namespace_prepare_update, .answer = namespace_answer_updated },
        { "DELETE", NAMESPACE, RIGHT_ADMIN, "namespace.delete", "recursive",
          .prepare = namespace_prepare_delete, .answer = namespace_answer_deleted },
        { "GET", BASE "/namespaces", RIGHT_READER, "namespace.read", "prefix limit cursor",
          .query = namespace_query_list },
        { "POST", BASE "/namespaces", RIGHT_ADMIN, "namespace.create", .has_body = true,
          .prepare = namespace_prepare_create, .answer = namespace_answer_created },

        { "POST", BASE "/transactions", RIGHT_EDITOR, "transaction", .has_body = true,
          .prepare = transaction_prepare, .answer = transaction_answer },
        { "GET", BASE "/changes", RIGHT_AUTHENTICATED, "changes.read", "namespace since epoch wait",
          .hold = changes_hold },
        { "GET", BASE "/instances", RIGHT_AUTHENTICATED, "instances.read", "namespace key limit cursor",
          .hold = instances_hold },
        { "GET", BASE "/mirrors", RIGHT_READER, "mirror.read", .read = mirror_read_list },
        { "GET", MIRROR, RIGHT_READER, "mirror.read", .read = mirror_read },
        { "POST", MIRROR "/resync", RIGHT_ADMIN, "mirror.resync", .prepare = mirror_prepare_resync,
          .answer = mirror_answer_resync },
        { "GET", MIRROR "/dead-letters", RIGHT_READER, "mirror.read", "limit cursor",
          .query = mirror_query_dead_letters },
        { "POST", MIRROR "/dead-letters/retry", RIGHT_ADMIN, "mirror.retry", .has_body = true,
          .prepare = mirror_prepare_retry, .answer = mirror_answer_retry },
        { "POST", MIRROR "/dead-letters/drop", RIGHT_ADMIN, "mirror.drop", .has_body = true,
          .prepare = mirror_prepare_drop, .answer = mirror_answer_drop },
        { "GET", BASE "/ingests", RIGHT_READER, "ingest.read", .read = ingest_read_list },
        { "GET", INGEST, RIGHT_READER, "ingest.read", .read = ingest_read },
        { "POST", INGEST "/resync", RIGHT_ADMIN, "ingest.resync", .prepare = ingest_prepare_resync,
          .answer = ingest_answer_resync },
        { "GET", INGEST "/quarantine", RIGHT_READER, "ingest.read", "limit cursor",
          .query = ingest_query_quarantine },
        { "POST", INGEST "/quarantine/retry", RIGHT_ADMIN, "ingest.retry", .has_body = true,
          .prepare = ingest_prepare_retry, .answer = ingest_answer_retry },
        { "POST", INGEST "/quarantine/drop", RIGHT_ADMIN, "ingest.drop", .has_body = true,
          .prepare = ingest_prepare_drop, .answer = ingest_answer_drop },
        { "GET", BASE "/stream", RIGHT_AUTHENTICATED, "stream.open", .hold = stream_hold },
        { "GET", BASE "/audit", RIGHT_READER, "audit.read",
          "namespace key actor action since until limit cursor", .query = audit_query_list },
};

/* Each file of the console is a route of its own. */
static Route page_route(const PageFile *file) {
        return (Route){ "GET", file->path, RIGHT_PUBLIC, "page.read", .read = page_read };
}

Route *routes_new(bool metrics_public, size_t *ret_n_routes) {
        size_t n_routes = ARRAY_SIZE(table) + n_page_files;
        Route *routes = malloc(n_routes * sizeof(*routes));

        if (!routes)
                abort();

        memcpy(routes, table, sizeof(table));
        for (size_t i = 0; i < n_page_files; i++)
                routes[ARRAY_SIZE(table) + i] = page_route(&page_files[i]);
        for (size_t i = 0; i < n_routes; i++)
                if (routes[i].read == status_read_metrics && !metrics_public)
                        routes[i].right = RIGHT_AUTHENTICATED;

        *ret_n_routes = n_routes;
        return routes;
}
