/*
 * Any bytes may be the body of a PUT or of a transaction: they become operations that hold what the store
 * relies on, or a refusal that is well-formed itself.
 *
 * The first byte chooses: "p" is a PUT, and three lines follow with the key, If-Match and If-None-Match, an
 * empty line for a header that is not there; "t" is a transaction. "P" and "T" are the same by somebody who
 * may do nothing that depends on the body. The rest is the body.
 *
 * What is read of a body without Jansson is what Jansson reads of it.
 */
#include <jansson.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "api/app.h"
#include "api/body_tree.h"
#include "api/handlers.h"
#include "model/name.h"
#include "util/content.h"
#include "util/digest.h"

#define CONTENT_MAX_BYTES 200
#define COMMENT_MAX_BYTES 4096
#define OPERATIONS_MAX    128

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void expect(bool fact) {
        if (!fact)
                abort();
}

/* Takes a line, without its end, off the front of *text; absent when it is empty. */
static Span take_line(Span *text) {
        const char *end = text->size ? memchr(text->data, '\n', text->size) : NULL;
        Span line = { text->data, end ? (size_t)(end - text->data) : text->size };
        size_t n_used = end ? line.size + 1 : line.size;

        *text = (Span){ text->data + n_used, text->size - n_used };
        return line.size ? line : SPAN_NULL;
}

/* The route gives names that are well-formed. */
static void take_put(Request *request, Span *text) {
        Span key = take_line(text);

        request->params[0] = SPAN_LITERAL("prod.fuzz");
        request->params[1] = key_is_valid(key) ? key : SPAN_LITERAL("limits.json");
        request->if_match = take_line(text);
        request->if_none_match = take_line(text);
}

static void expect_put(const Operation *operation) {
        uint8_t sha256_expected[SHA256_SIZE];
        Problem problem;

        expect(operation->put.format < FORMAT_N);
        expect(operation->put.content.data && operation->put.content.size <= CONTENT_MAX_BYTES);
        expect(content_check(operation->put.format, operation->put.content, &problem));
        sha256(operation->put.content, sha256_expected);
        expect(memcmp(operation->put.sha256, sha256_expected, SHA256_SIZE) == 0);
        expect(operation->put.expectation != EXPECT_VERSION || operation->put.expected_version > 0);
}

static void expect_operation(const Operation *operation) {
        Span comment = operation->comment;

        expect(namespace_is_valid(operation->namespace) && key_is_valid(operation->key));
        expect(comment.data && comment.size <= COMMENT_MAX_BYTES &&
               !memchr(comment.data, '\0', comment.size));

        switch (operation->type) {
        case OPERATION_PUT:
                expect_put(operation);
                break;
        case OPERATION_PUBLISH:
                expect(operation->publish_version >= 0);
                break;
        case OPERATION_ROLLBACK:
                expect(operation->rollback.to >= 0);
                break;
        default:
                expect(operation->type == OPERATION_DELETE);
        }
}

static void expect_command(const Request *request) {
        const Command *command = &request->command;

        expect(request->reply.status == 0 && request->reply.body.size == 0);
        expect(command->n_operations >= 1 && command->n_operations <= OPERATIONS_MAX);
        for (size_t i = 0; i < command->n_operations; i++)
                expect_operation(&command->operations[i]);
}

static void expect_refusal(const Request *request) {
        Span body = buf_span(&request->reply.body);
        json_t *json = json_loadb(body.data, body.size, JSON_REJECT_DUPLICATES, NULL);
        const char *reason = json_string_value(json_object_get(json, "reason"));

        expect(json && reason && strcmp(reason, reason_to_string(request->reply.reason)) == 0);
        expect(request->reply.status >= 400 && request->reply.status < 500);
        expect(json_integer_value(json_object_get(json, "code")) == request->reply.status);
        expect(json_string_length(json_object_get(json, "message")) > 0);
        json_decref(json);
}

static void expect_tree(Span body) {
        json_t *tree = body_tree_of_plain(body), *loaded;

        if (!tree)
                return;

        loaded = json_loadb(body.data, body.size, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, NULL);
        expect(loaded && json_equal(tree, loaded));
        json_decref(loaded);
        json_decref(tree);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        static App app = { .content_max_bytes = CONTENT_MAX_BYTES };
        Span text = { (const char *)data + 1, size - 1 };
        Request request = { .app = &app, .principal.name = SPAN_LITERAL("user:admin") };
        bool is_put, is_good;

        if (size == 0)
                return 0;

        is_put = data[0] == 'p' || data[0] == 'P';
        request.principal.is_admin = data[0] != 'P' && data[0] != 'T';
        if (is_put)
                take_put(&request, &text);
        request.body = text;
        expect_tree(text);

        is_good = is_put ? config_prepare_put(&request) : transaction_prepare(&request);
        if (is_good)
                expect_command(&request);
        else
                expect_refusal(&request);
        request_deinit(&request);
        return 0;
}
