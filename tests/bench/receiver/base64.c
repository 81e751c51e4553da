/*
 * Base64 of a text, as etcd's JSON gateway wants it.
 */

#include "receiver.h"

/* @n: a multiple of three, so that nothing has to be filled up */
void base64(const char *text, size_t n, char *ret_text) {
        static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

        for (size_t i = 0; i < n; i += 3) {
                uint32_t bits = (uint32_t)(unsigned char)text[i] << 16 |
                                (uint32_t)(unsigned char)text[i + 1] << 8 | (unsigned char)text[i + 2];

                for (int shift = 18; shift >= 0; shift -= 6)
                        *ret_text++ = digits[bits >> shift & 63U];
        }
        *ret_text = '\0';
}
