/*
 * Digits, decimal and hexadecimal, one by one.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

static inline bool is_digit(char c) {
        return c >= '0' && c <= '9';
}

/* The value of a hexadecimal digit of either case, or -1. */
static inline int hex_value(char c) {
        if (is_digit(c))
                return c - '0';
        if (c >= 'a' && c <= 'f')
                return c - 'a' + 10;
        if (c >= 'A' && c <= 'F')
                return c - 'A' + 10;
        return -1;
}

static inline bool is_lower_hex(char c) {
        return hex_value(c) >= 0 && !(c >= 'A' && c <= 'F');
}

/* Writes two digits for each byte, in lower case and without a NUL. Return: the end of what was written. */
static inline char *hex_encode(char *to, const void *data, size_t size) {
        static const char digits[] = "0123456789abcdef";
        const uint8_t *bytes = data;

        for (size_t i = 0; i < size; i++) {
                *to++ = digits[bytes[i] >> 4];
                *to++ = digits[bytes[i] & 15];
        }
        return to;
}
