/*
 * Networks and addresses: which texts are some, and what is in what. The C library's reading of an address is
 * what ours is held against.
 */
#include <arpa/inet.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "model/cidr.h"
#include "model/macros.h"

static bool is_address(const char *text) {
        CidrAddress address;

        return cidr_address_parse(span_from_string(text), &address);
}

static CidrAddress address_of(const char *text) {
        CidrAddress address = { 0 };

        if (!cidr_address_parse(span_from_string(text), &address))
                fail_msg("%s is an address", text);
        return address;
}

static bool is_network(const char *text) {
        CidrNetwork network;

        return cidr_network_parse(span_from_string(text), &network);
}

static CidrNetwork network_of(const char *text) {
        CidrNetwork network = { 0 };

        if (!cidr_network_parse(span_from_string(text), &network))
                fail_msg("%s is a network", text);
        return network;
}

static bool is_in(const char *address_text, const char *network_text) {
        CidrAddress address = address_of(address_text);
        CidrNetwork network = network_of(network_text);

        return cidr_network_has(&network, &address);
}

/* The bytes of an address as inet_pton() writes them. */
static void write_bytes(const CidrAddress *address, uint8_t bytes[16]) {
        for (size_t i = 0; i < 8; i++) {
                bytes[i] = (uint8_t)(address->high >> (56 - 8 * i));
                bytes[8 + i] = (uint8_t)(address->low >> (56 - 8 * i));
        }
}

static void expect_as_the_library_reads_it(const char *text) {
        uint8_t ours[16] = { 0 }, theirs[16] = { 0 };
        bool is_ipv4 = inet_pton(AF_INET, text, theirs) == 1;
        bool is_ipv6 = !is_ipv4 && inet_pton(AF_INET6, text, theirs) == 1;
        CidrAddress address = { 0 };

        if (cidr_address_parse(span_from_string(text), &address) != (is_ipv4 || is_ipv6))
                fail_msg("\"%s\": the C library reads it otherwise", text);
        if (!is_ipv4 && !is_ipv6)
                return;

        assert_int_equal(address.is_ipv6, is_ipv6);
        write_bytes(&address, ours);
        assert_memory_equal(ours, theirs, sizeof(ours));
}

static void test_addresses(void **state _unused_) {
        static const char *const addresses[] = {
                "0.0.0.0",
                "255.255.255.255",
                "10.1.2.3",
                "::",
                "::1",
                "1::",
                "2001:db8::1",
                "2001:DB8:0:0:8:800:200C:417A",
                "1:2:3:4:5:6:7:8",
                "1:2:3:4:5:6:7::",
                "::2:3:4:5:6:7:8",
                "1::3:4:5:6:7:8",
                "0001:0002:0003:0004:0005:0006:0007:0008",
                "::ffff:1.2.3.4",
                "1:2:3:4:5:6:1.2.3.4",
                "::1.2.3.4",
                "1::5:1.2.3.4",
                "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
        };

        for (size_t i = 0; i < ARRAY_SIZE(addresses); i++) {
                (void)address_of(addresses[i]);
                expect_as_the_library_reads_it(addresses[i]);
        }
}

static void test_what_is_no_address(void **state _unused_) {
        static const char *const others[] = {
                "",
                "1",
                "1.2.3",
                "1.2.3.",
                "1.2.3.4.",
                ".1.2.3.4",
                "1.2.3.4.5",
                "1..3.4",
                "256.1.1.1",
                "1.1.1.256",
                "1.1.1.1000",
                "01.1.1.1",
                "1.1.1.00",
                "0x1.1.1.1",
                "1.2.3.-4",
                "1.2.3.4 ",
                " 1.2.3.4",
                "+1.2.3.4",
                ":",
                ":::",
                "1:",
                ":1",
                "1:2:3:4:5:6:7",
                "1:2:3:4:5:6:7:8:9",
                "1:2:3:4:5:6:7:8:",
                ":1:2:3:4:5:6:7:8",
                "::1:2:3:4:5:6:7:8",
                "1:2:3:4::5:6:7:8",
                "1:2:3:4:5:6:7:8::",
                "1::2::3",
                "12345::",
                "g::",
                "::1%eth0",
                "[::1]",
                "1:2:3:4:5:6:7:1.2.3.4",
                "1:2:3:4:5:1.2.3.4",
                "1.2.3.4::",
                "::1.2.3.4:5",
                "::1.2.3",
                "::1.2.3.04",
                "::.1.2.3",
                "::ffff:1.2.3.256",
                "1.2.3.4/32",
        };

        for (size_t i = 0; i < ARRAY_SIZE(others); i++) {
                if (is_address(others[i]))
                        fail_msg("\"%s\" is no address", others[i]);
                expect_as_the_library_reads_it(others[i]);
        }
        assert_false(cidr_address_parse((Span){ "1.2.3.4\0", 8 }, &(CidrAddress){ 0 }));
        assert_false(cidr_address_parse(SPAN_NULL, &(CidrAddress){ 0 }));
}

/* Texts of all sorts of pieces, nearly right and far from it. */
static void test_the_library_agrees(void **state _unused_) {
        static const char *const pieces[] = { ":",  "::", ".",   "0",    "1",   "255", "256", "ffff",
                                              "1:", "2.", "3:4", "a:b:", "1.2", "00",  "g",   "" };
        uint32_t random = 1;

        for (size_t i = 0; i < 200000; i++) {
                char text[128] = "";

                for (size_t n = 0; n < 10; n++) {
                        random = random * 1103515245 + 12345;
                        strcat(text, pieces[random >> 16 & 15]);
                }
                expect_as_the_library_reads_it(text);
        }
}

static void test_networks(void **state _unused_) {
        static const char *const good[] = { "0.0.0.0/0", "10.0.0.0/8",  "10.1.2.3/8",    "1.2.3.4/32",
                                            "1.2.3.4",   "::/0",        "2001:db8::/32", "::1/128",
                                            "::1",       "::1.2.3.4/99" };
        static const char *const bad[] = { "",
                                           "/",
                                           "/8",
                                           "1.2.3.4/",
                                           "1.2.3.4/33",
                                           "1.2.3.4/08",
                                           "1.2.3.4/-1",
                                           "1.2.3.4/+8",
                                           "1.2.3.4/8 ",
                                           "1.2.3/8",
                                           "1.2.3.4/8/8",
                                           "::/129",
                                           "::/0128",
                                           "::/1280",
                                           "::/00",
                                           "1.2.3.4 /8",
                                           "::/x",
                                           "10/8",
                                           "1.2.3.4/ 8",
                                           "1.2.3.4/255.0.0.0",
                                           "::/128a",
                                           "1.2.3.4/4294967304" };

        for (size_t i = 0; i < ARRAY_SIZE(good); i++)
                (void)network_of(good[i]);
        for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
                if (is_network(bad[i]))
                        fail_msg("\"%s\" is no network", bad[i]);
}

static void test_what_is_in_what(void **state _unused_) {
        assert_true(is_in("10.255.255.255", "10.0.0.0/8"));
        assert_true(is_in("10.255.255.255", "10.9.9.9/8"));
        assert_false(is_in("11.0.0.0", "10.0.0.0/8"));
        assert_true(is_in("255.255.255.255", "0.0.0.0/0"));
        assert_true(is_in("1.2.3.4", "1.2.3.4"));
        assert_false(is_in("1.2.3.5", "1.2.3.4"));
        assert_true(is_in("1.2.3.5", "1.2.3.4/31"));
        assert_true(is_in("2001:db8:ffff::", "2001:db8::/32"));
        assert_false(is_in("2001:db9::", "2001:db8::/32"));
        assert_true(is_in("::1", "::/0"));
        assert_true(is_in("::1", "0:0:0:0:0:0:0:1/128"));
        assert_false(is_in("::2", "::1"));
        assert_true(is_in("::3", "::2/127"));
        assert_true(is_in("1:2:3:4:ffff::", "1:2:3:4::/64"));
        assert_false(is_in("1:2:3:5::", "1:2:3:4::/64"));
        assert_false(is_in("1:2:3:4:8000::", "1:2:3:4::/65"));
        assert_true(is_in("1:2:3:4:7fff::", "1:2:3:4::/65"));
        assert_true(is_in("1:2:3:5::", "1:2:3:4::/63"));
}

static void test_families_have_nothing_in_common(void **state _unused_) {
        assert_false(is_in("::ffff:10.0.0.1", "10.0.0.0/8"));
        assert_false(is_in("10.0.0.1", "::ffff:10.0.0.0/104"));
        assert_false(is_in("10.0.0.1", "::/0"));
        assert_false(is_in("::", "0.0.0.0/0"));
}

/* By bytes, for each length there is. */
static bool share_bits(const uint8_t *a, const uint8_t *b, size_t n_bits) {
        for (size_t i = 0; i < n_bits; i++)
                if ((a[i / 8] ^ b[i / 8]) >> (7 - i % 8) & 1)
                        return false;
        return true;
}

static bool are_bits_zero(const CidrAddress *address, size_t first_bit) {
        uint8_t bytes[16];

        write_bytes(address, bytes);
        for (size_t i = first_bit; i < 128; i++)
                if (bytes[i / 8] >> (7 - i % 8) & 1)
                        return false;
        return true;
}

static void test_every_length(void **state _unused_) {
        CidrAddress first = address_of("a5a5:5a5a:0f0f:f0ff:ffff:c3c3:9669:699f");

        for (size_t flipped = 0; flipped < 128; flipped++) {
                CidrAddress other = first;
                uint8_t a[16], b[16];

                if (flipped < 64)
                        other.high ^= UINT64_C(1) << (63 - flipped);
                else
                        other.low ^= UINT64_C(1) << (127 - flipped);
                write_bytes(&first, a);
                write_bytes(&other, b);

                for (size_t n_bits = 0; n_bits <= 128; n_bits++) {
                        CidrNetwork network;
                        char text[64];

                        (void)snprintf(text, sizeof(text), "a5a5:5a5a:0f0f:f0ff:ffff:c3c3:9669:699f/%zu",
                                       n_bits);
                        network = network_of(text);
                        assert_int_equal(cidr_network_has(&network, &other), share_bits(a, b, n_bits));
                        assert_true(are_bits_zero(&network.first, n_bits));
                }
        }
}

static void test_order(void **state _unused_) {
        static const char *const sorted[] = { "0.0.0.0/0",    "0.0.0.0/8",   "10.0.0.0/8", "10.0.0.0/9",
                                              "10.128.0.0/9", "11.0.0.0/32", "::/0",       "::/128",
                                              "::1",          "1::/16",      "1::/17" };

        for (size_t i = 0; i < ARRAY_SIZE(sorted); i++)
                for (size_t k = 0; k < ARRAY_SIZE(sorted); k++) {
                        CidrNetwork a = network_of(sorted[i]), b = network_of(sorted[k]);
                        int order = cidr_network_compare(&a, &b);

                        assert_int_equal((order > 0) - (order < 0), (i > k) - (i < k));
                }
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_addresses),
                cmocka_unit_test(test_what_is_no_address),
                cmocka_unit_test(test_the_library_agrees),
                cmocka_unit_test(test_networks),
                cmocka_unit_test(test_what_is_in_what),
                cmocka_unit_test(test_families_have_nothing_in_common),
                cmocka_unit_test(test_every_length),
                cmocka_unit_test(test_order),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
