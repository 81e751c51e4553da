/*
 * Reads frames of the change stream from standard input, one a line, and writes for each a line of JSON: how
 * it parsed ("ok", "malformed", "unknown" or "invalid"), the problem, and, where it is good, the frame as the
 * C code writes it. For tests in other languages.
 */
#include <stdio.h>
#include <stdlib.h>

#include "model/frame.h"
#include "model/json.h"
#include "model/macros.h"

static void fail(const char *what) {
        (void)fprintf(stderr, "%s\n", what);
        exit(EXIT_FAILURE);
}

static void append_snapshot(Buf *buf, const Frame *frame) {
        SnapshotFrame snapshot;
        Release **releases = NULL;
        size_t n = 0;

        snapshot_frame_begin(&snapshot, buf, frame->seq, frame->epoch);
        for (size_t i = 0; i < frame->n_namespaces; i++)
                n += frame->namespaces[i].n_releases;
        releases = calloc(n + 1, sizeof(void *));
        if (!releases)
                fail("no memory");

        n = 0;
        for (size_t i = 0; i < frame->n_namespaces; i++)
                for (size_t k = 0; k < frame->namespaces[i].n_releases; k++) {
                        releases[n] = release_new(&frame->namespaces[i].releases[k], frame->epoch);
                        if (!releases[n])
                                fail("no memory");
                        snapshot_frame_add(&snapshot, releases[n++]);
                }
        snapshot_frame_end(&snapshot, frame->more);
        while (n > 0)
                release_unref(releases[--n]);
        free(releases);
}

static void append_change(Buf *buf, const Frame *frame) {
        _cleanup_(change_unrefp) Change *change = change_new(frame->seq);
        _cleanup_(freep) bool *is_wanted = NULL;
        int r = change ? 0 : -1;

        for (size_t i = 0; i < frame->n_namespaces && !r; i++) {
                const FrameNamespace *namespace = &frame->namespaces[i];

                for (size_t k = 0; k < namespace->n_releases && !r; k++) {
                        _cleanup_(release_unrefp) Release *release =
                                release_new(&namespace->releases[k], SPAN_LITERAL("epoch"));

                        r = release ? change_add_release(change, release) : -1;
                }
                for (size_t k = 0; k < namespace->n_deleted && !r; k++)
                        r = change_add_removal(change, namespace->name, namespace->deleted[k]);
        }
        is_wanted = r ? NULL : malloc(change->n_items + 1);
        if (!is_wanted)
                fail("no memory");

        memset(is_wanted, true, change->n_items + 1);
        frame_append_change(buf, change, is_wanted);
}

static void append_frame(Buf *buf, const Frame *frame) {
        buf_append_literal(buf, ",\"frame\":");
        if (frame->type == FRAME_SNAPSHOT)
                append_snapshot(buf, frame);
        else if (frame->type == FRAME_CHANGE)
                append_change(buf, frame);
        else
                frame_append(buf, frame);
}

static const char *outcome_name(int outcome) {
        switch (outcome) {
        case 0:
                return "ok";
        case FRAME_E_MALFORMED:
                return "malformed";
        case FRAME_E_UNKNOWN:
                return "unknown";
        case FRAME_E_INVALID:
                return "invalid";
        default:
                return "no memory";
        }
}

static void run_line(Span line) {
        _cleanup_(frame_deinit) Frame frame = FRAME_NULL;
        _cleanup_(buf_deinit) Buf buf = BUF_NULL;
        Problem problem = PROBLEM_NULL;
        int outcome = frame_parse(line, &frame, &problem);

        buf_append_format(&buf, "{\"outcome\":\"%s\",\"field\":\"%s\",\"problem\":", outcome_name(outcome),
                          problem.field);
        json_append_string(&buf, span_from_string(problem.text));
        if (outcome == 0)
                append_frame(&buf, &frame);
        buf_append_literal(&buf, "}\n");
        if (buf_failed(&buf) || fwrite(buf.data, 1, buf.size, stdout) != buf.size)
                fail("what was to be written was not");
}

int main(void) {
        char *line = NULL;
        size_t room = 0;
        ssize_t size;

        while ((size = getline(&line, &room, stdin)) > 0)
                run_line((Span){ line, (size_t)size - (line[size - 1] == '\n') });
        free(line);
        return fflush(stdout) == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
