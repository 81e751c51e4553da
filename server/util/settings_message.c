/*
 * What an operator is told when a setting is refused: the place, the name, the fault.
 */
#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "model/macros.h"
#include "util/settings_internal.h"

static bool is_printable(char c) {
        return c >= ' ' && c <= '~';
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

int settings_refuse_at_args(const char *path, size_t line, const char *label, Problem *ret_problem,
                            const char *format, va_list args) {
        char place[160] = "", text[PROBLEM_TEXT_MAX];

        (void)vsnprintf(text, sizeof(text), format, args);
        if (path)
                place_format(path, line, place, sizeof(place));

        problem_set(ret_problem, label, "%s%s%s%s%s", place, *place ? ": " : "", label, *label ? ": " : "",
                    text);
        ret_problem->line = line;
        return SETTINGS_E_INVALID;
}

int settings_refuse_at(const char *path, size_t line, const char *label, Problem *ret_problem,
                       const char *format, ...) {
        va_list args;
        int r;

        va_start(args, format);
        r = settings_refuse_at_args(path, line, label, ret_problem, format, args);
        va_end(args);
        return r;
}

static _printf_(5, 0) int refuse_args(const Settings *settings, SettingsOrigin origin, const char *label,
                                      Problem *ret_problem, const char *format, va_list args) {
        const char *path = origin.source == SETTINGS_FILE ? settings->config : NULL;

        return settings_refuse_at_args(path, origin.line, label, ret_problem, format, args);
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

int settings_refuse_value(const Settings *settings, const Setting *setting, SettingsOrigin origin,
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

int settings_refuse_unknown(const Settings *settings, SettingsOrigin origin, Span written,
                            Problem *ret_problem) {
        const char *kind = origin.source == SETTINGS_FLAG ? "flag" : "setting";
        const char *found = settings_guess(written, origin.source);
        SettingsShown shown = settings_shown(written);
        char label[SETTINGS_LABEL_MAX];

        if (!found)
                return settings_refuse(settings, origin, shown.text, ret_problem,
                                       "there is no such %s, see conferd --help", kind);

        settings_label(found, origin.source, label);
        return settings_refuse(settings, origin, shown.text, ret_problem,
                               "there is no such %s; did you mean %s?", kind, label);
}
