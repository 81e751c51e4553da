/*
 * The command line, read by the table of commands: which command, which options, which arguments.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/problem.h"

typedef enum OutputFormat {
        OUTPUT_TEXT,
        OUTPUT_JSON,
        OUTPUT_N,
} OutputFormat;

/* What an option that may stand several times was given, in that order; the texts are borrowed from argv. */
typedef struct TextList {
        const char **items;
        size_t n;
} TextList;

/* What every option of every command sets. Texts are borrowed from argv; NULL, 0 and false mean: not given.
 */
typedef struct Options {
        const char *server;
        const char *token;
        const char *profile;
        OutputFormat output;
        bool quiet;
        bool help;
        bool program_version;

        const char *abort_percent;
        const char *action;
        const char *actor;
        const char *check;
        const char *comment;
        const char *for_key;
        const char *description;
        const char *format;
        const char *instance;
        const char *key;
        const char *namespace_;
        const char *pid_file;
        const char *plan;
        const char *prefix;
        const char *reload;
        const char *rule;
        const char *rules;
        const char *salt;
        const char *search;
        const char *signal;
        const char *since;
        const char *steps;
        const char *unit;
        const char *until;
        const char *weight;
        TextList match;
        TextList tags;
        int64_t abort_refused;
        int64_t from;
        int64_t if_version;
        int64_t limit;
        int64_t splay_ms;
        int64_t to;
        int64_t version;
        bool content;
        bool create;
        bool deleted;
        bool dry_run;
        bool end_gray;
        bool inherit;
        bool once;
        bool pause;
        bool promote;
        bool publish;
        bool recursive;
        bool releases;
        bool resume;
        bool skip;
        bool token_stdin;
        char **exec; /* ends with NULL */
} Options;

typedef enum OptionType {
        OPTION_FLAG,    /* bool, takes no value */
        OPTION_TEXT,    /* const char * */
        OPTION_LIST,    /* TextList; it may stand several times */
        OPTION_INTEGER, /* int64_t */
        OPTION_CHOICE,  /* const char *, one of choices */
        OPTION_OUTPUT,  /* OutputFormat */
        OPTION_COMMAND, /* char **, all that follows on the command line */
} OptionType;

typedef struct Option {
        const char *name; /* "if-version", written --if-version */
        char letter;      /* 'o', written -o; 0: none */
        OptionType type;
        size_t offset;              /* in Options */
        const char *argument;       /* how its value is called in the help; NULL for a flag */
        const char *const *choices; /* ends with NULL */
        int64_t min;                /* of an integer */
        int64_t max;
        const char *sentence;
} Option;

typedef struct Invocation Invocation;

typedef struct Command {
        const char *group; /* the first of two words: "profile" of "profile set"; NULL: there is one word */
        const char *name;  /* "put", "set" */
        const char
                *arguments; /* "NS KEY [FILE]": in brackets what may be left out, before "..." what repeats */
        const Option *options; /* ends with a name of NULL; NULL: only the global ones */
        bool is_default;       /* of a group: what its word alone means */
        const char *sentence;
        const char *more; /* a paragraph for the manual and for "help COMMAND"; may be NULL */
        int (*run)(const Invocation *invocation); /* Return: an exit code */
} Command;

#define COMMAND_LABEL_MAX 48

/* "put" or "profile set". */
typedef struct CommandLabel {
        char text[COMMAND_LABEL_MAX];
} CommandLabel;

CommandLabel command_label(const Command *command);

struct Invocation {
        const Command *command; /* NULL: none was named, and help or program_version is set */
        Options options;
        const char **arguments; /* n_arguments and a NULL; borrowed from argv */
        size_t n_arguments;
};

#define INVOCATION_NULL ((Invocation){ .command = NULL })

void invocation_deinit(Invocation *invocation);

/* The argument at @index, or NULL when it was left out. */
const char *invocation_argument(const Invocation *invocation, size_t index);

#define OPTIONS_E_INVALID 1 /* the command line is wrong; the problem says what it is */

/*
 * options_parse() - read a command line
 *
 * Options may stand before, between and after the arguments; "--" ends them. A value follows as the next word
 * or behind "=". An option that is given twice counts the second time, unless it is a list.
 *
 * Return: 0 or OPTIONS_E_INVALID.
 */
int options_parse(int argc, char **argv, Invocation *ret_invocation, Problem *ret_problem);
