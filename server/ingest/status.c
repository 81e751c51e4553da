#include "ingest/status.h"

const char *ingest_state_to_string(IngestState state) {
        static const char *const names[INGEST_STATE_N] = {
                [INGEST_RUNNING] = "running",       [INGEST_READING] = "reading",
                [INGEST_CONNECTING] = "connecting", [INGEST_STANDBY] = "standby",
                [INGEST_WAITING] = "waiting",       [INGEST_DENIED] = "denied",
        };

        return names[state];
}
