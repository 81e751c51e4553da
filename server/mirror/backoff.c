#include "mirror/backoff.h"
#include "model/macros.h"
#include "util/digest.h"

int64_t backoff_ms(const MirrorOptions *options, uint64_t n_failures) {
        uint64_t cap = options->retry_max_ms;
        uint32_t random;

        if (n_failures < 32)
                cap = MIN(cap, options->retry_min_ms << n_failures);
        random_bytes(&random, sizeof(random));
        return (int64_t)(random % (cap + 1));
}
