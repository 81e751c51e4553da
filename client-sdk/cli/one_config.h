/*
 * What the commands on one config have in common: the arguments NS KEY, the server, the path.
 */
#pragma once

#include <jansson.h>

#include "cli/api.h"
#include "cli/options.h"
#include "model/buf.h"

typedef struct OneConfig {
        const char *namespace_; /* borrowed, as the key is */
        const char *key;
        Api *api;
        Buf path;
} OneConfig;

#define ONE_CONFIG_NULL ((OneConfig){ .path = BUF_NULL })

void one_config_deinit(OneConfig *one);

/* @rest: what follows the key in the path, such as "gray/promote", or NULL. Return: an exit code, told. */
int one_config_init(OneConfig *one, const Invocation *invocation, const char *rest);

/* Prints the data, or "NS/KEY: " and the sentence, unless the user wants it quiet. */
void one_config_tell(const OneConfig *one, const Invocation *invocation, json_t *data, const char *sentence);

/* The same with the sentence "version N @what", where N is that of the data. */
void one_config_print(const OneConfig *one, const Invocation *invocation, json_t *data, const char *what);

/*
 * one_config_remove() - send a DELETE to the path or, since it takes no comment, with one a transaction
 * @op: what the operation of the transaction is called: "delete"
 *
 * Return: an exit code, told.
 */
int one_config_remove(const OneConfig *one, const char *op, const char *comment, json_t **ret_data);
