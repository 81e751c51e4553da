/*
 * Listeners in the application's own event loop: own-loop SERVER NAMESPACE
 *
 * Prints each change of the namespace and each state of the client. Everything that the application does
 * happens on its one thread. Ends when its input ends.
 */
#include <confer/confer.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <unistd.h>

static void on_change(confer_client *client, confer_change *change, void *context) {
        confer_value *value = confer_change_get_new(change);

        (void)client, (void)context;
        if (value)
                printf("%s is version %lld: %s\n", confer_change_get_key(change),
                       (long long)confer_value_get_version(value), confer_value_content(value, NULL));
        else
                printf("%s is gone\n", confer_change_get_key(change));
}

static void on_state(confer_client *client, confer_state from, confer_state to, void *context) {
        (void)client, (void)from, (void)context;
        printf("the client is %s\n", confer_state_to_string(to));
}

static int add(int epoll, int fd) {
        struct epoll_event event = { .events = EPOLLIN, .data.fd = fd };

        return epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event);
}

static void run(confer_client *client) {
        int epoll = epoll_create1(EPOLL_CLOEXEC);
        struct epoll_event event;
        char input[64];

        if (epoll < 0 || add(epoll, confer_client_get_fd(client)) < 0 || add(epoll, STDIN_FILENO) < 0)
                return;

        while (epoll_wait(epoll, &event, 1, -1) == 1) {
                if (event.data.fd != STDIN_FILENO)
                        confer_dispatch(client, 0);
                else if (read(STDIN_FILENO, input, sizeof(input)) <= 0)
                        break;
                fflush(stdout);
        }
        close(epoll);
}

int main(int argc, char **argv) {
        confer_options *options = NULL;
        confer_client *client = NULL;

        if (argc != 3)
                return 2;

        confer_options_new(&options);
        confer_options_add_server(options, argv[1]);
        confer_options_set_token(options, getenv("CONFER_TOKEN"));
        confer_options_add_namespace(options, argv[2]);
        confer_options_set_dispatch(options, CONFER_DISPATCH_APPLICATION);
        if (confer_client_new(options, &client) != CONFER_OK)
                return 1;
        confer_options_free(options);

        confer_client_set_state_callback(client, on_state, NULL);
        confer_listen(client, argv[2], NULL, on_change, NULL, NULL);
        if (confer_client_start(client) == CONFER_OK)
                run(client);

        confer_client_stop(client);
        confer_dispatch(client, 0); /* tells of the last state */
        confer_client_free(client);
        return 0;
}
