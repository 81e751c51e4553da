/*
 * The handlers, by the file that holds them. routes.c says which route calls which.
 */
#pragma once

#include "http/request.h"

/* namespaces.c */
bool namespace_prepare_create(Request *request);
bool namespace_prepare_update(Request *request);
bool namespace_prepare_delete(Request *request);
void namespace_answer_created(Request *request);
void namespace_answer_updated(Request *request);
void namespace_answer_deleted(Request *request);
void namespace_query(Request *request, Reader *reader);
void namespace_query_list(Request *request, Reader *reader);

/* configs.c */
bool config_read(Request *request);
void config_query_version(Request *request, Reader *reader);
void config_query_list(Request *request, Reader *reader);

/* puts.c */
bool config_prepare_put(Request *request);
void config_answer_put(Request *request);

/* history.c */
void version_query_list(Request *request, Reader *reader);
void version_query(Request *request, Reader *reader);
void version_query_diff(Request *request, Reader *reader);
void release_query_list(Request *request, Reader *reader);

/* releases.c */
bool release_prepare_publish(Request *request);
bool release_prepare_rollback(Request *request);
void release_answer(Request *request);
bool config_prepare_delete(Request *request);
void config_answer_delete(Request *request);

/* gray.c */
bool gray_prepare_set(Request *request);
void gray_answer(Request *request);
bool gray_prepare_promote(Request *request);
bool gray_prepare_abort(Request *request);
bool gray_prepare_pause(Request *request);
bool gray_prepare_resume(Request *request);

/* gray_instances.c */
bool gray_hold_show(Request *request);
bool gray_read_for_preview(Request *request);
void gray_query_for_preview(Request *request, Reader *reader);
bool gray_hold_preview(Request *request);

/* evaluate.c */
bool config_evaluate(Request *request);

/* mirrors.c */
bool mirror_read_list(Request *request);
bool mirror_read(Request *request);
bool mirror_prepare_resync(Request *request);
void mirror_answer_resync(Request *request);
void mirror_query_dead_letters(Request *request, Reader *reader);
bool mirror_prepare_retry(Request *request);
void mirror_answer_retry(Request *request);
bool mirror_prepare_drop(Request *request);
void mirror_answer_drop(Request *request);

/* ingests.c */
bool ingest_read_list(Request *request);
bool ingest_read(Request *request);
bool ingest_prepare_resync(Request *request);
void ingest_answer_resync(Request *request);
void ingest_query_quarantine(Request *request, Reader *reader);
bool ingest_prepare_retry(Request *request);
void ingest_answer_retry(Request *request);
bool ingest_prepare_drop(Request *request);
void ingest_answer_drop(Request *request);

/* schemas.c */
void schema_query_list(Request *request, Reader *reader);
bool schema_prepare_attach(Request *request);
void schema_answer_attach(Request *request);
bool schema_prepare_detach(Request *request);
void schema_answer_detach(Request *request);
void schema_query_check(Request *request, Reader *reader);

/* transactions.c */
bool transaction_prepare(Request *request);
void transaction_answer(Request *request);

/* page.c */
bool page_read(Request *request);

/* audit.c */
void audit_query_list(Request *request, Reader *reader);

/* session.c */
bool session_prepare_login(Request *request);
void session_answer_login(Request *request);
bool session_prepare_logout(Request *request);
void session_answer_logout(Request *request);
bool session_read_me(Request *request);

/* status.c */
bool status_read(Request *request);
bool status_read_health(Request *request);
bool status_read_readiness(Request *request);
bool status_read_metrics(Request *request);
bool status_read_openapi(Request *request);
