#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "util/digest.h"

static void assert_text(const Buf *buf, const char *expected) {
        assert_false(buf_failed(buf));
        assert_int_equal(buf->size, strlen(expected));
        assert_memory_equal(buf_span(buf).data, expected, buf->size);
}

static void assert_sha256(Span data, const char *expected) {
        _cleanup_(buf_deinit) Buf hex = BUF_NULL;
        uint8_t hash[SHA256_SIZE];

        sha256(data, hash);
        buf_append_hex(&hex, hash, sizeof(hash));
        assert_text(&hex, expected);
}

/* FIPS 180-4, and the examples that NIST publishes with it. */
static void test_sha256_gives_the_published_values(void **state) {
        (void)state;

        assert_sha256(SPAN_LITERAL(""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
        assert_sha256(SPAN_LITERAL("abc"),
                      "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
        assert_sha256(SPAN_LITERAL("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq"),
                      "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
        assert_sha256(SPAN_NULL, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}

static void test_sha256_in_pieces_is_that_of_the_whole(void **state) {
        static const char text[] =
                "a text that is longer than one block of 64 bytes, so that the border matters too";
        uint8_t whole[SHA256_SIZE], pieces[SHA256_SIZE];
        Sha256 sha;

        (void)state;

        sha256((Span){ text, sizeof(text) }, whole);
        for (size_t cut = 0; cut <= sizeof(text); cut++) {
                sha256_init(&sha);
                sha256_update(&sha, text, cut);
                sha256_update(&sha, text + cut, sizeof(text) - cut);
                sha256_final(&sha, pieces);
                assert_memory_equal(pieces, whole, sizeof(whole));
        }
}

static void assert_hmac(Span key, Span head, Span body, const char *expected) {
        _cleanup_(buf_deinit) Buf hex = BUF_NULL;
        uint8_t mac[SHA256_SIZE];

        hmac_sha256(key, head, body, mac);
        buf_append_hex(&hex, mac, sizeof(mac));
        assert_text(&hex, expected);
}

/* RFC 4231, cases 1, 2 and 6. */
static void test_hmac_gives_the_published_values(void **state) {
        char long_key[131];

        (void)state;

        assert_hmac(SPAN_LITERAL("\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b"
                                 "\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b"),
                    SPAN_LITERAL("Hi There"), SPAN_NULL,
                    "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7");
        assert_hmac(SPAN_LITERAL("Jefe"), SPAN_LITERAL("what do ya "), SPAN_LITERAL("want for nothing?"),
                    "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
        memset(long_key, 0xaa, sizeof(long_key));
        assert_hmac((Span){ long_key, sizeof(long_key) }, SPAN_NULL,
                    SPAN_LITERAL("Test Using Larger Than Block-Size Key - Hash Key First"),
                    "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
}

static void test_random_bytes_fill_all_of_the_room_and_no_more(void **state) {
        uint8_t bytes[34], seen[34] = { 0 };

        (void)state;

        /* A byte that is never written stays 0 each time: by chance once in 2^512. */
        for (int round = 0; round < 64; round++) {
                memset(bytes, 0, sizeof(bytes));
                random_bytes(bytes + 1, sizeof(bytes) - 2);
                for (size_t i = 0; i < sizeof(bytes); i++)
                        seen[i] |= bytes[i];
        }

        assert_int_equal(seen[0], 0);
        assert_int_equal(seen[sizeof(seen) - 1], 0);
        for (size_t i = 1; i < sizeof(seen) - 1; i++)
                assert_int_not_equal(seen[i], 0);
}

static void test_comparison_sees_a_difference_in_any_byte(void **state) {
        uint8_t a[32], b[32];

        (void)state;

        random_bytes(a, sizeof(a));
        memcpy(b, a, sizeof(b));
        assert_true(equal_in_constant_time(a, b, sizeof(a)));
        assert_true(equal_in_constant_time(a, b, 0));

        for (size_t i = 0; i < sizeof(b); i++) {
                b[i] ^= 0x80;
                assert_false(equal_in_constant_time(a, b, sizeof(a)));
                b[i] ^= 0x80;
        }
}

/* RFC 4648, section 10. */
static const char *const vectors[][2] = {
        { "", "" },
        { "f", "Zg==" },
        { "fo", "Zm8=" },
        { "foo", "Zm9v" },
        { "foob", "Zm9vYg==" },
        { "fooba", "Zm9vYmE=" },
        { "foobar", "Zm9vYmFy" },
};

static void test_base64_decodes_the_published_values(void **state) {
        (void)state;

        for (size_t i = 0; i < ARRAY_SIZE(vectors); i++) {
                _cleanup_(buf_deinit) Buf decoded = BUF_NULL;

                assert_true(base64_decode(span_from_string(vectors[i][1]), &decoded));
                assert_text(&decoded, vectors[i][0]);
        }
}

static void test_base64_encodes_the_published_values(void **state) {
        (void)state;

        for (size_t i = 0; i < ARRAY_SIZE(vectors); i++) {
                _cleanup_(buf_deinit) Buf encoded = BUF_NULL;

                base64_append(&encoded, span_from_string(vectors[i][0]));
                assert_text(&encoded, vectors[i][1]);
        }
}

static void test_base64url_leaves_the_padding_out(void **state) {
        (void)state;

        for (size_t i = 0; i < ARRAY_SIZE(vectors); i++) {
                _cleanup_(buf_deinit) Buf encoded = BUF_NULL;
                Span padded = span_from_string(vectors[i][1]);
                const char *padding = memchr(padded.data, '=', padded.size);

                base64url_append(&encoded, span_from_string(vectors[i][0]));
                assert_int_equal(encoded.size, padding ? (size_t)(padding - padded.data) : padded.size);
                assert_memory_equal(buf_span(&encoded).data, padded.data, encoded.size);
        }
}

static void test_the_two_alphabets_differ_in_their_last_characters(void **state) {
        _cleanup_(buf_deinit) Buf encoded = BUF_NULL, decoded = BUF_NULL;

        (void)state;

        base64url_append(&encoded, SPAN_LITERAL("\xfb\xef\xff"));
        assert_text(&encoded, "--__");
        assert_true(base64_decode(SPAN_LITERAL("++//"), &decoded));
        assert_text(&decoded, "\xfb\xef\xff");
        assert_false(base64_decode(SPAN_LITERAL("--__"), &decoded));
        assert_false(base64url_decode(SPAN_LITERAL("++//"), &decoded));
}

static void test_base64url_gives_back_what_it_was_given(void **state) {
        uint8_t bytes[64];

        (void)state;

        random_bytes(bytes, sizeof(bytes));
        for (size_t size = 0; size <= sizeof(bytes); size++) {
                _cleanup_(buf_deinit) Buf encoded = BUF_NULL, decoded = BUF_NULL;

                base64url_append(&encoded, (Span){ (const char *)bytes, size });
                assert_true(base64url_decode(buf_span(&encoded), &decoded));
                assert_int_equal(decoded.size, size);
                assert_memory_equal(buf_span(&decoded).data, bytes, size);
        }
}

static void test_base64_refuses_a_second_spelling(void **state) {
        static const char *const wrong[] = {
                "Zg",   "Zg=",    "Zg===", "=",     "====", "Z===",     "Zh==", /* bits left over */
                "Zm9=", "Zm8=\n", " Zm9v", "Zm9v ", "Zm-v", "Zg==Zg==", "Zm9\xc3", "Z=g=",
        };

        (void)state;

        for (size_t i = 0; i < ARRAY_SIZE(wrong); i++) {
                _cleanup_(buf_deinit) Buf decoded = BUF_NULL;

                if (base64_decode(span_from_string(wrong[i]), &decoded))
                        fail_msg("\"%s\" was accepted", wrong[i]);
        }
}

static void test_base64_refuses_a_nul(void **state) {
        _cleanup_(buf_deinit) Buf decoded = BUF_NULL;

        (void)state;

        assert_false(base64_decode(SPAN_LITERAL("Zm9\0"), &decoded));
        assert_false(base64url_decode(SPAN_LITERAL("Zm9\0"), &decoded));
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_sha256_gives_the_published_values),
                cmocka_unit_test(test_sha256_in_pieces_is_that_of_the_whole),
                cmocka_unit_test(test_hmac_gives_the_published_values),
                cmocka_unit_test(test_random_bytes_fill_all_of_the_room_and_no_more),
                cmocka_unit_test(test_comparison_sees_a_difference_in_any_byte),
                cmocka_unit_test(test_base64_decodes_the_published_values),
                cmocka_unit_test(test_base64_encodes_the_published_values),
                cmocka_unit_test(test_base64url_leaves_the_padding_out),
                cmocka_unit_test(test_the_two_alphabets_differ_in_their_last_characters),
                cmocka_unit_test(test_base64url_gives_back_what_it_was_given),
                cmocka_unit_test(test_base64_refuses_a_second_spelling),
                cmocka_unit_test(test_base64_refuses_a_nul),
        };

        return cmocka_run_group_tests_name("digest", tests, NULL, NULL);
}
