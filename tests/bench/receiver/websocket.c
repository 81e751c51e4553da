/*
 * WebSocket frames, a server's read and a client's written.
 */

#include <stdint.h>
#include <string.h>

#include "websocket.h"

#define FIN_AND_RESERVED 0xf0U
#define FIN              0x80U
#define OPCODE           0x0fU
#define MASKED           0x80U
#define LENGTH_16        126U
#define LENGTH_64        127U

static uint64_t number(const unsigned char *bytes, size_t n) {
        uint64_t value = 0;

        for (size_t i = 0; i < n; i++)
                value = value << 8 | bytes[i];
        return value;
}

int websocket_frame_parse(const char *data, size_t n, WebsocketFrame *ret_frame) {
        const unsigned char *bytes = (const unsigned char *)data;
        size_t n_length = 0;
        uint64_t length;

        if (n < 2)
                return 0;
        if ((bytes[0] & FIN_AND_RESERVED) != FIN || (bytes[1] & MASKED))
                return -1;

        length = bytes[1];
        if (length >= LENGTH_16)
                n_length = length == LENGTH_64 ? 8 : 2;
        if (n < 2 + n_length)
                return 0;
        if (n_length > 0)
                length = number(bytes + 2, n_length);
        if (n - 2 - n_length < length)
                return 0;

        *ret_frame = (WebsocketFrame){ .opcode = (WebsocketOpcode)(bytes[0] & OPCODE),
                                       .payload = data + 2 + n_length,
                                       .n_payload = (size_t)length,
                                       .size = 2 + n_length + (size_t)length };
        return 1;
}

/* The mask is zero, which leaves the payload as it is. */
size_t websocket_frame_write(WebsocketOpcode opcode, const char *payload, size_t n, char *frame) {
        unsigned char *bytes = (unsigned char *)frame;
        size_t head = 2;

        bytes[0] = (unsigned char)(FIN | opcode);
        if (n < LENGTH_16) {
                bytes[1] = (unsigned char)(MASKED | n);
        } else {
                bytes[1] = MASKED | LENGTH_16;
                bytes[2] = (unsigned char)(n >> 8);
                bytes[3] = (unsigned char)n;
                head = 4;
        }
        memset(bytes + head, 0, 4);
        memcpy(bytes + head + 4, payload, n);
        return head + 4 + n;
}
