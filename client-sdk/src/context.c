#include <stdlib.h>
#include <string.h>

#include "context.h"
#include "model/macros.h"

_public_ confer_error confer_context_new(confer_context **ret_context) {
        confer_context *context;

        if (!ret_context)
                return CONFER_E_INVALID;

        context = calloc(1, sizeof(*context));
        if (!context)
                return CONFER_E_NOMEM;

        *ret_context = context;
        return CONFER_OK;
}

_public_ void confer_context_free(confer_context *context) {
        if (!context)
                return;

        free(context->unit);
        tag_set_unref(context->tags);
        free(context);
}

_public_ confer_error confer_context_set_unit(confer_context *context, const char *unit) {
        char *copy = NULL;

        if (!context)
                return CONFER_E_INVALID;
        if (unit) {
                copy = strdup(unit);
                if (!copy)
                        return CONFER_E_NOMEM;
        }

        free(context->unit);
        context->unit = copy;
        return CONFER_OK;
}

_public_ confer_error confer_context_set_tag(confer_context *context, const char *name, const char *value) {
        if (!context || !name)
                return CONFER_E_INVALID;

        return tag_set_change(&context->tags, name, value);
}
