/*
 * Polls of GET /changes: parked until a change in their scope comes, or their time is over.
 */
#pragma once

#include "push/hub.h"

/* A change in scope came. */
void poll_wake(Follower *follower, uint64_t revision);

void polls_answer_woken(Hub *hub);
void polls_answer_all(Hub *hub);
/* Answers those whose time is over, and gives those up whose client has gone. */
void polls_tick(Hub *hub);
