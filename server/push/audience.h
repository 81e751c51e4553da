/*
 * Followers of one scope on one loop, and the index that finds the audiences of a change.
 *
 * Scopes are interned: all followers with equal scopes share one audience, so that a change is matched once
 * per scope, however many follow it. An audience lives as long as somebody holds it.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/change.h"
#include "model/span.h"
#include "model/table.h"
#include "push/scope.h"

typedef struct Audience Audience;
typedef struct AudienceSet AudienceSet;
typedef struct Follower Follower;
typedef struct Snapshot Snapshot;

/* Embedded in whoever follows. */
struct Follower {
        Audience *audience; /* a reference; NULL: it follows nothing */
        Follower *previous;
        Follower *next;
        bool is_poll; /* else it is a channel */
};

struct Audience {
        size_t n_refs;
        AudienceSet *set;
        uint64_t hash;
        Scope *asked;   /* as it was asked for */
        Scope *covered; /* with the namespaces above, which are inherited from */
        Follower *first;
        size_t *places; /* for each name in covered: its own place in the index */

        /* What was captured of it last, for those that ask at the same revision; the snapshot module's. */
        Snapshot *snapshot;
        int64_t snapshot_used_at_ms;

        /* While a change is being matched. */
        bool *is_wanted;
        Audience *next_touched;
};

struct AudienceSet {
        Table by_scope;
        Table by_namespace; /* of those that cover it */
};

#define AUDIENCE_SET_NULL ((AudienceSet){ TABLE_NULL, TABLE_NULL })

/* When nobody holds an audience any more. */
void audience_set_deinit(AudienceSet *set);

/* Takes over @asked. Return: the audience of that scope, with a reference for the caller. */
Audience *audience_get(AudienceSet *set, Scope *asked);
Audience *audience_ref(Audience *audience);
Audience *audience_unref(Audience *audience);

/* Makes @follower one of @audience, whose reference it takes over, and no longer of the one before. NULL:
 * of none. */
void follower_join(Follower *follower, Audience *audience);

/* Whether the config is in scope. */
bool audience_covers(const Audience *audience, Span namespace, Span key);

/*
 * Which of the change's items are in scope.
 * @ret_is_wanted: as many as the change has items
 * Return: whether any is
 */
bool scope_match(const Scope *covered, const Change *change, bool *ret_is_wanted);

/* Calls @touch for each audience that the change touches, with the items that are in its scope. */
void audience_set_match(AudienceSet *set, const Change *change,
                        void (*touch)(void *context, Audience *audience, const bool *is_wanted),
                        void *context);
