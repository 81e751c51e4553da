/*
 * The table of settings, and how one value is read from its text.
 *
 * A row is tied to its field of Settings at compile time, name and C type both, so that a new setting is one
 * field and one row. Defaults are texts and go through the same checks as what an operator writes.
 */
#include <arpa/inet.h>
#include <assert.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model/macros.h"
#include "util/settings.h"

#define KIB    UINT64_C(1024)
#define MIB    (1024 * KIB)
#define GIB    (1024 * MIB)
#define SECOND UINT64_C(1000)
#define MINUTE (60 * SECOND)
#define HOUR   (60 * MINUTE)
#define DAY    (24 * HOUR)

#define HOST_MAX_BYTES   253 /* of a name in the DNS, RFC 1035 */
#define PATH_MAX_BYTES   (PATH_MAX - 1)
#define SECRET_MAX_BYTES 1024

static const char *const log_levels[] = {
        [LOG_LEVEL_ERROR] = "error", [LOG_LEVEL_WARNING] = "warning",
        [LOG_LEVEL_INFO] = "info",   [LOG_LEVEL_DEBUG] = "debug",
        [LOG_LEVEL_N] = NULL,
};

/* Doesn't compile unless Settings has the field @field of the type @c_type. */
#define FIELD(field, c_type)                                                                                 \
        .name = #field,                                                                                      \
        .offset = offsetof(Settings, field) + 0 * sizeof(_Generic(((Settings *)NULL)->field, c_type : 0))

#define STRING(field)    FIELD(field, char *), .type = SETTING_STRING
#define TOKEN(field)     FIELD(field, char *), .type = SETTING_TOKEN
#define PATH(field)      FIELD(field, char *), .type = SETTING_PATH
#define ADDRESS(field)   FIELD(field, SettingsAddress), .type = SETTING_ADDRESS
#define BOOL(field)      FIELD(field, bool), .type = SETTING_BOOL
#define INTEGER(field)   FIELD(field, uint64_t), .type = SETTING_INTEGER
#define LOG_LEVEL(field) FIELD(field, LogLevel), .type = SETTING_CHOICE, .choices = log_levels

/* In the order of the help: by group, and in a group from what is set most often. */
static const Setting table[] = {
        {
                PATH(data),
                .group = SETTING_GROUP_PROGRAM,
                .min = 1,
                .max = PATH_MAX_BYTES,
                .default_text = "./confer-data",
                .sentence = "The directory of the store; it is made when it is missing.",
        },
        {
                INTEGER(threads),
                .group = SETTING_GROUP_PROGRAM,
                .unit = SETTING_UNIT_THREADS,
                .min = 0,
                .max = 64,
                .default_text = "0",
                .sentence = "How many threads serve requests; 0 is one per core.",
        },
        {
                INTEGER(stop_timeout_ms),
                .group = SETTING_GROUP_PROGRAM,
                .unit = SETTING_UNIT_MS,
                .min = 0,
                .max = 10 * MINUTE,
                .default_text = "10 s",
                .sentence = "How long requests under way may take to end when the server stops.",
        },
        {
                ADDRESS(listen),
                .group = SETTING_GROUP_HTTP,
                .default_text = "127.0.0.1:8750",
                .sentence = "The address to serve HTTP on, an IPv6 one in brackets; port 0 takes a free one.",
        },
        {
                INTEGER(connections_max),
                .group = SETTING_GROUP_HTTP,
                .unit = SETTING_UNIT_CONNECTIONS,
                .min = 16,
                .max = 1000000,
                .default_text = "10000",
                .sentence = "How many connections may be open at once.",
        },
        {
                INTEGER(body_max_bytes),
                .group = SETTING_GROUP_HTTP,
                .unit = SETTING_UNIT_BYTES,
                .min = 64 * KIB,
                .max = GIB,
                .default_text = "32 MiB",
                .sentence = "The longest body of a request; a longer one is answered with 413.",
        },
        {
                INTEGER(content_max_bytes),
                .group = SETTING_GROUP_HTTP,
                .unit = SETTING_UNIT_BYTES,
                .min = KIB,
                .max = 16 * MIB,
                .default_text = "1 MiB",
                .sentence = "The longest content of a config; it may not pass body_max_bytes.",
        },
        {
                INTEGER(headers_max_bytes),
                .group = SETTING_GROUP_HTTP,
                .unit = SETTING_UNIT_BYTES,
                .min = KIB,
                .max = 256 * KIB,
                .default_text = "16 KiB",
                .sentence =
                        "The longest head of a request, request line and headers together; a longer one is "
                        "answered with 431.",
        },
        {
                INTEGER(request_timeout_ms),
                .group = SETTING_GROUP_HTTP,
                .unit = SETTING_UNIT_MS,
                .min = 100,
                .max = 10 * MINUTE,
                .default_text = "10 s",
                .sentence = "How long a request may take to arrive, and how long an idle connection is kept.",
        },
        {
                INTEGER(query_timeout_ms),
                .group = SETTING_GROUP_STORE,
                .unit = SETTING_UNIT_MS,
                .min = 100,
                .max = 10 * MINUTE,
                .default_text = "5 s",
                .sentence = "How long a query of history, search or audit may take; then it is answered with "
                            "503.",
        },
        {
                INTEGER(query_threads),
                .group = SETTING_GROUP_STORE,
                .unit = SETTING_UNIT_THREADS,
                .min = 1,
                .max = 64,
                .default_text = "2",
                .sentence = "How many threads run queries.",
        },
        {
                INTEGER(query_queue_max),
                .group = SETTING_GROUP_STORE,
                .unit = SETTING_UNIT_QUERIES,
                .min = 1,
                .max = 65536,
                .default_text = "256",
                .sentence = "How many queries may wait for a thread; those beyond are answered with 503.",
        },
        {
                INTEGER(write_queue_max),
                .group = SETTING_GROUP_STORE,
                .unit = SETTING_UNIT_COMMANDS,
                .min = 1,
                .max = 1000000,
                .default_text = "4096",
                .sentence = "How many commands may wait for the writer; those beyond are answered with 503.",
        },
        {
                INTEGER(wal_max_bytes),
                .group = SETTING_GROUP_STORE,
                .unit = SETTING_UNIT_BYTES,
                .min = 4 * MIB,
                .max = 4 * GIB,
                .default_text = "64 MiB",
                .sentence = "How long the write-ahead log of the store may grow before it is written back "
                            "and cut.",
        },
        {
                INTEGER(outbox_max_rows),
                .group = SETTING_GROUP_STORE,
                .unit = SETTING_UNIT_ROWS,
                .min = 1000,
                .max = 100000000,
                .default_text = "100000",
                .sentence =
                        "How many changes are kept for mirrors that catch up; older ones are dropped, and a "
                        "mirror that misses them compares in full.",
        },
        {
                INTEGER(session_idle_ms),
                .group = SETTING_GROUP_ACCESS,
                .unit = SETTING_UNIT_MS,
                .min = MINUTE,
                .max = 30 * DAY,
                .default_text = "30 min",
                .sentence = "How long a session of the web page lasts without a request.",
        },
        {
                INTEGER(session_max_ms),
                .group = SETTING_GROUP_ACCESS,
                .unit = SETTING_UNIT_MS,
                .min = MINUTE,
                .max = 90 * DAY,
                .default_text = "12 h",
                .sentence = "How long a session of the web page lasts in all.",
        },
        {
                BOOL(metrics_public),
                .group = SETTING_GROUP_ACCESS,
                .default_text = "true",
                .sentence = "Whether /metrics is answered without credentials.",
        },
        {
                STRING(admin_password),
                .group = SETTING_GROUP_ACCESS,
                .flags = SETTING_SECRET,
                .min = 8,
                .max = SECRET_MAX_BYTES,
                .sentence = "The password of the user admin; it replaces the stored one at every start.",
        },
        {
                TOKEN(admin_token),
                .group = SETTING_GROUP_ACCESS,
                .flags = SETTING_SECRET,
                .min = 16,
                .max = SECRET_MAX_BYTES,
                .sentence = "A bearer token with every right of the user admin, in visible ASCII.",
        },
        {
                PATH(access_log),
                .group = SETTING_GROUP_LOG,
                .min = 0,
                .max = PATH_MAX_BYTES,
                .default_text = "",
                .sentence = "The file that takes one line of JSON per request; - is the standard output, and "
                            "empty is no file.",
        },
        {
                LOG_LEVEL(log_level),
                .group = SETTING_GROUP_LOG,
                .default_text = "info",
                .sentence = "Messages of this level and graver ones go to the standard error.",
        },
};

static_assert(ARRAY_SIZE(table) <= SETTINGS_MAX, "Settings.origins has a place for every row");
static_assert(sizeof(LogLevel) == sizeof(unsigned), "a choice is stored as an unsigned");

static const SettingsOption options[] = {
        { "config", INVOCATION_SERVE, "FILE", "The YAML file to read settings from; none by default." },
        { "help", INVOCATION_HELP, NULL, "Prints a short help." },
        { "version", INVOCATION_VERSION, NULL, "Prints the version." },
        { "manual", INVOCATION_MANUAL, NULL, "Prints the manual page, in roff." },
        { "verify", INVOCATION_VERIFY, NULL,
          "Checks the whole store and names the first fault that it finds." },
        { "backup", INVOCATION_BACKUP, "FILE", "Copies the store to FILE; the server may run meanwhile." },
        { "restore", INVOCATION_RESTORE, "FILE",
          "Replaces the store by the backup FILE and keeps the old one beside it; the server must be "
          "stopped." },
};

/* The largest unit of a kind stands first, so that the first one that divides a value writes it shortest. */
static const struct {
        SettingUnit unit;
        const char *suffix;
        uint64_t factor;
} suffixes[] = {
        { SETTING_UNIT_BYTES, "GiB", GIB }, { SETTING_UNIT_BYTES, "MiB", MIB },
        { SETTING_UNIT_BYTES, "KiB", KIB }, { SETTING_UNIT_MS, "d", DAY },
        { SETTING_UNIT_MS, "h", HOUR },     { SETTING_UNIT_MS, "min", MINUTE },
        { SETTING_UNIT_MS, "m", MINUTE },   { SETTING_UNIT_MS, "s", SECOND },
        { SETTING_UNIT_MS, "ms", 1 },
};

static const struct {
        const char *name;
        const char *suffix_hint;
} units[SETTING_UNIT_N] = {
        [SETTING_UNIT_NONE] = { "", "" },
        [SETTING_UNIT_BYTES] = { "bytes", ", which may end in KiB, MiB or GiB" },
        [SETTING_UNIT_MS] = { "ms", ", which may end in ms, s, min, h or d" },
        [SETTING_UNIT_ROWS] = { "rows", "" },
        [SETTING_UNIT_THREADS] = { "threads", "" },
        [SETTING_UNIT_CONNECTIONS] = { "connections", "" },
        [SETTING_UNIT_QUERIES] = { "queries", "" },
        [SETTING_UNIT_COMMANDS] = { "commands", "" },
};

static const char *const groups[SETTING_GROUP_N] = {
        [SETTING_GROUP_PROGRAM] = "Program", [SETTING_GROUP_HTTP] = "HTTP", [SETTING_GROUP_STORE] = "Store",
        [SETTING_GROUP_ACCESS] = "Access",   [SETTING_GROUP_LOG] = "Log",
};

const Setting *settings_table(size_t *ret_n) {
        *ret_n = ARRAY_SIZE(table);
        return table;
}

const SettingsOption *settings_options(size_t *ret_n) {
        *ret_n = ARRAY_SIZE(options);
        return options;
}

const char *settings_group_to_string(SettingGroup group) {
        return groups[group];
}

static void *field_of(Settings *settings, const Setting *setting) {
        return (char *)settings + setting->offset;
}

/*
 * Names and messages.
 */

static bool is_digit(char c) {
        return c >= '0' && c <= '9';
}

static bool is_printable(char c) {
        return c >= ' ' && c <= '~';
}

static char to_upper(char c) {
        return (char)(c >= 'a' && c <= 'z' ? c - 'a' + 'A' : c);
}

static char to_lower(char c) {
        return (char)(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
}

void settings_label(const char *name, SettingsSource source, char ret_label[static SETTINGS_LABEL_MAX]) {
        const char *prefix = source == SETTINGS_ENVIRONMENT ? "CONFER_" : source == SETTINGS_FLAG ? "--" : "";
        size_t at = strlen(prefix);

        memcpy(ret_label, prefix, at);
        for (; *name && at < SETTINGS_LABEL_MAX - 1; name++) {
                char c = *name;

                if (source == SETTINGS_ENVIRONMENT)
                        c = to_upper(c);
                else if (source == SETTINGS_FLAG && c == '_')
                        c = '-';
                ret_label[at++] = c;
        }
        ret_label[at] = '\0';
}

const Setting *settings_find(Span written, SettingsSource source) {
        char label[SETTINGS_LABEL_MAX];

        for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
                settings_label(table[i].name, source, label);
                if (span_equal_string(written, label))
                        return &table[i];
        }

        return NULL;
}

/* Bytes that are no printable ASCII become question marks: a message may end up on any terminal. */
SettingsShown settings_shown(Span text) {
        SettingsShown shown;
        size_t room = sizeof(shown.text) - 1, size = MIN(text.size, room);

        for (size_t i = 0; i < size; i++)
                shown.text[i] = is_printable(text.data[i]) ? text.data[i] : '?';
        shown.text[size] = '\0';
        if (text.size > room)
                memcpy(shown.text + room - 3, "...", 3);

        return shown;
}

/* Of a path the end says most. */
static void place_format(const char *path, size_t line, char *ret_place, size_t size) {
        const size_t path_max = 120;
        size_t length = strlen(path);
        const char *tail = length > path_max ? path + length - path_max : path;
        int n;

        n = snprintf(ret_place, size, "%s%s", tail == path ? "" : "...", tail);
        assert(n >= 0 && (size_t)n < size);
        for (char *c = ret_place; *c; c++)
                if (!is_printable(*c))
                        *c = '?';

        if (line)
                (void)snprintf(ret_place + n, size - (size_t)n, ":%zu", line);
}

static _printf_(5, 0) int refuse_args(const Settings *settings, SettingsOrigin origin, const char *label,
                                      Problem *ret_problem, const char *format, va_list args) {
        char place[160] = "", text[PROBLEM_TEXT_MAX];

        (void)vsnprintf(text, sizeof(text), format, args);
        if (origin.source == SETTINGS_FILE)
                place_format(settings->config, origin.line, place, sizeof(place));

        problem_set(ret_problem, label, "%s%s%s%s%s", place, *place ? ": " : "", label, *label ? ": " : "",
                    text);
        ret_problem->line = origin.line;
        return SETTINGS_E_INVALID;
}

int settings_refuse(const Settings *settings, SettingsOrigin origin, const char *label, Problem *ret_problem,
                    const char *format, ...) {
        va_list args;
        int r;

        va_start(args, format);
        r = refuse_args(settings, origin, label, ret_problem, format, args);
        va_end(args);
        return r;
}

/* Refuses the value of @setting. */
static _printf_(5, 6) int refuse(const Settings *settings, const Setting *setting, SettingsOrigin origin,
                                 Problem *ret_problem, const char *format, ...) {
        char label[SETTINGS_LABEL_MAX];
        va_list args;
        int r;

        settings_label(setting->name, origin.source, label);
        va_start(args, format);
        r = refuse_args(settings, origin, label, ret_problem, format, args);
        va_end(args);
        return r;
}

/*
 * Names that nobody knows.
 */

/* The number of bytes to insert, delete or replace that makes @a of @b. */
static size_t edit_distance(const char *a, const char *b) {
        size_t row[SETTINGS_LABEL_MAX], n = strlen(b);

        for (size_t j = 0; j <= n; j++)
                row[j] = j;
        for (size_t i = 0; a[i]; i++) {
                size_t diagonal = row[0];

                row[0] = i + 1;
                for (size_t j = 0; j < n; j++) {
                        size_t replaced = diagonal + (a[i] != b[j]);

                        diagonal = row[j + 1];
                        row[j + 1] = MIN(replaced, MIN(diagonal, row[j]) + 1);
                }
        }

        return row[n];
}

/* How unlike what was meant @name is. A name without its end, such as body_max, is the likeliest slip. */
static size_t unlikeness(const char *name, const char *candidate) {
        size_t size = strlen(name);

        if (size >= 3 && strncmp(name, candidate, size) == 0)
                return 1;
        return edit_distance(name, candidate);
}

/* The known name most like @name, which is in the form of the file; NULL when none is near. */
static const char *nearest(const char *name, SettingsSource source) {
        size_t least = MAX(strlen(name) / 3, (size_t)2) + 1;
        const char *found = NULL;

        for (size_t i = 0; i < ARRAY_SIZE(table) + ARRAY_SIZE(options); i++) {
                bool is_option = i >= ARRAY_SIZE(table);
                const char *candidate = is_option ? options[i - ARRAY_SIZE(table)].name : table[i].name;
                size_t distance = unlikeness(name, candidate);

                if (is_option && source == SETTINGS_FILE)
                        continue;
                if (is_option && source == SETTINGS_ENVIRONMENT && strcmp(candidate, "config") != 0)
                        continue;
                if (distance < least) {
                        least = distance;
                        found = candidate;
                }
        }

        return found;
}

/* Strips the prefix of @source and folds the rest into the form of the file, cut to what is ever compared. */
static void name_fold(Span written, SettingsSource source, char ret_name[static SETTINGS_LABEL_MAX]) {
        size_t at = 0, size = 0;

        if (source == SETTINGS_ENVIRONMENT)
                at = MIN(written.size, sizeof("CONFER_") - 1);
        while (source == SETTINGS_FLAG && at < written.size && written.data[at] == '-')
                at++;

        for (; at < written.size && size < SETTINGS_LABEL_MAX - 1; at++) {
                char c = to_lower(written.data[at]);

                ret_name[size++] = c == '-' ? '_' : c;
        }
        ret_name[size] = '\0';
}

int settings_refuse_unknown(const Settings *settings, SettingsOrigin origin, Span written,
                            Problem *ret_problem) {
        const char *kind = origin.source == SETTINGS_FLAG ? "flag" : "setting", *found;
        char name[SETTINGS_LABEL_MAX], label[SETTINGS_LABEL_MAX];
        SettingsShown shown = settings_shown(written);

        name_fold(written, origin.source, name);
        found = nearest(name, origin.source);
        if (!found)
                return settings_refuse(settings, origin, shown.text, ret_problem,
                                       "there is no such %s, see conferd --help", kind);

        settings_label(found, origin.source, label);
        return settings_refuse(settings, origin, shown.text, ret_problem,
                               "there is no such %s; did you mean %s?", kind, label);
}

/*
 * Values.
 */

static uint64_t multiply_saturated(uint64_t a, uint64_t b) {
        uint64_t product;

        return __builtin_mul_overflow(a, b, &product) ? UINT64_MAX : product;
}

static uint64_t add_saturated(uint64_t a, uint64_t b) {
        uint64_t sum;

        return __builtin_add_overflow(a, b, &sum) ? UINT64_MAX : sum;
}

/* Returns 0 for what is no suffix of @unit. */
static uint64_t suffix_factor(SettingUnit unit, Span suffix) {
        for (size_t i = 0; i < ARRAY_SIZE(suffixes); i++)
                if (suffixes[i].unit == unit && span_equal_string(suffix, suffixes[i].suffix))
                        return suffixes[i].factor;

        return 0;
}

/* Digits, then perhaps a space and a suffix of @unit. What passes 64 bits is out of every range anyway. */
static bool integer_parse(SettingUnit unit, Span text, uint64_t *ret_value) {
        uint64_t value = 0, factor;
        size_t at = 0;

        for (; at < text.size && is_digit(text.data[at]); at++)
                value = add_saturated(multiply_saturated(value, 10), (uint64_t)(text.data[at] - '0'));
        if (at == 0)
                return false;
        if (at == text.size) {
                *ret_value = value;
                return true;
        }

        if (text.data[at] == ' ')
                at++;
        factor = suffix_factor(unit, (Span){ text.data + at, text.size - at });
        if (!factor)
                return false;

        *ret_value = multiply_saturated(value, factor);
        return true;
}

void settings_append_integer(Buf *to, SettingUnit unit, uint64_t value) {
        for (size_t i = 0; i < ARRAY_SIZE(suffixes); i++)
                if (value && suffixes[i].unit == unit && value % suffixes[i].factor == 0) {
                        buf_append_format(to, "%llu %s", (unsigned long long)(value / suffixes[i].factor),
                                          suffixes[i].suffix);
                        return;
                }

        buf_append_format(to, "%llu %s", (unsigned long long)value, units[unit].name);
}

static int integer_set(Settings *settings, const Setting *setting, Span text, SettingsOrigin origin,
                       Problem *ret_problem) {
        const char *unit = units[setting->unit].name;
        uint64_t value;

        if (!integer_parse(setting->unit, text, &value))
                return refuse(settings, setting, origin, ret_problem, "\"%s\" is not a whole number of %s%s",
                              settings_shown(text).text, unit, units[setting->unit].suffix_hint);
        if (value < setting->min)
                return refuse(settings, setting, origin, ret_problem, "%s is below the least, %llu %s",
                              settings_shown(text).text, (unsigned long long)setting->min, unit);
        if (value > setting->max)
                return refuse(settings, setting, origin, ret_problem, "%s is above the most, %llu %s",
                              settings_shown(text).text, (unsigned long long)setting->max, unit);

        *(uint64_t *)field_of(settings, setting) = value;
        return 0;
}

static int bool_set(Settings *settings, const Setting *setting, Span text, SettingsOrigin origin,
                    Problem *ret_problem) {
        bool value = span_equal_string(text, "true");

        if (!value && !span_equal_string(text, "false"))
                return refuse(settings, setting, origin, ret_problem, "\"%s\" is neither true nor false",
                              settings_shown(text).text);

        *(bool *)field_of(settings, setting) = value;
        return 0;
}

static int choice_set(Settings *settings, const Setting *setting, Span text, SettingsOrigin origin,
                      Problem *ret_problem) {
        char names[128] = "";
        size_t size = 0;

        for (unsigned i = 0; setting->choices[i]; i++) {
                if (span_equal_string(text, setting->choices[i])) {
                        memcpy(field_of(settings, setting), &i, sizeof(i));
                        return 0;
                }
                if (size < sizeof(names))
                        size += (size_t)snprintf(names + size, sizeof(names) - size, "%s%s", i ? ", " : "",
                                                 setting->choices[i]);
        }

        return refuse(settings, setting, origin, ret_problem, "\"%s\" is not one of %s",
                      settings_shown(text).text, names);
}

/* Says what is wrong with a text, without showing it: it may be a secret. Returns NULL when nothing is. */
static const char *text_fault(const Setting *setting, Span text) {
        for (size_t i = 0; i < text.size; i++) {
                unsigned char c = (unsigned char)text.data[i];

                if (c < ' ' || c == 0x7f)
                        return "holds a control character, such as a line break";
                if (setting->type == SETTING_TOKEN && (c == ' ' || c > '~'))
                        return "holds a space or a byte outside ASCII, which the header Authorization cannot "
                               "carry";
        }

        return NULL;
}

static int text_set(Settings *settings, const Setting *setting, Span text, SettingsOrigin origin,
                    Problem *ret_problem) {
        char **field = field_of(settings, setting), *copy;
        const char *fault = text_fault(setting, text);

        if (fault)
                return refuse(settings, setting, origin, ret_problem, "%s", fault);
        if (text.size == 0 && setting->min > 0)
                return refuse(settings, setting, origin, ret_problem, "must not be empty");
        if (text.size < setting->min)
                return refuse(settings, setting, origin, ret_problem, "is shorter than the least, %llu bytes",
                              (unsigned long long)setting->min);
        if (text.size > setting->max)
                return refuse(settings, setting, origin, ret_problem, "is longer than the most, %llu bytes",
                              (unsigned long long)setting->max);

        copy = strndup(text.data, text.size);
        if (!copy)
                return -ENOMEM;

        free(*field);
        *field = copy;
        return 0;
}

/* A name or an IPv4 address. Whether it exists is for the resolver to say. */
static bool is_host_name(Span host) {
        if (host.size == 0 || host.size > HOST_MAX_BYTES)
                return false;
        for (size_t i = 0; i < host.size; i++) {
                char c = to_lower(host.data[i]);

                if (!(c >= 'a' && c <= 'z') && !is_digit(c) && c != '.' && c != '-' && c != '_')
                        return false;
        }

        return true;
}

/* An IPv6 address, perhaps with a zone: fe80::1%eth0. */
static bool is_ipv6(Span host) {
        char text[INET6_ADDRSTRLEN] = "";
        const char *percent = memchr(host.data, '%', host.size);
        size_t size = percent ? (size_t)(percent - host.data) : host.size;
        struct in6_addr address;

        if (size >= sizeof(text) || memchr(host.data, '\0', host.size))
                return false;
        if (percent && !is_host_name((Span){ percent + 1, host.size - size - 1 }))
                return false;

        memcpy(text, host.data, size);
        return inet_pton(AF_INET6, text, &address) == 1;
}

/* Splits HOST:PORT at its last colon; the host is checked and bare, the port is text still. */
static bool address_split(Span text, Span *ret_host, Span *ret_port) {
        const char *colon = memrchr(text.data, ':', text.size);
        Span host, port;

        if (!colon)
                return false;

        host = (Span){ text.data, (size_t)(colon - text.data) };
        port = (Span){ colon + 1, text.size - host.size - 1 };
        if (host.size >= 2 && host.data[0] == '[' && host.data[host.size - 1] == ']') {
                host = (Span){ host.data + 1, host.size - 2 };
                if (!is_ipv6(host))
                        return false;
        } else if (!is_host_name(host))
                return false;

        *ret_host = host;
        *ret_port = port;
        return true;
}

static int address_set(Settings *settings, const Setting *setting, Span text, SettingsOrigin origin,
                       Problem *ret_problem) {
        SettingsAddress *field = field_of(settings, setting);
        Span host, port;
        uint64_t value;
        char *copy;

        if (!address_split(text, &host, &port) || !integer_parse(SETTING_UNIT_NONE, port, &value))
                return refuse(settings, setting, origin, ret_problem,
                              "\"%s\" is not HOST:PORT, such as 127.0.0.1:8750 or [::1]:8750",
                              settings_shown(text).text);
        if (value > UINT16_MAX)
                return refuse(settings, setting, origin, ret_problem, "port %s is above the most, %u",
                              settings_shown(port).text, UINT16_MAX);

        copy = strndup(host.data, host.size);
        if (!copy)
                return -ENOMEM;

        free(field->host);
        *field = (SettingsAddress){ copy, (uint16_t)value };
        return 0;
}

static int value_set(Settings *settings, const Setting *setting, Span text, SettingsOrigin origin,
                     Problem *ret_problem) {
        switch (setting->type) {
        case SETTING_STRING:
        case SETTING_TOKEN:
        case SETTING_PATH:
                return text_set(settings, setting, text, origin, ret_problem);
        case SETTING_ADDRESS:
                return address_set(settings, setting, text, origin, ret_problem);
        case SETTING_BOOL:
                return bool_set(settings, setting, text, origin, ret_problem);
        case SETTING_INTEGER:
                return integer_set(settings, setting, text, origin, ret_problem);
        case SETTING_CHOICE:
                return choice_set(settings, setting, text, origin, ret_problem);
        case SETTING_TYPE_N:
                break;
        }

        assert(false);
        return -ENOTRECOVERABLE;
}

/*
 * settings_set() - gives @setting the value that @text says
 * @text: not NULL; the bytes are copied
 *
 * On failure the former value stays. Returns 0, SETTINGS_E_INVALID or -ENOMEM.
 */
int settings_set(Settings *settings, const Setting *setting, Span text, SettingsOrigin origin,
                 Problem *ret_problem) {
        int r;

        if ((setting->flags & SETTING_SECRET) && origin.source != SETTINGS_ENVIRONMENT) {
                char variable[SETTINGS_LABEL_MAX];

                settings_label(setting->name, SETTINGS_ENVIRONMENT, variable);
                return refuse(settings, setting, origin, ret_problem,
                              "a secret is read from the environment only, as %s", variable);
        }

        r = value_set(settings, setting, text, origin, ret_problem);
        if (r)
                return r;

        settings->origins[setting - table] = origin;
        return 0;
}

/*
 * All settings.
 */

int settings_init(Settings *ret_settings) {
        Settings settings = SETTINGS_NULL;

        for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
                SettingsOrigin origin = { SETTINGS_DEFAULT, 0 };
                Problem problem;
                int r;

                if (!table[i].default_text)
                        continue;

                r = settings_set(&settings, &table[i], span_from_string(table[i].default_text), origin,
                                 &problem);
                assert(r <= 0);
                if (r) {
                        settings_deinit(&settings);
                        return r;
                }
        }

        *ret_settings = settings;
        return 0;
}

static const Setting *row_of(size_t offset) {
        const Setting *setting = table;

        while (setting->offset != offset) {
                setting++;
                assert(setting < table + ARRAY_SIZE(table));
        }

        return setting;
}

/*
 * settings_check() - do the values fit each other?
 *
 * Blames the one that was written at the stronger place: it is the one that somebody has just changed.
 */
int settings_check(const Settings *settings, Problem *ret_problem) {
        const Setting *content = row_of(offsetof(Settings, content_max_bytes));
        const Setting *body = row_of(offsetof(Settings, body_max_bytes));
        SettingsOrigin content_origin = settings->origins[content - table];
        SettingsOrigin body_origin = settings->origins[body - table];

        if (settings->content_max_bytes <= settings->body_max_bytes)
                return 0;

        if (content_origin.source >= body_origin.source)
                return refuse(settings, content, content_origin, ret_problem,
                              "%llu bytes do not fit into body_max_bytes, which is %llu",
                              (unsigned long long)settings->content_max_bytes,
                              (unsigned long long)settings->body_max_bytes);

        return refuse(settings, body, body_origin, ret_problem,
                      "%llu bytes have no room for content_max_bytes, which is %llu",
                      (unsigned long long)settings->body_max_bytes,
                      (unsigned long long)settings->content_max_bytes);
}

static void text_free(const Setting *setting, char *text) {
        if (text && setting->flags & SETTING_SECRET)
                explicit_bzero(text, strlen(text));
        free(text);
}

void settings_deinit(Settings *settings) {
        for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
                void *field = field_of(settings, &table[i]);

                switch (table[i].type) {
                case SETTING_STRING:
                case SETTING_TOKEN:
                case SETTING_PATH:
                        text_free(&table[i], *(char **)field);
                        break;
                case SETTING_ADDRESS:
                        free(((SettingsAddress *)field)->host);
                        break;
                default:
                        break;
                }
        }

        free(settings->config);
        *settings = SETTINGS_NULL;
}
