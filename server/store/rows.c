#include "store/rows.h"

const char *release_kind_to_string(ReleaseKind kind) {
        static const char *const names[RELEASE_KIND_N] = {
                [RELEASE_PUBLISH] = "publish", [RELEASE_ROLLBACK] = "rollback", [RELEASE_DELETE] = "delete",
                [RELEASE_GRAY] = "gray",       [RELEASE_PROMOTE] = "promote",   [RELEASE_ABORT] = "abort",
        };

        return names[kind];
}
