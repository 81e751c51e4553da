/*
 * Numbers, truths and strings out of a JSON config: typed SERVER NAMESPACE KEY
 *
 * For a config like {"rate": 50, "burst": 1.5, "enabled": true, "regions": ["eu", "us"]}. What is not there,
 * or of another type, is as the program says.
 */
#include <confer/confer.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

static void print(confer_client *client, const char *namespace, const char *key) {
        char *region = confer_get_string(client, namespace, key, "/regions/0", "nowhere");

        printf("rate %" PRId64 "\n", confer_get_int64(client, namespace, key, "/rate", 10));
        printf("burst %.2f\n", confer_get_double(client, namespace, key, "/burst", 1.0));
        printf("enabled %s\n", confer_get_bool(client, namespace, key, "/enabled", false) ? "yes" : "no");
        printf("first region %s\n", region);
        free(region);
}

int main(int argc, char **argv) {
        confer_options *options = NULL;
        confer_client *client = NULL;
        confer_error error;

        if (argc != 4)
                return 2;

        confer_options_new(&options);
        confer_options_add_server(options, argv[1]);
        confer_options_set_token(options, getenv("CONFER_TOKEN"));
        confer_options_add_key(options, argv[2], argv[3]);
        error = confer_client_new(options, &client);
        confer_options_free(options);
        if (error == CONFER_OK)
                error = confer_client_start(client);
        if (error == CONFER_OK)
                error = confer_client_wait_ready(client, 5000);
        if (error)
                fprintf(stderr, "typed: %s\n", confer_error_to_string(error));
        else
                print(client, argv[2], argv[3]);
        confer_client_free(client);
        return error ? 1 : 0;
}
