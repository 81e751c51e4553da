/*
 * When the cache file is written: soon after a change, seldom while nothing changes, and at the end.
 *
 * Writing takes the network thread's time, so that it waits ten times as long as the last time took before it
 * writes again. Between changes the file is written anew only to say that what is in it was still confirmed.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "confer/confer.h"

#define KEEPER_CHANGE_DELAY_MS     200
#define KEEPER_CONFIRM_INTERVAL_MS (INT64_C(5) * 60 * 1000)

typedef struct Keeper {
        int64_t due_at_ms;      /* INT64_MAX: nothing is to be written */
        int64_t pause_until_ms; /* for what the last time cost */
        int64_t confirm_interval_ms;
        bool has_failed; /* the last time: it is told once */
} Keeper;

#define KEEPER_NULL ((Keeper){ .due_at_ms = INT64_MAX, .confirm_interval_ms = KEEPER_CONFIRM_INTERVAL_MS })

/* @max_age_ms: of a file that is used; 0: it may have any age */
void keeper_init(Keeper *keeper, uint64_t max_age_ms);

/* Reads the cache file, if there is one that is good. Return: 0 or -ENOMEM. */
int keeper_load(confer_client *client);

void keeper_note_change(Keeper *keeper, int64_t now_ms);
void keeper_note_confirmation(Keeper *keeper, int64_t now_ms);

/* Writes the file if that is due. Network thread. */
void keeper_tick(confer_client *client, int64_t now_ms);
/* Writes the file, if anything is known. Network thread, or when it is gone. */
void keeper_write(confer_client *client);

int64_t keeper_timeout_ms(const confer_client *client, int64_t now_ms);
