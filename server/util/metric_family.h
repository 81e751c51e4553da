/*
 * Metrics that several things of a kind have, each under its own name, as Prometheus reads them:
 *
 *   confer_mirror_dead_letters{mirror="redis-main"} 3
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "model/buf.h"

#define METRIC_SAMPLES_MAX 5

typedef struct MetricSample {
        const char *labels; /* after the name's, with a comma in front; or "" */
        uint64_t (*value)(const void *status);
} MetricSample;

typedef struct MetricFamily {
        const char *name;
        const char *type;
        const char *sentence;
        MetricSample samples[METRIC_SAMPLES_MAX + 1]; /* ends with one that has no value */
} MetricFamily;

typedef struct MetricSubject {
        const char *name;   /* needs no escaping */
        const void *status; /* what the samples are taken from */
} MetricSubject;

/* @label: what the subjects are, such as "mirror" */
void metric_families_append(const MetricFamily *families, size_t n, const char *label,
                            const MetricSubject *subjects, size_t n_subjects, Buf *buf);
