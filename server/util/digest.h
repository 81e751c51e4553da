/*
 * SHA-256, HMAC, scrypt, random bytes and the handling of secrets, by OpenSSL's libcrypto: the only place
 * that knows it.
 */
#pragma once

#include <openssl/sha.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/buf.h"
#include "model/release.h"
#include "model/span.h"

/*
 * The low-level interface, deprecated in OpenSSL 3 in favour of EVP, allocates nothing: an audit entry and a
 * bearer token are a few dozen bytes, where EVP's set-up costs several times the hashing.
 */
typedef SHA256_CTX Sha256;

void sha256_init(Sha256 *sha);
void sha256_update(Sha256 *sha, const void *data, size_t size);
void sha256_final(Sha256 *sha, uint8_t ret_hash[SHA256_SIZE]);
void sha256(Span data, uint8_t ret_hash[SHA256_SIZE]);

/* RFC 2104 with SHA-256, of @head and @body one after the other. */
void hmac_sha256(Span key, Span head, Span body, uint8_t ret_mac[SHA256_SIZE]);

/* For the handshake of WebSocket, which asks for it; for nothing that has to be safe. */
#define SHA1_SIZE 20
void sha1(Span data, uint8_t ret_hash[SHA1_SIZE]);

/* RFC 7914, with its parameters N, r and p; takes 128 * N * r bytes of memory meanwhile, and aborts without
 * them. */
void scrypt(Span password, Span salt, uint64_t n, uint32_t r, uint32_t p, uint8_t *ret_key, size_t key_size);

/* Fills @to with random bytes fit for secrets; aborts when the system has none. */
void random_bytes(void *to, size_t size);

/* Overwrites what was secret, even where the compiler sees that nobody reads it again. */
void wipe(void *data, size_t size);

/* Takes the same time whatever the bytes are. */
bool equal_in_constant_time(const void *a, const void *b, size_t size);

/* Base64 as in RFC 4648: the standard alphabet with padding; decoding refuses anything else. */
bool base64_decode(Span text, Buf *buf);
void base64_append(Buf *buf, Span data);
/* Base64 with the alphabet for URLs, without padding. */
void base64url_append(Buf *buf, Span data);
bool base64url_decode(Span text, Buf *buf);
