/*
 * The table of commands and their options.
 *
 * An option is tied to its field of Options at compile time, name and C type both.
 */
#include "cli/commands.h"
#include "model/macros.h"

/* Doesn't compile unless Options has the field @field of the type @c_type. */
#define FIELD(field, c_type)                                                                                 \
        .offset = offsetof(Options, field) + 0 * sizeof(_Generic(((Options *)NULL)->field, c_type : 0))

#define FLAG(text, field, says)                                                                              \
        { .name = text, FIELD(field, bool), .type = OPTION_FLAG, .sentence = says }
#define TEXT(text, field, value, says)                                                                       \
        { .name = text, FIELD(field, const char *), .type = OPTION_TEXT, .argument = value, .sentence = says }
#define LIST(text, field, value, says)                                                                       \
        { .name = text, FIELD(field, TextList), .type = OPTION_LIST, .argument = value, .sentence = says }
#define NUMBER(text, field, value, least, most, says)                                                        \
        {                                                                                                    \
                .name = text, FIELD(field, int64_t), .type = OPTION_INTEGER, .argument = value,              \
                .min = (least), .max = (most), .sentence = says                                              \
        }
#define VERSION_NUMBER(text, field, says) NUMBER(text, field, "N", 1, INT64_MAX, says)
#define END                                                                                                  \
        { .name = NULL }

#define COMMENT TEXT("comment", comment, "TEXT", "Why, for those who read the history and the audit.")
#define TAG     LIST("tag", tags, "NAME=VALUE", "A tag that gray rules look at; it may be given several times.")
#define IDENTITY                                                                                             \
        TEXT("instance", instance, "ID",                                                                     \
             "The id of this instance, by which gray releases choose; unless given, the name of the host "   \
             "and the number of the process."),                                                              \
                TAG

/* The rules of a gray release, for those commands that take them. */
#define RULES                                                                                                \
        VERSION_NUMBER("version", version, "The version that is released, by one rule."),                    \
                LIST("match", match, "TAG=VALUE",                                                            \
                     "Only those with this tag. Of a tag that stands several times each value is as good; "  \
                     "of several tags all must be as they are given."),                                      \
                TEXT("rules", rules, "FILE",                                                                 \
                     "The rules, a JSON array, instead of --version; - is the standard input."),             \
                TEXT("salt", salt, "TEXT",                                                                   \
                     "What decides, with the unit, who is chosen; unless given, that of the gray release "   \
                     "in force, else a new one.")
#define WEIGHT                                                                                               \
        TEXT("weight", weight, "W", "How many of them get it, in percent: 0 to 100, up to three decimals.")

static const char *const formats[] = { "json", "yaml", "toml", "properties", "xml", "text", NULL };

/* What the server calls them; the completion offers them. */
static const char *const actions[] = {
        "namespace.create", "namespace.update",
        "namespace.delete", "config.save",
        "config.publish",   "config.rollback",
        "config.delete",    "gray.set",
        "gray.pause",       "gray.resume",
        "gray.step",        "gray.promote",
        "gray.abort",       "mirror.resync",
        "mirror.retry",     "mirror.drop",
        "ingest.resync",    "ingest.retry",
        "ingest.drop",      "schema.attach",
        "schema.detach",    "login",
        "logout",           NULL,
};

static const Option global_table[] = {
        TEXT("server", server, "URL", "The server, such as http://127.0.0.1:8750, which is the default."),
        TEXT("token", token, "TOKEN",
             "The token to show. Others can see it in the list of processes: better set CONFER_TOKEN, or use "
             "a profile."),
        TEXT("profile", profile, "NAME", "The profile to take server and token from."),
        {
                .name = "output",
                .letter = 'o',
                FIELD(output, OutputFormat),
                .type = OPTION_OUTPUT,
                .argument = "json|text",
                .sentence = "Print text for people (the default), or exactly the server's data as JSON.",
        },
        {
                .name = "quiet",
                .letter = 'q',
                FIELD(quiet, bool),
                .type = OPTION_FLAG,
                .sentence = "Print no progress and no notes, only results and errors.",
        },
        { .name = "help",
          .letter = 'h',
          FIELD(help, bool),
          .type = OPTION_FLAG,
          .sentence = "Explain the command." },
        END,
};

static const Option program_table[] = {
        FLAG("version", program_version, "Print the version of the program."),
        END,
};

static const Option audit_options[] = {
        TEXT("namespace", namespace_, "NS", "Only of this namespace and those below it."),
        TEXT("key", key, "KEY", "Only of configs of this name."),
        TEXT("actor", actor, "ACTOR", "Only by this actor, such as user:admin."),
        {
                .name = "action",
                FIELD(action, const char *),
                .type = OPTION_CHOICE,
                .argument = "ACTION",
                .choices = actions,
                .sentence = "Only of this action, such as config.publish.",
        },
        TEXT("since", since, "TIME", "Not before this time, such as 2026-01-31T09:00:00Z."),
        TEXT("until", until, "TIME", "Before this time."),
        NUMBER("limit", limit, "N", 1, 1000000, "At most so many entries, newest first; 100 unless given."),
        END,
};

static const Option comment_options[] = { COMMENT, END };
#define FOR TEXT("for", for_key, "KEY", "For the configs of this key only, rather than for all JSON there.")
static const Option attach_options[] = { FOR, COMMENT, END };
static const Option detach_options[] = { FOR, END };
static const Option check_options[] = {
        {
                .name = "format",
                FIELD(format, const char *),
                .type = OPTION_CHOICE,
                .argument = "FORMAT",
                .choices = formats,
                .sentence =
                        "What the content is; unless given, the key's extension says it, else it is text.",
        },
        END,
};

static const Option diff_options[] = {
        VERSION_NUMBER("from", from, "The older side; unless given, the version in force."),
        VERSION_NUMBER("to", to, "The newer side; unless given, the newest version."),
        END,
};

static const Option export_options[] = {
        FLAG("inherit", inherit, "Export what is inherited from the namespaces above, too."),
        FLAG("skip", skip, "Leave out configs whose names cannot be files, instead of refusing."),
        END,
};

static const Option get_options[] = {
        VERSION_NUMBER("version", version, "This version, whether or not it is in force."),
        TEXT("instance", instance, "ID", "What the instance of this id gets, by the gray release in force."),
        TAG,
        END,
};

static const Option gray_evaluate_options[] = {
        TEXT("unit", unit, "UNIT", "Who asks: an instance's id, or the key of a user or tenant."),
        TAG,
        END,
};

static const Option gray_preview_options[] = {
        RULES,
        WEIGHT,
        NUMBER("limit", limit, "N", 1, 1000, "List at most so many instances; 100 unless given."),
        END,
};

static const Option gray_promote_options[] = {
        VERSION_NUMBER("version", version, "Which version, where the rules hold several."),
        COMMENT,
        END,
};

static const Option gray_ramp_options[] = {
        TEXT("steps", steps, "STEPS",
             "The weights, each with the time that it is held: 1:10m,10:30m,100. Times are a whole number "
             "and "
             "ms, s, m, h or d; the last step may go without."),
        TEXT("rule", rule, "INDEX",
             "The rule whose first version is raised, where there are several; the first one is 0."),
        NUMBER("abort-refused", abort_refused, "N", 1, UINT32_MAX,
               "Withdraw the gray release when so many instances refuse its version."),
        TEXT("abort-percent", abort_percent, "P",
             "Withdraw it when so many percent of those that have applied or refused it refuse it."),
        FLAG("promote", promote, "Promote the version after the last step."),
        FLAG("pause", pause, "Stop the clock of the ramp that runs."),
        FLAG("resume", resume, "Let the clock go on."),
        RULES,
        COMMENT,
        END,
};

static const Option gray_set_options[] = {
        RULES,
        WEIGHT,
        TEXT("plan", plan, "FILE", "A plan to ramp it up by, a JSON object; - is the standard input."),
        COMMENT,
        END,
};

static const Option history_options[] = {
        FLAG("releases", releases, "Show which version came into force when, instead of the versions."),
        NUMBER("limit", limit, "N", 1, 1000000, "At most so many, newest first; all unless given."),
        END,
};

static const Option import_options[] = {
        FLAG("publish", publish, "Put what is imported in force."),
        FLAG("dry-run", dry_run, "Say what would be done, and do nothing."),
        FLAG("skip", skip, "Leave out files that cannot be configs, instead of refusing the import."),
        COMMENT,
        END,
};

static const Option list_options[] = {
        TEXT("prefix", prefix, "PREFIX", "Only keys that begin so."),
        TEXT("search", search, "TEXT", "Only configs with this text in the key or in the content in force."),
        FLAG("inherit", inherit, "List what is inherited from the namespaces above, too."),
        FLAG("deleted", deleted, "List deleted configs, too."),
        FLAG("content", content, "With -o json: the contents too."),
        END,
};

static const Option namespaces_list_options[] = {
        TEXT("prefix", prefix, "PREFIX", "Only names that begin so."),
        END,
};

static const Option namespaces_create_options[] = {
        TEXT("description", description, "TEXT", "What the namespace is for."),
        END,
};

static const Option namespaces_delete_options[] = {
        FLAG("recursive", recursive, "Delete its configs too, instead of refusing."),
        END,
};

static const Option profile_set_options[] = {
        FLAG("token-stdin", token_stdin, "Read the token from the standard input; it is not shown."),
        END,
};

static const Option publish_options[] = {
        VERSION_NUMBER("version", version, "The version to put in force; unless given, the newest."),
        COMMENT,
        END,
};

static const Option put_options[] = {
        {
                .name = "format",
                FIELD(format, const char *),
                .type = OPTION_CHOICE,
                .argument = "FORMAT",
                .choices = formats,
                .sentence =
                        "What the content is; unless given, the key's extension says it, else it is text.",
        },
        COMMENT,
        FLAG("publish", publish, "Put the version in force too."),
        VERSION_NUMBER("if-version", if_version, "Only if this is the newest version: nobody was faster."),
        FLAG("create", create, "Only if the config does not exist."),
        END,
};

static const Option render_options[] = {
        TEXT("namespace", namespace_, "NS",
             "The namespace to render, with what it inherits. It must be given."),
        TEXT("check", check, "CMD",
             "A command that judges each new file, whose path follows as its last argument; unless it ends "
             "with 0 the file stays as it is."),
        TEXT("reload", reload, "CMD", "A command that is run after files have changed."),
        NUMBER("splay", splay_ms, "MS", 0, 3600000,
               "Wait a random time of up to so many milliseconds before the reload command; 0 unless given."),
        IDENTITY,
        FLAG("once", once, "Bring the files up to date once, and end."),
        END,
};

static const Option rollback_options[] = {
        VERSION_NUMBER("to", to, "The version to go back to; unless given, one release back."),
        FLAG("end-gray", end_gray, "End a gray release in the same change; else it goes on."),
        COMMENT,
        END,
};

static const Option watch_options[] = {
        FLAG("content", content, "Print the new contents too."),
        TEXT("signal", signal, "SIGNAL",
             "Send this signal, such as HUP, to the process in the file of --pid-file."),
        TEXT("pid-file", pid_file, "FILE", "The file with the number of the process to signal."),
        IDENTITY,
        {
                .name = "exec",
                FIELD(exec, char **),
                .type = OPTION_COMMAND,
                .argument = "CMD...",
                .sentence = "Run this command now, and again at every change. It takes all that follows.",
        },
        END,
};

/* In the order of the help: what is needed most comes first. */
static const Command table[] = {
        {
                .name = "put",
                .arguments = "NS KEY [FILE]",
                .options = put_options,
                .sentence = "Save a new version of a config.",
                .more = "The content is that of FILE or, without one or with -, of the standard input. It is "
                        "saved byte for byte and must be UTF-8 without NUL. A content equal to the newest "
                        "version's makes no new version.",
                .run = command_put,
        },
        {
                .name = "get",
                .arguments = "NS KEY",
                .options = get_options,
                .sentence = "Print the content in force, byte for byte.",
                .more = "Where the namespace has none of its own, it is the one inherited from the nearest "
                        "namespace above. With -o json the version, its author and the rest are printed too.",
                .run = command_get,
        },
        {
                .name = "list",
                .arguments = "NS",
                .options = list_options,
                .sentence = "List the configs of a namespace.",
                .run = command_list,
        },
        {
                .name = "publish",
                .arguments = "NS KEY",
                .options = publish_options,
                .sentence = "Put a version in force.",
                .run = command_publish,
        },
        {
                .name = "rollback",
                .arguments = "NS KEY",
                .options = rollback_options,
                .sentence = "Put an older version in force again.",
                .more = "Without --to it is the one that was in force before; again, the one before that, "
                        "never to and fro.",
                .run = command_rollback,
        },
        {
                .group = "gray",
                .name = "set",
                .arguments = "NS KEY",
                .options = gray_set_options,
                .sentence = "Release a version to some instances first, or change who gets it.",
                .more = "One rule is given by --version, --weight and --match, several by --rules. Who was "
                        "chosen stays chosen while the weight only grows. The gray release lies on the "
                        "stable "
                        "version until it is promoted or aborted; setting it again without a plan drops the "
                        "plan that it had.",
                .run = command_gray_set,
        },
        {
                .group = "gray",
                .name = "show",
                .arguments = "NS KEY",
                .sentence = "Show the gray release: its rules, its ramp, who has what, who refuses it.",
                .run = command_gray_show,
        },
        {
                .group = "gray",
                .name = "preview",
                .arguments = "NS KEY",
                .options = gray_preview_options,
                .sentence = "Tell which connected instances rules would change, and do nothing.",
                .more = "Without a gray release in force and without --salt, the salt is a new one; give it "
                        "to "
                        "gray set, and the same instances are chosen.",
                .run = command_gray_preview,
        },
        {
                .group = "gray",
                .name = "ramp",
                .arguments = "NS KEY",
                .options = gray_ramp_options,
                .sentence = "Raise the weight step by step; or pause that, or resume it.",
                .more = "Without --version and --rules it raises the gray release that is in force.",
                .run = command_gray_ramp,
        },
        {
                .group = "gray",
                .name = "promote",
                .arguments = "NS KEY",
                .options = gray_promote_options,
                .sentence = "Put the gray version in force for all, and end the gray release.",
                .run = command_gray_promote,
        },
        {
                .group = "gray",
                .name = "abort",
                .arguments = "NS KEY",
                .options = comment_options,
                .sentence = "Withdraw the gray release: all get the stable version.",
                .run = command_gray_abort,
        },
        {
                .group = "gray",
                .name = "evaluate",
                .arguments = "NS KEY",
                .options = gray_evaluate_options,
                .sentence = "Explain which version somebody gets, and why.",
                .run = command_gray_evaluate,
        },
        {
                .name = "history",
                .arguments = "NS KEY",
                .options = history_options,
                .sentence = "List the versions of a config, newest first.",
                .more = "The version in force is marked with an asterisk.",
                .run = command_history,
        },
        {
                .name = "diff",
                .arguments = "NS KEY",
                .options = diff_options,
                .sentence = "Show what differs between two versions.",
                .run = command_diff,
        },
        {
                .name = "delete",
                .arguments = "NS KEY",
                .options = comment_options,
                .sentence =
                        "Stop serving a config; its versions stay, and a publish or rollback brings it back.",
                .run = command_delete,
        },
        {
                .name = "import",
                .arguments = "DIR NS",
                .options = import_options,
                .sentence = "Save every file of a directory tree as a config.",
                .more = "The file a/b.yaml becomes the key a:b.yaml. Everything is looked at first: files "
                        "that cannot be configs are named, and unless --skip is given nothing is imported "
                        "then. Unchanged files are left out. The rest is saved in transactions of up to 128 "
                        "files, each of them whole or not at all, and refused when somebody else has saved "
                        "meanwhile. Nothing is deleted.",
                .run = command_import,
        },
        {
                .name = "export",
                .arguments = "NS DIR",
                .options = export_options,
                .sentence = "Write every config in force to a file of a directory tree.",
                .more = "The key a:b.yaml becomes the file a/b.yaml. Each file is replaced as a whole, and "
                        "not touched when it is the same. Nothing is deleted.",
                .run = command_export,
        },
        {
                .group = "namespaces",
                .name = "list",
                .is_default = true,
                .arguments = "",
                .options = namespaces_list_options,
                .sentence = "List the namespaces.",
                .run = command_namespaces_list,
        },
        {
                .group = "namespaces",
                .name = "create",
                .arguments = "NS",
                .options = namespaces_create_options,
                .sentence = "Make a namespace.",
                .run = command_namespaces_create,
        },
        {
                .group = "namespaces",
                .name = "delete",
                .arguments = "NS",
                .options = namespaces_delete_options,
                .sentence = "Delete a namespace that has no configs.",
                .run = command_namespaces_delete,
        },
        {
                .name = "watch",
                .arguments = "NS [KEY...]",
                .options = watch_options,
                .sentence = "Print every change as it happens, and run or signal a program.",
                .more = "The values in force are printed first, inherited ones included. The connection is "
                        "made again whenever it is lost. SIGINT and SIGTERM end it. A command of --exec that "
                        "is one word is run by /bin/sh -c, one of several words directly. It is run when the "
                        "values are known and again at every change; one that still runs then is ended "
                        "first, with SIGTERM and after 10 s with SIGKILL, its whole process group. Its "
                        "environment says what changed last: CONFER_CHANGE_NAMESPACE, CONFER_CHANGE_KEY, "
                        "CONFER_CHANGE_KIND (updated or removed) and CONFER_CHANGE_VERSION. Changes that "
                        "come together run it once.",
                .run = command_watch,
        },
        {
                .name = "render",
                .arguments = "DIR",
                .options = render_options,
                .sentence = "Keep the files of a directory as the configs of a namespace are.",
                .more = "The key a:b.yaml becomes the file a/b.yaml. A new file replaces the old one as a "
                        "whole, after the check command has agreed; if it does not, or is not done after 60 "
                        "s, the old file stays and the server is told. A file is removed when its config is, "
                        "and no file that render did not write. What it has written stands in DIR/.confer/. "
                        "While the server cannot be reached, everything stays. Both commands are run by "
                        "/bin/sh -c; CONFER_CHANGE_KEY names the config to the check command.",
                .run = command_render,
        },
        {
                .group = "mirror",
                .name = "list",
                .is_default = true,
                .arguments = "",
                .sentence = "List the mirrors, each with how it is.",
                .run = command_mirror_list,
        },
        {
                .group = "mirror",
                .name = "show",
                .arguments = "MIRROR",
                .sentence = "Show how a mirror is, and what its last full comparison found.",
                .run = command_mirror_show,
        },
        {
                .group = "mirror",
                .name = "resync",
                .arguments = "MIRROR",
                .sentence = "Have a mirror compare its target in full, from the beginning.",
                .more = "It does not wait for the end; mirror show tells when that was. A mirror that waits "
                        "for "
                        "its target tries it at once.",
                .run = command_mirror_resync,
        },
        {
                .group = "mirror",
                .name = "dead-letters",
                .arguments = "MIRROR",
                .sentence = "List the configs that a mirror has put aside, and why, oldest first.",
                .run = command_mirror_dead_letters,
        },
        {
                .group = "mirror",
                .name = "retry",
                .arguments = "MIRROR [NS KEY]",
                .sentence = "Have a mirror try a dead letter again, or all of them.",
                .more = "What is delivered is what the config serves by now.",
                .run = command_mirror_retry,
        },
        {
                .group = "mirror",
                .name = "drop",
                .arguments = "MIRROR [NS KEY]",
                .sentence = "Give up a dead letter, or all of them.",
                .more = "The target keeps what it has, until the config is published or deleted again.",
                .run = command_mirror_drop,
        },
        {
                .group = "ingest",
                .name = "list",
                .is_default = true,
                .arguments = "",
                .sentence = "List the ingests, each with how it is.",
                .run = command_ingest_list,
        },
        {
                .group = "ingest",
                .name = "show",
                .arguments = "INGEST",
                .sentence = "Show how an ingest is, and when it has read its etcd in full.",
                .run = command_ingest_show,
        },
        {
                .group = "ingest",
                .name = "resync",
                .arguments = "INGEST",
                .sentence = "Have an ingest read its etcd in full.",
                .more = "It does not wait for the end; ingest show tells when that was. An ingest that waits "
                        "for its "
                        "etcd tries it at once.",
                .run = command_ingest_resync,
        },
        {
                .group = "ingest",
                .name = "quarantine",
                .arguments = "INGEST",
                .sentence = "List the keys of etcd that could not be taken in, and why, oldest first.",
                .run = command_ingest_quarantine,
        },
        {
                .group = "ingest",
                .name = "retry",
                .arguments = "INGEST [ETCD-KEY]",
                .sentence = "Have an ingest try a quarantined key again, or all of them.",
                .more = "It is read from etcd again, as it was when it was put aside; a newer value comes by "
                        "itself.",
                .run = command_ingest_retry,
        },
        {
                .group = "ingest",
                .name = "drop",
                .arguments = "INGEST [ETCD-KEY]",
                .sentence = "Give up a quarantined key, or all of them.",
                .more = "It is listed no more, until it changes in etcd and cannot be taken in again.",
                .run = command_ingest_drop,
        },
        {
                .group = "schema",
                .name = "list",
                .arguments = "NS",
                .sentence = "List the schemas that are attached in a namespace and above it.",
                .run = command_schema_list,
        },
        {
                .group = "schema",
                .name = "attach",
                .arguments = "NS SCHEMA_NS SCHEMA_KEY",
                .options = attach_options,
                .sentence = "Have a schema govern a namespace and what is below it.",
                .more = "SCHEMA_NS and SCHEMA_KEY name a config that serves a JSON Schema. What is saved or "
                        "released from now on has to fit it; what is there already stays.",
                .run = command_schema_attach,
        },
        {
                .group = "schema",
                .name = "detach",
                .arguments = "NS",
                .options = detach_options,
                .sentence = "End that a schema governs.",
                .run = command_schema_detach,
        },
        {
                .group = "schema",
                .name = "check",
                .arguments = "NS KEY [FILE]",
                .options = check_options,
                .sentence = "Ask whether a content would fit the schema that governs a config.",
                .more = "The content is that of FILE or, without one or with -, of the standard input. "
                        "Nothing "
                        "is saved. The exit code is that of a refusal where it does not fit.",
                .run = command_schema_check,
        },
        {
                .name = "audit",
                .arguments = "",
                .options = audit_options,
                .sentence = "List who did what, newest first.",
                .run = command_audit,
        },
        {
                .name = "status",
                .arguments = "",
                .sentence = "Show the state of the server.",
                .run = command_status,
        },
        {
                .group = "profile",
                .name = "set",
                .arguments = "NAME",
                .options = profile_set_options,
                .sentence = "Make or change a profile; --server must be given.",
                .more = "The first profile becomes the one in use. A token that was set before stays only "
                        "while the server is the same.",
                .run = command_profile_set,
        },
        {
                .group = "profile",
                .name = "list",
                .is_default = true,
                .arguments = "",
                .sentence = "List the profiles, without their tokens.",
                .run = command_profile_list,
        },
        {
                .group = "profile",
                .name = "use",
                .arguments = "NAME",
                .sentence = "Take server and token from this profile from now on.",
                .run = command_profile_use,
        },
        {
                .group = "profile",
                .name = "delete",
                .arguments = "NAME",
                .sentence = "Forget a profile and its token.",
                .run = command_profile_delete,
        },
        {
                .name = "completion",
                .arguments = "bash|zsh",
                .sentence = "Print the completion for a shell.",
                .run = command_completion,
        },
        {
                .name = "manual",
                .arguments = "",
                .sentence = "Print the manual page: confer manual | man -l -",
                .run = command_manual,
        },
        {
                .name = "help",
                .arguments = "[COMMAND...]",
                .sentence = "Explain a command, or list them all.",
                .run = command_help,
        },
};

const Command *commands(size_t *ret_n) {
        *ret_n = ARRAY_SIZE(table);
        return table;
}

const Option *global_options(void) {
        return global_table;
}

const Option *program_options(void) {
        return program_table;
}
