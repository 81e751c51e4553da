#include <stdlib.h>

#include "store/command.h"

void command_deinit(Command *command) {
        for (size_t i = 0; i < command->n_operations; i++) {
                Operation *operation = &command->operations[i];

                release_unref(operation->result.release);
                free(operation->result.namespace_text);
                operation->result.release = NULL;
                operation->result.namespace_text = NULL;
        }
}
