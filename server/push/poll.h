/*
 * Long polls: a request that is parked until a change in its scope comes, or its time is over.
 *
 * A poll is answered after all changes of a commit have been looked at, with all of them that are in scope.
 * Once it is parked nothing in scope can pass it by: it follows its audience like any other.
 */
#pragma once

#include "http/exchange.h"
#include "push/hub.h"

struct Poll {
        Follower follower;   /* first */
        h2o_linklist_t link; /* in the hub's polls, or in its woken */
        Hub *hub;
        Exchange *exchange;
        uint64_t since;
        int64_t deadline_ms;
        bool is_parked;
        uint64_t body_bytes; /* of the answer, while it goes out */
};

/* Makes a poll of a request; it lives as long as that. */
Poll *poll_new(Hub *hub, Exchange *exchange, Scope *asked);

/* Answers with what happened after @since. Return: false when there was nothing. */
bool poll_answer_changes(Poll *poll, uint64_t since);
void poll_answer_snapshot(Poll *poll);
void poll_answer_nothing(Poll *poll);

/* Return: false with a refusal made, when there are too many. */
bool poll_park(Poll *poll, int64_t wait_ms);

/* A change in scope came. */
void poll_wake(Follower *follower, uint64_t revision);

void polls_answer_woken(Hub *hub);
void polls_answer_all(Hub *hub);
/* Answers those whose time is over, and gives up those whose client has gone. */
void polls_tick(Hub *hub);
