#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "digest.h"
#include "fixture.h"

#define TEXT_SIZE 4096

static int fake_send(Transport *transport, Span message) {
        Fixture *fixture = (Fixture *)transport;

        buf_append_span(&fixture->sent, message);
        buf_append_char(&fixture->sent, '\n');
        return buf_failed(&fixture->sent) ? -ENOMEM : 0;
}

static void fake_ping(Transport *transport) {
        ((Fixture *)transport)->n_pings++;
}

static void fake_wake(Transport *transport) {
        (void)transport;
}

const TransportType transport_fake = { .send = fake_send, .ping = fake_ping, .wake = fake_wake };

confer_options *fixture_options(void) {
        confer_options *options = NULL;

        if (confer_options_new(&options) != CONFER_OK)
                return NULL;
        if (confer_options_add_server(options, "http://127.0.0.1:1") != CONFER_OK ||
            confer_options_add_namespace(options, NAMESPACE) != CONFER_OK ||
            confer_options_set_dispatch(options, CONFER_DISPATCH_APPLICATION) != CONFER_OK) {
                confer_options_free(options);
                return NULL;
        }
        return options;
}

confer_error fixture_init(Fixture *fixture, const confer_options *options) {
        confer_error error;

        *fixture = (Fixture){ .sent = BUF_NULL };
        error = confer_client_new(options, &fixture->client);
        if (error)
                return error;

        fixture->client->network.type = &transport_fake;
        stream_init(&fixture->stream, fixture->client, &transport_fake, clock_now_ms());
        return CONFER_OK;
}

void fixture_deinit(Fixture *fixture) {
        stream_deinit(&fixture->stream);
        confer_client_free(fixture->client);
        buf_deinit(&fixture->sent);
}

void fixture_connect(Fixture *fixture) {
        stream_deinit(&fixture->stream);
        buf_clear(&fixture->sent);
        stream_init(&fixture->stream, fixture->client, &transport_fake, clock_now_ms());
        fixture->stream.transport = (Transport *)fixture;
        client_move(fixture->client, CONFER_STATE_CONNECTING);
        client_move(fixture->client, CONFER_STATE_RECONNECTING);
        stream_events.opened(&fixture->stream);
}

void fixture_receive(Fixture *fixture, const char *text) {
        stream_events.received(&fixture->stream, span_from_string(text));
}

void fixture_pong(Fixture *fixture) {
        stream_events.heard(&fixture->stream);
}

static char *next_text(void) {
        static char texts[8][TEXT_SIZE];
        static size_t at;

        return texts[at++ % 8];
}

static const char *sha256_text(const char *content) {
        static char hex[2 * SHA256_SIZE + 1];
        uint8_t sha256[SHA256_SIZE] = { 0 };

        (void)digest_sha256(span_from_string(content), sha256);
        for (size_t i = 0; i < SHA256_SIZE; i++)
                (void)snprintf(hex + 2 * i, 3, "%02x", sha256[i]);
        return hex;
}

const char *release_text(const char *key, int version, unsigned revision, const char *content) {
        char *text = next_text();

        (void)snprintf(
                text, TEXT_SIZE,
                "{\"key\":\"%s\",\"version\":%d,\"revision\":%u,\"format\":\"text\",\"content\":\"%s\","
                "\"sha256\":\"%s\",\"updated_at\":\"2026-01-31T09:05:00.000Z\",\"updated_by\":\"user:a\","
                "\"comment\":\"\",\"gray\":null}",
                key, version, revision, content, sha256_text(content));
        return text;
}

const char *version_text(int version, const char *content) {
        char *text = next_text();

        (void)snprintf(text, TEXT_SIZE, "\"%d\":{\"format\":\"text\",\"content\":\"%s\",\"sha256\":\"%s\"}",
                       version, content, sha256_text(content));
        return text;
}

const char *gray_text(const char *release, const char *rules, const char *versions) {
        int stable_size = (int)(strlen(release) - strlen("null}"));
        char *text = next_text();

        (void)snprintf(text, TEXT_SIZE,
                       "%.*s{\"salt\":\"s\",\"rules\":%s,\"versions\":{%s},\"updated_at\":"
                       "\"2026-02-01T00:00:00.000Z\",\"updated_by\":\"user:g\",\"comment\":\"gray\"}}",
                       stable_size, release, rules, versions);
        return text;
}

const char *namespace_text(const char *namespace_, const char *releases, const char *deleted) {
        char *text = next_text();

        (void)snprintf(text, TEXT_SIZE, "{\"namespace\":\"%s\",\"releases\":[%s]%s%s%s}", namespace_,
                       releases, deleted ? ",\"deleted\":[" : "", deleted ? deleted : "", deleted ? "]" : "");
        return text;
}

void fixture_snapshot(Fixture *fixture, unsigned revision, const char *epoch, const char *namespaces,
                      bool more) {
        char text[2 * TEXT_SIZE];

        (void)snprintf(text, sizeof(text),
                       "{\"seq\":%u,\"type\":\"snapshot\",\"payload\":{\"epoch\":\"%s\",\"namespaces\":[%s],"
                       "\"more\":%s}}",
                       revision, epoch, namespaces, more ? "true" : "false");
        fixture_receive(fixture, text);
}

void fixture_change(Fixture *fixture, unsigned revision, const char *namespaces) {
        char text[2 * TEXT_SIZE];

        (void)snprintf(text, sizeof(text), "{\"seq\":%u,\"type\":\"change\",\"payload\":{\"changes\":[%s]}}",
                       revision, namespaces);
        fixture_receive(fixture, text);
}

void fixture_put(Fixture *fixture, unsigned revision, const char *release) {
        fixture_change(fixture, revision, namespace_text(NAMESPACE, release, ""));
}

const char *content_of(confer_client *client, const char *namespace_, const char *key) {
        static char content[TEXT_SIZE];
        confer_value *value = NULL;
        confer_error error = confer_get(client, namespace_, key, &value);

        (void)snprintf(content, sizeof(content), "%s",
                       error ? confer_error_to_string(error) : confer_value_content(value, NULL));
        confer_value_unref(value);
        return content;
}
