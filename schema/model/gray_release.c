#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>

#include "model/gray_release.h"
#include "model/json.h"
#include "model/timestamp.h"

const GrayVersion *gray_data_find(const GrayData *data, int64_t version) {
        for (size_t i = 0; i < data->n_versions; i++)
                if (data->versions[i].version == version)
                        return &data->versions[i];
        return NULL;
}

void gray_data_append_rest(Buf *buf, const GrayData *data) {
        buf_append_literal(buf, ",\"versions\":{");
        for (size_t i = 0; i < data->n_versions; i++) {
                const GrayVersion *version = &data->versions[i];

                buf_append_format(buf, "%s\"%" PRId64 "\":{\"format\":\"%s\",\"content\":", i > 0 ? "," : "",
                                  version->version, format_to_string(version->format));
                json_append_string(buf, version->content);
                buf_append_literal(buf, ",\"sha256\":\"");
                buf_append_hex(buf, version->sha256, sizeof(version->sha256));
                buf_append_literal(buf, "\"}");
        }
        buf_append_literal(buf, "},\"updated_at\":\"");
        timestamp_append(buf, data->updated_at_ms);
        buf_append_literal(buf, "\",\"updated_by\":");
        json_append_string(buf, data->updated_by);
        buf_append_literal(buf, ",\"comment\":");
        json_append_string(buf, data->comment);
}

/* The rules come from where versions are never taken away: one that is missing is damage, not a choice. */
static int check_versions(const GrayData *data, const Gray *rules, Problem *ret_problem) {
        size_t n;
        const GrayArm *arms = gray_arms(rules, &n);

        for (size_t i = 0; i < n; i++)
                if (!gray_data_find(data, arms[i].version)) {
                        problem_set(ret_problem, "rules", "there is no content of version %" PRId64,
                                    arms[i].version);
                        return GRAY_E_INVALID;
                }
        return 0;
}

static int take_rules(const GrayData *data, Gray **ret_rules, Problem *ret_problem) {
        if (!data->compiled)
                return gray_new(data->rules, data->salt, ret_rules, ret_problem);

        *ret_rules = gray_ref(data->compiled);
        return 0;
}

static Ramp *copy_ramp(const Ramp *ramp) {
        Ramp *copy = malloc(sizeof(*copy));

        if (copy)
                *copy = *ramp;
        return copy;
}

int gray_release_new(const GrayData *data, GrayRelease **ret_gray, Problem *ret_problem) {
        _cleanup_(gray_unrefp) Gray *rules = NULL;
        _cleanup_(gray_release_freep) GrayRelease *gray = NULL;
        size_t n_arms;
        int r;

        r = take_rules(data, &rules, ret_problem);
        if (r)
                return r;
        r = check_versions(data, rules, ret_problem);
        if (r)
                return r;

        (void)gray_arms(rules, &n_arms);
        gray = calloc(1, sizeof(*gray) + n_arms * sizeof(Release *));
        if (!gray)
                return -ENOMEM;
        gray->n_arms = n_arms;
        gray->updated_at_ms = data->updated_at_ms;
        if (data->ramp) {
                gray->ramp = copy_ramp(data->ramp);
                if (!gray->ramp)
                        return -ENOMEM;
        }

        gray->rules = rules;
        rules = NULL;
        *ret_gray = gray;
        gray = NULL;
        return 0;
}

GrayRelease *gray_release_free(GrayRelease *gray) {
        if (!gray)
                return NULL;

        for (size_t i = 0; i < gray->n_arms; i++)
                release_unref(gray->arms[i]);
        gray_unref(gray->rules);
        free(gray->ramp);
        free(gray);
        return NULL;
}

Release *release_choose(Release *release, const GrayAsker *asker, GrayVerdict *ret_verdict) {
        GrayVerdict verdict = GRAY_VERDICT_NULL;

        if (release->gray)
                verdict = gray_evaluate(release->gray->rules, asker);
        if (ret_verdict)
                *ret_verdict = verdict;
        return verdict.arm < 0 ? release : release->gray->arms[verdict.arm];
}
