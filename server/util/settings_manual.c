/*
 * The manual page, made from the table.
 *
 * What stands here in full is only what the table cannot say: what the program is, its files, its signals.
 * It is written with the old man macros, which every formatter knows; a reader that wants HTML has tools for
 * it.
 */
#include <string.h>

#include "model/macros.h"
#include "model/manual_text.h"
#include "util/settings_internal.h"

static void manual_option(Buf *to, const SettingsOption *option) {
        char flag[SETTINGS_LABEL_MAX];

        settings_label(option->name, SETTINGS_FLAG, flag);
        buf_append_literal(to, ".TP\n");
        roff_append_bold(to, flag);
        if (option->argument) {
                buf_append_char(to, ' ');
                roff_append_italic(to, option->argument);
        }
        buf_append_char(to, '\n');
        roff_append(to, option->sentence);
        buf_append_char(to, '\n');
}

static void manual_default(Buf *to, const Setting *setting) {
        _cleanup_(buf_deinit) Buf buf = BUF_NULL;
        _cleanup_(freep) char *text = NULL;

        settings_append_default(&buf, setting);
        text = buf_take_string(&buf);
        if (text)
                roff_append(to, text);
        else
                to->failed = true;
}

/* The name, the sentence, and in a second line the default and the other forms of the name. */
static void manual_setting(Buf *to, const Setting *setting) {
        char flag[SETTINGS_LABEL_MAX], variable[SETTINGS_LABEL_MAX];
        bool is_secret = setting->flags & SETTING_SECRET;

        settings_label(setting->name, SETTINGS_FLAG, flag);
        settings_label(setting->name, SETTINGS_ENVIRONMENT, variable);

        buf_append_literal(to, ".TP\n");
        roff_append_bold(to, is_secret ? variable : setting->name);
        if (!is_secret) {
                buf_append_literal(to, ": ");
                roff_append_italic(to, settings_argument(setting));
        }
        buf_append_char(to, '\n');
        roff_append(to, setting->sentence);
        buf_append_literal(to, "\n.br\n");
        manual_default(to, setting);
        if (!is_secret) {
                buf_append_literal(to, "\n.br\nAlso ");
                roff_append_bold(to, flag);
                buf_append_literal(to, ", ");
                roff_append_bold(to, variable);
        }
        buf_append_char(to, '\n');
}

static void manual_head(Buf *to, const char *version) {
        buf_append_literal(to, ".TH CONFERD 1 \"\" \"conferd ");
        roff_append(to, version);
        buf_append_literal(to, "\" \"Confer\"\n"
                               ".nh\n"
                               ".ad l\n"
                               ".SH NAME\n"
                               "conferd \\- the server of the Confer configuration centre\n"
                               ".SH SYNOPSIS\n"
                               ".B conferd\n"
                               ".RB [ \\-\\-config\n"
                               ".IR FILE ]\n"
                               ".RB [ \\-\\-\\fISETTING\\fR\n"
                               ".IR VALUE ]...\n"
                               ".br\n"
                               ".B conferd\n"
                               ".BR \\-\\-verify \" | \" \\-\\-backup\n"
                               ".IR FILE \" |\"\n"
                               ".B \\-\\-restore\n"
                               ".I FILE\n"
                               ".RB [ \\-\\-data\n"
                               ".IR PATH ]\n"
                               ".br\n"
                               ".B conferd\n"
                               ".BR \\-\\-help \" | \" \\-\\-version \" | \" \\-\\-manual\n");
}

static void manual_description(Buf *to) {
        buf_append_literal(to, ".SH DESCRIPTION\n"
                               "\\fBconferd\\fR keeps namespaced, versioned configs in one directory\n"
                               "and serves them over HTTP.\n"
                               "It stays in the foreground.\n"
                               "When it is ready it prints one line to the standard output, with the\n"
                               "address that it serves; messages go to the standard error.\n"
                               ".PP\n"
                               "The first start makes the user admin.\n"
                               "Unless \\fBCONFER_ADMIN_PASSWORD\\fR is set, the password is random,\n"
                               "printed once, and written to the file \\fIadmin\\-password\\fR of the\n"
                               "data directory.\n"
                               ".PP\n"
                               "One data directory has one server: a second one on the same directory\n"
                               "exits at once.\n");
}

static void manual_options(Buf *to) {
        const SettingsOption *options;
        size_t n;

        options = settings_options(&n);
        buf_append_literal(to, ".SH OPTIONS\n"
                               "Without one of the modes below, \\fBconferd\\fR serves.\n"
                               "At most one mode may be given.\n"
                               "A value follows its flag as the next argument or behind an equals sign.\n");
        for (size_t i = 0; i < n; i++)
                manual_option(to, &options[i]);
}

static void manual_settings(Buf *to) {
        const Setting *table;
        size_t n;

        table = settings_table(&n);
        buf_append_literal(to, ".SH SETTINGS\n"
                               "A setting has one name in three forms: \\fBbody_max_bytes\\fR in the YAML\n"
                               "file, \\fBCONFER_BODY_MAX_BYTES\\fR in the environment,\n"
                               "\\fB\\-\\-body\\-max\\-bytes\\fR on the command line.\n"
                               "A flag wins over the environment, the environment over the file, the\n"
                               "file over the default.\n"
                               "A name that is unknown or given twice, or a value out of its range,\n"
                               "stops the start.\n"
                               ".PP\n"
                               "A \\fISIZE\\fR is a whole number of bytes, or of what it ends in: KiB,\n"
                               "MiB or GiB.\n"
                               "A \\fITIME\\fR is a whole number of milliseconds, or of what it ends in:\n"
                               "ms, s, min (or m), h or d.\n");

        for (SettingGroup group = 0; group < SETTING_GROUP_N; group++) {
                buf_append_format(to, ".SS %s\n", settings_group_to_string(group));
                for (size_t i = 0; i < n; i++)
                        if (table[i].group == group)
                                manual_setting(to, &table[i]);
        }
}

static void manual_environment(Buf *to) {
        char variable[SETTINGS_LABEL_MAX];
        const Setting *table;
        size_t n;

        table = settings_table(&n);
        buf_append_literal(to, ".SH ENVIRONMENT\n"
                               ".TP\n"
                               "\\fBCONFER_CONFIG\\fR\n"
                               "The YAML file, as \\fB\\-\\-config\\fR, which wins.\n");
        for (size_t i = 0; i < n; i++) {
                if (!(table[i].flags & SETTING_SECRET))
                        continue;

                settings_label(table[i].name, SETTINGS_ENVIRONMENT, variable);
                buf_append_literal(to, ".TP\n");
                roff_append_bold(to, variable);
                buf_append_literal(to, "\nA secret, see \\fBAccess\\fR above.\n"
                                       "It has no flag, since a list of processes shows flags.\n");
        }

        buf_append_literal(to,
                           ".TP\n"
                           "\\fBCONFER_\\fINAME\\fR\n"
                           "The setting \\fINAME\\fR.\n"
                           "Any other variable that begins with \\fBCONFER_\\fR stops the start.\n"
                           ".TP\n"
                           "\\fBCONFER_SERVER\\fR, \\fBCONFER_TOKEN\\fR, \\fBCONFER_PROFILE\\fR\n"
                           "Of the client \\fBconfer\\fR; the server ignores them.\n"
                           "It ignores those too that Kubernetes makes for a service of the name confer.\n");
}

static void manual_files(Buf *to) {
        buf_append_literal(to, ".SH FILES\n"
                               "In the data directory:\n"
                               ".TP\n"
                               "\\fIconfer.db\\fR, \\fIconfer.db\\-wal\\fR, \\fIconfer.db\\-shm\\fR\n"
                               "The store, its write\\-ahead log and the index of that.\n"
                               ".TP\n"
                               "\\fIconfer.db.before\\-restore\\fR\n"
                               "The store that the last \\fB\\-\\-restore\\fR replaced.\n"
                               ".TP\n"
                               "\\fIlock\\fR\n"
                               "Held by the server that runs.\n"
                               ".TP\n"
                               "\\fIadmin\\-password\\fR\n"
                               "The password of the user admin, when the server made it.\n");
}

static void manual_process(Buf *to) {
        buf_append_literal(to, ".SH EXIT STATUS\n"
                               ".TP\n"
                               "0\n"
                               "The server was stopped by a signal, or the mode did its work.\n"
                               ".TP\n"
                               "1\n"
                               "The server could not start or go on, or the mode failed:\n"
                               "\\fB\\-\\-verify\\fR found a fault.\n"
                               ".TP\n"
                               "2\n"
                               "A flag, a variable or the file of settings is wrong; the message names it.\n"
                               ".SH SIGNALS\n"
                               ".TP\n"
                               "\\fBSIGTERM\\fR, \\fBSIGINT\\fR\n"
                               "The server takes no more connections, ends the requests under way within\n"
                               "\\fBstop_timeout_ms\\fR, and exits.\n"
                               ".TP\n"
                               "\\fBSIGHUP\\fR\n"
                               "The server opens its access log anew, as after a rotation.\n");
}

static void manual_examples(Buf *to) {
        buf_append_literal(to, ".SH EXAMPLES\n"
                               "A server for every interface, with its data in one place:\n"
                               ".PP\n"
                               ".nf\n"
                               ".RS\n"
                               "conferd \\-\\-listen 0.0.0.0:8750 \\-\\-data /var/lib/confer\n"
                               ".RE\n"
                               ".fi\n"
                               ".PP\n"
                               "The same as a file, \\fI/etc/confer/confer.yaml\\fR, with a larger limit:\n"
                               ".PP\n"
                               ".nf\n"
                               ".RS\n"
                               "listen: 0.0.0.0:8750\n"
                               "data: /var/lib/confer\n"
                               "content_max_bytes: 4 MiB\n"
                               "access_log: /var/log/confer/access.log\n"
                               ".RE\n"
                               ".fi\n"
                               ".PP\n"
                               "A copy of the store, also while the server runs, and a check of the store:\n"
                               ".PP\n"
                               ".nf\n"
                               ".RS\n"
                               "conferd \\-\\-data /var/lib/confer \\-\\-backup /backup/confer.db\n"
                               "conferd \\-\\-data /var/lib/confer \\-\\-verify\n"
                               ".RE\n"
                               ".fi\n"
                               ".SH SEE ALSO\n"
                               ".BR confer (1)\n");
}

/*
 * settings_manual() - writes the manual page conferd(1)
 * @version: of the program, for the foot of the page
 */
void settings_manual(Buf *to, const char *version) {
        manual_head(to, version);
        manual_description(to);
        manual_options(to);
        manual_settings(to);
        manual_environment(to);
        manual_files(to);
        manual_process(to);
        manual_examples(to);
}
