/*
 * Networks and addresses of IPv4 and IPv6, in the forms that docs/gray-release.md names.
 *
 * Texts may be any bytes.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "model/span.h"

typedef struct CidrAddress {
        uint64_t high; /* the first bit is the highest; IPv4 takes the upper half */
        uint64_t low;
        bool is_ipv6;
} CidrAddress;

typedef struct CidrNetwork {
        CidrAddress first; /* its other bits are 0 */
        uint8_t n_bits;    /* that its addresses share */
} CidrNetwork;

bool cidr_address_parse(Span text, CidrAddress *ret_address);

/* ADDRESS/LENGTH, or an address alone, which stands for itself. */
bool cidr_network_parse(Span text, CidrNetwork *ret_network);

/*
 * Orders by family, first address, and length. Of two networks one holds the other or they have nothing in
 * common, so that of all that hold an address or a network none stands behind it, and nothing but networks
 * within the larger stands between two that hold it.
 */
int cidr_network_compare(const CidrNetwork *a, const CidrNetwork *b);

/* By family and bits. */
int cidr_address_compare(const CidrAddress *a, const CidrAddress *b);

static inline bool cidr_network_has(const CidrNetwork *network, const CidrAddress *address) {
        uint64_t high = network->first.high ^ address->high, low = network->first.low ^ address->low;

        if (network->first.is_ipv6 != address->is_ipv6)
                return false;
        if (network->n_bits == 0)
                return true;
        if (network->n_bits <= 64)
                return high >> (64 - network->n_bits) == 0;
        return high == 0 && low >> (128 - network->n_bits) == 0;
}
