/*
 * A directory tree as a namespace.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/content.h"
#include "cli/file.h"
#include "cli/memory.h"
#include "cli/tree.h"
#include "model/name.h"

#define NEW_DIRECTORY_MODE 0777 /* less what umask takes */
#define WORD_SIZE_MAX      255  /* what file systems take for one name */

/*
 * Names.
 */

/* @text with every @from as @to. */
static char *with_signs(const char *text, char from, char to) {
        char *copy = memory_copy(text);

        for (char *c = copy; *c; c++)
                if (*c == from)
                        *c = to;

        return copy;
}

char *tree_key_from_path(const char *path, const char **ret_fault) {
        char *key;

        if (strchr(path, ':')) {
                *ret_fault = "a colon in a key stands for a directory";
                return NULL;
        }

        key = with_signs(path, '/', ':');
        if (key_is_valid(span_from_string(key)))
                return key;

        *ret_fault = *path == '.' ? "a key does not begin with a dot"
                                  : "a key has 1 to 255 of A-Z, a-z, 0-9 and ._@:+-";
        free(key);
        return NULL;
}

/* Whether each word between the slashes can be the name of a file or directory. */
static bool words_are_names(const char *path) {
        for (const char *word = path;; word++) {
                size_t size = strcspn(word, "/");

                if (size == 0 || size > WORD_SIZE_MAX || strncmp(word, ".", size) == 0 ||
                    (size == 2 && strncmp(word, "..", 2) == 0))
                        return false;

                word += size;
                if (*word == '\0')
                        return true;
        }
}

char *tree_path_from_key(const char *key, const char **ret_fault) {
        char *path = key_is_valid(span_from_string(key)) ? with_signs(key, ':', '/') : NULL;

        if (path && words_are_names(path))
                return path;

        *ret_fault = "its key is no path of a file";
        free(path);
        return NULL;
}

/*
 * Reading.
 */

typedef struct Walk {
        Tree *tree;
        int top;
} Walk;

static void tree_file_deinit(TreeFile *file) {
        free(file->path);
        free(file->key);
        buf_deinit(&file->content);
        free(file->fault);
}

void tree_deinit(Tree *tree) {
        for (size_t i = 0; i < tree->n_files; i++)
                tree_file_deinit(&tree->files[i]);
        free(tree->files);
        *tree = TREE_NULL;
}

static TreeFile *add(Tree *tree, const char *path) {
        TreeFile *file;

        tree->files = memory_grow(tree->files, tree->n_files + 1, sizeof(*tree->files));
        file = &tree->files[tree->n_files++];
        *file = (TreeFile){ .path = memory_copy(path), .content = BUF_NULL };
        return file;
}

static void set_fault(Tree *tree, TreeFile *file, const char *fault) {
        file->fault = memory_copy(fault);
        tree->n_faults++;
}

static void add_fault(Tree *tree, const char *path, const char *fault) {
        set_fault(tree, add(tree, path), fault);
}

static void add_file(Walk *walk, const char *path) {
        TreeFile *file = add(walk->tree, path);
        Problem problem = PROBLEM_NULL;
        const char *fault = NULL;
        int r;

        file->key = tree_key_from_path(path, &fault);
        if (!file->key) {
                set_fault(walk->tree, file, fault);
                return;
        }

        r = file_read_at(walk->top, path, CONTENT_MAX_BYTES, &file->content);
        if (r < 0)
                set_fault(walk->tree, file, strerror(-r));
        else if (content_check(NULL, buf_span(&file->content), &problem))
                set_fault(walk->tree, file, problem.text);
}

static void walk_directory(Walk *walk, const char *path);

/* Looks at one name; a link is looked through, but not into another directory. */
static void walk_name(Walk *walk, const char *path) {
        const char *fault = NULL;
        struct stat status;

        if (fstatat(walk->top, path, &status, 0) < 0) {
                add_fault(walk->tree, path, strerror(errno));
        } else if (S_ISREG(status.st_mode)) {
                add_file(walk, path);
        } else if (!S_ISDIR(status.st_mode)) {
                add_fault(walk->tree, path, "it is no regular file");
        } else {
                _cleanup_(freep) char *key = tree_key_from_path(path, &fault);

                if (!key)
                        add_fault(walk->tree, path, fault);
                else if (fstatat(walk->top, path, &status, AT_SYMLINK_NOFOLLOW) == 0 &&
                         S_ISLNK(status.st_mode))
                        add_fault(walk->tree, path, "it is a link to a directory");
                else
                        walk_directory(walk, path);
        }
}

/* NULL: errno says why. */
static DIR *open_directory(int top, const char *path) {
        int fd = openat(top, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        DIR *stream = fd < 0 ? NULL : fdopendir(fd);

        if (!stream && fd >= 0)
                (void)close(fd);
        return stream;
}

/* The depth is bounded by the length of a key. */
static void walk_directory(Walk *walk, const char *path) {
        DIR *stream = open_directory(walk->top, *path ? path : ".");
        const struct dirent *entry;

        if (!stream) {
                add_fault(walk->tree, path, strerror(errno));
                return;
        }

        while ((entry = readdir(stream))) {
                _cleanup_(freep) char *name = NULL;

                if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
                        continue;

                name = memory_format("%s%s%s", path, *path ? "/" : "", entry->d_name);
                walk_name(walk, name);
        }
        (void)closedir(stream);
}

static int compare_files(const void *a, const void *b) {
        return strcmp(((const TreeFile *)a)->path, ((const TreeFile *)b)->path);
}

int tree_read(const char *directory, Tree *ret_tree) {
        _cleanup_(file_closep) int top = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        Walk walk = { .tree = ret_tree, .top = top };

        if (top < 0)
                return -errno;

        *ret_tree = TREE_NULL;
        walk_directory(&walk, "");
        if (ret_tree->n_files)
                qsort(ret_tree->files, ret_tree->n_files, sizeof(*ret_tree->files), compare_files);
        return 0;
}

int tree_make_directories(int top, const char *path) {
        _cleanup_(freep) char *copy = memory_copy(path);

        for (char *slash = strchr(copy, '/'); slash; slash = strchr(slash + 1, '/')) {
                *slash = '\0';
                if (mkdirat(top, copy, NEW_DIRECTORY_MODE) < 0 && errno != EEXIST)
                        return -errno;
                *slash = '/';
        }

        return 0;
}
