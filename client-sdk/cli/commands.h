/*
 * The table of commands: parsing, the help, the manual page and the shells' completion are all made from it.
 */
#pragma once

#include <stddef.h>

#include "cli/options.h"

const Command *commands(size_t *ret_n);

/* Options that every command takes; ends with a name of NULL. */
const Option *global_options(void);

/* Options of the program without a command; ends with a name of NULL. */
const Option *program_options(void);

/* Each command is run by a function of this name. */
int command_audit(const Invocation *invocation);
int command_completion(const Invocation *invocation);
int command_delete(const Invocation *invocation);
int command_diff(const Invocation *invocation);
int command_export(const Invocation *invocation);
int command_get(const Invocation *invocation);
int command_gray_abort(const Invocation *invocation);
int command_gray_evaluate(const Invocation *invocation);
int command_gray_preview(const Invocation *invocation);
int command_gray_promote(const Invocation *invocation);
int command_gray_ramp(const Invocation *invocation);
int command_gray_set(const Invocation *invocation);
int command_gray_show(const Invocation *invocation);
int command_help(const Invocation *invocation);
int command_history(const Invocation *invocation);
int command_import(const Invocation *invocation);
int command_ingest_drop(const Invocation *invocation);
int command_ingest_list(const Invocation *invocation);
int command_ingest_quarantine(const Invocation *invocation);
int command_ingest_resync(const Invocation *invocation);
int command_ingest_retry(const Invocation *invocation);
int command_ingest_show(const Invocation *invocation);
int command_list(const Invocation *invocation);
int command_manual(const Invocation *invocation);
int command_mirror_dead_letters(const Invocation *invocation);
int command_mirror_drop(const Invocation *invocation);
int command_mirror_list(const Invocation *invocation);
int command_mirror_resync(const Invocation *invocation);
int command_mirror_retry(const Invocation *invocation);
int command_mirror_show(const Invocation *invocation);
int command_schema_attach(const Invocation *invocation);
int command_schema_check(const Invocation *invocation);
int command_schema_detach(const Invocation *invocation);
int command_schema_list(const Invocation *invocation);
int command_namespaces_create(const Invocation *invocation);
int command_namespaces_delete(const Invocation *invocation);
int command_namespaces_list(const Invocation *invocation);
int command_profile_delete(const Invocation *invocation);
int command_profile_list(const Invocation *invocation);
int command_profile_set(const Invocation *invocation);
int command_profile_use(const Invocation *invocation);
int command_publish(const Invocation *invocation);
int command_put(const Invocation *invocation);
int command_render(const Invocation *invocation);
int command_rollback(const Invocation *invocation);
int command_status(const Invocation *invocation);
int command_watch(const Invocation *invocation);
