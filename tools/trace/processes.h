/* SPDX-License-Identifier: MIT */
/* The processes that use the library, and the files that they run. */
#ifndef TRACE_PROCESSES_H
#define TRACE_PROCESSES_H

#include "trace.h"

struct processes;

/* NULL, and a sentence was printed. */
struct processes *processes_create(struct trace *trace);
void processes_destroy(struct processes *processes);

/*
 * Looks at the processes that have come since the last look, and makes the tracer watch the
 * files with probes that they run.  A file that cannot be watched is reported once.
 */
void processes_look(struct processes *processes);

/* The same for a file that may be run later.  0, or -1 and a sentence was printed. */
int processes_watch_file(struct processes *processes, const char *path);

/* The same, if it has probes. */
void processes_try_file(struct processes *processes, const char *path);

/* Watches one process, for --pid.  0, or -1 and a sentence was printed. */
int processes_watch_pid(struct processes *processes, pid_t pid);

/* Has anything been found to watch? */
bool processes_any(const struct processes *processes);

/* The name of a process's command, "?" if it is gone. */
void process_name(pid_t pid, char name[16]);

#endif /* TRACE_PROCESSES_H */
