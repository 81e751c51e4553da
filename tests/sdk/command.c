/*
 * The commands. Words are separated by one space; the last of a command may hold spaces.
 *
 *      get NS KEY                      {"error": "OK", "value": {…}}
 *      get_for NS KEY REQUEST          {"error": "OK", "value": {…}}; REQUEST: {"unit": …, "tags": {…}}
 *      get_for_all REQUESTS            {"answers": [[9, true, 0], …]}; an array of [NS, KEY, REQUEST], and of
 * each its version, whether that is gray, and the rule; or the name of an error set_tag NAME [VALUE]
 * {"error": "OK"}; without a value the tag goes typed TYPE NS KEY [POINTER]     {"error": "OK", "value": 42};
 * TYPE: string int64 double bool fallback TYPE NS KEY FALLBACK [POINTER]   {"value": 42} each NS {"error":
 * "OK", "values": [{…}]} dump                            {"namespaces": {NS: {KEY: {…}}}} heard LISTENER
 * {"namespaces": {NS: {KEY: {…} or null}}} state                           {"state": "connected", "error":
 * "OK", "revision": 7, "age_ms": 0} wait MS                         {"error": "OK"} listen NS|* [KEY]
 * {"error": "OK", "listener": 2} unlisten LISTENER               {"error": "OK"} refuse N REASON the next N
 * changes are refused slow MS                         each listener takes that long within COMMAND the next
 * listener runs it, and tells the answer as an event "within" dispatch [N]                    {"error": "OK"}
 *      stop                            {"error": "OK"}
 *      restart                         the client is freed, and another one made in its place
 */
#include <stdlib.h>
#include <string.h>

#include "probe.h"

#define WORDS_MAX 6

typedef struct Words {
        char *at[WORDS_MAX];
        size_t n;
} Words;

/* Cuts @line at its first spaces into at most @n_max words. */
static Words split(char *line, size_t n_max) {
        Words words = { .n = 0 };

        while (line && *line && words.n < n_max) {
                char *space = words.n + 1 < n_max ? strchr(line, ' ') : NULL;

                if (space)
                        *space++ = '\0';
                words.at[words.n++] = line;
                line = space;
        }
        return words;
}

static json_t *error_answer(confer_error error) {
        return json_pack("{s:s}", "error", probe_error_name(error));
}

static uint64_t number(const char *text) {
        return text ? strtoull(text, NULL, 10) : 0;
}

static json_t *command_get(ProbeClient *client, const Words *words) {
        confer_value *value = NULL;
        confer_error error = confer_get(client->handle, words->at[0], words->at[1], &value);
        json_t *answer =
                json_pack("{s:s, s:o}", "error", probe_error_name(error), "value", probe_value_json(value));

        confer_value_unref(value);
        return answer;
}

static confer_error set_tags(confer_context *context, json_t *tags) {
        confer_error error = CONFER_OK;
        const char *name;
        json_t *value;

        json_object_foreach(tags, name, value) {
                error = confer_context_set_tag(context, name, json_string_value(value));
                if (error)
                        break;
        }
        return error;
}

/* As confer_get_for(), with a context made of @request. */
static confer_error get_for(ProbeClient *client, const char *namespace, const char *key,
                            const json_t *request, confer_value **ret_value) {
        confer_context *context = NULL;
        confer_error error = confer_context_new(&context);

        if (!error)
                error = confer_context_set_unit(context, json_string_value(json_object_get(request, "unit")));
        if (!error)
                error = set_tags(context, json_object_get(request, "tags"));
        if (!error)
                error = confer_get_for(client->handle, namespace, key, context, ret_value);
        confer_context_free(context);
        return error;
}

static json_t *parse(const char *text) {
        json_error_t problem;
        json_t *value = json_loads(text, 0, &problem);

        if (!value)
                probe_die("this is no JSON: %s", problem.text);
        return value;
}

static json_t *command_get_for(ProbeClient *client, const Words *words) {
        json_t *request = parse(words->at[2]), *answer;
        confer_value *value = NULL;
        confer_error error = get_for(client, words->at[0], words->at[1], request, &value);

        answer = json_pack("{s:s, s:o}", "error", probe_error_name(error), "value", probe_value_json(value));
        confer_value_unref(value);
        json_decref(request);
        return answer;
}

static json_t *answer_for(ProbeClient *client, json_t *question) {
        confer_value *value = NULL;
        json_t *answer;
        confer_error error =
                get_for(client, json_string_value(json_array_get(question, 0)),
                        json_string_value(json_array_get(question, 1)), json_array_get(question, 2), &value);

        if (error)
                return json_string(probe_error_name(error));
        answer = json_pack("[I, b, o]", (json_int_t)confer_value_get_version(value),
                           confer_value_is_gray(value), probe_rule_json(value));
        confer_value_unref(value);
        return answer;
}

static json_t *command_get_for_all(ProbeClient *client, const Words *words) {
        json_t *questions = parse(words->at[0]), *answers = json_array(), *question;
        size_t i;

        json_array_foreach(questions, i, question)
                json_array_append_new(answers, answer_for(client, question));
        json_decref(questions);
        return json_pack("{s:o}", "answers", answers);
}

static json_t *command_set_tag(ProbeClient *client, const Words *words) {
        return error_answer(confer_client_set_tag(client->handle, words->at[0], words->at[1]));
}

static confer_error read_typed(confer_value *value, const char *type, const char *pointer, json_t **ret) {
        const char *text = NULL;
        int64_t integer = 0;
        double real = 0;
        bool truth = false;
        confer_error error;

        if (strcmp(type, "string") == 0) {
                error = confer_value_get_string(value, pointer, &text);
                *ret = error ? json_null() : json_string(text);
        } else if (strcmp(type, "int64") == 0) {
                error = confer_value_get_int64(value, pointer, &integer);
                *ret = error ? json_null() : json_integer(integer);
        } else if (strcmp(type, "double") == 0) {
                error = confer_value_get_double(value, pointer, &real);
                *ret = error ? json_null() : json_real(real);
        } else {
                error = confer_value_get_bool(value, pointer, &truth);
                *ret = error ? json_null() : json_boolean(truth);
        }
        return error;
}

static json_t *command_typed(ProbeClient *client, const Words *words) {
        confer_value *value = NULL;
        json_t *result = NULL;
        confer_error error = confer_get(client->handle, words->at[1], words->at[2], &value);

        if (error)
                return error_answer(error);
        error = read_typed(value, words->at[0], words->at[3], &result);
        confer_value_unref(value);
        return json_pack("{s:s, s:o}", "error", probe_error_name(error), "value", result);
}

static json_t *command_fallback(ProbeClient *client, const Words *words) {
        const char *type = words->at[0], *namespace = words->at[1], *key = words->at[2];
        const char *fallback = words->at[3], *pointer = words->at[4];
        confer_client *handle = client->handle;
        json_t *value;

        if (strcmp(type, "string") == 0) {
                char *text = confer_get_string(handle, namespace, key, pointer, fallback);

                value = text ? json_string(text) : json_null();
                free(text);
        } else if (strcmp(type, "int64") == 0) {
                value = json_integer(
                        confer_get_int64(handle, namespace, key, pointer, strtoll(fallback, NULL, 10)));
        } else if (strcmp(type, "double") == 0) {
                value = json_real(confer_get_double(handle, namespace, key, pointer, strtod(fallback, NULL)));
        } else {
                value = json_boolean(
                        confer_get_bool(handle, namespace, key, pointer, strcmp(fallback, "true") == 0));
        }
        return json_pack("{s:o}", "value", value);
}

static bool add_to_list(confer_value *value, void *list) {
        json_array_append_new(list, probe_value_json(value));
        return true;
}

static json_t *command_each(ProbeClient *client, const Words *words) {
        json_t *values = json_array();
        confer_error error = confer_each(client->handle, words->at[0], add_to_list, values);

        return json_pack("{s:s, s:o}", "error", probe_error_name(error), "values", values);
}

static bool add_by_key(confer_value *value, void *object) {
        json_object_set_new(object, confer_value_get_key(value), probe_value_json(value));
        return true;
}

static json_t *command_dump(ProbeClient *client, const Words *words) {
        const Probe *probe = client->probe;
        json_t *namespaces = json_object();

        (void)words;
        for (size_t i = 0; i < probe->n_namespaces; i++) {
                json_t *values = json_object();

                /* A namespace of which nothing is known yet is null, and one that is empty is {}. */
                if (confer_each(client->handle, probe->namespaces[i], add_by_key, values)) {
                        json_decref(values);
                        values = json_null();
                }
                json_object_set_new(namespaces, probe->namespaces[i], values);
        }
        return json_pack("{s:o}", "namespaces", namespaces);
}

static void add_heard(const Heard *heard, void *namespaces) {
        json_t *values = json_object_get(namespaces, heard->namespace);

        if (!values) {
                values = json_object();
                json_object_set_new(namespaces, heard->namespace, values);
        }
        json_object_set_new(values, heard->key, probe_value_json(heard->value));
}

static json_t *command_heard(ProbeClient *client, const Words *words) {
        ProbeListener *listener = probe_client_find_listener(client, number(words->at[0]));
        json_t *namespaces = json_object();

        if (listener) {
                pthread_mutex_lock(&listener->lock);
                heard_table_each(&listener->heard, add_heard, namespaces);
                pthread_mutex_unlock(&listener->lock);
        }
        return json_pack("{s:o}", "namespaces", namespaces);
}

static json_t *command_state(ProbeClient *client, const Words *words) {
        confer_client *handle = client->handle;

        (void)words;
        return json_pack("{s:s, s:s, s:I, s:I}", "state",
                         confer_state_to_string(confer_client_get_state(handle)), "error",
                         probe_error_name(confer_client_get_last_error(handle)), "revision",
                         (json_int_t)confer_client_get_revision(handle), "age_ms",
                         (json_int_t)confer_client_get_age_ms(handle));
}

static json_t *command_wait(ProbeClient *client, const Words *words) {
        return error_answer(confer_client_wait_ready(client->handle, (int64_t)number(words->at[0])));
}

static json_t *command_listen(ProbeClient *client, const Words *words) {
        const char *namespace = strcmp(words->at[0], "*") == 0 ? NULL : words->at[0];
        uint64_t id = 0;
        confer_error error = probe_client_listen(client, namespace, words->at[1], &id);

        return json_pack("{s:s, s:I}", "error", probe_error_name(error), "listener", (json_int_t)id);
}

static json_t *command_unlisten(ProbeClient *client, const Words *words) {
        return error_answer(probe_client_unlisten(client, number(words->at[0])));
}

static json_t *command_refuse(ProbeClient *client, const Words *words) {
        pthread_mutex_lock(&client->lock);
        free(client->refusal);
        client->n_refusals = number(words->at[0]);
        client->refusal = strdup(words->at[1]);
        pthread_mutex_unlock(&client->lock);
        return json_object();
}

static json_t *command_slow(ProbeClient *client, const Words *words) {
        pthread_mutex_lock(&client->lock);
        client->slow_ms = (unsigned)number(words->at[0]);
        pthread_mutex_unlock(&client->lock);
        return json_object();
}

static json_t *command_within(ProbeClient *client, const Words *words) {
        pthread_mutex_lock(&client->lock);
        free(client->within);
        client->within = strdup(words->at[0]);
        pthread_mutex_unlock(&client->lock);
        return json_object();
}

static json_t *command_dispatch(ProbeClient *client, const Words *words) {
        return error_answer(confer_dispatch(client->handle, number(words->at[0])));
}

static json_t *command_stop(ProbeClient *client, const Words *words) {
        (void)words;
        return error_answer(confer_client_stop(client->handle));
}

static json_t *command_restart(ProbeClient *client, const Words *words) {
        Probe *probe = client->probe;
        size_t index = client->index;

        (void)words;
        probe_client_close(client);
        probe_client_open(client, probe, index);
        return json_object();
}

static const struct {
        const char *name;
        size_t n_words_min;
        size_t n_words_max;
        json_t *(*run)(ProbeClient *client, const Words *words);
} commands[] = {
        { "get", 2, 2, command_get },           { "typed", 3, 4, command_typed },
        { "get_for", 3, 3, command_get_for },   { "get_for_all", 1, 1, command_get_for_all },
        { "set_tag", 1, 2, command_set_tag },   { "fallback", 4, 5, command_fallback },
        { "each", 1, 1, command_each },         { "dump", 0, 0, command_dump },
        { "heard", 1, 1, command_heard },       { "state", 0, 0, command_state },
        { "wait", 1, 1, command_wait },         { "listen", 1, 2, command_listen },
        { "unlisten", 1, 1, command_unlisten }, { "refuse", 2, 2, command_refuse },
        { "slow", 1, 1, command_slow },         { "within", 1, 1, command_within },
        { "dispatch", 0, 1, command_dispatch }, { "stop", 0, 0, command_stop },
        { "restart", 0, 0, command_restart },
};

json_t *probe_run_command(ProbeClient *client, char *line) {
        Words command = split(line, 2);

        for (size_t i = 0; command.n > 0 && i < sizeof(commands) / sizeof(commands[0]); i++) {
                Words words;

                if (strcmp(commands[i].name, command.at[0]) != 0)
                        continue;
                words = split(command.at[1], commands[i].n_words_max);
                if (words.n < commands[i].n_words_min)
                        break;
                return commands[i].run(client, &words);
        }
        return json_pack("{s:s}", "wrong", command.n > 0 ? command.at[0] : "");
}
