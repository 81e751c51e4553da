#include <stdlib.h>

#include "api/resync.h"
#include "model/json.h"

void resync_prepare(Request *request, Span action, const char *kind, Span name) {
        Buf details = BUF_NULL;

        buf_append_format(&details, "{\"%s\":", kind);
        json_append_string(&details, name);
        buf_append_char(&details, '}');
        request->operation.type = OPERATION_AUDIT;
        request->operation.audit.action = action;
        request_command(request);
        request->operation.audit.details = buf_span(&details);
        request->operation.namespace = SPAN_NULL;
        request->kept = details.data;
        request->kept_free = free;
}
