/*
 * All settings together: their defaults, whether they fit each other, and their end.
 */
#include <assert.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "util/settings_internal.h"

int settings_init(Settings *ret_settings) {
        Settings settings = SETTINGS_NULL;
        const Setting *table;
        size_t n;

        table = settings_table(&n);
        for (size_t i = 0; i < n; i++) {
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
        const Setting *table;
        size_t n, i = 0;

        table = settings_table(&n);
        while (table[i].offset != offset) {
                i++;
                assert(i < n);
        }

        return &table[i];
}

/*
 * settings_check() - do the values fit each other?
 *
 * Blames the one that was written at the stronger place: it is the one that somebody has just changed.
 */
int settings_check(const Settings *settings, Problem *ret_problem) {
        const Setting *content = row_of(offsetof(Settings, content_max_bytes));
        const Setting *body = row_of(offsetof(Settings, body_max_bytes));
        SettingsOrigin content_origin = settings->origins[settings_row(content)];
        SettingsOrigin body_origin = settings->origins[settings_row(body)];

        if (settings->content_max_bytes <= settings->body_max_bytes)
                return 0;

        if (content_origin.source >= body_origin.source)
                return settings_refuse_value(settings, content, content_origin, ret_problem,
                                             "%llu bytes do not fit into body_max_bytes, which is %llu",
                                             (unsigned long long)settings->content_max_bytes,
                                             (unsigned long long)settings->body_max_bytes);

        return settings_refuse_value(settings, body, body_origin, ret_problem,
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
        const Setting *table;
        size_t n;

        table = settings_table(&n);
        for (size_t i = 0; i < n; i++) {
                void *field = settings_field(settings, &table[i]);

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
