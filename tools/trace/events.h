/* SPDX-License-Identifier: MIT */
/* What all modes do with an event. */
#ifndef TRACE_EVENTS_H
#define TRACE_EVENTS_H

#include "ports.h"

/* Learns of the port that the event is of.  NULL if it is of none. */
struct port_known *events_learn(struct trace *trace, const struct event_record *event);

#endif /* TRACE_EVENTS_H */
