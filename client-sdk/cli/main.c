/*
 * confer: reads what is asked of it, and does that.
 */
#include <errno.h>
#include <locale.h>
#include <stdio.h>
#include <string.h>

#include "cli/commands.h"
#include "cli/help.h"
#include "cli/message.h"
#include "cli/options.h"

static int print_version(void) {
        puts("confer " CONFER_CLI_VERSION);
        return EXIT_DONE;
}

static int run(const Invocation *invocation) {
        message_set_quiet(invocation->options.quiet);
        if (invocation->options.program_version)
                return print_version();
        if (invocation->options.help)
                return help_print(invocation->command);
        return invocation->command->run(invocation);
}

/* What was printed counts only once it is written. */
static int flush(int code) {
        if (fflush(stdout) == 0 && !ferror(stdout))
                return code;
        return code ? code : fail(EXIT_REFUSED, "the standard output: %s", strerror(errno));
}

int main(int argc, char **argv) {
        _cleanup_(invocation_deinit) Invocation invocation = INVOCATION_NULL;
        Problem problem = PROBLEM_NULL;

        /* Only for the widths of characters; messages and numbers stay as they are. */
        (void)setlocale(LC_CTYPE, "C.UTF-8");
        if (options_parse(argc, argv, &invocation, &problem))
                return fail(EXIT_USAGE, "%s", problem.text);
        return flush(run(&invocation));
}
