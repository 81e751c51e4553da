/*
 * Files, whole: read into memory, or replaced as one.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "model/buf.h"
#include "model/macros.h"
#include "model/span.h"

#define FILE_MODE_KEEP ((mode_t)-1) /* that of the file that is replaced; of a new one, what umask leaves */

void file_closep(int *fd);

/* Appends what @path, or @fd, has. Return: 0; -EFBIG: it is larger than @max_bytes; another negative errno.
 */
int file_read(const char *path, size_t max_bytes, Buf *to);
int file_read_at(int directory, const char *name, size_t max_bytes, Buf *to);
int file_read_fd(int fd, size_t max_bytes, Buf *to);

/* Whether the regular file @name has exactly this content. */
bool file_is(int directory, const char *name, Span content);

/*
 * file_replace() - give @name, in @directory, the content, at once and lastingly
 * @mode: as for open(), without regard to umask; or FILE_MODE_KEEP
 *
 * Readers see the old file or the new one, whole, also after a power failure. It is written beside it, under
 * a name that begins with a dot. Return: 0 or a negative errno, and then the old file is as it was.
 */
int file_replace(int directory, const char *name, Span content, mode_t mode);

/* Writes the content to a new file @name; an old one of that name is replaced without further care. */
int file_write(int directory, const char *name, Span content, mode_t mode);

/* Moves the file that was written as @from_name onto @name, lastingly. */
int file_move(int from_directory, const char *from_name, int directory, const char *name);
