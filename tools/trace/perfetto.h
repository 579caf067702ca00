/* SPDX-License-Identifier: MIT */
/* What has happened, as a file for the Perfetto and Chrome trace viewers. */
#ifndef TRACE_PERFETTO_H
#define TRACE_PERFETTO_H

#include "bpf/records.h"

struct perfetto;

/* Makes the file, or empties it.  NULL with errno. */
struct perfetto *perfetto_open(const char *path);

/* A port that events will name; process is its command's name, role "client" or "server". */
void perfetto_port(struct perfetto *perfetto, uint64_t port, uint32_t pid, const char *process,
		   const char *role, const char *service);

/* An event, in the order in which they come out of the ring buffer. */
void perfetto_event(struct perfetto *perfetto, const struct event_record *event);

/* Ends what is still under way, and the file.  0 or -errno of the first write that failed. */
int perfetto_close(struct perfetto *perfetto);

#endif /* TRACE_PERFETTO_H */
