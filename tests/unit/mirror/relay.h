/*
 * A network between a mirror and its target: connections go through it to a port of 127.0.0.1, and what was
 * sent on them can be held back, and delivered later, as a network does that was cut for a while.
 */
#pragma once

#include <stdint.h>

typedef struct Relay Relay;

Relay *relay_start(uint16_t to_port);
void relay_stop(Relay *relay);

/* Where it listens, on 127.0.0.1. */
uint16_t relay_port(const Relay *relay);

/* From now on holds back what is sent on the connections that there are, also when their sender has gone. */
void relay_hold(Relay *relay);

/* Delivers that, and returns when the target has carried it out, or has ended the connection. */
void relay_deliver(Relay *relay);
