/*
 * The help: of the program, and of each command.
 */
#include <stdio.h>
#include <string.h>

#include "cli/commands.h"
#include "cli/guess.h"
#include "cli/help.h"
#include "cli/memory.h"
#include "cli/message.h"
#include "model/manual_text.h"

#define HELP_INDENT 26 /* where sentences begin: behind the longest flag with its argument, but for a few */

static const ExitRow exit_table[] = {
        { EXIT_DONE, "It is done." },
        { EXIT_REFUSED, "The server, a file or a command refused it, or it failed." },
        { EXIT_USAGE, "The command line, or what it names, is malformed." },
        { EXIT_NOT_FOUND, "There is no such namespace, config, version or profile." },
        { EXIT_CONFLICT, "The precondition is not met: somebody was faster." },
        { EXIT_NO_ACCESS, "There are no credentials, they are wrong, or they give no right to this." },
        { EXIT_UNREACHABLE, "The server cannot be reached, or is not ready; try again." },
        { 0, NULL },
};

const ExitRow *exit_rows(void) {
        return exit_table;
}

/* @left in its column, the sentence beside it or, when it is long, below it. */
static void append_entry(Buf *to, const char *left, const char *sentence) {
        size_t size = strlen(left) + 2;

        buf_append_format(to, "  %s", left);
        if (size > HELP_INDENT - 2) {
                buf_append_char(to, '\n');
                size = 0;
        }
        help_append_spaces(to, HELP_INDENT - size);
        help_append_wrapped(to, HELP_INDENT, sentence);
}

static void append_option(Buf *to, const Option *option) {
        _cleanup_(freep) char *left = NULL;
        char letter[8] = "";

        if (option->letter)
                (void)snprintf(letter, sizeof(letter), "-%c, ", option->letter);
        left = memory_format("%s--%s%s%s", letter, option->name, option->argument ? " " : "",
                             option->argument ? option->argument : "");
        append_entry(to, left, option->sentence);
}

static void append_options(Buf *to, const char *heading, const Option *options) {
        if (!options)
                return;

        buf_append_format(to, "\n%s\n", heading);
        for (; options->name; options++)
                append_option(to, options);
}

static void append_command(Buf *to, const Command *command) {
        _cleanup_(freep) char *left = memory_format("%s%s%s", command_label(command).text,
                                                    *command->arguments ? " " : "", command->arguments);

        append_entry(to, left, command->sentence);
}

static void append_exit_codes(Buf *to) {
        char code[8];

        buf_append_literal(to, "\nExit codes\n");
        for (const ExitRow *row = exit_table; row->sentence; row++) {
                (void)snprintf(code, sizeof(code), "%d", row->code);
                append_entry(to, code, row->sentence);
        }
}

static void append_program(Buf *to) {
        const Command *table;
        size_t n;

        table = commands(&n);
        buf_append_literal(to, "Usage: confer COMMAND [ARGUMENT | OPTION]...\n\n"
                               "The command line of the Confer configuration centre.\n\n"
                               "Commands\n");
        for (size_t i = 0; i < n; i++)
                append_command(to, &table[i]);
        append_options(to, "Options of every command", global_options());
        append_options(to, "Options without a command", program_options());
        append_exit_codes(to);
        buf_append_literal(
                to, "\nThe server and the token are better given by CONFER_SERVER and CONFER_TOKEN, or\n"
                    "by a profile, than on the command line. More: confer help COMMAND, and\n"
                    "confer manual | man -l -\n");
}

static void append_one(Buf *to, const Command *command) {
        buf_append_format(to, "Usage: confer %s%s%s%s\n\n", command_label(command).text,
                          *command->arguments ? " " : "", command->arguments,
                          command->options ? " [OPTION]..." : "");
        help_append_wrapped(to, 0, command->sentence);
        if (command->more) {
                buf_append_char(to, '\n');
                help_append_wrapped(to, 0, command->more);
        }
        append_options(to, "Options", command->options);
        append_options(to, "Options of every command", global_options());
}

void help_append(Buf *to, const Command *command) {
        if (command)
                append_one(to, command);
        else
                append_program(to);
}

int help_print(const Command *command) {
        _cleanup_(buf_deinit) Buf text = BUF_NULL;

        help_append(&text, command);
        memory_check(&text);
        (void)fwrite(text.data, 1, text.size, stdout);
        return EXIT_DONE;
}

/*
 * help COMMAND
 */

/* Whether the words name @command, or the group that it is of. */
static bool is_asked(const Command *command, const char *first, const char *second) {
        if (!command->group)
                return !second && strcmp(command->name, first) == 0;
        return strcmp(command->group, first) == 0 && (!second || strcmp(command->name, second) == 0);
}

static int refuse_word(const char *first, const char *second) {
        Guess guess = guess_begin(first);
        const Command *table;
        size_t n;

        table = commands(&n);
        for (size_t i = 0; i < n; i++)
                guess_try(&guess, table[i].group ? table[i].group : table[i].name);
        if (guess.found && strcmp(guess.found, first) != 0)
                return fail(EXIT_USAGE, "there is no command %s; did you mean %s?", first, guess.found);
        return fail(EXIT_USAGE, "there is no command %s%s%s, see confer help", first, second ? " " : "",
                    second ? second : "");
}

int command_help(const Invocation *invocation) {
        const char *first = invocation_argument(invocation, 0), *second = invocation_argument(invocation, 1);
        const Command *table;
        size_t n, n_found = 0;

        if (!first)
                return help_print(NULL);

        table = commands(&n);
        for (size_t i = 0; i < n; i++) {
                if (!is_asked(&table[i], first, second))
                        continue;
                if (n_found++)
                        (void)putchar('\n');
                (void)help_print(&table[i]);
        }
        return n_found ? EXIT_DONE : refuse_word(first, second);
}
