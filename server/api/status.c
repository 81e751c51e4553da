/*
 * The server about itself.
 */
#include "api/app.h"
#include "api/handlers.h"
#include "api/openapi.h"
#include "api/render.h"
#include "model/json.h"

#define SETS_MAX 160 /* 64 loops, 64 workers and the writer, at most */

bool status_read(Request *request) {
        const App *app = app_of(request);
        Buf *body = reply_begin(request, 200);

        buf_append_literal(body, "{\"version\":");
        json_append_string(body, span_from_string(app->version));
        render_text(body, "epoch", store_epoch(app->store));
        buf_append_literal(body, ",\"revision\":");
        buf_append_u64(body, request->catalog->revision);
        render_time(body, "started_at", app->started_at_ms);
        buf_append_literal(body, ",\"namespaces\":");
        buf_append_u64(body, catalog_n_namespaces(request->catalog));
        buf_append_literal(body, ",\"configs\":");
        buf_append_u64(body, catalog_n_releases(request->catalog));
        buf_append_literal(body, ",\"threads\":");
        buf_append_u64(body, app->n_threads);
        buf_append_char(body, '}');
        reply_end(request);
        return true;
}

static bool reply_text(Request *request, int status, const char *content_type, Span text) {
        request->reply.status = status;
        request->reply.content_type = content_type;
        request->reply.text = text;
        return true;
}

bool status_read_health(Request *request) {
        return reply_text(request, 200, "text/plain; charset=utf-8", SPAN_LITERAL("ok\n"));
}

bool status_read_readiness(Request *request) {
        if (app_of(request)->is_ready)
                return reply_text(request, 200, "text/plain; charset=utf-8", SPAN_LITERAL("ready\n"));

        reply_refusal(request, REASON_NOT_READY, NULL, "the store is being loaded: try again in a moment");
        return true;
}

bool status_read_openapi(Request *request) {
        return reply_text(request, 200, "application/yaml",
                          (Span){ (const char *)openapi_yaml, openapi_yaml_size });
}

bool status_read_metrics(Request *request) {
        const App *app = app_of(request);
        const MetricSet *sets[SETS_MAX];
        size_t n = 0;

        for (size_t i = 0; i < server_n_loops(app->server) && n < SETS_MAX; i++)
                sets[n++] = server_loop_metrics(app->server, i);
        for (size_t i = 0; app->is_ready && i < app->n_workers && n < SETS_MAX; i++)
                sets[n++] = &app->workers[i].metrics;
        if (app->is_ready && n < SETS_MAX)
                sets[n++] = store_metrics(app->store);

        request->reply.status = 200;
        request->reply.content_type = "text/plain; version=0.0.4; charset=utf-8";
        metrics_append(&request->reply.body, sets, n);
        mirrors_append_metrics(app->mirrors, &request->reply.body);
        election_append_metrics(app->election, &request->reply.body);
        return true;
}
