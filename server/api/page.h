/*
 * The files of the console, as they were when the program was built: compressed with gzip, which every
 * browser reads. Those that are reached through the index have a name with a hash of their content in it.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

typedef struct PageFile {
        const char *path; /* "/", "/assets/index-D1FPMHQ1.js" */
        const char *media_type;
        const char *etag; /* with its quotes */
        const unsigned char *data;
        size_t size;
        bool is_immutable; /* another content has another path */
} PageFile;

/* None where the server was built without the console. */
extern const PageFile page_files[];
extern const size_t n_page_files;
