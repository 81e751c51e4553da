/*
 * HOST:PORT, as an operator writes it: the host is a name, an IPv4 address, or an IPv6 one in brackets.
 */
#pragma once

#include <stdbool.h>

#include "model/span.h"

/* Splits at the last colon; the host is checked and bare, the port is text still. */
bool settings_split_address(Span text, Span *ret_host, Span *ret_port);
