#include <inttypes.h>

#include "util/metric_family.h"

static void append(const MetricFamily *family, const char *label, const MetricSubject *subjects, size_t n,
                   Buf *buf) {
        buf_append_format(buf, "# HELP %s %s\n# TYPE %s %s\n", family->name, family->sentence, family->name,
                          family->type);
        for (size_t i = 0; i < n; i++)
                for (const MetricSample *sample = family->samples; sample->value; sample++)
                        buf_append_format(buf, "%s{%s=\"%s\"%s} %" PRIu64 "\n", family->name, label,
                                          subjects[i].name, sample->labels,
                                          sample->value(subjects[i].status));
}

void metric_families_append(const MetricFamily *families, size_t n, const char *label,
                            const MetricSubject *subjects, size_t n_subjects, Buf *buf) {
        for (size_t i = 0; i < n; i++)
                append(&families[i], label, subjects, n_subjects, buf);
}
