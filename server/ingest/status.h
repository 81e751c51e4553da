/*
 * What an ingest tells of itself, to people and to Prometheus.
 */
#pragma once

#include <stdint.h>

#include "mirror/target.h"
#include "model/problem.h"

/* From good to bad. */
typedef enum IngestState {
        INGEST_RUNNING, /* it watches */
        INGEST_READING, /* it reads in full */
        INGEST_CONNECTING,
        INGEST_STANDBY, /* another server leads */
        INGEST_WAITING, /* etcd is not there, or the store cannot be written; it is tried again */
        INGEST_DENIED,  /* a person has to change something; tried again from time to time */
        INGEST_STATE_N,
} IngestState;

/* "running", … */
const char *ingest_state_to_string(IngestState state);

typedef struct IngestStatus {
        IngestState state;
        char error[PROBLEM_TEXT_MAX]; /* why it is waiting or denied; "" */
        int64_t retry_at_ms;          /* wall time; 0: nothing is waited for */
        int64_t revision;             /* of etcd, up to which all is taken in, as the store has it; 0: none */
        int64_t etcd_revision;        /* of etcd as a whole, as it said last; 0: not known */
        uint64_t n_quarantined;
        uint64_t n_left;            /* keys that are not in the etcd that is there now, since it lost them */
        int64_t last_success_at_ms; /* wall time, when a key was taken in last; 0: never */
        int64_t read_at_ms;         /* when the last full read ended; 0: never */
        uint64_t n_read;            /* keys that it found */

        /* Since the start. */
        uint64_t n_put;
        uint64_t n_deleted;
        uint64_t n_refused; /* keys that were quarantined, each time */
        uint64_t n_store_errors;
        uint64_t n_ignored;     /* keys with the prefix that are none of the pattern's */
        uint64_t n_passed_over; /* keys that a mirror writes */
        uint64_t n_reads;       /* full ones that were finished */
        uint64_t n_errors[TARGET_OUTCOME_N];
} IngestStatus;
