#include <errno.h>
#include <openssl/evp.h>
#include <string.h>

#include "digest.h"

int digest_sha256(Span data, uint8_t ret_sha256[SHA256_SIZE]) {
        uint8_t sha256[SHA256_SIZE];

        if (EVP_Digest(data.data, data.size, sha256, NULL, EVP_sha256(), NULL) != 1)
                return -ENOMEM;

        memcpy(ret_sha256, sha256, sizeof(sha256));
        return 0;
}
