#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "cli/commands.h"
#include "cli/guess.h"
#include "cli/help.h"
#include "cli/options.h"
#include "model/macros.h"

#define ARGV(...) ((char *[]){ "confer", __VA_ARGS__, NULL })

static int argc_of(char **argv) {
        int argc = 0;

        while (argv[argc])
                argc++;

        return argc;
}

/* Parses what must parse. */
static Invocation parsed(char **argv) {
        Invocation invocation = INVOCATION_NULL;
        Problem problem = PROBLEM_NULL;
        int r;

        r = options_parse(argc_of(argv), argv, &invocation, &problem);
        assert_string_equal(problem.text, "");
        assert_int_equal(r, 0);
        return invocation;
}

/* Parses what must be refused, with @text. */
static void refused(char **argv, const char *text) {
        Invocation invocation = INVOCATION_NULL;
        Problem problem = PROBLEM_NULL;
        int r;

        r = options_parse(argc_of(argv), argv, &invocation, &problem);
        assert_string_equal(problem.text, text);
        assert_int_equal(r, OPTIONS_E_INVALID);
        assert_null(invocation.arguments);
}

static void a_command_has_its_arguments(_unused_ void **state) {
        _cleanup_(invocation_deinit) Invocation invocation = parsed(ARGV("put", "prod", "a.json", "-"));

        assert_string_equal(invocation.command->name, "put");
        assert_int_equal(invocation.n_arguments, 3);
        assert_string_equal(invocation_argument(&invocation, 0), "prod");
        assert_string_equal(invocation_argument(&invocation, 2), "-");
        assert_null(invocation_argument(&invocation, 3));
}

static void options_stand_anywhere(_unused_ void **state) {
        char **lines[] = {
                ARGV("--server", "http://a", "-o", "json", "put", "--format=yaml", "prod", "--publish", "k"),
                ARGV("put", "prod", "k", "--publish", "--format", "yaml", "-ojson", "--server=http://a"),
        };

        for (size_t i = 0; i < ARRAY_SIZE(lines); i++) {
                _cleanup_(invocation_deinit) Invocation invocation = parsed(lines[i]);

                assert_string_equal(invocation.options.server, "http://a");
                assert_int_equal(invocation.options.output, OUTPUT_JSON);
                assert_string_equal(invocation.options.format, "yaml");
                assert_true(invocation.options.publish);
                assert_int_equal(invocation.n_arguments, 2);
        }
}

static void letters_stand_together(_unused_ void **state) {
        _cleanup_(invocation_deinit) Invocation invocation = parsed(ARGV("status", "-qo", "json"));

        assert_true(invocation.options.quiet);
        assert_int_equal(invocation.options.output, OUTPUT_JSON);
        refused(ARGV("status", "-qx"), "there is no option -x, see confer help");
}

static void two_dashes_end_the_options(_unused_ void **state) {
        _cleanup_(invocation_deinit) Invocation invocation = parsed(ARGV("put", "--", "prod", "--publish"));

        assert_false(invocation.options.publish);
        assert_string_equal(invocation_argument(&invocation, 1), "--publish");
}

static void numbers_have_their_range(_unused_ void **state) {
        _cleanup_(invocation_deinit) Invocation invocation =
                parsed(ARGV("get", "prod", "k", "--version", "9223372036854775807"));

        assert_int_equal(invocation.options.version, INT64_MAX);
        refused(ARGV("get", "prod", "k", "--version", "0"),
                "--version: 0 is not a number of 1 to 9223372036854775807");
        refused(ARGV("get", "prod", "k", "--version", "9223372036854775808"),
                "--version: 9223372036854775808 is not a number of 1 to 9223372036854775807");
        refused(ARGV("get", "prod", "k", "--version", "1x"),
                "--version: 1x is not a number of 1 to 9223372036854775807");
        refused(ARGV("get", "prod", "k", "--version="),
                "--version:  is not a number of 1 to 9223372036854775807");
}

static void choices_are_named(_unused_ void **state) {
        refused(ARGV("put", "prod", "k", "--format", "jso"),
                "--format: jso is not json, yaml, toml, properties, xml or text");
        refused(ARGV("status", "-o", "xml"), "--output: xml is not text or json");
}

static void values_are_wanted_and_not_wanted(_unused_ void **state) {
        refused(ARGV("put", "prod", "k", "--comment"), "--comment needs a value: TEXT");
        refused(ARGV("put", "prod", "k", "--publish=yes"), "--publish takes no value");
}

static void lists_gather_their_values(_unused_ void **state) {
        _cleanup_(invocation_deinit) Invocation invocation =
                parsed(ARGV("gray", "evaluate", "--tag", "a=1", "prod", "k", "--tag=b=2", "--unit", "u"));

        assert_int_equal(invocation.options.tags.n, 2);
        assert_string_equal(invocation.options.tags.items[0], "a=1");
        assert_string_equal(invocation.options.tags.items[1], "b=2");
        assert_int_equal(invocation.options.match.n, 0);
        refused(ARGV("gray", "evaluate", "prod", "k", "--tag", "a=1", "--tag"),
                "--tag needs a value: NAME=VALUE");
}

static void what_is_for_the_server_is_text(_unused_ void **state) {
        _cleanup_(invocation_deinit) Invocation file =
                parsed(ARGV("gray", "set", "prod", "k", "--rules", "\xff.json"));

        assert_string_equal(file.options.rules, "\xff.json");
        refused(ARGV("publish", "prod", "k", "--comment", "a\xff"), "--comment: this is no UTF-8");
        refused(ARGV("gray", "evaluate", "prod", "k", "--tag", "a=\xff"), "--tag: this is no UTF-8");
}

static void unknown_names_are_told_with_the_nearest(_unused_ void **state) {
        refused(ARGV("pt"), "there is no command pt; did you mean put?");
        refused(ARGV("rollbakc", "a", "b"), "there is no command rollbakc; did you mean rollback?");
        refused(ARGV("xylophone"), "there is no command xylophone, see confer help");
        refused(ARGV("namespace"), "there is no command namespace; did you mean namespaces?");
        refused(ARGV("namespaces", "creat", "a"),
                "there is no command namespaces creat; did you mean namespaces create?");
        refused(ARGV("put", "a", "b", "--pubish"), "there is no option --pubish; did you mean --publish?");
        refused(ARGV("get", "a", "b", "--sever", "u"), "there is no option --sever; did you mean --server?");
        refused(ARGV("get", "a", "b", "--xylophone"), "there is no option --xylophone, see confer help get");
        refused(ARGV("--xylophone"), "there is no option --xylophone, see confer help");
}

static void an_option_belongs_to_its_commands(_unused_ void **state) {
        refused(ARGV("get", "a", "b", "--create"), "there is no option --create, see confer help get");
        refused(ARGV("--publish", "put", "a", "b"), "there is no option --publish, see confer help");
}

static void arguments_are_counted(_unused_ void **state) {
        refused(ARGV("put", "a"), "an argument is missing: confer put NS KEY [FILE]");
        refused(ARGV("put", "a", "b", "c", "d"), "d is one argument too many: confer put NS KEY [FILE]");
        refused(ARGV("mirror", "drop"), "an argument is missing: confer mirror drop MIRROR [NS KEY]");
        refused(ARGV("mirror", "drop", "a", "b", "c", "d"),
                "d is one argument too many: confer mirror drop MIRROR [NS KEY]");
        refused(ARGV("status", "x"), "x is one argument too many: confer status");
        refused(ARGV("profile", "set"), "an argument is missing: confer profile set NAME");
}

static void a_command_is_wanted(_unused_ void **state) {
        refused(ARGV("-q"), "a command is missing, see confer help");
}

static void a_group_may_have_a_default(_unused_ void **state) {
        _cleanup_(invocation_deinit) Invocation list = parsed(ARGV("namespaces", "--prefix", "a"));
        _cleanup_(invocation_deinit) Invocation create = parsed(ARGV("namespaces", "create", "a"));

        assert_string_equal(command_label(list.command).text, "namespaces list");
        assert_string_equal(list.options.prefix, "a");
        assert_string_equal(command_label(create.command).text, "namespaces create");
        assert_int_equal(create.n_arguments, 1);
}

static void version_means_two_things(_unused_ void **state) {
        _cleanup_(invocation_deinit) Invocation program = parsed(ARGV("--version"));
        _cleanup_(invocation_deinit) Invocation number = parsed(ARGV("get", "a", "b", "--version", "2"));

        assert_true(program.options.program_version);
        assert_null(program.command);
        assert_false(number.options.program_version);
        assert_int_equal(number.options.version, 2);
}

static void help_needs_no_arguments(_unused_ void **state) {
        _cleanup_(invocation_deinit) Invocation put = parsed(ARGV("put", "-h"));
        _cleanup_(invocation_deinit) Invocation program = parsed(ARGV("--help"));

        assert_true(put.options.help);
        assert_string_equal(put.command->name, "put");
        assert_null(program.command);
}

static void exec_takes_what_follows(_unused_ void **state) {
        char **argv = ARGV("watch", "prod", "a", "b", "--exec", "cmd", "-o", "--content");
        _cleanup_(invocation_deinit) Invocation invocation = parsed(argv);

        assert_int_equal(invocation.n_arguments, 3);
        assert_false(invocation.options.content);
        assert_ptr_equal(invocation.options.exec, argv + 6);
        refused(ARGV("watch", "prod", "--exec"), "--exec needs a command");
        refused(ARGV("watch", "prod", "--exec=x"), "--exec: the command follows as words of its own");
}

/* What the table says is what everything else is made of: it must be sound. */
static void every_row_of_the_table_is_whole(_unused_ void **state) {
        const Command *table;
        size_t n;

        table = commands(&n);
        assert_true(n > 10);
        for (size_t i = 0; i < n; i++) {
                assert_non_null(table[i].run);
                assert_true(strlen(table[i].sentence) > 10);
                for (const Option *option = table[i].options; option && option->name; option++) {
                        assert_true(option->type == OPTION_FLAG ? !option->argument
                                                                : option->argument != NULL);
                        assert_true(strlen(option->sentence) > 10);
                        for (const Option *global = global_options(); global->name; global++)
                                assert_string_not_equal(option->name, global->name);
                }
        }
}

/* As roff has it: a hyphen that can be copied. */
static void assert_in_manual(const Buf *manual, const char *label) {
        _cleanup_(buf_deinit) Buf text = BUF_NULL;

        for (; *label; label++)
                buf_append_format(&text, "%s%c", *label == '-' ? "\\" : "", *label);
        assert_non_null(memmem(manual->data, manual->size, text.data, text.size));
}

static void the_help_and_the_manual_name_everything(_unused_ void **state) {
        _cleanup_(buf_deinit) Buf manual = BUF_NULL, program = BUF_NULL;
        const Command *table;
        size_t n;

        help_append(&program, NULL);
        manual_append(&manual, "0");
        table = commands(&n);
        for (size_t i = 0; i < n; i++) {
                CommandLabel label = command_label(&table[i]);
                _cleanup_(buf_deinit) Buf help = BUF_NULL;

                help_append(&help, &table[i]);
                assert_non_null(memmem(program.data, program.size, label.text, strlen(label.text)));
                assert_in_manual(&manual, label.text);
                for (const Option *option = table[i].options; option && option->name; option++)
                        assert_non_null(memmem(help.data, help.size, option->name, strlen(option->name)));
        }
}

static void the_help_fits_a_terminal(_unused_ void **state) {
        _cleanup_(buf_deinit) Buf text = BUF_NULL;
        size_t column = 0;

        help_append(&text, NULL);
        for (size_t i = 0; i < text.size; i++) {
                column = text.data[i] == '\n' ? 0 : column + 1;
                assert_true(column <= 80);
        }
}

static const char *guess(const char *written, const char *candidate) {
        Guess attempt = guess_begin(written);

        guess_try(&attempt, candidate);
        return attempt.found;
}

static void a_guess_is_near_or_none(_unused_ void **state) {
        assert_non_null(guess("histroy", "history"));
        assert_non_null(guess("hist", "history"));
        assert_non_null(guess("puut", "put"));
        assert_null(guess("x", "history"));
        assert_null(guess("", "history"));
        assert_null(guess("a-word-that-is-longer-than-any-name-there-is", "history"));
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(a_command_has_its_arguments),
                cmocka_unit_test(options_stand_anywhere),
                cmocka_unit_test(letters_stand_together),
                cmocka_unit_test(two_dashes_end_the_options),
                cmocka_unit_test(numbers_have_their_range),
                cmocka_unit_test(choices_are_named),
                cmocka_unit_test(values_are_wanted_and_not_wanted),
                cmocka_unit_test(lists_gather_their_values),
                cmocka_unit_test(what_is_for_the_server_is_text),
                cmocka_unit_test(unknown_names_are_told_with_the_nearest),
                cmocka_unit_test(an_option_belongs_to_its_commands),
                cmocka_unit_test(arguments_are_counted),
                cmocka_unit_test(a_command_is_wanted),
                cmocka_unit_test(a_group_may_have_a_default),
                cmocka_unit_test(version_means_two_things),
                cmocka_unit_test(help_needs_no_arguments),
                cmocka_unit_test(exec_takes_what_follows),
                cmocka_unit_test(every_row_of_the_table_is_whole),
                cmocka_unit_test(the_help_and_the_manual_name_everything),
                cmocka_unit_test(the_help_fits_a_terminal),
                cmocka_unit_test(a_guess_is_near_or_none),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
