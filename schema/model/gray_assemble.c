/*
 * The parts of compiled rules, put into one block of memory.
 */
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "model/gray_compiler.h"

#define SEPARATOR "\x1f" /* between salt and unit */

#define BLOCK_ALIGN _Alignof(max_align_t)

/* Takes the next place in a block for @size bytes. Without a block yet, only room is reckoned. */
static void *place(char *block, size_t *used, const void *data, size_t size) {
        char *to = block ? block + *used : NULL;

        if (to && data)
                memcpy(to, data, size);
        *used += (size + BLOCK_ALIGN - 1) & ~(BLOCK_ALIGN - 1);
        return to;
}

static void *place_buf(char *block, size_t *used, const Buf *buf) {
        return place(block, used, buf_span(buf).data, buf->size);
}

/* Ranges are parsed from the texts of the block, so that comparators point into it. */
static void place_comparators(const GrayCompiler *compiler, const Gray *gray, SemverComparator *comparators) {
        const GrayRange *ranges = (const GrayRange *)compiler->ranges.data;

        for (uint32_t i = 0; i < GRAY_N_OF(&compiler->ranges, GrayRange); i++) {
                size_t n;

                (void)semver_range_parse(gray_text(gray->bytes, &ranges[i].text), ranges[i].n,
                                         comparators + ranges[i].first, &n);
        }
}

static size_t n_name_slots(const GrayCompiler *compiler) {
        size_t n_slots = 1;

        while (n_slots < 2 * (size_t)GRAY_N_OF(&compiler->names, GrayText) + 1)
                n_slots *= 2;
        return n_slots;
}

static void place_names(const Gray *gray, uint16_t *slots) {
        memset(slots, 0, gray->n_name_slots * sizeof(*slots));
        for (size_t i = 0; i < gray->n_names; i++) {
                const GrayText *name = &gray->names[i];
                size_t mask = gray->n_name_slots - 1;
                size_t at = gray_name_hash(gray_text(gray->bytes, name), name->head) & mask;

                while (slots[at])
                        at = (at + 1) & mask;
                slots[at] = (uint16_t)(i + 1);
        }
}

static void salt_hash(Gray *gray) {
        gray->salted = MURMUR3_NULL;
        murmur3_add(&gray->salted, gray->salt);
        murmur3_add(&gray->salted, SPAN_LITERAL(SEPARATOR));
}

/* Lays the parts out in @block, which NULL stands for only to be told how large it must be. */
static size_t lay_out(const GrayCompiler *compiler, Span rules, Span salt, char *block) {
        SemverComparator *comparators;
        uint16_t *name_slots;
        size_t used = 0;
        Gray gray = {
                .n_rules = GRAY_N_OF(&compiler->rules, GrayRule),
                .n_arms = GRAY_N_OF(&compiler->arms, GrayArm),
                .n_names = GRAY_N_OF(&compiler->names, GrayText),
                .n_name_slots = n_name_slots(compiler),
                .n_refs = 1,
        };

        (void)place(block, &used, NULL, sizeof(gray));
        gray.rules = place_buf(block, &used, &compiler->rules);
        gray.tests = place_buf(block, &used, &compiler->tests);
        gray.arms = place_buf(block, &used, &compiler->arms);
        gray.names = place_buf(block, &used, &compiler->names);
        name_slots = place(block, &used, NULL, gray.n_name_slots * sizeof(*name_slots));
        gray.name_slots = name_slots;
        gray.texts = place_buf(block, &used, &compiler->texts);
        gray.networks = place_buf(block, &used, &compiler->networks);
        comparators = place(block, &used, NULL, compiler->n_comparators * sizeof(*comparators));
        gray.comparators = comparators;
        gray.bytes = place_buf(block, &used, &compiler->bytes);
        gray.source = (Span){ place(block, &used, rules.data, rules.size), rules.size };
        gray.salt = (Span){ place(block, &used, salt.data, salt.size), salt.size };
        if (!block)
                return used;

        place_comparators(compiler, &gray, comparators);
        place_names(&gray, name_slots);
        salt_hash(&gray);
        memcpy(block, &gray, sizeof(gray));
        return used;
}

Gray *gray_assemble(const GrayCompiler *compiler, Span rules, Span salt) {
        char *block = malloc(lay_out(compiler, rules, salt, NULL));

        if (block)
                (void)lay_out(compiler, rules, salt, block);
        return (Gray *)block;
}
