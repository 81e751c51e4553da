#include <stdint.h>
#include <string.h>

#include "model/utf8.h"

/* The number of bytes of the sequence that starts with @lead, and the bounds of its second byte. 0: no lead
 * byte. */
static size_t sequence_size(uint8_t lead, uint8_t *ret_second_min, uint8_t *ret_second_max) {
        *ret_second_min = 0x80;
        *ret_second_max = 0xbf;

        if (lead >= 0xc2 && lead <= 0xdf)
                return 2;

        if (lead >= 0xe0 && lead <= 0xef) {
                if (lead == 0xe0)
                        *ret_second_min = 0xa0; /* below: overlong */
                else if (lead == 0xed)
                        *ret_second_max = 0x9f; /* above: surrogates */
                return 3;
        }

        if (lead >= 0xf0 && lead <= 0xf4) {
                if (lead == 0xf0)
                        *ret_second_min = 0x90; /* below: overlong */
                else if (lead == 0xf4)
                        *ret_second_max = 0x8f; /* above: beyond U+10FFFF */
                return 4;
        }
        return 0;
}

/* The size of the valid sequence of two to four bytes at the start of @text, or 0. */
static size_t valid_sequence(const uint8_t *text, size_t size) {
        uint8_t second_min, second_max;
        size_t needed = sequence_size(text[0], &second_min, &second_max);

        if (needed == 0 || needed > size || text[1] < second_min || text[1] > second_max)
                return 0;
        for (size_t i = 2; i < needed; i++)
                if ((text[i] & 0xc0) != 0x80)
                        return 0;
        return needed;
}

size_t utf8_valid_size(Span text) {
        const uint8_t *bytes = (const uint8_t *)text.data;
        uint64_t word;
        size_t at = 0, size;

        while (at < text.size) {
                if (bytes[at] < 0x80) {
                        at++;
                        while (at + sizeof(word) <= text.size) {
                                memcpy(&word, bytes + at, sizeof(word));
                                if (word & UINT64_C(0x8080808080808080))
                                        break;
                                at += sizeof(word);
                        }
                        continue;
                }

                size = valid_sequence(bytes + at, text.size - at);
                if (size == 0)
                        break;
                at += size;
        }
        return at;
}
