#include "push/census_hold.h"
#include "http/exchange.h"
#include "util/allocate.h"

/* What the request keeps, around what it kept before. */
typedef struct Held {
        Exchange *exchange;
        Census *census; /* NULL while it is being taken */
        void (*answer)(Request *request, const Census *census);
        void *kept;
        void (*kept_free)(void *kept);
} Held;

static void held_free(void *memory) {
        Held *held = memory;

        census_free(held->census);
        if (held->kept)
                held->kept_free(held->kept);
        free(held);
}

static void answer(Exchange *exchange) {
        const Held *held = exchange->request.kept;

        held->answer(&exchange->request, held->census);
        exchange_finish(exchange);
}

/* @thread the last loop */
static void on_taken(Census *census, void *context) {
        Held *held = context;

        held->census = census;
        exchange_come_back(held->exchange, answer);
}

bool census_hold(Request *request, Release *release, const Gray *candidate, size_t n_listed_max,
                 void (*answer_with)(Request *, const Census *)) {
        Exchange *exchange = exchange_of_request(request);
        Held *held = allocate(1, sizeof(*held));

        *held = (Held){ exchange, NULL, answer_with, request->kept, request->kept_free };
        request->kept = held;
        request->kept_free = held_free;
        census_take(census_new(exchange->loop->server, release, candidate, n_listed_max), on_taken, held);
        return true;
}
