/*
 * Server-sent events: a response that goes on, with the same frames as the stream as its events.
 *
 * It is for browsers and for curl. A reader whose queue is full is disconnected; it comes back by itself,
 * with the id of the last event that it has seen.
 */
#pragma once

#include "http/exchange.h"
#include "push/hub.h"

/*
 * Takes the request over. @since: 0 where it begins with a snapshot.
 * Return: false with a refusal made, when there are too many.
 */
bool event_stream_begin(Hub *hub, Exchange *exchange, Scope *asked, Span epoch, uint64_t since);
