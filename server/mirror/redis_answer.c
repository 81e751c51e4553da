#include "mirror/redis_answer.h"

#define ANSWER_SIZE_MAX 200

#define MEANS_CLUSTER                                                                                        \
        "this is a node of a cluster that does not have the key, and a mirror does not follow "              \
        "redirections: "                                                                                     \
        "name a server that is in no cluster, or a proxy that knows the nodes"

typedef struct Answer {
        const char *begin;
        TargetOutcome outcome;
        const char *means; /* for people, before what the server said; NULL: that is clear enough */
} Answer;

/* Those that begin alike stand with the longer one first. */
static const Answer answers[] = {
        { "LOADING ", TARGET_E_DOWN, NULL },
        { "BUSY ", TARGET_E_DOWN, NULL },
        { "READONLY ", TARGET_E_DOWN, NULL },
        { "MASTERDOWN ", TARGET_E_DOWN, NULL },
        { "CLUSTERDOWN ", TARGET_E_DOWN, NULL },
        { "TRYAGAIN ", TARGET_E_DOWN, NULL },
        { "NOREPLICAS ", TARGET_E_DOWN, NULL },
        { "OOM ", TARGET_E_DOWN, "the server is full" },
        { "MISCONF ", TARGET_E_DOWN, NULL },
        { "ERR max number of clients", TARGET_E_DOWN, NULL },
        { "ERR Protocol error", TARGET_E_DOWN, NULL },
        { "NOAUTH ", TARGET_E_DENIED, "set user and password" },
        { "WRONGPASS ", TARGET_E_DENIED, "the user or the password is wrong" },
        { "ERR invalid password", TARGET_E_DENIED, "the password is wrong" },
        { "ERR AUTH ", TARGET_E_DENIED, NULL },
        { "ERR Client sent AUTH, but no password is set", TARGET_E_DENIED, NULL },
        { "NOPERM ", TARGET_E_DENIED, "the user lacks a right" },
        { "DENIED ", TARGET_E_DENIED, NULL },
        { "ERR unknown command", TARGET_E_DENIED, "the server does not have a command that a mirror needs" },
        { "ERR unknown subcommand", TARGET_E_DENIED,
          "the server does not have a command that a mirror needs" },
        { "ERR DB index is out of range", TARGET_E_DENIED, "the server does not have this database" },
        { "ERR invalid DB index", TARGET_E_DENIED, "the server does not have this database" },
        { "ERR SELECT is not allowed in cluster mode", TARGET_E_DENIED, NULL },
        { "MOVED ", TARGET_E_DENIED, MEANS_CLUSTER },
        { "ASK ", TARGET_E_DENIED, MEANS_CLUSTER },
        { "CROSSSLOT ", TARGET_E_DENIED, MEANS_CLUSTER },
        { "ERR string exceeds maximum allowed size", TARGET_E_REFUSED, NULL },
        { "", TARGET_E_FAILED, NULL },
};

static const Answer *find(Span text) {
        const Answer *answer = answers;

        while (!span_starts_with(text, span_from_string(answer->begin)))
                answer++;
        return answer;
}

/* The error for which a transaction was discarded, where that is told. */
static Span skip_discarding(Span text) {
        static const char begin[] = "EXECABORT Transaction discarded because of: ";

        if (span_starts_with(text, (Span){ begin, sizeof(begin) - 1 }))
                span_drop(&text, sizeof(begin) - 1);
        return text;
}

/* Cuts the words of a command off, which may be a password or a content. */
static Span without_arguments(Span text) {
        static const char arguments[] = ", with args beginning with";
        const char *found = memmem(text.data, text.size, arguments, sizeof(arguments) - 1);

        return found ? (Span){ text.data, (size_t)(found - text.data) } : text;
}

/* @to: of ANSWER_SIZE_MAX bytes */
static void copy_plain(Span text, char *to) {
        size_t size = MIN(text.size, (size_t)ANSWER_SIZE_MAX - 1);

        for (size_t i = 0; i < size; i++)
                to[i] = text.data[i] >= ' ' && text.data[i] <= '~' ? text.data[i] : '?';
        to[size] = '\0';
}

TargetOutcome redis_answer_judge(Span text, TargetError *ret_error) {
        Span reason = skip_discarding(text);
        const Answer *answer = find(reason);
        char said[ANSWER_SIZE_MAX];

        copy_plain(without_arguments(reason), said);
        *ret_error = (TargetError){ .problem = PROBLEM_NULL };
        if (answer->means)
                problem_set(&ret_error->problem, NULL, "%s (the server says: %s)", answer->means, said);
        else
                problem_set(&ret_error->problem, NULL, "the server says: %s", said);
        return answer->outcome;
}
