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
 * In this order: `current` for the names that nothing changed in, the changes of those where something did, a
 * snapshot of the others. The channel's audience has the names already.
 */
void resume(Channel *channel, const Frame *frame, const Scope *added);

/* Whether what a follower of @since has missed is in the tail; @epoch may be absent. */
bool resume_is_possible(const Hub *hub, Span epoch, uint64_t since);
