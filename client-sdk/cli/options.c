/*
 * Reads a command line by the table. It is one walk from left to right: words that begin with a dash are
 * options, the first other word or two name the command, the rest are its arguments.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/commands.h"
#include "cli/guess.h"
#include "cli/memory.h"
#include "cli/options.h"
#include "model/utf8.h"

typedef struct Parser {
        char **words; /* what is left of argv; ends with NULL */
        Invocation *invocation;
        const char *group; /* the first word of a command of two, while the second is wanted; or NULL */
        Problem *problem;
} Parser;

static const char *const output_names[] = { [OUTPUT_TEXT] = "text", [OUTPUT_JSON] = "json", NULL };

static _printf_(2, 3) int refuse(Problem *problem, const char *format, ...) {
        va_list args;
        char text[PROBLEM_TEXT_MAX];

        va_start(args, format);
        (void)vsnprintf(text, sizeof(text), format, args);
        va_end(args);
        problem_set(problem, NULL, "%s", text);
        return OPTIONS_E_INVALID;
}

/*
 * Values.
 */

static int choice_find(const char *const *choices, const char *value) {
        for (int i = 0; choices[i]; i++)
                if (strcmp(choices[i], value) == 0)
                        return i;

        return -1;
}

static int refuse_choice(Problem *problem, const Option *option, const char *const *choices,
                         const char *value) {
        _cleanup_(buf_deinit) Buf known = BUF_NULL;

        for (size_t i = 0; choices[i]; i++)
                buf_append_format(&known, "%s%s", i == 0 ? "" : choices[i + 1] ? ", " : " or ", choices[i]);
        return refuse(problem, "--%s: %.48s is not %.*s", option->name, value, (int)known.size, known.data);
}

static int set_integer(Problem *problem, const Option *option, const char *value, int64_t *ret_number) {
        char *end = NULL;
        long long number;

        errno = 0;
        number = strtoll(value, &end, 10);
        if (errno || end == value || *end || number < option->min || number > option->max)
                return refuse(problem, "--%s: %.48s is not a number of %lld to %lld", option->name, value,
                              (long long)option->min, (long long)option->max);

        *ret_number = number;
        return 0;
}

/* Paths and commands may have any bytes; everything else is for a server. */
static bool is_bytes(const Option *option) {
        return strcmp(option->argument, "FILE") == 0 || strcmp(option->argument, "CMD") == 0;
}

static void add_value(TextList *list, const char *value) {
        list->items = memory_grow(list->items, list->n + 1, sizeof(*list->items));
        list->items[list->n++] = value;
}

static int set_value(Parser *parser, const Option *option, const char *value) {
        void *field = (char *)&parser->invocation->options + option->offset;
        int choice;

        if (!is_bytes(option) && utf8_valid_size(span_from_string(value)) != strlen(value))
                return refuse(parser->problem, "--%s: this is no UTF-8", option->name);

        switch (option->type) {
        case OPTION_INTEGER:
                return set_integer(parser->problem, option, value, field);
        case OPTION_OUTPUT:
                choice = choice_find(output_names, value);
                if (choice < 0)
                        return refuse_choice(parser->problem, option, output_names, value);

                *(OutputFormat *)field = (OutputFormat)choice;
                return 0;
        case OPTION_LIST:
                add_value(field, value);
                return 0;
        case OPTION_CHOICE:
                if (choice_find(option->choices, value) < 0)
                        return refuse_choice(parser->problem, option, option->choices, value);
                break;
        default:
                break;
        }

        *(const char **)field = value;
        return 0;
}

/*
 * The table.
 */

CommandLabel command_label(const Command *command) {
        CommandLabel label;

        (void)snprintf(label.text, sizeof(label.text), "%s%s%s", command->group ? command->group : "",
                       command->group ? " " : "", command->name);
        return label;
}

static bool is_of_group(const Command *command, const char *group) {
        return group ? command->group && strcmp(command->group, group) == 0 : !command->group;
}

/* The command @name of @group; with a name of NULL any one, and with @is_default the one that the group's
 * word alone means. */
static const Command *command_find(const char *group, const char *name, bool is_default) {
        const Command *table;
        size_t n;

        table = commands(&n);
        for (size_t i = 0; i < n; i++)
                if (is_of_group(&table[i], group) && (!name || strcmp(table[i].name, name) == 0) &&
                    (!is_default || table[i].is_default))
                        return &table[i];

        return NULL;
}

/* Tries the words that may stand here: second words of @group or, without one, first words. */
static void guess_commands(Guess *guess, const char *group) {
        const Command *table;
        size_t n;

        table = commands(&n);
        for (size_t i = 0; i < n; i++) {
                if (is_of_group(&table[i], group))
                        guess_try(guess, table[i].name);
                else if (!group)
                        guess_try(guess, table[i].group);
        }
}

/*
 * Options.
 */

static const Option *row_find(const Option *options, const char *name, size_t size) {
        for (; options && options->name; options++)
                if (strlen(options->name) == size && strncmp(options->name, name, size) == 0)
                        return options;

        return NULL;
}

static const Option *row_find_letter(const Option *options, char letter) {
        for (; options && options->name; options++)
                if (options->letter && options->letter == letter)
                        return options;

        return NULL;
}

/* The options that may stand here: of the command or, before it is named, of the program; then the global
 * ones. */
static const Option *own_options(const Parser *parser) {
        const Command *command = parser->invocation->command;

        if (!command && parser->group)
                command = command_find(parser->group, NULL, true);
        return command ? command->options : parser->group ? NULL : program_options();
}

static int refuse_option(const Parser *parser, const char *written, size_t size) {
        char name[48];
        Guess guess;

        (void)snprintf(name, sizeof(name), "%.*s", (int)MIN(size, sizeof(name) - 1), written);
        guess = guess_begin(name);
        for (const Option *row = own_options(parser); row && row->name; row++)
                guess_try(&guess, row->name);
        for (const Option *row = global_options(); row->name; row++)
                guess_try(&guess, row->name);

        if (guess.found)
                return refuse(parser->problem, "there is no option --%s; did you mean --%s?", name,
                              guess.found);
        if (parser->invocation->command)
                return refuse(parser->problem, "there is no option --%s, see confer help %s", name,
                              command_label(parser->invocation->command).text);
        return refuse(parser->problem, "there is no option --%s, see confer help", name);
}

/* Sets what @option says; @value is what was written behind it in the same word, or NULL. */
static int take_option(Parser *parser, const Option *option, const char *value) {
        Options *options = &parser->invocation->options;

        if (option->type == OPTION_FLAG) {
                if (value)
                        return refuse(parser->problem, "--%s takes no value", option->name);
                *(bool *)((char *)options + option->offset) = true;
                return 0;
        }

        if (option->type == OPTION_COMMAND && !value) {
                if (!*parser->words)
                        return refuse(parser->problem, "--%s needs a command", option->name);
                *(char ***)((char *)options + option->offset) = parser->words;
                while (*parser->words)
                        parser->words++;
                return 0;
        }
        if (option->type == OPTION_COMMAND)
                return refuse(parser->problem, "--%s: the command follows as words of its own", option->name);

        if (!value && !*parser->words)
                return refuse(parser->problem, "--%s needs a value: %s", option->name, option->argument);
        return set_value(parser, option, value ? value : *parser->words++);
}

static int take_long(Parser *parser, const char *word) {
        size_t size = strcspn(word, "=");
        const Option *option = row_find(own_options(parser), word, size);

        if (!option)
                option = row_find(global_options(), word, size);
        if (!option)
                return refuse_option(parser, word, size);
        return take_option(parser, option, word[size] ? word + size + 1 : NULL);
}

/* Letters of flags may stand together: "-qo json". */
static int take_letters(Parser *parser, const char *letters) {
        int r;

        for (; *letters; letters++) {
                const Option *option = row_find_letter(own_options(parser), *letters);

                if (!option)
                        option = row_find_letter(global_options(), *letters);
                if (!option)
                        return refuse(parser->problem, "there is no option -%c, see confer help", *letters);
                if (option->type != OPTION_FLAG)
                        return take_option(parser, option, letters[1] ? letters + 1 : NULL);

                r = take_option(parser, option, NULL);
                if (r)
                        return r;
        }

        return 0;
}

/*
 * Commands.
 */

static int refuse_command(const Parser *parser, const char *word) {
        const char *group = parser->group ? parser->group : "", *space = parser->group ? " " : "";
        Guess guess = guess_begin(word);

        guess_commands(&guess, parser->group);
        if (guess.found)
                return refuse(parser->problem, "there is no command %s%s%.48s; did you mean %s%s%s?", group,
                              space, word, group, space, guess.found);
        return refuse(parser->problem, "there is no command %s%s%.48s, see confer help", group, space, word);
}

/* Takes a word of the command's name. */
static int take_name(Parser *parser, const char *word) {
        Invocation *invocation = parser->invocation;

        invocation->command = command_find(parser->group, word, false);
        if (invocation->command) {
                parser->group = NULL;
                return 0;
        }

        if (parser->group || !command_find(word, NULL, false))
                return refuse_command(parser, word);
        parser->group = word;
        return 0;
}

/* A group without its second word means its default, or nothing. */
static int finish_group(Parser *parser) {
        if (!parser->group)
                return 0;

        parser->invocation->command = command_find(parser->group, NULL, true);
        if (!parser->invocation->command && !parser->invocation->options.help)
                return refuse(parser->problem, "%s needs a second word, such as %s; see confer help",
                              parser->group, command_find(parser->group, NULL, false)->name);
        return 0;
}

/*
 * Arguments.
 */

static int take_word(Parser *parser, char *word) {
        Invocation *invocation = parser->invocation;

        if (!invocation->command)
                return take_name(parser, word);

        invocation->arguments[invocation->n_arguments++] = word;
        return 0;
}

/* How many arguments "NS KEY [FILE]" must and may have. */
static void count_arguments(const char *text, size_t *ret_min, size_t *ret_max) {
        size_t min = 0, max = 0;
        bool is_optional = false;

        for (; *text; text += strcspn(text, " "), text += strspn(text, " ")) {
                size_t size = strcspn(text, " ");

                is_optional |= *text == '[';
                min += !is_optional;
                is_optional &= text[size - 1] != ']';
                max = max == SIZE_MAX || memmem(text, size, "...", 3) ? SIZE_MAX : max + 1;
        }
        *ret_min = min;
        *ret_max = max;
}

static int check_arguments(const Invocation *invocation, Problem *ret_problem) {
        const Command *command = invocation->command;
        size_t min, max;

        if (!command || invocation->options.help)
                return 0;

        count_arguments(command->arguments, &min, &max);
        if (invocation->n_arguments > max)
                return refuse(ret_problem, "%.48s is one argument too many: confer %s%s%s",
                              invocation->arguments[max], command_label(command).text,
                              *command->arguments ? " " : "", command->arguments);
        if (invocation->n_arguments < min)
                return refuse(ret_problem, "an argument is missing: confer %s %s",
                              command_label(command).text, command->arguments);
        return 0;
}

/*
 * All together.
 */

static int take_any(Parser *parser, bool *are_options_over) {
        char *word = *parser->words++;

        if (*are_options_over || word[0] != '-' || word[1] == '\0')
                return take_word(parser, word);
        if (strcmp(word, "--") == 0) {
                *are_options_over = true;
                return 0;
        }

        return word[1] == '-' ? take_long(parser, word + 2) : take_letters(parser, word + 1);
}

static int parse(Parser *parser) {
        Invocation *invocation = parser->invocation;
        bool are_options_over = false;
        int r;

        while (*parser->words) {
                r = take_any(parser, &are_options_over);
                if (r)
                        return r;
        }

        r = finish_group(parser);
        if (r)
                return r;
        if (!invocation->command && !invocation->options.help && !invocation->options.program_version)
                return refuse(parser->problem, "a command is missing, see confer help");
        return check_arguments(invocation, parser->problem);
}

int options_parse(int argc, char **argv, Invocation *ret_invocation, Problem *ret_problem) {
        _cleanup_(invocation_deinit) Invocation invocation = INVOCATION_NULL;
        Parser parser = { .words = argv + (argc > 0), .invocation = &invocation, .problem = ret_problem };
        int r;

        invocation.arguments = memory_new((size_t)argc + 1, sizeof(*invocation.arguments));
        r = parse(&parser);
        if (r)
                return r;

        *ret_invocation = invocation;
        invocation = INVOCATION_NULL;
        return 0;
}

void invocation_deinit(Invocation *invocation) {
        free(invocation->arguments);
        free(invocation->options.match.items);
        free(invocation->options.tags.items);
        *invocation = INVOCATION_NULL;
}

const char *invocation_argument(const Invocation *invocation, size_t index) {
        return index < invocation->n_arguments ? invocation->arguments[index] : NULL;
}
