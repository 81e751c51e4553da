/*
 * conferd: reads what is asked of it, and does that.
 */
#include <stdio.h>
#include <unistd.h>

#include "serve.h"
#include "store/maintenance.h"
#include "util/data_dir.h"
#include "util/log.h"
#include "util/settings.h"
#include "version.h"

static int print(void (*write_to)(Buf *to)) {
        _cleanup_(buf_deinit) Buf text = BUF_NULL;

        write_to(&text);
        return fwrite(text.data, 1, text.size, stdout) == text.size ? 0 : 1;
}

static void write_manual(Buf *to) {
        settings_manual(to, CONFER_VERSION);
}

static void write_version(Buf *to) {
        buf_append_string(to, "conferd " CONFER_VERSION "\n");
}

static int verify(const DataDir *data, Problem *ret_problem) {
        VerifyReport report;
        int r;

        r = store_verify(data->database, &report, ret_problem);
        if (r == 0)
                printf("%s is verified: revision %llu, %lld versions, %lld audit entries\n", data->database,
                       (unsigned long long)report.revision, (long long)report.n_versions,
                       (long long)report.n_audit_entries);
        return r;
}

static int backup(const DataDir *data, const char *to, Problem *ret_problem) {
        int r = store_backup(data->database, to, ret_problem);

        if (r == 0)
                printf("%s is a backup of %s\n", to, data->database);
        return r;
}

static int restore(const DataDir *data, const char *from, Problem *ret_problem) {
        int r = store_restore(data->database, from, ret_problem);

        if (r == 0)
                printf("%s is restored from %s, under a new epoch\n", data->database, from);
        return r;
}

static int maintain(const Settings *settings, const Invocation *invocation, Problem *ret_problem) {
        DataDir data = DATA_DIR_NULL;
        int r;

        r = data_dir_open(&data, settings->data,
                          invocation->mode == INVOCATION_RESTORE ? DATA_DIR_OWN : DATA_DIR_LOOK, ret_problem);
        if (r)
                return r;

        if (invocation->mode == INVOCATION_VERIFY)
                r = verify(&data, ret_problem);
        else if (invocation->mode == INVOCATION_BACKUP)
                r = backup(&data, invocation->file, ret_problem);
        else
                r = restore(&data, invocation->file, ret_problem);
        data_dir_close(&data);
        return r;
}

static int run(const Settings *settings, const Invocation *invocation) {
        Problem problem = PROBLEM_NULL;
        int r;

        switch (invocation->mode) {
        case INVOCATION_HELP:
                return print(settings_help);
        case INVOCATION_MANUAL:
                return print(write_manual);
        case INVOCATION_VERSION:
                return print(write_version);
        case INVOCATION_SERVE:
                log_set_level(settings->log_level);
                r = serve(settings, CONFER_VERSION, &problem);
                break;
        default:
                r = maintain(settings, invocation, &problem);
        }

        if (r)
                fprintf(stderr, "conferd: %s\n", problem.text);
        return r ? 1 : 0;
}

int main(int argc, char **argv) {
        Invocation invocation = INVOCATION_NULL;
        Settings settings = SETTINGS_NULL;
        Problem problem = PROBLEM_NULL;
        int r;

        r = settings_load(argc, argv, environ, &settings, &invocation, &problem);
        if (r) {
                fprintf(stderr, "conferd: %s\n", r < 0 ? "out of memory" : problem.text);
                return 2;
        }

        r = run(&settings, &invocation);
        invocation_deinit(&invocation);
        settings_deinit(&settings);
        return r;
}
