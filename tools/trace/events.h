/* SPDX-License-Identifier: MIT */
/* The part of handling an event that all modes share. */
#ifndef TRACE_EVENTS_H
#define TRACE_EVENTS_H

#include "ports.h"

/* Learns of the port that the event is of.  NULL if it is of none. */
struct port_known *events_learn(struct trace *trace, const struct event_record *event);

#endif /* TRACE_EVENTS_H */
