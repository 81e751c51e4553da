/*
 * The manual page, confer.1. What stands here in full is only what the table cannot say.
 *
 * It is written with the old man macros, which every formatter knows.
 */
#include <stdio.h>

#include "cli/commands.h"
#include "cli/help.h"
#include "cli/memory.h"
#include "cli/message.h"
#include "model/manual_text.h"

static void manual_option(Buf *to, const Option *option) {
        char letter[4] = { '-', option->letter, '\0' };

        buf_append_literal(to, ".TP\n");
        if (option->letter) {
                roff_append_bold(to, letter);
                buf_append_literal(to, ", ");
        }
        buf_append_literal(to, "\\fB\\-\\-");
        roff_append(to, option->name);
        buf_append_literal(to, "\\fR");
        if (option->argument) {
                buf_append_char(to, ' ');
                roff_append_italic(to, option->argument);
        }
        buf_append_char(to, '\n');
        roff_append(to, option->sentence);
        buf_append_char(to, '\n');
}

static void manual_options(Buf *to, const Option *options) {
        for (; options && options->name; options++)
                manual_option(to, options);
}

static void manual_command(Buf *to, const Command *command) {
        buf_append_literal(to, ".SS \"");
        roff_append(to, command_label(command).text);
        buf_append_string(to, *command->arguments ? " " : "");
        roff_append(to, command->arguments);
        buf_append_literal(to, "\"\n");
        roff_append(to, command->sentence);
        if (command->more) {
                buf_append_literal(to, "\n.PP\n");
                roff_append(to, command->more);
        }
        buf_append_char(to, '\n');
        manual_options(to, command->options);
}

static void manual_head(Buf *to, const char *version) {
        buf_append_literal(to, ".TH CONFER 1 \"\" \"confer ");
        roff_append(to, version);
        buf_append_literal(to, "\" \"Confer\"\n"
                               ".nh\n"
                               ".ad l\n"
                               ".SH NAME\n"
                               "confer \\- the command line of the Confer configuration centre\n"
                               ".SH SYNOPSIS\n"
                               ".B confer\n"
                               ".I COMMAND\n"
                               ".RI [ ARGUMENT \" | \" OPTION ]...\n"
                               ".SH DESCRIPTION\n"
                               "\\fBconfer\\fR reads and changes the configs of a Confer server, copies\n"
                               "them from and to directories, and keeps programs and files current as\n"
                               "they change.\n"
                               "Options may stand before, between and after the arguments; \\fB\\-\\-\\fR\n"
                               "ends them.\n"
                               "Contents are copied byte for byte; they are UTF\\-8 without NUL.\n");
}

static void manual_commands(Buf *to) {
        const Command *table;
        size_t n;

        table = commands(&n);
        buf_append_literal(to, ".SH COMMANDS\n");
        for (size_t i = 0; i < n; i++)
                manual_command(to, &table[i]);
}

static void manual_exit_codes(Buf *to) {
        buf_append_literal(to, ".SH EXIT STATUS\n");
        for (const ExitRow *row = exit_rows(); row->sentence; row++) {
                buf_append_format(to, ".TP\n\\fB%d\\fR\n", row->code);
                roff_append(to, row->sentence);
                buf_append_char(to, '\n');
        }
        buf_append_literal(to,
                           ".PP\n"
                           "\\fBwatch \\-\\-exec\\fR ends with the status of the command that it ran last,\n"
                           "or 128 and the number of the signal that ended it.\n");
}

static void manual_end(Buf *to) {
        buf_append_literal(
                to,
                ".SH ENVIRONMENT\n"
                ".TP\n"
                "\\fBCONFER_SERVER\\fR, \\fBCONFER_TOKEN\\fR, \\fBCONFER_PROFILE\\fR\n"
                "As \\fB\\-\\-server\\fR, \\fB\\-\\-token\\fR and \\fB\\-\\-profile\\fR, which win.\n"
                "Other users cannot read them, as they can a command line.\n"
                "A \\fB\\-\\-profile\\fR wins over \\fBCONFER_SERVER\\fR and\n"
                "\\fBCONFER_TOKEN\\fR; these win over the profile in use.\n"
                ".TP\n"
                "\\fBTZ\\fR\n"
                "The time zone of the times in texts; those in JSON are UTC.\n"
                ".SH FILES\n"
                ".TP\n"
                "\\fI~/.config/confer/profiles.json\\fR\n"
                "The profiles, or below \\fBXDG_CONFIG_HOME\\fR where that is set.\n"
                "It has tokens, and mode 0600.\n"
                "The token of a profile is only ever sent to the server of that profile.\n"
                ".TP\n"
                "\\fIDIR/.confer/\\fR\n"
                "Of \\fBrender\\fR: the names of the files that it has written.\n"
                ".SH EXAMPLES\n"
                ".nf\n"
                "confer profile set work \\-\\-server https://confer.example \\-\\-token\\-stdin < token\n"
                "confer put prod.acme limits.json limits.json \\-\\-publish\n"
                "confer diff prod.acme limits.json\n"
                "confer rollback prod.acme limits.json\n"
                "confer gray set prod.acme limits.json \\-\\-version 9 \\-\\-weight 5\n"
                "confer watch prod.acme limits.json \\-\\-exec 'systemctl reload orders'\n"
                "confer render /etc/orders \\-\\-namespace prod.acme \\-\\-reload 'systemctl reload orders'\n"
                ".fi\n"
                ".SH SEE ALSO\n"
                "\\fBconferd\\fR(1)\n");
}

void manual_append(Buf *to, const char *version) {
        manual_head(to, version);
        buf_append_literal(to, ".SH OPTIONS\n");
        manual_options(to, global_options());
        manual_options(to, program_options());
        manual_commands(to);
        manual_exit_codes(to);
        manual_end(to);
}

int command_manual(_unused_ const Invocation *invocation) {
        _cleanup_(buf_deinit) Buf text = BUF_NULL;

        manual_append(&text, CONFER_CLI_VERSION);
        memory_check(&text);
        (void)fwrite(text.data, 1, text.size, stdout);
        return EXIT_DONE;
}
