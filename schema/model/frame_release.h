/*
 * Reading a release, and the gray release on top of it, out of a frame. Only frame_parse.c uses it.
 */
#pragma once

#include "model/frame_read.h"

/* A FrameReadElement; *ret_release is a ConfigData, whose namespace is left for the caller to fill in. */
int frame_read_release(FrameParser *parser, const FramePath *path, JsonValue object, void *ret_release);
