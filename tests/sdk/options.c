#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "probe.h"

enum { OPTION_FIRST = 256 };

typedef struct ProbeOption {
        const char *name;
        void (*set)(Probe *probe, char *value);
} ProbeOption;

static void expect(confer_error error, const char *option, const char *value) {
        if (error)
                probe_die("--%s %s: %s", option, value, confer_error_to_string(error));
}

/* Cuts @value at @separator and returns what follows it. */
static char *cut(char *value, char separator) {
        char *rest = strchr(value, separator);

        if (!rest)
                probe_die("\"%s\" has no \"%c\"", value, separator);
        *rest = '\0';
        return rest + 1;
}

static void set_server(Probe *probe, char *value) {
        expect(confer_options_add_server(probe->options, value), "server", value);
}

static void set_token(Probe *probe, char *value) {
        expect(confer_options_set_token(probe->options, value), "token", "…");
}

static void note_namespace(Probe *probe, const char *name) {
        for (size_t i = 0; i < probe->n_namespaces; i++)
                if (strcmp(probe->namespaces[i], name) == 0)
                        return;
        if (probe->n_namespaces == PROBE_NAMESPACES_MAX)
                probe_die("too many namespaces");
        probe->namespaces[probe->n_namespaces++] = name;
}

static void set_namespace(Probe *probe, char *value) {
        expect(confer_options_add_namespace(probe->options, value), "namespace", value);
        note_namespace(probe, value);
}

static void set_key(Probe *probe, char *value) {
        const char *key = cut(value, '/');

        expect(confer_options_add_key(probe->options, value, key), "key", value);
        note_namespace(probe, value);
}

static void set_default(Probe *probe, char *value) {
        char *key = cut(value, '/');
        const char *content = cut(key, '=');

        expect(confer_options_set_default(probe->options, value, key, content), "default", value);
}

static void set_backoff(Probe *probe, char *value) {
        char *cap = cut(value, ',');
        char *stable = cut(cap, ',');

        expect(confer_options_set_backoff(probe->options, strtoull(value, NULL, 10), strtoull(cap, NULL, 10),
                                          strtoull(stable, NULL, 10)),
               "backoff", value);
}

static void set_app(Probe *probe, char *value) {
        expect(confer_options_set_app(probe->options, value), "app", value);
}

static void set_tag(Probe *probe, char *value) {
        const char *text = cut(value, '=');

        expect(confer_options_set_tag(probe->options, value, text), "tag", value);
}

static void set_ca(Probe *probe, char *value) {
        expect(confer_options_set_tls_ca(probe->options, value), "ca", value);
}

static void set_certificate(Probe *probe, char *value) {
        const char *key_file = cut(value, ',');

        expect(confer_options_set_tls_certificate(probe->options, value, key_file), "certificate", value);
}

static void set_server_name(Probe *probe, char *value) {
        expect(confer_options_set_tls_server_name(probe->options, value), "server-name", value);
}

static void set_max_age(Probe *probe, char *value) {
        expect(confer_options_set_cache_max_age(probe->options, strtoull(value, NULL, 10)),
               "cache-max-age-ms", value);
}

static void set_cache(Probe *probe, char *value) {
        probe->cache_file = value;
}

static void set_instance(Probe *probe, char *value) {
        probe->instance = value;
}

static void set_listen(Probe *probe, char *value) {
        probe->listen = value;
}

static void set_clients(Probe *probe, char *value) {
        probe->n_clients = strtoull(value, NULL, 10);
}

static void set_application(Probe *probe, char *value) {
        (void)value;
        expect(confer_options_set_dispatch(probe->options, CONFER_DISPATCH_APPLICATION), "application", "");
        probe->application = true;
}

static void set_quiet(Probe *probe, char *value) {
        (void)value;
        probe->quiet = true;
}

static void set_log(Probe *probe, char *value) {
        (void)value;
        probe->log = true;
}

/* Flags come last. */
static const ProbeOption table[] = {
        { "server", set_server },            /* URL; repeatable */
        { "token", set_token },              /* TOKEN */
        { "namespace", set_namespace },      /* NS; repeatable */
        { "key", set_key },                  /* NS/KEY; repeatable */
        { "default", set_default },          /* NS/KEY=CONTENT; repeatable */
        { "backoff", set_backoff },          /* BASE_MS,CAP_MS,STABLE_MS */
        { "app", set_app },                  /* TEXT */
        { "tag", set_tag },                  /* NAME=VALUE; repeatable */
        { "ca", set_ca },                    /* FILE */
        { "certificate", set_certificate },  /* FILE,KEYFILE */
        { "server-name", set_server_name },  /* NAME */
        { "cache-max-age-ms", set_max_age }, /* MS */
        { "cache", set_cache },              /* FILE; several clients add -INDEX */
        { "instance", set_instance },        /* ID; several clients add -INDEX */
        { "listen", set_listen },            /* all, none, NS or NS/KEY */
        { "clients", set_clients },          /* N */
        { "application", set_application },
        { "quiet", set_quiet },
        { "log", set_log },
};

#define N_OPTIONS (sizeof(table) / sizeof(table[0]))
#define N_FLAGS   3

void probe_parse_options(Probe *probe, int argc, char **argv) {
        struct option options[N_OPTIONS + 1] = { 0 };
        int found;

        for (size_t i = 0; i < N_OPTIONS; i++)
                options[i] = (struct option){
                        .name = table[i].name,
                        .has_arg = i < N_OPTIONS - N_FLAGS ? required_argument : no_argument,
                        .val = (int)(OPTION_FIRST + i),
                };

        expect(confer_options_new(&probe->options), "", "");
        probe->instance = "probe";
        probe->listen = "all";
        probe->n_clients = 1;
        while ((found = getopt_long(argc, argv, "", options, NULL)) != -1) {
                if (found < OPTION_FIRST)
                        exit(2);
                table[found - OPTION_FIRST].set(probe, optarg);
        }
        if (optind < argc)
                probe_die("what is \"%s\"?", argv[optind]);
}
