/*
 * Unified diffs of texts, by lines.
 *
 * The work is made small before it is done: lines that both texts begin or end with are set aside, and so are
 * lines that only one text has. That loses no better answer, and most edits of a config leave next to nothing
 * after it. What remains is compared with the O(ND) algorithm of Eugene Myers in its linear-space form: two
 * searches from both ends of a box meet in the middle of a shortest path, which splits the box into two
 * easier ones.
 *
 * That algorithm is quadratic in the number of differences, so it is bounded twice:
 *
 *  1. A search gives up after SEARCH_COST_MAX differences on either side and splits the box where the search
 *     from the front got furthest. The answer is then good, no longer the shortest.
 *  2. All searches together may look at WORK_MAX pairs of lines. After that each box that is left becomes one
 *     replacement.
 *
 * Both only ever mark more lines as changed than needed, and never make a wrong diff.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "model/diff.h"
#include "model/hash.h"
#include "model/macros.h"

/* Exact up to twice this many differences. The square of it is what one bounded search costs, about 1 ms. */
#define SEARCH_COST_MAX 512

/* About 40 ms on one core. The edits that people make to configs stay far below. */
#define WORK_MAX 5000000

/*
 * A line that meets this many others in the hash table counts as unlike all other lines, so that no choice of
 * lines is quadratic. In a table that is half full, chance alone does not come near.
 */
#define PROBES_MAX 128

typedef struct Side {
        Span text;
        uint32_t *starts; /* where each line begins, and where the last one ends */
        bool *changed;    /* for each line: is it only in this text? */
        size_t n_lines;

        /* The lines that both texts have, between the common beginning and the common end. */
        uint32_t *kept;    /* their classes: equal lines have equal classes */
        uint32_t *numbers; /* their places in starts and changed */
        size_t n_kept;
} Side;

/* Lines that are equal, in either text. */
typedef struct LineClass {
        Span line; /* one of them */
        uint32_t hash;
        bool in_from, in_to;
} LineClass;

typedef struct Classes {
        LineClass *classes;
        uint32_t *slots; /* class + 1; 0: the slot is free */
        uint32_t n_classes;
        size_t slots_mask;
} Classes;

/* A range of lines in both texts: of the kept lines while they are compared, of all lines in a hunk. */
typedef struct Box {
        size_t from, from_end;
        size_t to, to_end;
} Box;

/*
 * How far a search got. On diagonal k, x - y = k, reach[k] is the largest x that some path from the search's
 * corner gets to, or -1 when none gets there. The search from the back of the box sees both lists backwards.
 */
typedef struct Search {
        const uint32_t *from, *to; /* the line next to the corner */
        ptrdiff_t step;            /* to the line after it: 1, or -1 in the search from the back */
        int64_t n_from, n_to;
        int64_t reach_memory[2 * SEARCH_COST_MAX + 3];
        int64_t *reach;
} Search;

typedef struct Diff {
        Side from, to;
        size_t n_prefix, n_suffix; /* lines that both texts begin and end with */
        Search front, back;
        int64_t work_left;
} Diff;

static void side_deinit(Side *side) {
        free(side->starts);
        free(side->changed);
        free(side->kept);
        free(side->numbers);
}

static void diff_deinit(Diff *diff) {
        side_deinit(&diff->from);
        side_deinit(&diff->to);
}

static void classes_deinit(Classes *classes) {
        free(classes->classes);
        free(classes->slots);
}

static size_t count_lines(Span text) {
        size_t n_lines = 0;

        for (size_t i = 0; i < text.size; i++)
                n_lines += text.data[i] == '\n';
        if (text.size > 0 && text.data[text.size - 1] != '\n')
                n_lines++;
        return n_lines;
}

static bool side_init(Side *side, Span text) {
        size_t at = 0;

        if (text.size > UINT32_MAX)
                return false;

        side->text = text;
        side->n_lines = count_lines(text);
        side->starts = malloc((side->n_lines + 1) * sizeof(*side->starts));
        side->changed = calloc(side->n_lines + 1, sizeof(*side->changed));
        if (!side->starts || !side->changed)
                return false;

        for (size_t i = 0; i < side->n_lines; i++) {
                const char *newline = memchr(text.data + at, '\n', text.size - at);

                side->starts[i] = (uint32_t)at;
                at = newline ? (size_t)(newline + 1 - text.data) : text.size;
        }
        side->starts[side->n_lines] = (uint32_t)text.size;
        return true;
}

/* A line with its LF, so that a last line without one differs from the same line with one. */
static Span side_line(const Side *side, size_t i) {
        return (Span){ side->text.data + side->starts[i], side->starts[i + 1] - side->starts[i] };
}

static void trim_lines(Diff *diff) {
        const Side *from = &diff->from, *to = &diff->to;
        size_t max = MIN(from->n_lines, to->n_lines), n = 0;

        while (n < max && span_equal(side_line(from, n), side_line(to, n)))
                n++;
        diff->n_prefix = n;

        max -= n;
        n = 0;
        while (n < max &&
               span_equal(side_line(from, from->n_lines - 1 - n), side_line(to, to->n_lines - 1 - n)))
                n++;
        diff->n_suffix = n;
}

static bool classes_init(Classes *classes, size_t n_lines) {
        size_t n_slots = 64;

        while (n_slots / 2 < n_lines)
                n_slots *= 2;

        classes->slots_mask = n_slots - 1;
        classes->slots = calloc(n_slots, sizeof(*classes->slots));
        classes->classes = malloc((n_lines + 1) * sizeof(*classes->classes));
        return classes->slots && classes->classes;
}

static uint32_t classes_add(Classes *classes, Span line, uint32_t hash) {
        classes->classes[classes->n_classes] = (LineClass){ .line = line, .hash = hash };
        return classes->n_classes++;
}

/* The class of @line, which is a new one when no line like it was seen. */
static uint32_t classes_find(Classes *classes, Span line) {
        uint32_t hash = (uint32_t)hash_span(0, line);

        for (size_t probe = 0; probe < PROBES_MAX; probe++) {
                uint32_t *slot = &classes->slots[(hash + probe) & classes->slots_mask];
                const LineClass *class;

                if (*slot == 0) {
                        *slot = classes_add(classes, line, hash) + 1;
                        return *slot - 1;
                }

                class = &classes->classes[*slot - 1];
                if (class->hash == hash && span_equal(class->line, line))
                        return *slot - 1;
        }
        return classes_add(classes, line, hash);
}

/* Fills side->kept with the class of every line between the common beginning and the common end. */
static bool side_classify(Side *side, Classes *classes, size_t n_prefix, size_t n_suffix) {
        size_t n = side->n_lines - n_prefix - n_suffix;

        side->kept = malloc((n + 1) * sizeof(*side->kept));
        side->numbers = malloc((n + 1) * sizeof(*side->numbers));
        if (!side->kept || !side->numbers)
                return false;

        for (size_t i = 0; i < n; i++) {
                side->kept[i] = classes_find(classes, side_line(side, n_prefix + i));
                side->numbers[i] = (uint32_t)(n_prefix + i);
        }
        side->n_kept = n;
        return true;
}

/* Marks the lines that the other text has not as changed, and keeps the others. */
static void side_drop_lonely(Side *side, const Classes *classes) {
        size_t n_kept = 0;

        for (size_t i = 0; i < side->n_kept; i++) {
                const LineClass *class = &classes->classes[side->kept[i]];

                if (class->in_from && class->in_to) {
                        side->kept[n_kept] = side->kept[i];
                        side->numbers[n_kept++] = side->numbers[i];
                } else
                        side->changed[side->numbers[i]] = true;
        }
        side->n_kept = n_kept;
}

static bool classify_lines(Diff *diff) {
        _cleanup_(classes_deinit) Classes classes = { .classes = NULL };
        size_t n_lines = diff->from.n_lines + diff->to.n_lines - 2 * (diff->n_prefix + diff->n_suffix);

        if (!classes_init(&classes, n_lines) ||
            !side_classify(&diff->from, &classes, diff->n_prefix, diff->n_suffix) ||
            !side_classify(&diff->to, &classes, diff->n_prefix, diff->n_suffix))
                return false;

        for (size_t i = 0; i < diff->from.n_kept; i++)
                classes.classes[diff->from.kept[i]].in_from = true;
        for (size_t i = 0; i < diff->to.n_kept; i++)
                classes.classes[diff->to.kept[i]].in_to = true;

        side_drop_lonely(&diff->from, &classes);
        side_drop_lonely(&diff->to, &classes);
        return true;
}

/*
 * Starts a search at the corner next to the lines @from and @to.
 *
 * The first round takes a step like any other, from above: as if from one line before the corner.
 */
static void search_init(Search *search, const uint32_t *from, const uint32_t *to, const Box *box) {
        search->from = from;
        search->to = to;
        search->n_from = (int64_t)(box->from_end - box->from);
        search->n_to = (int64_t)(box->to_end - box->to);
        search->reach = search->reach_memory + SEARCH_COST_MAX + 1;
        search->reach[-1] = -1;
        search->reach[1] = 0;
}

/* Where diagonal @k begins in this round: one line of @from, or one of @to, further than a neighbour got. */
static int64_t search_step(const Search *search, int64_t k) {
        int64_t left = search->reach[k - 1], above = search->reach[k + 1];
        int64_t x = -1;

        if (left >= 0 && left < search->n_from)
                x = left + 1;
        if (above > x && above - k <= search->n_to)
                x = above;
        return x;
}

/* Goes along diagonal @k as far as the lines are equal. Return: how many pairs of lines that took. */
static int64_t search_advance(Search *search, int64_t k) {
        int64_t start = search_step(search, k), x = start;

        while (x >= 0 && x < search->n_from && x - k < search->n_to &&
               search->from[x * search->step] == search->to[(x - k) * search->step])
                x++;

        search->reach[k] = x;
        return x - start + 1;
}

/* Has @search, on diagonal @k, met what @other reached in its round @other_cost? */
static bool search_meets(const Search *search, int64_t k, const Search *other, int64_t other_cost) {
        int64_t other_k = search->n_from - search->n_to - k;

        return other_k >= -other_cost && other_k <= other_cost && search->reach[k] >= 0 &&
               other->reach[other_k] >= 0 && search->reach[k] + other->reach[other_k] >= search->n_from;
}

/* The last diagonal that @cost differences lead to, of those in the box: every other one, up to @max. */
static int64_t last_diagonal(int64_t cost, int64_t max) {
        return cost <= max ? cost : max - (cost - max) % 2;
}

/* Goes as far as @cost differences lead on any diagonal. Return: did it meet @other, and on which diagonal?
 */
static bool search_round(Search *search, int64_t cost, const Search *other, int64_t other_cost,
                         int64_t *work_left, int64_t *ret_k) {
        int64_t first = -last_diagonal(cost, search->n_to), last = last_diagonal(cost, search->n_from);
        bool may_meet = (search->n_from - search->n_to - cost - other_cost) % 2 == 0;

        if (cost > 0)
                search->reach[-cost - 1] = search->reach[cost + 1] = -1;

        for (int64_t k = first; k <= last; k += 2) {
                *work_left -= search_advance(search, k);
                if (may_meet && search_meets(search, k, other, other_cost)) {
                        *ret_k = k;
                        return true;
                }
        }
        return false;
}

/* The diagonal of the last round on which most lines are passed. */
static int64_t search_furthest(const Search *search) {
        int64_t first = -last_diagonal(SEARCH_COST_MAX, search->n_to);
        int64_t last = last_diagonal(SEARCH_COST_MAX, search->n_from);
        int64_t best_k = 0, best_passed = -1;

        for (int64_t k = first; k <= last; k += 2) {
                int64_t passed = 2 * search->reach[k] - k;

                if (search->reach[k] >= 0 && passed > best_passed) {
                        best_passed = passed;
                        best_k = k;
                }
        }
        return best_k;
}

/* Cuts off the part of @box before the place that the search from the front reached on diagonal @k. */
static Box split_behind(const Search *front, int64_t k, const Box *box) {
        return (Box){
                .from = box->from,
                .from_end = box->from + (size_t)front->reach[k],
                .to = box->to,
                .to_end = box->to + (size_t)(front->reach[k] - k),
        };
}

/* The same for the search from the back. */
static Box split_before(const Search *back, int64_t k, const Box *box) {
        return (Box){
                .from = box->from,
                .from_end = box->from_end - (size_t)back->reach[k],
                .to = box->to,
                .to_end = box->to_end - (size_t)(back->reach[k] - k),
        };
}

/*
 * Finds a smaller box with the same front corner, such that a shortest path goes through its end: or a good
 * path, when that is all that can be had.
 *
 * Return: false when the work is used up.
 */
static bool split_box(Diff *diff, const Box *box, Box *ret_first) {
        Search *front = &diff->front, *back = &diff->back;
        int64_t k;

        search_init(front, diff->from.kept + box->from, diff->to.kept + box->to, box);
        search_init(back, diff->from.kept + box->from_end - 1, diff->to.kept + box->to_end - 1, box);

        for (int64_t cost = 0; cost <= SEARCH_COST_MAX; cost++) {
                if (search_round(front, cost, back, cost - 1, &diff->work_left, &k)) {
                        *ret_first = split_behind(front, k, box);
                        return true;
                }
                if (search_round(back, cost, front, cost, &diff->work_left, &k)) {
                        *ret_first = split_before(back, k, box);
                        return true;
                }
                if (diff->work_left <= 0)
                        return false;
        }

        *ret_first = split_behind(front, search_furthest(front), box);
        return true;
}

static void trim_box(const Diff *diff, Box *box) {
        const uint32_t *from = diff->from.kept, *to = diff->to.kept;

        while (box->from < box->from_end && box->to < box->to_end && from[box->from] == to[box->to]) {
                box->from++;
                box->to++;
        }
        while (box->from < box->from_end && box->to < box->to_end &&
               from[box->from_end - 1] == to[box->to_end - 1]) {
                box->from_end--;
                box->to_end--;
        }
}

static void mark_box(Diff *diff, const Box *box) {
        for (size_t i = box->from; i < box->from_end; i++)
                diff->from.changed[diff->from.numbers[i]] = true;
        for (size_t i = box->to; i < box->to_end; i++)
                diff->to.changed[diff->to.numbers[i]] = true;
}

/*
 * Marks the changed lines of @box.
 *
 * The first part of a split has no more than SEARCH_COST_MAX differences, its own first part half of that,
 * and so on: the recursion is about ten deep at most.
 */
static void compare_box(Diff *diff, Box box) {
        Box first;

        for (;;) {
                trim_box(diff, &box);
                if (box.from == box.from_end || box.to == box.to_end || !split_box(diff, &box, &first)) {
                        mark_box(diff, &box);
                        return;
                }

                compare_box(diff, first);
                box.from = first.from_end;
                box.to = first.to_end;
        }
}

static bool line_is_changed(const Side *side, size_t i) {
        return i < side->n_lines && side->changed[i];
}

/* Moves both places on to the next change. Return: false when there is none. */
static bool find_change(const Diff *diff, size_t *from, size_t *to) {
        while (!line_is_changed(&diff->from, *from) && !line_is_changed(&diff->to, *to)) {
                if (*from == diff->from.n_lines)
                        return false;
                (*from)++;
                (*to)++;
        }
        return true;
}

/* Replaces *hunk by the one after it; the one after an empty hunk is the first. */
static bool next_hunk(const Diff *diff, Box *hunk) {
        size_t from = hunk->from_end, to = hunk->to_end, n_context;

        if (!find_change(diff, &from, &to))
                return false;

        n_context = MIN(from, (size_t)DIFF_CONTEXT_LINES);
        *hunk = (Box){ .from = from - n_context, .from_end = from, .to = to - n_context, .to_end = to };

        while (find_change(diff, &from, &to) && from - hunk->from_end <= (size_t)2 * DIFF_CONTEXT_LINES) {
                while (line_is_changed(&diff->from, from))
                        from++;
                while (line_is_changed(&diff->to, to))
                        to++;
                hunk->from_end = from;
                hunk->to_end = to;
        }

        n_context = MIN(diff->from.n_lines - hunk->from_end, (size_t)DIFF_CONTEXT_LINES);
        hunk->from_end += n_context;
        hunk->to_end += n_context;
        return true;
}

static void append_range(Buf *out, size_t first, size_t n_lines) {
        buf_append_u64(out, n_lines > 0 ? first + 1 : first);
        if (n_lines != 1) {
                buf_append_char(out, ',');
                buf_append_u64(out, n_lines);
        }
}

static void append_line(Buf *out, char mark, Span line) {
        buf_append_char(out, mark);
        buf_append_span(out, line);
        if (line.data[line.size - 1] != '\n')
                buf_append_literal(out, "\n\\ No newline at end of file\n");
}

static void append_hunk(const Diff *diff, const Box *hunk, Buf *out) {
        size_t from = hunk->from, to = hunk->to;

        buf_append_literal(out, "@@ -");
        append_range(out, from, hunk->from_end - from);
        buf_append_literal(out, " +");
        append_range(out, to, hunk->to_end - to);
        buf_append_literal(out, " @@\n");

        while (from < hunk->from_end || to < hunk->to_end) {
                if (from < hunk->from_end && diff->from.changed[from])
                        append_line(out, '-', side_line(&diff->from, from++));
                else if (to < hunk->to_end && diff->to.changed[to])
                        append_line(out, '+', side_line(&diff->to, to++));
                else {
                        append_line(out, ' ', side_line(&diff->from, from++));
                        to++;
                }
        }
}

bool diff_unified(Span from, Span to, const char *from_label, const char *to_label, Buf *out) {
        _cleanup_(diff_deinit) Diff diff = { .front.step = 1, .back.step = -1, .work_left = WORK_MAX };
        Box hunk = { .from = 0 };

        if (span_equal(from, to))
                return true;

        if (!side_init(&diff.from, from) || !side_init(&diff.to, to))
                return false;

        trim_lines(&diff);
        if (!classify_lines(&diff))
                return false;
        compare_box(&diff, (Box){ 0, diff.from.n_kept, 0, diff.to.n_kept });

        buf_append_literal(out, "--- ");
        buf_append_string(out, from_label);
        buf_append_literal(out, "\n+++ ");
        buf_append_string(out, to_label);
        buf_append_char(out, '\n');
        while (next_hunk(&diff, &hunk))
                append_hunk(&diff, &hunk, out);
        return !buf_failed(out);
}
