#include <inttypes.h>
#include <stdio.h>

#include "mirror/redis_answer.h"
#include "mirror/redis_login.h"

#define CLIENT_NAME_PREFIX "confer-mirror-"

#define RIGHTS_NEEDED                                                                                        \
        "a mirror needs CLIENT SETNAME, CLIENT LIST, CLIENT KILL, MULTI, EXEC, SET, HSET, DEL, "             \
        "GETRANGE, EXISTS, HLEN, HMGET, SCAN, PING and PUBLISH"

/* Of what is answered here, only what passes by itself needs nobody to change something. */
static TargetOutcome judge(Span text, TargetError *ret_error) {
        TargetOutcome outcome = redis_answer_judge(text, ret_error);
        Problem said = ret_error->problem;

        if (span_starts_with(text, SPAN_LITERAL("NOPERM ")))
                problem_set(&ret_error->problem, NULL, "%.160s: %s", said.text, RIGHTS_NEEDED);
        return outcome == TARGET_E_DOWN ? TARGET_E_DOWN : TARGET_E_DENIED;
}

/* Return: TARGET_OK with @ret_reply, which is no error. */
static TargetOutcome take(RedisLink *link, const RedisReply **ret_reply, TargetError *ret_error) {
        const RedisReply *reply;
        TargetOutcome outcome = redis_link_take(link, &reply, ret_error);

        if (outcome != TARGET_OK)
                return outcome;
        if (reply->kind == REDIS_REPLY_IS_ERROR)
                return judge(reply->text, ret_error);

        *ret_reply = reply;
        return TARGET_OK;
}

static TargetOutcome call(RedisLink *link, const Span *words, size_t n_words, const RedisReply **ret_reply,
                          TargetError *ret_error) {
        redis_link_append(link, words, n_words);
        return take(link, ret_reply, ret_error);
}

static TargetOutcome authenticate(RedisLink *link, const MirrorOptions *options, TargetError *ret_error) {
        Span user = span_from_string(options->user), password = span_from_string(options->password);
        const RedisReply *reply;

        if (password.size == 0)
                return TARGET_OK;
        if (user.size == 0)
                return call(link, REDIS_WORDS(SPAN_LITERAL("AUTH"), password), &reply, ret_error);
        return call(link, REDIS_WORDS(SPAN_LITERAL("AUTH"), user, password), &reply, ret_error);
}

static TargetOutcome select_database(RedisLink *link, uint64_t database, TargetError *ret_error) {
        char number[24];
        const RedisReply *reply;

        if (database == 0)
                return TARGET_OK;

        (void)snprintf(number, sizeof(number), "%" PRIu64, database);
        return call(link, REDIS_WORDS(SPAN_LITERAL("SELECT"), span_from_string(number)), &reply, ret_error);
}

/* An unknown MULTI would leave a Hash to be deleted and made again in two steps, so it is tried before. */
static TargetOutcome check_transactions(RedisLink *link, TargetError *ret_error) {
        const RedisReply *reply;
        TargetOutcome outcome;

        outcome = call(link, REDIS_WORDS(SPAN_LITERAL("MULTI")), &reply, ret_error);
        if (outcome != TARGET_OK)
                return outcome;
        return call(link, REDIS_WORDS(SPAN_LITERAL("EXEC")), &reply, ret_error);
}

/* The value of the field that @begin names, in a line of CLIENT LIST; values have no spaces. */
static Span find_field(Span line, const char *begin) {
        const char *found = memmem(line.data, line.size, begin, strlen(begin)), *end;

        if (!found)
                return SPAN_NULL;

        found += strlen(begin);
        end = memchr(found, ' ', (size_t)(line.data + line.size - found));
        return (Span){ found, (size_t)((end ? end : line.data + line.size) - found) };
}

static Span take_line(Span *rest) {
        const char *end = memchr(rest->data, '\n', rest->size);
        Span line = { rest->data, end ? (size_t)(end - rest->data) : rest->size };

        span_drop(rest, line.size + (end != NULL));
        return line;
}

/* Asks for the end of each connection in @list of this @name. Return: how many there are. */
static size_t ask_to_kill(RedisLink *link, Span list, Span name) {
        size_t n = 0;

        while (list.size > 0) {
                Span line = take_line(&list), id = find_field(line, "id=");

                if (!id.data || !span_equal(find_field(line, " name="), name))
                        continue;
                redis_link_append(link, REDIS_WORDS(SPAN_LITERAL("CLIENT"), SPAN_LITERAL("KILL"),
                                                    SPAN_LITERAL("ID"), id, SPAN_LITERAL("SKIPME"),
                                                    SPAN_LITERAL("yes")));
                n++;
        }
        return n;
}

/* One that has ended by itself meanwhile is not found, which is a 0 and no error. */
static TargetOutcome hear_of_kills(RedisLink *link, size_t n, TargetError *ret_error) {
        TargetOutcome outcome = TARGET_OK;

        for (size_t i = 0; i < n && outcome == TARGET_OK; i++) {
                const RedisReply *reply;

                outcome = take(link, &reply, ret_error);
        }
        return outcome;
}

static TargetOutcome refuse_list(TargetError *ret_error) {
        problem_set(&ret_error->problem, NULL,
                    "the server does not answer CLIENT LIST as Redis does: name Redis itself, and no proxy "
                    "that shares connections");
        return TARGET_E_DENIED;
}

/* This connection is among them, and skipped. So there is always one to ask for, which shows whether that is
 * permitted before it is needed. */
static TargetOutcome kill_others(RedisLink *link, Span name, TargetError *ret_error) {
        const RedisReply *list = NULL;
        TargetOutcome outcome;
        size_t n;

        outcome = call(link,
                       REDIS_WORDS(SPAN_LITERAL("CLIENT"), SPAN_LITERAL("LIST"), SPAN_LITERAL("TYPE"),
                                   SPAN_LITERAL("normal")),
                       &list, ret_error);
        if (outcome != TARGET_OK)
                return outcome;
        if (list->kind != REDIS_REPLY_IS_TEXT)
                return refuse_list(ret_error);

        n = ask_to_kill(link, list->text, name);
        return n > 0 ? hear_of_kills(link, n, ret_error) : refuse_list(ret_error);
}

static TargetOutcome fence(RedisLink *link, Span name, TargetError *ret_error) {
        const RedisReply *reply;
        TargetOutcome outcome;

        outcome = call(link, REDIS_WORDS(SPAN_LITERAL("CLIENT"), SPAN_LITERAL("SETNAME"), name), &reply,
                       ret_error);
        return outcome == TARGET_OK ? kill_others(link, name, ret_error) : outcome;
}

TargetOutcome redis_login_run(RedisLink *link, const MirrorOptions *options, size_t worker,
                              TargetError *ret_error) {
        _cleanup_(buf_deinit) Buf name = BUF_NULL;
        TargetOutcome outcome;

        buf_append_literal(&name, CLIENT_NAME_PREFIX);
        buf_append_string(&name, options->name);
        if (worker > 0)
                buf_append_format(&name, ":%zu", worker);

        outcome = authenticate(link, options, ret_error);
        if (outcome == TARGET_OK)
                outcome = select_database(link, options->database, ret_error);
        if (outcome == TARGET_OK)
                outcome = fence(link, buf_span(&name), ret_error);
        if (outcome == TARGET_OK)
                outcome = check_transactions(link, ret_error);
        return outcome;
}
