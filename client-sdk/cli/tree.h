/*
 * A directory tree as a namespace: the file a/b.yaml is the config a:b.yaml. Both ways are exact: what has no
 * way back is refused.
 */
#pragma once

#include <stddef.h>
#include <sys/types.h>

#include "model/buf.h"
#include "model/span.h"

/* The key of the file at @path, from the top of the tree; NULL when there is none, and *ret_fault says why.
 * The caller's. */
char *tree_key_from_path(const char *path, const char **ret_fault);

/* The path of the file of @key; NULL when there is none, and *ret_fault says why. The caller's. */
char *tree_path_from_key(const char *key, const char **ret_fault);

/* A file of the tree, or what stands where a file should be. */
typedef struct TreeFile {
        char *path; /* from the top of the tree */
        char *key;  /* NULL: it cannot be a config */
        Buf content;
        char *fault; /* why it cannot be one; NULL: it can */
} TreeFile;

typedef struct Tree {
        TreeFile *files; /* ordered by path */
        size_t n_files;
        size_t n_faults;
} Tree;

#define TREE_NULL ((Tree){ .files = NULL })

void tree_deinit(Tree *tree);

/*
 * tree_read() - read all files below @directory into memory
 *
 * Links to files are followed, links to directories are not. What has no key, cannot be read, is no regular
 * file or no UTF-8 stands in the tree with its fault. Return: 0, or a negative errno when @directory itself
 * cannot be read.
 */
int tree_read(const char *directory, Tree *ret_tree);

/* Makes the directories that @path, in the tree, needs. Return: 0 or a negative errno. */
int tree_make_directories(int top, const char *path);
