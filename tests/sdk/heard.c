#include <search.h>
#include <stdlib.h>
#include <string.h>

#include "probe.h"

static int compare(const void *a, const void *b) {
        const Heard *x = a, *y = b;
        int order = strcmp(x->namespace, y->namespace);

        return order ? order : strcmp(x->key, y->key);
}

static void heard_free(void *entry) {
        Heard *heard = entry;

        confer_value_unref(heard->value);
        free(heard->home);
        free(heard->key);
        free(heard->namespace);
        free(heard);
}

static char *copy(const char *text) {
        char *result = strdup(text);

        if (!result)
                probe_die("no memory");
        return result;
}

static Heard *heard_new(const char *namespace, const char *key) {
        Heard *heard = calloc(1, sizeof(*heard));

        if (!heard)
                probe_die("no memory");
        heard->namespace = copy(namespace);
        heard->key = copy(key);
        return heard;
}

/* The entry of a config, made when there is none. */
static Heard *entry_of(HeardTable *table, const char *namespace, const char *key) {
        Heard *fresh = heard_new(namespace, key);
        void *node = tsearch(fresh, &table->root, compare);

        if (!node)
                probe_die("no memory");
        if (*(Heard **)node != fresh)
                heard_free(fresh);
        return *(Heard **)node;
}

bool heard_is_same(const confer_value *a, const confer_value *b) {
        return confer_value_get_version(a) == confer_value_get_version(b) &&
               strcmp(confer_value_get_namespace(a), confer_value_get_namespace(b)) == 0 &&
               strcmp(confer_value_get_sha256(a), confer_value_get_sha256(b)) == 0;
}

/* Which of the three kinds it is must follow from the old and the new value. */
static const char *check_kind(const confer_change *change, const confer_value *old, const confer_value *new) {
        switch (confer_change_get_kind(change)) {
        case CONFER_CHANGE_INITIAL:
                return !old && new ? NULL : "an initial change has a new value and no old one";
        case CONFER_CHANGE_UPDATED:
                return old && new ? NULL : "an update has an old and a new value";
        case CONFER_CHANGE_REMOVED:
                return old && !new ? NULL : "a removal has an old value and no new one";
        }
        return "the kind of a change is one of three";
}

static const char *check_old(const Heard *heard, const confer_value *old) {
        if (!heard->value != !old)
                return "the old value is what the listener heard last";
        if (old && !heard_is_same(old, heard->value))
                return "the old value is the version that the listener heard last";
        return NULL;
}

static const char *check_new(const Heard *heard, const confer_value *new) {
        bool lives_there_still =
                new && heard->home &&strcmp(heard->home, confer_value_get_namespace(new)) == 0;

        if (new && heard->value && heard_is_same(new, heard->value))
                return "no version is told twice in a row";
        if (lives_there_still && confer_value_get_revision(new) < heard->revision)
                return "revisions of a config never fall";
        return NULL;
}

static void remember(Heard *heard, confer_value *new) {
        confer_value_unref(heard->value);
        heard->value = new ? confer_value_ref(new) : NULL;
        if (!new)
                return;
        free(heard->home);
        heard->home = copy(confer_value_get_namespace(new));
        heard->revision = confer_value_get_revision(new);
}

const char *heard_table_take(HeardTable *table, const confer_change *change) {
        Heard *heard = entry_of(table, confer_change_get_namespace(change), confer_change_get_key(change));
        confer_value *old = confer_change_get_old(change), *new = confer_change_get_new(change);
        const char *breach = check_kind(change, old, new);

        if (!breach)
                breach = check_old(heard, old);
        if (!breach)
                breach = check_new(heard, new);
        remember(heard, new);
        return breach;
}

typedef struct Walk {
        void (*visit)(const Heard *heard, void *context);
        void *context;
} Walk;

static void walk_node(const void *node, VISIT order, void *closure) {
        Walk *walk = closure;

        if (order == postorder || order == leaf)
                walk->visit(*(Heard *const *)node, walk->context);
}

void heard_table_each(const HeardTable *table, void (*visit)(const Heard *heard, void *context),
                      void *context) {
        Walk walk = { visit, context };

        twalk_r(table->root, walk_node, &walk);
}

void heard_table_deinit(HeardTable *table) {
        tdestroy(table->root, heard_free);
        table->root = NULL;
}
