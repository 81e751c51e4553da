#include <stddef.h>
#include <stdlib.h>

#include "mirror/notes.h"
#include "util/allocate.h"
#include "util/log.h"

typedef struct Note {
        Operation operation;
        Command command;
        char texts[];
} Note;

/* @thread any loop */
static void on_done(Command *command) {
        Note *note = (Note *)((char *)command - offsetof(Note, command));

        if (command->outcome != STORE_OK)
                log_warning("mirror.note-failed", "What a mirror remembers could not be written: %s.",
                            command->problem.text);
        command_deinit(command);
        free(note);
}

/* Makes a note of @operation, whose own texts and @more point to anywhere. */
static Note *note_new(const Operation *operation, Span *mirror, Span *reason) {
        Note *note = allocate(1, sizeof(*note) + operation->namespace.size + operation->key.size +
                                         mirror->size + reason->size);
        char *at = note->texts;

        note->operation = *operation;
        note->operation.namespace = span_copy(&at, operation->namespace);
        note->operation.key = span_copy(&at, operation->key);
        note->operation.comment = SPAN_LITERAL("");
        *mirror = span_copy(&at, *mirror);
        *reason = span_copy(&at, *reason);
        note->command = (Command){
                .actor = SPAN_LITERAL("system:mirror"),
                .address = SPAN_LITERAL(""),
                .operations = &note->operation,
                .n_operations = 1,
                .done = on_done,
        };
        return note;
}

static bool submit(Store *store, Note *note) {
        if (store_submit(store, &note->command) == 0)
                return true;

        free(note);
        return false;
}

bool note_reached(Store *store, const char *mirror_, int64_t outbox_id) {
        Span mirror = span_from_string(mirror_), none = SPAN_NULL;
        Note *note = note_new(&(Operation){ .type = OPERATION_MIRROR_REACHED }, &mirror, &none);

        note->operation.reached.mirror = mirror;
        note->operation.reached.outbox_id = outbox_id;
        return submit(store, note);
}

bool note_dead_letter(Store *store, const char *mirror_, const Trouble *trouble, Span reason,
                      int64_t now_ms) {
        Span mirror = span_from_string(mirror_);
        Operation operation = {
                .type = OPERATION_DEAD_LETTER_PUT,
                .namespace = trouble->name.namespace,
                .key = trouble->name.key,
        };
        Note *note = note_new(&operation, &mirror, &reason);

        note->operation.dead_letter.mirror = mirror;
        note->operation.dead_letter.reason = reason;
        note->operation.dead_letter.revision = trouble->revision;
        note->operation.dead_letter.attempts = trouble->attempts;
        note->operation.dead_letter.first_at_ms = trouble->first_at_ms;
        note->operation.dead_letter.last_at_ms = now_ms;
        return submit(store, note);
}

bool note_delivered(Store *store, const char *mirror_, const Trouble *trouble) {
        Span mirror = span_from_string(mirror_), none = SPAN_NULL;
        Operation operation = {
                .type = OPERATION_DEAD_LETTER_REMOVE,
                .namespace = trouble->name.namespace,
                .key = trouble->name.key,
        };
        Note *note = note_new(&operation, &mirror, &none);

        note->operation.dead_letter.mirror = mirror;
        return submit(store, note);
}
