/*
 * Having the store carry out a command, and waiting for what became of it.
 */
#pragma once

#include <stdbool.h>

#include "ingest/worker.h"
#include "store/command.h"

/*
 * note_submit() - submit @operations as one command, until the store has carried it out or refused it
 * @ret_command: its outcome, and which operation was refused why; results are released already
 *
 * Where the store is busy, or the disk refuses, it is tried again later, as often as need be. Return: false:
 * the thread is to stop, and it was not carried out.
 */
bool note_submit(Ingest *ingest, Operation *operations, size_t n, Command *ret_command);

/* Has the store remember @place, which becomes that of @ingest. */
bool note_place(Ingest *ingest, const IngestPlace *place);
Operation note_place_operation(const Ingest *ingest, const IngestPlace *place);
