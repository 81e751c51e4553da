/*
 * What the application did with values, on its way to the server.
 *
 * A verdict stays with its value, and is sent again on each new connection, and when the value comes into
 * sight again, after an arm of a gray release that the instance had meanwhile. A value of the same version
 * inherits it. A refusal stands above an acceptance by another listener; of two refusals the last counts.
 * Values wait in a list of their own, so that nothing here needs memory but the text of a refusal.
 */
#pragma once

#include <pthread.h>
#include <stdbool.h>

#include "model/buf.h"
#include "replica.h"
#include "value.h"

/* How long a frame of them is at most, about: well below what the server takes. */
#define ACK_FRAME_SIZE_MAX ((size_t)64 * 1024)

typedef struct Acks {
        pthread_mutex_t lock;
        confer_value *first;
        confer_value *last;
        void (*wake)(void *context); /* called when the list is no longer empty, by any thread */
        void *wake_context;
} Acks;

void acks_init(Acks *acks, void (*wake)(void *context), void *wake_context);
void acks_deinit(Acks *acks);

void acks_applied(Acks *acks, confer_value *value);
/* @reason is copied; where there is no memory for it, the refusal is sent without. */
void acks_refused(Acks *acks, confer_value *value, const char *reason);

/* The instance sees this value from here on: whatever comes of it is to be sent, also what came of it before.
 */
void acks_appeared(Acks *acks, confer_value *value);

/* @value is the same version as @before, and is seen in its place: nobody is asked again. Where there is no
 * memory for the reason of a refusal, it goes on without. */
void acks_inherit(Acks *acks, const confer_value *before, confer_value *value);

/* All verdicts on what the instance sees are to be sent, once more or for the first time. */
void acks_renew(Acks *acks, Replica *replica);

bool acks_are_waiting(Acks *acks);

/*
 * acks_take() - append the frame of those that wait, or of as many as go into one frame
 *
 * Return: 0, and they wait no longer; -ENOMEM.
 */
int acks_take(Acks *acks, Buf *buf);
