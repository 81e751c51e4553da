/* Prints a config, and prints it again whenever it changes. */
#include <confer/confer.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static void print(confer_client *client, confer_change *change, void *context) {
        confer_value *value = confer_change_get_new(change);

        (void)client, (void)context;
        printf("%s: %s\n", confer_change_get_key(change), value ? confer_value_content(value, NULL) : "gone");
        fflush(stdout);
}

static void tell(confer_client *client, confer_state from, confer_state to, void *context) {
        (void)client, (void)from, (void)context;
        printf("%s%s\n", confer_state_to_string(to),
               to == CONFER_STATE_RECONNECTING ? ": values may be old" : "");
        fflush(stdout);
}

int main(void) {
        const char *server = getenv("CONFER_SERVER");
        confer_options *options = NULL;
        confer_client *client = NULL;

        confer_options_new(&options);
        confer_options_add_server(options, server ? server : "http://127.0.0.1:8750");
        confer_options_set_token(options, getenv("CONFER_TOKEN"));
        confer_options_add_namespace(options, "prod.acme.orders");
        confer_options_set_cache_file(options, "hello.cache");
        if (confer_client_new(options, &client) != CONFER_OK)
                return 1;

        confer_client_set_state_callback(client, tell, NULL);
        confer_listen(client, "prod.acme.orders", "limits.json", print, NULL, NULL);
        confer_client_start(client);
        pause();
        return 0;
}
