#include "api/lookup.h"

static void refuse(Request *request, Span namespace, Span key) {
        if (catalog_has_namespace(request->catalog, namespace))
                reply_refusal(request, REASON_CONFIG_NOT_FOUND, "key",
                              "nothing is published as '%.*s' in namespace '%.*s' or above", (int)key.size,
                              key.data, (int)namespace.size, namespace.data);
        else
                reply_refusal(request, REASON_NAMESPACE_NOT_FOUND, "namespace",
                              "there is no namespace '%.*s', and nothing above it has '%.*s'",
                              (int)namespace.size, namespace.data, (int)key.size, key.data);
}

Release *lookup_release(Request *request, bool inherit) {
        Span namespace = request_namespace(request), key = request_key(request);
        Release *release = inherit ? catalog_find(request->catalog, namespace, key)
                                   : catalog_get(request->catalog, namespace, key);

        if (!release)
                refuse(request, namespace, key);
        return release;
}
