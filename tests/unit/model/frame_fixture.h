/*
 * Frames as texts, one of each type, and what is made of them.
 */
#pragma once

#include "model/frame.h"
#include "model/macros.h"

#define SHA256_TEXT "0001feff00000000000000000000000000000000000000000000000000000000"
#define RELEASE_TEXT(key)                                                                                    \
        "{\"key\":\"" key "\",\"version\":3,\"revision\":9,\"format\":\"json\",\"content\":\"{}\\n\","       \
        "\"sha256\":\"" SHA256_TEXT "\",\"updated_at\":\"2026-01-31T09:05:00.000Z\","                        \
        "\"updated_by\":\"user:admin\",\"comment\":\"\",\"gray\":null}"

#define GRAY_TIME    "2026-01-31T09:05:00.000Z"
#define GRAY_VERSION "{\"format\":\"text\",\"content\":\"\",\"sha256\":\"" SHA256_TEXT "\"}"
#define GRAY(time, versions)                                                                                 \
        "\"gray\":{\"salt\":\"s\",\"rules\":[],\"versions\":{" versions "},\"updated_at\":\"" time           \
        "\",\"updated_by\":\"user:x\",\"comment\":\"\"}"

/* One text of each type, with what is optional. */
extern const char *const samples[FRAME_TYPE_N];

/* Reads what must be a frame. */
Frame parse(const char *text);
void assert_text(Span text, const char *expected);

/* @insert put in place of the first @place of the sample. */
char *edit(FrameType type, const char *place, const char *insert);

Release *make_release(const char *namespace, const char *key, int64_t version);
void add_release(Change *change, const char *namespace, const char *key, int64_t version);
void add_removal(Change *change, const char *namespace, const char *key);
