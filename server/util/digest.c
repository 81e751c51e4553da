/* See digest.h for why the deprecated interface is used. */
#define OPENSSL_SUPPRESS_DEPRECATED

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <stdlib.h>
#include <string.h>

#include "util/digest.h"

void sha256_init(Sha256 *sha) {
        (void)SHA256_Init(sha);
}

void sha256_update(Sha256 *sha, const void *data, size_t size) {
        if (size)
                (void)SHA256_Update(sha, data, size);
}

void sha256_final(Sha256 *sha, uint8_t ret_hash[SHA256_SIZE]) {
        (void)SHA256_Final(ret_hash, sha);
}

void sha256(Span data, uint8_t ret_hash[SHA256_SIZE]) {
        Sha256 sha;

        sha256_init(&sha);
        sha256_update(&sha, data.data, data.size);
        sha256_final(&sha, ret_hash);
}

/* The key is hashed where it is longer than a block. */
static void hmac_pad(Span key, uint8_t pad[static SHA256_CBLOCK], uint8_t mask) {
        memset(pad, 0, SHA256_CBLOCK);
        if (key.size > SHA256_CBLOCK)
                sha256(key, pad);
        else if (key.size)
                memcpy(pad, key.data, key.size);
        for (size_t i = 0; i < SHA256_CBLOCK; i++)
                pad[i] ^= mask;
}

void hmac_sha256(Span key, Span head, Span body, uint8_t ret_mac[SHA256_SIZE]) {
        uint8_t pad[SHA256_CBLOCK];
        Sha256 sha;

        hmac_pad(key, pad, 0x36);
        sha256_init(&sha);
        sha256_update(&sha, pad, sizeof(pad));
        sha256_update(&sha, head.data, head.size);
        sha256_update(&sha, body.data, body.size);
        sha256_final(&sha, ret_mac);

        hmac_pad(key, pad, 0x5c);
        sha256_init(&sha);
        sha256_update(&sha, pad, sizeof(pad));
        sha256_update(&sha, ret_mac, SHA256_SIZE);
        sha256_final(&sha, ret_mac);
        wipe(pad, sizeof(pad));
}

void sha1(Span data, uint8_t ret_hash[SHA1_SIZE]) {
        (void)SHA1((const unsigned char *)data.data, data.size, ret_hash);
}

/* OpenSSL refuses to use more than 32 MiB unless it is told how much; some blocks come on top of 128 * N * r.
 */
void scrypt(Span password, Span salt, uint64_t n, uint32_t r, uint32_t p, uint8_t *ret_key, size_t key_size) {
        uint64_t memory_max_bytes = 128 * (uint64_t)r * (n + p + 2);

        if (EVP_PBE_scrypt(password.data, password.size, (const unsigned char *)salt.data, salt.size, n, r, p,
                           memory_max_bytes, ret_key, key_size) != 1)
                abort();
}

void random_bytes(void *to, size_t size) {
        if (RAND_bytes(to, (int)size) != 1)
                abort();
}

void wipe(void *data, size_t size) {
        OPENSSL_cleanse(data, size);
}

bool equal_in_constant_time(const void *a, const void *b, size_t size) {
        return CRYPTO_memcmp(a, b, size) == 0;
}

static const char standard_alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
static const char url_alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/* What the digit @c stands for, or -1. */
static int digit_value(char c, const char *alphabet) {
        if (c >= 'A' && c <= 'Z')
                return c - 'A';
        if (c >= 'a' && c <= 'z')
                return c - 'a' + 26;
        if (c >= '0' && c <= '9')
                return c - '0' + 52;
        return c == alphabet[62] ? 62 : c == alphabet[63] ? 63 : -1;
}

/* @text holds no padding. What is left over of the last byte must be zero, so that each text has one
 * spelling. */
static bool decode(Span text, const char *alphabet, Buf *buf) {
        uint32_t bits = 0;
        unsigned n_bits = 0;

        for (size_t i = 0; i < text.size; i++) {
                int value = digit_value(text.data[i], alphabet);

                if (value < 0)
                        return false;
                bits = bits << 6 | (uint32_t)value;
                n_bits += 6;
                if (n_bits >= 8) {
                        n_bits -= 8;
                        buf_append_char(buf, (char)(bits >> n_bits));
                        bits &= (1U << n_bits) - 1;
                }
        }
        return n_bits < 6 && bits == 0;
}

bool base64_decode(Span text, Buf *buf) {
        Span unpadded = text;

        if (text.size % 4 != 0)
                return false;
        for (int i = 0; i < 2; i++)
                if (unpadded.size > 0 && unpadded.data[unpadded.size - 1] == '=')
                        unpadded.size--;

        return decode(unpadded, standard_alphabet, buf);
}

/* Three bytes a step, into room that is there: contents go to etcd like this. */
static void encode(Buf *buf, Span data, const char *alphabet) {
        const uint8_t *at = (const uint8_t *)data.data, *end = at + data.size;
        char *begin = buf_reserve(buf, (data.size + 2) / 3 * 4), *to = begin;

        if (!to)
                return;
        for (; end - at >= 3; at += 3) {
                *to++ = alphabet[at[0] >> 2];
                *to++ = alphabet[(at[0] & 3) << 4 | at[1] >> 4];
                *to++ = alphabet[(at[1] & 15) << 2 | at[2] >> 6];
                *to++ = alphabet[at[2] & 63];
        }
        if (end > at) {
                *to++ = alphabet[at[0] >> 2];
                *to++ = alphabet[(at[0] & 3) << 4 | (end - at > 1 ? at[1] >> 4 : 0)];
        }
        if (end - at > 1)
                *to++ = alphabet[(at[1] & 15) << 2];
        buf_advance(buf, (size_t)(to - begin));
}

void base64_append(Buf *buf, Span data) {
        encode(buf, data, standard_alphabet);
        for (size_t n = data.size; n % 3 != 0; n++)
                buf_append_char(buf, '=');
}

void base64url_append(Buf *buf, Span data) {
        encode(buf, data, url_alphabet);
}

bool base64url_decode(Span text, Buf *buf) {
        return decode(text, url_alphabet, buf);
}
