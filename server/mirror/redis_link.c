#include <assert.h>
#include <errno.h>
#include <hiredis/hiredis.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "mirror/redis_link.h"

#define READ_SIZE 16384

/* Of a list in a reply. The longest that is asked for is the fields of a Hash made of a content. */
#define ELEMENTS_MAX (1 << 20)

struct RedisLink {
        Waker *waker;
        int64_t timeout_ms;
        int fd;
        redisReader *reader;
        RedisReply reply; /* what was read last */

        Buf output;
        size_t n_sent; /* bytes of it */
        uint64_t n_commands;
        size_t n_words_due; /* of the command begun last */

        TargetOutcome outcome; /* that of every call, once it is not OK */
        TargetError error;
};

/*
 * Replies, as hiredis has them made. A child stands in its parent's elements, and the root in the link, so
 * that what is freed is the root, with all below.
 */

static void clear_reply(RedisReply *reply) {
        for (size_t i = 0; i < reply->n_elements; i++)
                clear_reply(&reply->elements[i]);
        free(reply->elements);
        free((char *)reply->text.data);
        *reply = (RedisReply){ .kind = REDIS_REPLY_IS_NIL };
}

static void free_reply(void *reply) {
        clear_reply(reply);
}

static RedisReply *place_of(const redisReadTask *task) {
        RedisReply *parent = task->parent ? task->parent->obj : NULL;

        return parent ? &parent->elements[task->idx] : &((RedisLink *)task->privdata)->reply;
}

static void *make_text(const redisReadTask *task, char *data, size_t size) {
        RedisReply *reply = place_of(task);
        char *copy = malloc(size + 1);

        if (!copy)
                return NULL;

        if (size > 0)
                memcpy(copy, data, size);
        copy[size] = '\0';
        reply->kind = task->type == REDIS_REPLY_ERROR ? REDIS_REPLY_IS_ERROR : REDIS_REPLY_IS_TEXT;
        reply->text = (Span){ copy, size };
        return reply;
}

static void *make_list(const redisReadTask *task, int n) {
        RedisReply *reply = place_of(task);

        if (n > ELEMENTS_MAX)
                return NULL;
        if (n > 0) {
                reply->elements = calloc((size_t)n, sizeof(RedisReply));
                if (!reply->elements)
                        return NULL;
                reply->n_elements = (size_t)n;
        }
        reply->kind = REDIS_REPLY_IS_LIST;
        return reply;
}

static void *make_integer(const redisReadTask *task, long long integer) {
        RedisReply *reply = place_of(task);

        reply->kind = REDIS_REPLY_IS_INTEGER;
        reply->integer = integer;
        return reply;
}

static void *make_nil(const redisReadTask *task) {
        return place_of(task);
}

static redisReplyObjectFunctions reply_functions = {
        .createString = make_text,
        .createArray = make_list,
        .createInteger = make_integer,
        .createNil = make_nil,
        .freeObject = free_reply,
};

/*
 * The life of a link.
 */

RedisLink *redis_link_close(RedisLink *link) {
        if (!link)
                return NULL;

        if (link->reader)
                redisReaderFree(link->reader);
        clear_reply(&link->reply);
        buf_deinit(&link->output);
        if (link->fd >= 0)
                (void)close(link->fd);
        free(link);
        return NULL;
}

static RedisLink *link_new(Waker *waker, int64_t timeout_ms) {
        _cleanup_(redis_link_closep) RedisLink *link = calloc(1, sizeof(*link));
        RedisLink *made = link;

        if (!link)
                return NULL;

        link->waker = waker;
        link->timeout_ms = timeout_ms;
        link->fd = -1;
        link->reader = redisReaderCreateWithFunctions(&reply_functions);
        if (!link->reader)
                return NULL;

        link->reader->privdata = link;
        link = NULL;
        return made;
}

TargetOutcome redis_link_open(const DialAddress *address, Waker *waker, int64_t timeout_ms,
                              RedisLink **ret_link, TargetError *ret_error) {
        _cleanup_(redis_link_closep) RedisLink *link = link_new(waker, timeout_ms);
        TargetOutcome outcome;

        if (!link) {
                problem_set(&ret_error->problem, NULL, "there is not enough memory to connect");
                return TARGET_E_DOWN;
        }

        outcome = dial_connect(address, waker, timeout_ms, &link->fd, &ret_error->problem);
        if (outcome != TARGET_OK)
                return outcome;

        *ret_link = link;
        link = NULL;
        return TARGET_OK;
}

static TargetOutcome break_with(RedisLink *link, TargetOutcome outcome, const char *text) {
        link->outcome = outcome;
        problem_set(&link->error.problem, NULL, "%s", text);
        return outcome;
}

/*
 * Commands.
 */

void redis_link_command(RedisLink *link, size_t n_words) {
        assert(link->n_words_due == 0);

        buf_append_char(&link->output, '*');
        buf_append_u64(&link->output, n_words);
        buf_append_literal(&link->output, "\r\n");
        link->n_words_due = n_words;
        link->n_commands++;
}

void redis_link_word(RedisLink *link, Span word) {
        assert(link->n_words_due > 0);

        buf_append_char(&link->output, '$');
        buf_append_u64(&link->output, word.size);
        buf_append_literal(&link->output, "\r\n");
        buf_append_span(&link->output, word);
        buf_append_literal(&link->output, "\r\n");
        link->n_words_due--;
}

void redis_link_append(RedisLink *link, const Span *words, size_t n_words) {
        redis_link_command(link, n_words);
        for (size_t i = 0; i < n_words; i++)
                redis_link_word(link, words[i]);
}

uint64_t redis_link_n_commands(const RedisLink *link) {
        return link->n_commands;
}

/*
 * What comes and goes.
 */

static TargetOutcome break_with_errno(RedisLink *link, int error) {
        return break_with(link, TARGET_E_DOWN, strerrordesc_np(error));
}

static TargetOutcome break_with_silence(RedisLink *link) {
        link->outcome = TARGET_E_DOWN;
        problem_set(&link->error.problem, NULL, "the server has not answered for %lld ms",
                    (long long)link->timeout_ms);
        return link->outcome;
}

static bool is_passing(int error) {
        return error == EAGAIN || error == EWOULDBLOCK || error == EINTR;
}

static void drop_output(RedisLink *link) {
        buf_clear(&link->output);
        link->n_sent = 0;
}

/* A server that turns a connection away says why and closes it: that is still to be read. */
static TargetOutcome fail_sending(RedisLink *link, int error) {
        if (error != EPIPE && error != ECONNRESET)
                return break_with_errno(link, error);

        drop_output(link);
        return TARGET_OK;
}

static TargetOutcome send_some(RedisLink *link) {
        ssize_t n = send(link->fd, link->output.data + link->n_sent, link->output.size - link->n_sent,
                         MSG_NOSIGNAL);

        if (n < 0)
                return is_passing(errno) ? TARGET_OK : fail_sending(link, errno);

        link->n_sent += (size_t)n;
        if (link->n_sent == link->output.size)
                drop_output(link);
        return TARGET_OK;
}

static TargetOutcome receive_some(RedisLink *link) {
        char bytes[READ_SIZE];
        ssize_t n = recv(link->fd, bytes, sizeof(bytes), 0);

        if (n < 0)
                return is_passing(errno) ? TARGET_OK : break_with_errno(link, errno);
        if (n == 0)
                return break_with(link, TARGET_E_DOWN, "the server has closed the connection");
        if (redisReaderFeed(link->reader, bytes, (size_t)n) != REDIS_OK)
                return break_with(link, TARGET_E_DOWN, link->reader->errstr);
        return TARGET_OK;
}

static TargetOutcome move_some(RedisLink *link) {
        bool has_output = link->n_sent < link->output.size;
        short events = waker_poll(link->waker, link->fd, (short)(POLLIN | (has_output ? POLLOUT : 0)),
                                  link->timeout_ms, 0);

        if (events == 0 && waker_is_stopping(link->waker))
                return break_with(link, TARGET_E_STOPPED, "the mirror is stopping");
        if (events == 0)
                return break_with_silence(link);
        if (events & (POLLIN | POLLHUP | POLLERR))
                return receive_some(link);
        return send_some(link);
}

/* Return: TARGET_OK with @ret_is_read: whether one is whole. */
static TargetOutcome read_reply(RedisLink *link, bool *ret_is_read) {
        void *reply = NULL;

        if (redisReaderGetReply(link->reader, &reply) != REDIS_OK)
                return break_with(link, TARGET_E_DOWN, link->reader->errstr);

        *ret_is_read = reply != NULL;
        return TARGET_OK;
}

TargetOutcome redis_link_take(RedisLink *link, const RedisReply **ret_reply, TargetError *ret_error) {
        bool is_read = false;

        if (link->outcome == TARGET_OK && buf_failed(&link->output))
                (void)break_with(link, TARGET_E_DOWN, "there is not enough memory for the commands");
        if (link->outcome == TARGET_OK)
                clear_reply(&link->reply);

        while (link->outcome == TARGET_OK && !is_read)
                if (read_reply(link, &is_read) == TARGET_OK && !is_read)
                        (void)move_some(link);

        if (link->outcome == TARGET_OK)
                *ret_reply = &link->reply;
        else
                *ret_error = link->error;
        return link->outcome;
}
