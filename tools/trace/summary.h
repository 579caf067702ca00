/* SPDX-License-Identifier: MIT */
/* How many events were seen and lost, and what they cost. */
#ifndef TRACE_SUMMARY_H
#define TRACE_SUMMARY_H

#include "trace.h"

/* A line of JSON is not longer. */
#define SUMMARY_MOST	512u

struct summary {
	uint64_t unhandled;	/* records that there was no time for */
	double trap;		/* nanoseconds of a hit */

	/* Numbers from the kernel. */
	struct counts counts;
	double program;		/* nanoseconds of a hit */
};

/* Asks the kernel; from then on it is said even if all else is cut short. */
void summary_read(struct summary *summary, const struct trace *trace);

/* Prints it to standard output. */
void summary_print_json(const struct summary *summary, const struct trace *trace);

/*
 * Prints it to standard error, when everything else was written; and what could not be
 * written.  -1 if that is a failure.
 */
int summary_print(const struct summary *summary, const struct trace *trace);

#endif /* TRACE_SUMMARY_H */
