/*
 * MurmurHash3: published values, and that it does not matter in which pieces a text comes.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "model/macros.h"
#include "model/murmur3.h"

static uint32_t hash(uint32_t seed, Span text) {
        Murmur3 murmur3 = { .hash = seed };

        murmur3_add(&murmur3, text);
        return murmur3_get(&murmur3);
}

static void test_published_values(void **state _unused_) {
        static const struct {
                Span text;
                uint32_t hash;
        } published[] = {
                { SPAN_LITERAL(""), 0 },
                { SPAN_LITERAL("test"), 0xba6bd213 },
                { SPAN_LITERAL("Hello, world!"), 0xc0363e43 },
                { SPAN_LITERAL("The quick brown fox jumps over the lazy dog"), 0x2e4ff723 },
                { SPAN_LITERAL("\xff\xff\xff\xff"), 0x76293b50 },
                { SPAN_LITERAL("\x21\x43\x65\x87"), 0xf55b516b },
                { SPAN_LITERAL("\x21\x43\x65"), 0x7e4a8634 },
                { SPAN_LITERAL("\x21\x43"), 0xa0f7b07a },
                { SPAN_LITERAL("\x21"), 0x72661cf4 },
                { SPAN_LITERAL("\0\0\0\0"), 0x2362f9de },
                { SPAN_LITERAL("\0\0\0"), 0x85f0b427 },
                { SPAN_LITERAL("\0\0"), 0x30f4c306 },
                { SPAN_LITERAL("\0"), 0x514e28b7 },
        };

        for (size_t i = 0; i < ARRAY_SIZE(published); i++)
                assert_int_equal(hash(0, published[i].text), published[i].hash);
        assert_int_equal(hash(0, SPAN_NULL), 0);
}

/* The check that the algorithm's own tests make: the hash of the hashes of the 256 texts "", "\0", "\0\1" …,
 * each with another seed. Here it covers every size up to 255, and so every tail. */
static void test_the_verification_value(void **state _unused_) {
        uint8_t text[256], hashes[256 * 4];

        for (uint32_t i = 0; i < 256; i++) {
                uint32_t value;

                text[i] = (uint8_t)i;
                value = hash(256 - i, (Span){ (const char *)text, i });
                for (uint32_t k = 0; k < 4; k++)
                        hashes[i * 4 + k] = (uint8_t)(value >> (8 * k));
        }
        assert_int_equal(hash(0, (Span){ (const char *)hashes, sizeof(hashes) }), 0xb0f57ee3);
}

static void test_pieces_make_no_difference(void **state _unused_) {
        static const Span text = SPAN_LITERAL("0123456789abcdef\x1finstance-4711");

        for (size_t first = 0; first <= text.size; first++)
                for (size_t second = first; second <= text.size; second++) {
                        Murmur3 murmur3 = MURMUR3_NULL;

                        murmur3_add(&murmur3, (Span){ text.data, first });
                        murmur3_add(&murmur3, (Span){ text.data + first, second - first });
                        murmur3_add(&murmur3, (Span){ text.data + second, text.size - second });
                        assert_int_equal(murmur3_get(&murmur3), hash(0, text));
                }
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_published_values),
                cmocka_unit_test(test_the_verification_value),
                cmocka_unit_test(test_pieces_make_no_difference),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
