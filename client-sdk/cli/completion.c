/*
 * Completion for shells, made from the table.
 *
 * Both shells are given the same thing: for each command the words that may follow, and what kind of word an
 * option or argument wants. Namespaces, keys, mirrors and ingests are asked from the server, in silence.
 */
#include <stdio.h>
#include <string.h>

#include "cli/commands.h"
#include "cli/memory.h"
#include "cli/message.h"

/* The first words that a user may write, each once: the rows of a group stand together. */
static void append_first_words(Buf *to) {
        const Command *table, *before = NULL;
        size_t n;

        table = commands(&n);
        for (size_t i = 0; i < n; before = &table[i++]) {
                bool is_known = before && before->group && table[i].group &&
                                strcmp(before->group, table[i].group) == 0;

                if (!is_known)
                        buf_append_format(to, "%s%s", i ? " " : "",
                                          table[i].group ? table[i].group : table[i].name);
        }
}

static void append_flags(Buf *to, const Option *options) {
        for (; options && options->name; options++)
                buf_append_format(to, " --%s", options->name);
}

/* What may be written for a value: words, files or nothing in particular. */
static void append_value_case(Buf *to, const Option *option) {
        const char *argument = option->argument;

        if (option->type == OPTION_FLAG || option->type == OPTION_COMMAND)
                return;

        buf_append_format(to, "    --%s) ", option->name);
        if (option->choices) {
                buf_append_literal(to, "words='");
                for (size_t i = 0; option->choices[i]; i++)
                        buf_append_format(to, "%s%s", i ? " " : "", option->choices[i]);
                buf_append_literal(to, "'");
        } else if (option->type == OPTION_OUTPUT) {
                buf_append_literal(to, "words='json text'");
        } else if (strcmp(argument, "FILE") == 0) {
                buf_append_literal(to, "kind=file");
        } else if (strcmp(argument, "NS") == 0) {
                buf_append_literal(to, "kind=namespace");
        } else {
                buf_append_literal(to, "kind=none");
        }
        buf_append_literal(to, ";;\n");
}

/* Options of one name want the same, whatever the command, but for one: the first row decides. */
static void append_value_cases(Buf *to) {
        _cleanup_(buf_deinit) Buf seen = BUF_NULL;
        const Command *table;
        size_t n;

        table = commands(&n);
        for (const Option *option = global_options(); option->name; option++)
                append_value_case(to, option);
        buf_append_char(&seen, ' ');
        for (size_t i = 0; i < n; i++)
                for (const Option *option = table[i].options; option && option->name; option++) {
                        _cleanup_(freep) char *name = memory_format(" %s ", option->name);

                        memory_check(&seen);
                        if (memmem(seen.data, seen.size, name, strlen(name)))
                                continue;
                        buf_append_format(&seen, "%s ", option->name);
                        append_value_case(to, option);
                }
}

/* The kind of each argument of a command, in order. */
static void append_kinds(Buf *to, const char *arguments) {
        const char *space = "";

        for (; *arguments; arguments += strcspn(arguments, " "), arguments += strspn(arguments, " ")) {
                const char *word = arguments + (*arguments == '[');
                const char *kind = strncmp(word, "NS", 2) == 0       ? "namespace"
                                   : strncmp(word, "KEY", 3) == 0    ? "key"
                                   : strncmp(word, "FILE", 4) == 0   ? "file"
                                   : strncmp(word, "DIR", 3) == 0    ? "directory"
                                   : strncmp(word, "COMM", 4) == 0   ? "command"
                                   : strncmp(word, "MIRROR", 6) == 0 ? "mirror"
                                   : strncmp(word, "INGEST", 6) == 0 ? "ingest"
                                   : strncmp(word, "bash|", 5) == 0  ? "shell"
                                                                     : "none";

                buf_append_format(to, "%s%s", space, kind);
                space = " ";
        }
}

static void append_command_cases(Buf *to) {
        const Command *table;
        size_t n;

        table = commands(&n);
        for (size_t i = 0; i < n; i++) {
                buf_append_format(to, "    '%s') kinds='", command_label(&table[i]).text);
                append_kinds(to, table[i].arguments);
                buf_append_literal(to, "' flags='");
                append_flags(to, table[i].options);
                buf_append_literal(to, "';;\n");
        }
}

/* Second words by first word. */
static void append_group_cases(Buf *to) {
        const char *group = NULL;
        const Command *table;
        size_t n;

        table = commands(&n);
        for (size_t i = 0; i < n; i++) {
                if (group && (!table[i].group || strcmp(group, table[i].group) != 0)) {
                        buf_append_literal(to, "';;\n");
                        group = NULL;
                }
                if (!table[i].group)
                        continue;

                if (!group)
                        buf_append_format(to, "    %s) seconds='", table[i].group);
                buf_append_format(to, " %s", table[i].name);
                group = table[i].group;
        }
        if (group)
                buf_append_literal(to, "';;\n");
}

/*
 * _confer_candidates WORD... prints one candidate a line for the last of the words, which may be empty; or
 * "@file" or "@directory" for what the shell completes itself. It is plain sh, but for local.
 */
/* Reads the words before the one to be completed: which command, how many arguments, which option waits for a
 * value. */
static void append_reading(Buf *to) {
        buf_append_literal(to, "  while [ $# -gt 1 ]; do\n"
                               "    last=$1\n"
                               "    shift\n"
                               "    if [ -n \"$skip\" ]; then skip=''; last=''; continue; fi\n"
                               "    case $last in\n"
                               "    --*=*) continue;;\n"
                               "    -o) last=--output;;\n"
                               "    esac\n"
                               "    words='' kind=''\n"
                               "    case $last in\n");
        append_value_cases(to);
        buf_append_literal(to, "    -*) ;;\n"
                               "    *)\n"
                               "      if [ -z \"$first\" ]; then\n"
                               "        first=$last\n"
                               "        case $first in\n");
        append_group_cases(to);
        buf_append_literal(to, "        esac\n"
                               "        [ -n \"$seconds\" ] || command=$first\n"
                               "      elif [ -z \"$command\" ]; then\n"
                               "        command=\"$first $last\"\n"
                               "      else\n"
                               "        n=$((n + 1))\n"
                               "        names=\"$names$last \"\n"
                               "      fi;;\n"
                               "    esac\n"
                               "    [ -z \"$words$kind\" ] || skip=1\n"
                               "  done\n");
}

/* Decides what may follow: words, or a kind of word. */
static void append_choosing(Buf *to) {
        buf_append_literal(to, "  case $command in\n");
        append_command_cases(to);
        buf_append_literal(to, "  esac\n"
                               "  if [ -z \"$skip\" ]; then\n"
                               "    words='' kind=''\n"
                               "    if [ -z \"$first\" ]; then words='");
        append_first_words(to);
        buf_append_literal(
                to,
                "'\n"
                "    elif [ -z \"$command\" ]; then words=$seconds\n"
                "    else\n"
                "      for last in $kinds; do\n"
                "        [ $i -gt $n ] || kind=$last\n"
                "        i=$((i + 1))\n"
                "        [ $last != namespace ] || namespace=$(printf '%s' \"$names\" | cut -d ' ' -f $i)\n"
                "      done\n"
                "      [ $i -gt $n ] || [ \"$kind\" = key ] || kind=''\n"
                "    fi\n"
                "    case $1 in -*) words=\"$flags$globals\" kind='';; esac\n"
                "  fi\n");
}

/* Prints the candidates of that kind. */
static void append_printing(Buf *to) {
        buf_append_literal(to, "  case $kind in\n"
                               "  file) echo @file;;\n"
                               "  directory) echo @directory;;\n"
                               "  shell) printf '%s\\n' bash zsh;;\n"
                               "  command) words='");
        append_first_words(to);
        buf_append_literal(
                to, "';;\n"
                    "  namespace) confer namespaces 2>/dev/null | sed '1d;s/ .*//';;\n"
                    "  key) confer list \"$namespace\" 2>/dev/null | sed '1d;s/ .*//';;\n"
                    "  mirror) confer mirror 2>/dev/null | sed '1d;s/ .*//';;\n"
                    "  ingest) confer ingest 2>/dev/null | sed '1d;s/ .*//';;\n"
                    "  esac\n"
                    "  [ -z \"$words\" ] || printf '%s\\n' \"$words\" | tr -s ' ' '\\n' | sed '/^$/d'\n");
}

static void append_common(Buf *to) {
        buf_append_literal(
                to, "_confer_candidates() {\n"
                    "  [ -z \"$ZSH_VERSION\" ] || emulate -L sh\n"
                    "  local command='' first='' seconds='' kinds='' flags='' words='' kind='' last=''\n"
                    "  local n=0 i=0 names='' namespace='' skip=''\n"
                    "  local globals='");
        append_flags(to, global_options());
        buf_append_literal(to, "'\n");
        append_reading(to);
        append_choosing(to);
        append_printing(to);
        buf_append_literal(to, "}\n");
}

static void append_bash(Buf *to) {
        buf_append_literal(to, "# confer completion bash >> ~/.bashrc\n");
        append_common(to);
        buf_append_literal(
                to,
                "_confer() {\n"
                "  local word=${COMP_WORDS[COMP_CWORD]} line candidates=()\n"
                "  COMPREPLY=()\n"
                "  while IFS= read -r line; do candidates+=(\"$line\"); done \\\n"
                "    < <(_confer_candidates \"${COMP_WORDS[@]:1:COMP_CWORD}\")\n"
                "  case ${candidates[0]} in\n"
                "  @file) compopt -o filenames; mapfile -t COMPREPLY < <(compgen -f -- \"$word\");;\n"
                "  @directory) compopt -o filenames; mapfile -t COMPREPLY < <(compgen -d -- \"$word\");;\n"
                "  *) mapfile -t COMPREPLY < <(compgen -W \"${candidates[*]}\" -- \"$word\");;\n"
                "  esac\n"
                "}\n"
                "complete -F _confer confer\n");
}

static void append_zsh(Buf *to) {
        buf_append_literal(to, "#compdef confer\n");
        append_common(to);
        buf_append_literal(to, "_confer() {\n"
                               "  local -a candidates\n"
                               "  candidates=(${(f)\"$(_confer_candidates \"${(@)words[2,CURRENT]}\")\"})\n"
                               "  case ${candidates[1]} in\n"
                               "  @file) _files;;\n"
                               "  @directory) _files -/;;\n"
                               "  *) compadd -a candidates;;\n"
                               "  esac\n"
                               "}\n"
                               "case ${funcstack[1]} in\n"
                               "_confer) _confer;;\n"
                               "*) compdef _confer confer;;\n"
                               "esac\n");
}

int command_completion(const Invocation *invocation) {
        const char *shell = invocation_argument(invocation, 0);
        _cleanup_(buf_deinit) Buf text = BUF_NULL;

        if (strcmp(shell, "bash") == 0)
                append_bash(&text);
        else if (strcmp(shell, "zsh") == 0)
                append_zsh(&text);
        else
                return fail(EXIT_USAGE, "there is a completion for bash and for zsh, not for %.48s", shell);

        memory_check(&text);
        (void)fwrite(text.data, 1, text.size, stdout);
        return EXIT_DONE;
}
