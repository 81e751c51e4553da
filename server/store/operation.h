/*
 * The operations, each executed inside a transaction.
 *
 * Each returns 0, a positive StoreOutcome with @problem filled, or a negative errno when the disk or memory
 * refused.
 */
#pragma once

#include "model/problem.h"
#include "store/command.h"
#include "store/transaction.h"

typedef int (*OperationFn)(Transaction *transaction, Operation *operation, Problem *problem);

int operation_namespace_create(Transaction *transaction, Operation *operation, Problem *problem);
int operation_namespace_update(Transaction *transaction, Operation *operation, Problem *problem);
int operation_namespace_delete(Transaction *transaction, Operation *operation, Problem *problem);
int operation_put(Transaction *transaction, Operation *operation, Problem *problem);
int operation_publish(Transaction *transaction, Operation *operation, Problem *problem);
int operation_rollback(Transaction *transaction, Operation *operation, Problem *problem);
int operation_delete(Transaction *transaction, Operation *operation, Problem *problem);
int operation_gray_set(Transaction *transaction, Operation *operation, Problem *problem);
int operation_gray_move(Transaction *transaction, Operation *operation, Problem *problem);
int operation_gray_promote(Transaction *transaction, Operation *operation, Problem *problem);
int operation_gray_abort(Transaction *transaction, Operation *operation, Problem *problem);
int operation_mirror_reached(Transaction *transaction, Operation *operation, Problem *problem);
int operation_dead_letter_put(Transaction *transaction, Operation *operation, Problem *problem);
int operation_dead_letter_remove(Transaction *transaction, Operation *operation, Problem *problem);
int operation_dead_letters(Transaction *transaction, Operation *operation, Problem *problem);
int operation_ingest_key(Transaction *transaction, Operation *operation, Problem *problem);
int operation_ingest_forget(Transaction *transaction, Operation *operation, Problem *problem);
int operation_ingest_reached(Transaction *transaction, Operation *operation, Problem *problem);
int operation_quarantine(Transaction *transaction, Operation *operation, Problem *problem);
int operation_schema_attach(Transaction *transaction, Operation *operation, Problem *problem);
int operation_schema_detach(Transaction *transaction, Operation *operation, Problem *problem);
int operation_audit(Transaction *transaction, Operation *operation, Problem *problem);
