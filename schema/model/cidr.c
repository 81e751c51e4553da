#include "model/cidr.h"
#include "model/digits.h"

#define GROUPS      8 /* of 16 bits, in an IPv6 address */
#define GROUPS_IPV4 2 /* that an IPv4 address at its end takes */
#define NOWHERE     (GROUPS + 1)

/* A decimal number of one to three digits without leading zeros. */
static bool take_decimal(Span *rest, uint32_t max, uint32_t *ret_number) {
        uint32_t number = 0;
        size_t size = 0;

        for (; size < rest->size && size < 3 && is_digit(rest->data[size]); size++)
                number = number * 10 + (uint32_t)(rest->data[size] - '0');
        if (size == 0 || (size > 1 && *rest->data == '0') || number > max)
                return false;

        *ret_number = number;
        span_drop(rest, size);
        return true;
}

static bool parse_ipv4(Span text, uint32_t *ret_bits) {
        uint32_t bits = 0, octet;
        Span rest = text;

        for (int i = 0; i < 4; i++) {
                if ((i > 0 && !span_take_char(&rest, '.')) || !take_decimal(&rest, 255, &octet))
                        return false;
                bits = bits << 8 | octet;
        }
        if (rest.size > 0)
                return false;

        *ret_bits = bits;
        return true;
}

/* One to four hexadecimal digits. */
static bool take_group(Span *rest, uint16_t *ret_group) {
        uint32_t group = 0;
        size_t size = 0;

        for (; size < rest->size && size < 4 && hex_value(rest->data[size]) >= 0; size++)
                group = group << 4 | (uint32_t)hex_value(rest->data[size]);
        if (size == 0)
                return false;

        *ret_group = (uint16_t)group;
        span_drop(rest, size);
        return true;
}

/* The groups of an address as far as they are read. */
typedef struct Groups {
        uint16_t groups[GROUPS];
        size_t n;
        size_t gap; /* how many stand before "::" */
} Groups;

static bool take_gap(Span *rest, Groups *groups) {
        if (groups->gap != NOWHERE)
                return false;

        groups->gap = groups->n;
        span_drop(rest, 1);
        return true;
}

/* The colon after a group, and the "::" that it may be the beginning of. */
static bool take_colon(Span *rest, Groups *groups) {
        if (!span_take_char(rest, ':') || rest->size == 0)
                return false;

        return *rest->data != ':' || take_gap(rest, groups);
}

/* An IPv4 address at the end. */
static bool take_ipv4(Span *rest, Groups *groups) {
        uint32_t bits;

        if (groups->n + GROUPS_IPV4 > GROUPS || !parse_ipv4(*rest, &bits))
                return false;

        groups->groups[groups->n++] = (uint16_t)(bits >> 16);
        groups->groups[groups->n++] = (uint16_t)bits;
        span_drop(rest, rest->size);
        return true;
}

static bool is_ipv4_next(Span rest) {
        return memchr(rest.data, '.', rest.size) && !memchr(rest.data, ':', rest.size);
}

static bool read_groups(Span text, Groups *groups) {
        Span rest = text;

        if (span_starts_with(rest, SPAN_LITERAL("::"))) {
                span_drop(&rest, 1);
                (void)take_gap(&rest, groups);
        }
        while (rest.size > 0) {
                if (is_ipv4_next(rest))
                        return take_ipv4(&rest, groups);
                if (groups->n == GROUPS || !take_group(&rest, &groups->groups[groups->n]))
                        return false;

                groups->n++;
                if (rest.size > 0 && !take_colon(&rest, groups))
                        return false;
        }
        return true;
}

/* Group @i of the address, where "::" is filled up with zeros. */
static uint16_t group_at(const Groups *groups, size_t i) {
        size_t n_missing = GROUPS - groups->n;

        if (i < groups->gap)
                return groups->groups[i];
        return i < groups->gap + n_missing ? 0 : groups->groups[i - n_missing];
}

static bool parse_ipv6(Span text, CidrAddress *ret_address) {
        Groups groups = { .gap = NOWHERE };
        CidrAddress address = { .is_ipv6 = true };

        /* "::" stands for one group at least. */
        if (!read_groups(text, &groups) || (groups.n == GROUPS) != (groups.gap == NOWHERE))
                return false;

        for (size_t i = 0; i < GROUPS / 2; i++) {
                address.high = address.high << 16 | group_at(&groups, i);
                address.low = address.low << 16 | group_at(&groups, GROUPS / 2 + i);
        }
        *ret_address = address;
        return true;
}

bool cidr_address_parse(Span text, CidrAddress *ret_address) {
        uint32_t bits;

        if (text.size == 0)
                return false;
        if (parse_ipv4(text, &bits)) {
                *ret_address = (CidrAddress){ .high = (uint64_t)bits << 32 };
                return true;
        }
        return parse_ipv6(text, ret_address);
}

static CidrAddress mask(CidrAddress address, uint32_t n_bits) {
        if (n_bits == 0)
                address.high = 0;
        else if (n_bits < 64)
                address.high &= UINT64_MAX << (64 - n_bits);
        if (n_bits <= 64)
                address.low = 0;
        else
                address.low &= UINT64_MAX << (128 - n_bits);
        return address;
}

bool cidr_network_parse(Span text, CidrNetwork *ret_network) {
        const char *slash = text.size ? memchr(text.data, '/', text.size) : NULL;
        Span address_text = { text.data, slash ? (size_t)(slash - text.data) : text.size };
        uint32_t n_bits_max, n_bits;
        CidrAddress address;
        Span rest = text;

        if (!cidr_address_parse(address_text, &address))
                return false;

        n_bits = n_bits_max = address.is_ipv6 ? 128 : 32;
        span_drop(&rest, address_text.size);
        if (span_take_char(&rest, '/') && !take_decimal(&rest, n_bits_max, &n_bits))
                return false;
        if (rest.size > 0)
                return false;

        *ret_network = (CidrNetwork){ mask(address, n_bits), (uint8_t)n_bits };
        return true;
}

int cidr_address_compare(const CidrAddress *a, const CidrAddress *b) {
        if (a->is_ipv6 != b->is_ipv6)
                return a->is_ipv6 ? 1 : -1;
        if (a->high != b->high)
                return a->high > b->high ? 1 : -1;
        return (a->low > b->low) - (a->low < b->low);
}

int cidr_network_compare(const CidrNetwork *a, const CidrNetwork *b) {
        int order = cidr_address_compare(&a->first, &b->first);

        return order ? order : (a->n_bits > b->n_bits) - (a->n_bits < b->n_bits);
}
