/* SPDX-License-Identifier: MIT */
/* The events of a run as a file for the Perfetto and Chrome trace viewers. */
#ifndef TRACE_PERFETTO_H
#define TRACE_PERFETTO_H

#include "bpf/records.h"

struct perfetto;

struct output;

/* The part of the output's limit that is kept for the end of a file. */
#define PERFETTO_RESERVE	64u

/* Begins a file, in an output that stays the caller's.  NULL with errno. */
struct perfetto *perfetto_open(struct output *output);

/* Which file it is, from 1: in each all ports are to be named again. */
unsigned int perfetto_file(const struct perfetto *perfetto);

/* A port that events will name; process is its command's name, role "client" or "server". */
void perfetto_port(struct perfetto *perfetto, uint64_t port, uint32_t pid, const char *process,
		   const char *role, const char *service);

/* An event, in the order in which they come out of the ring buffer. */
void perfetto_event(struct perfetto *perfetto, const struct event_record *event);

/* Ends all open spans, and the file.  0 or -errno of the first failure. */
int perfetto_close(struct perfetto *perfetto);

#endif /* TRACE_PERFETTO_H */
