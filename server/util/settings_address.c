#include <arpa/inet.h>
#include <string.h>

#include "util/settings_address.h"

#define HOST_MAX_BYTES 253 /* of a name in the DNS, RFC 1035 */

/* A name or an IPv4 address. Whether it exists is for the resolver to say. */
static bool is_host_name(Span host) {
        if (host.size == 0 || host.size > HOST_MAX_BYTES)
                return false;
        for (size_t i = 0; i < host.size; i++) {
                char c = host.data[i];

                if (!(c >= 'a' && c <= 'z') && !(c >= 'A' && c <= 'Z') && !(c >= '0' && c <= '9') &&
                    c != '.' && c != '-' && c != '_')
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

bool settings_split_address(Span text, Span *ret_host, Span *ret_port) {
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
