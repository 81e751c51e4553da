/*
 * The YAML file of settings: one flat mapping of names to values.
 */
#include <errno.h>
#include <string.h>

#include "util/settings_internal.h"
#include "util/settings_yaml.h"

typedef struct Reader {
        Settings *settings;
        SettingsYaml *yaml;
        Problem *ret_problem;
} Reader;

static int refuse_line(const Reader *reader, size_t line, const char *text) {
        return settings_refuse(reader->settings, (SettingsOrigin){ SETTINGS_FILE, line }, "",
                               reader->ret_problem, "%s", text);
}

static int setting_set(const Reader *reader, const Setting *setting, const YamlPiece *value,
                       SettingsOrigin origin) {
        const SettingsOrigin *former;

        if (value->type != YAML_PIECE_TEXT)
                return settings_refuse(reader->settings, origin, setting->name, reader->ret_problem,
                                       "takes one value, not %s", yaml_piece_type_to_string(value->type));

        former = &reader->settings->origins[settings_row(setting)];
        if (former->source == SETTINGS_FILE)
                return settings_refuse(reader->settings, origin, setting->name, reader->ret_problem,
                                       "is given twice, first in line %zu", former->line);
        if (value->is_null)
                return settings_refuse(reader->settings, origin, setting->name, reader->ret_problem,
                                       "has no value; leave the line out for the default, or write \"\"");

        return settings_set(reader->settings, setting, value->text, origin, reader->ret_problem);
}

/* Reads the value that belongs to @name, and sets it. */
static int setting_read(const Reader *reader, const YamlPiece *name) {
        SettingsOrigin origin = { SETTINGS_FILE, name->line };
        const Setting *setting;
        YamlPiece value;
        int r;

        if (name->type != YAML_PIECE_TEXT)
                return refuse_line(reader, name->line, "the name of a setting is expected here");

        setting = settings_find(name->text, SETTINGS_FILE);
        if (!setting)
                return settings_refuse_unknown(reader->settings, origin, name->text, reader->ret_problem);

        r = settings_yaml_next(reader->yaml, &value, reader->ret_problem);
        if (r)
                return r;

        return setting_set(reader, setting, &value, origin);
}

/* Reads what follows the start of the mapping, up to its end. */
static int mapping_read(const Reader *reader) {
        for (;;) {
                YamlPiece name;
                int r;

                r = settings_yaml_next(reader->yaml, &name, reader->ret_problem);
                if (r)
                        return r;
                if (name.type == YAML_PIECE_END)
                        return 0;

                r = setting_read(reader, &name);
                if (r)
                        return r;
        }
}

static int root_read(const Reader *reader, const YamlPiece *root) {
        if (root->type == YAML_PIECE_MAPPING)
                return mapping_read(reader);
        if (root->is_null)
                return 0;
        return refuse_line(reader, root->line,
                           "a mapping of settings is expected, such as listen: 127.0.0.1:8750");
}

static int document_read(const Reader *reader) {
        YamlPiece piece;
        int r;

        r = settings_yaml_next(reader->yaml, &piece, reader->ret_problem);
        if (r || piece.type == YAML_PIECE_OVER)
                return r;

        r = root_read(reader, &piece);
        if (r)
                return r;

        return settings_yaml_next(reader->yaml, &piece, reader->ret_problem);
}

/*
 * settings_read_file() - sets what the YAML file @path says
 * @path: not empty; a file that is missing is refused, since somebody named it
 *
 * Call it once, on settings that have their defaults. Returns 0, SETTINGS_E_INVALID or -ENOMEM.
 */
int settings_read_file(Settings *settings, const char *path, Problem *ret_problem) {
        _cleanup_(settings_yaml_closep) SettingsYaml *yaml = NULL;
        int r;

        settings->config = strdup(path);
        if (!settings->config)
                return -ENOMEM;

        r = settings_yaml_open(settings->config, "a file of settings", &yaml, ret_problem);
        if (r)
                return r;

        return document_read(&(Reader){ settings, yaml, ret_problem });
}
