/*
 * The key that a config has in the target of a mirror: "/confer/{namespace_path}/{key}".
 *
 * Placeholders:
 *   {namespace}       prod.acme
 *   {namespace_path}  prod/acme
 *   {below}           the namespace without the mirror's own and the dot after it; of the mirror's own it is
 *                     empty
 *   {key}             the key of the config
 * "{{" and "}}" are braces. A template has {key} once and one of the others once, in either order.
 *
 * No two configs share a key. For a template "A<x>B<y>C" that is so where B has a character c that <x>, or
 * <y>, never has. Proof: let two pairs (x, y) and (x', y') give the same text. If x and x' are of one length,
 * they are equal, and so are y and y'. Else let x be shorter by d.
 *   - c is never in x: take the first c of B, at B[i]. The text has c behind x, at |x| + i. In the other
 *     reading that place lies in x', where no c is, or in B, at B[i - d]: but then B[i] was not the first.
 *   - c is never in y: take the last c of B, at B[i]. In the other reading it stands at |x'| + i, which in
 * the first one is B[i + d], so that B[i] was not the last, or lies in y, where no c is. Each placeholder
 * gives different texts for different namespaces, so that the pairs are those of the configs. Without such a
 * c the template is refused: "{namespace}.{key}" gives a.b.c for two configs.
 */
#pragma once

#include "model/buf.h"
#include "model/problem.h"
#include "model/span.h"

#define KEY_TEMPLATE_SIZE_MAX 512 /* of the template; a key is then at most 1022 bytes long */

enum {
        KEY_TEMPLATE_E_INVALID = 1, /* the problem says why */
};

typedef enum KeyPlaceholder {
        KEY_PLACEHOLDER_NAMESPACE,
        KEY_PLACEHOLDER_NAMESPACE_PATH,
        KEY_PLACEHOLDER_BELOW,
        KEY_PLACEHOLDER_KEY,
        KEY_PLACEHOLDER_N,
} KeyPlaceholder;

typedef struct KeyTemplate {
        char *text;       /* what the spans lie in; owned */
        Span literals[3]; /* around the placeholders */
        KeyPlaceholder placeholders[2];
        Span scope; /* the mirror's own namespace, or empty */
} KeyTemplate;

#define KEY_TEMPLATE_NULL ((KeyTemplate){ .text = NULL })

/*
 * key_template_parse() - read a template
 * @scope: the mirror's own namespace; empty where it mirrors all
 *
 * Returns 0, KEY_TEMPLATE_E_INVALID with the text of @ret_problem filled, or -ENOMEM.
 */
int key_template_parse(Span text, Span scope, KeyTemplate *ret_template, Problem *ret_problem);
void key_template_deinit(KeyTemplate *key_template);

/* @namespace: in the scope of the template */
void key_template_append(const KeyTemplate *key_template, Span namespace, Span key, Buf *to);

/* What all keys begin with; may be empty. */
Span key_template_prefix(const KeyTemplate *key_template);
