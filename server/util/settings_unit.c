/*
 * Numbers with units: how they are read, such as "64 KiB" or "10 s", and how they are written.
 */
#include "util/settings_unit.h"
#include "model/macros.h"
#include "util/settings_message.h"

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
        [SETTING_UNIT_NAMESPACES] = { "namespaces", "" },
        [SETTING_UNIT_CHANGES] = { "changes", "" },
        [SETTING_UNIT_KEYS] = { "keys", "" },
        [SETTING_UNIT_ATTEMPTS] = { "attempts", "" },
        [SETTING_UNIT_LETTERS] = { "letters", "" },
};

const char *settings_unit_to_string(SettingUnit unit) {
        return units[unit].name;
}

const char *settings_unit_hint(SettingUnit unit) {
        return units[unit].suffix_hint;
}

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
bool settings_parse_integer(SettingUnit unit, Span text, uint64_t *ret_value) {
        uint64_t value = 0, factor;
        size_t at = 0;

        for (; at < text.size && text.data[at] >= '0' && text.data[at] <= '9'; at++)
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

bool settings_read_integer(SettingUnit unit, uint64_t min, uint64_t max, Span text, uint64_t *ret_value,
                           Problem *ret_problem) {
        const char *name = settings_unit_to_string(unit);
        SettingsShown shown = settings_shown(text);
        uint64_t value;

        if (!settings_parse_integer(unit, text, &value))
                problem_set(ret_problem, NULL, "\"%s\" is not a whole number of %s%s", shown.text, name,
                            settings_unit_hint(unit));
        else if (value < min)
                problem_set(ret_problem, NULL, "%s is below the least, %llu %s", shown.text,
                            (unsigned long long)min, name);
        else if (value > max)
                problem_set(ret_problem, NULL, "%s is above the most, %llu %s", shown.text,
                            (unsigned long long)max, name);
        else {
                *ret_value = value;
                return true;
        }

        return false;
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
