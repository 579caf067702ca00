/* SPDX-License-Identifier: MIT */
/* The ports of a process, read from the registry files that it holds open. */
#ifndef TRACE_PROCESS_PORTS_H
#define TRACE_PROCESS_PORTS_H

#include "trace.h"

/* Does the process hold a record open, of this version or another?  Then it uses Sluice. */
bool process_ports_has_records(pid_t pid);

/* Adds the ports of a process to those that are known, and tells the tracer of them. */
void process_ports_learn(struct trace *trace, pid_t pid);

#endif /* TRACE_PROCESS_PORTS_H */
