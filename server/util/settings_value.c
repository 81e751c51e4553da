/*
 * How one setting gets its value from a text: a function for each type, and the refusals of what does not
 * fit.
 */
#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model/macros.h"
#include "util/settings_address.h"
#include "util/settings_internal.h"

static int integer_set(Settings *settings, const Setting *setting, Span text, SettingsOrigin origin,
                       Problem *ret_problem) {
        Problem problem;

        if (!settings_read_integer(setting->unit, setting->min, setting->max, text,
                                   settings_field(settings, setting), &problem))
                return settings_refuse_value(settings, setting, origin, ret_problem, "%s", problem.text);

        return 0;
}

static int bool_set(Settings *settings, const Setting *setting, Span text, SettingsOrigin origin,
                    Problem *ret_problem) {
        bool value = span_equal_string(text, "true");

        if (!value && !span_equal_string(text, "false"))
                return settings_refuse_value(settings, setting, origin, ret_problem,
                                             "\"%s\" is neither true nor false", settings_shown(text).text);

        *(bool *)settings_field(settings, setting) = value;
        return 0;
}

static int choice_set(Settings *settings, const Setting *setting, Span text, SettingsOrigin origin,
                      Problem *ret_problem) {
        char names[128] = "";
        size_t size = 0;

        for (unsigned i = 0; setting->choices[i]; i++) {
                if (span_equal_string(text, setting->choices[i])) {
                        memcpy(settings_field(settings, setting), &i, sizeof(i));
                        return 0;
                }
                if (size < sizeof(names))
                        size += (size_t)snprintf(names + size, sizeof(names) - size, "%s%s", i ? ", " : "",
                                                 setting->choices[i]);
        }

        return settings_refuse_value(settings, setting, origin, ret_problem, "\"%s\" is not one of %s",
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
        char **field = settings_field(settings, setting), *copy;
        const char *fault = text_fault(setting, text);

        if (fault)
                return settings_refuse_value(settings, setting, origin, ret_problem, "%s", fault);
        if (text.size == 0 && setting->min > 0)
                return settings_refuse_value(settings, setting, origin, ret_problem, "must not be empty");
        if (text.size < setting->min)
                return settings_refuse_value(settings, setting, origin, ret_problem,
                                             "is shorter than the least, %llu bytes",
                                             (unsigned long long)setting->min);
        if (text.size > setting->max)
                return settings_refuse_value(settings, setting, origin, ret_problem,
                                             "is longer than the most, %llu bytes",
                                             (unsigned long long)setting->max);

        copy = strndup(text.data, text.size);
        if (!copy)
                return -ENOMEM;

        free(*field);
        *field = copy;
        return 0;
}

static int address_set(Settings *settings, const Setting *setting, Span text, SettingsOrigin origin,
                       Problem *ret_problem) {
        SettingsAddress *field = settings_field(settings, setting);
        Span host, port;
        uint64_t value;
        char *copy;

        if (!settings_split_address(text, &host, &port) ||
            !settings_parse_integer(SETTING_UNIT_NONE, port, &value))
                return settings_refuse_value(settings, setting, origin, ret_problem,
                                             "\"%s\" is not HOST:PORT, such as 127.0.0.1:8750 or [::1]:8750",
                                             settings_shown(text).text);
        if (value > UINT16_MAX)
                return settings_refuse_value(settings, setting, origin, ret_problem,
                                             "port %s is above the most, %u", settings_shown(port).text,
                                             UINT16_MAX);

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
                return settings_refuse_value(settings, setting, origin, ret_problem,
                                             "a secret is read from the environment only, as %s", variable);
        }

        r = value_set(settings, setting, text, origin, ret_problem);
        if (r)
                return r;

        settings->origins[settings_row(setting)] = origin;
        return 0;
}
