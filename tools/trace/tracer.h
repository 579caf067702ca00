/* SPDX-License-Identifier: MIT */
/* A program in the kernel, its maps, and the records that come from it. */
#ifndef TRACE_TRACER_H
#define TRACE_TRACER_H

#include "trace.h"

struct bpf_object;
struct places;

/* Loads the mode's program with the settings of the options.  NULL: a sentence was printed. */
struct tracer *tracer_create(struct trace *trace);

/* Detaches, and forgets everything. */
void tracer_destroy(struct tracer *tracer);

/* Watches this open file: in one process, or if pid is 0 in all that run it.  0 or -errno. */
int tracer_watch(struct tracer *tracer, int file, const struct places *places, pid_t pid);

/* No record comes from here on; it also begins to detach. */
void tracer_stop(struct tracer *tracer);

/* If the tracer has been told to watch some processes only: this one too. */
int tracer_admit(struct tracer *tracer, pid_t pid);

bool tracer_admitted(const struct tracer *tracer, pid_t pid);

/* Has any of these processes hit a probe, wanted or not? */
bool tracer_any_hit(const struct tracer *tracer);

/* Tells the program of a port that was there before it. */
void tracer_tell_port(struct tracer *tracer, uint64_t port, const struct port_entry *entry);

/*
 * Handles the records that have come, waiting for some if there are none; but not for
 * long, nor while there is no room for what is printed of them.  True if there are more.
 */
bool tracer_poll(struct tracer *tracer, int milliseconds);

/* Takes out those that are there, of a tracer that has stopped.  How many there were. */
uint64_t tracer_discard(struct tracer *tracer);

/* The counts of all these probes. */
struct counts tracer_counts(const struct tracer *tracer, uint64_t probes);

/* The time that the programs took in the kernel: nanoseconds, in so many runs. */
void tracer_time(const struct tracer *tracer, uint64_t *ret_ns, uint64_t *ret_runs);

/* A map of the mode's own, by its name. */
int tracer_map(const struct tracer *tracer, const char *name);

#endif /* TRACE_TRACER_H */
