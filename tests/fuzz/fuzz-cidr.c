/*
 * Any bytes may be an address or a network. The input is two lines, each of which may be either. The C
 * library must agree on what an address is, and on its bits; what is in a network is counted bit by bit.
 */
#include <arpa/inet.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "model/cidr.h"
#include "model/macros.h"

#define BYTES 16

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void expect(bool fact) {
        if (!fact)
                abort();
}

static void write_bytes(const CidrAddress *address, uint8_t bytes[BYTES]) {
        for (size_t i = 0; i < 8; i++) {
                bytes[i] = (uint8_t)(address->high >> (56 - 8 * i));
                bytes[8 + i] = (uint8_t)(address->low >> (56 - 8 * i));
        }
}

static void check_address(Span text) {
        uint8_t ours[BYTES], theirs[BYTES] = { 0 };
        CidrAddress address = { 0 };
        bool is_address = cidr_address_parse(text, &address), is_ipv4 = false, is_ipv6 = false;
        char copy[64];

        /* The C library wants a string. None that is longer than an address can be is one. */
        if (text.size < sizeof(copy) && !memchr(text.data, '\0', text.size)) {
                memcpy(copy, text.data, text.size);
                copy[text.size] = '\0';
                is_ipv4 = inet_pton(AF_INET, copy, theirs) == 1;
                is_ipv6 = !is_ipv4 && inet_pton(AF_INET6, copy, theirs) == 1;
        }

        expect(is_address == (is_ipv4 || is_ipv6));
        if (!is_address)
                return;
        expect(address.is_ipv6 == is_ipv6);
        write_bytes(&address, ours);
        expect(memcmp(ours, theirs, BYTES) == 0);
}

static bool is_in(const CidrNetwork *network, const CidrAddress *address) {
        uint8_t ours[BYTES], theirs[BYTES];

        write_bytes(&network->first, ours);
        write_bytes(address, theirs);
        for (size_t i = 0; i < network->n_bits; i++)
                if ((ours[i / 8] ^ theirs[i / 8]) >> (7 - i % 8) & 1)
                        return false;
        return network->first.is_ipv6 == address->is_ipv6;
}

static void check_network(const CidrNetwork *network) {
        uint8_t bytes[BYTES];

        expect(network->n_bits <= (network->first.is_ipv6 ? 128 : 32));
        expect(cidr_network_has(network, &network->first));
        expect(cidr_network_compare(network, network) == 0);
        write_bytes(&network->first, bytes);
        for (size_t i = network->n_bits; i < (size_t)8 * BYTES; i++)
                expect(!(bytes[i / 8] >> (7 - i % 8) & 1));
}

/* They are nested or have nothing in common, and the larger one is the first in the order. */
static void check_pair(const CidrNetwork *a, const CidrNetwork *b) {
        bool has_a_b = cidr_network_has(a, &b->first), has_b_a = cidr_network_has(b, &a->first);
        int order = cidr_network_compare(a, b);

        expect(has_a_b == is_in(a, &b->first) && has_b_a == is_in(b, &a->first));
        expect((order > 0) == (cidr_network_compare(b, a) < 0));
        if (has_a_b && a->n_bits <= b->n_bits)
                expect(order <= 0);
        if (has_a_b && has_b_a)
                expect((order < 0) == (a->n_bits < b->n_bits));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        const char *text = size ? (const char *)data : "";
        const char *newline = memchr(text, '\n', size);
        Span first = { text, newline ? (size_t)(newline - text) : size };
        Span second = { text + first.size + (newline != NULL), size - first.size - (newline != NULL) };
        CidrNetwork a, b;
        bool is_a, is_b;

        check_address(first);
        check_address(second);
        is_a = cidr_network_parse(first, &a);
        is_b = cidr_network_parse(second, &b);
        if (is_a)
                check_network(&a);
        if (is_b)
                check_network(&b);
        if (is_a && is_b)
                check_pair(&a, &b);
        return 0;
}
