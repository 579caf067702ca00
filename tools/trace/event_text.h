/* SPDX-License-Identifier: MIT */
/* An event as a line, for people and as JSON. */
#ifndef TRACE_EVENT_TEXT_H
#define TRACE_EVENT_TEXT_H

#include "trace.h"

/* text: the string among the arguments, or NULL. */
void event_print(struct trace *trace, const struct event_record *event, const char *text);
void event_print_json(struct trace *trace, const struct event_record *event, const char *text);

/* The id of the port that the event is of; 0 if it is of none. */
uint64_t event_port(const struct event_record *event);

#endif /* TRACE_EVENT_TEXT_H */
