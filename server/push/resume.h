/*
 * The first answer to a subscription: what has changed since, where the tail reaches; else all there is.
 */
#pragma once

#include "model/frame.h"
#include "push/channel.h"

/*
 * resume() - answer a subscribe, in frames of @channel's queue
 * @frame: the subscribe, with its epoch and each name's since
 * @added: its names, each once
 *
 * In this order: for the names that can resume, the changes that they missed, if any, and `current`, which
 * names them; a snapshot of the others. So a client knows at each frame which of its names it is about: a
 * snapshot is about those that no `current` has named. The channel's audience has the names already.
 */
void resume(Channel *channel, const Frame *frame, const Scope *added);

/* Whether what a follower of @since has missed is in the tail; @epoch may be absent. */
bool resume_is_possible(const Hub *hub, Span epoch, uint64_t since);
