/* SPDX-License-Identifier: MIT */
/* How long the tracer may take to end. */
#ifndef TRACE_ENDING_H
#define TRACE_ENDING_H

#include <stdbool.h>
#include <stdint.h>

/* Parts of the time that there is, in this order. */
enum ending_part {
	ENDING_COMMAND,		/* the command ends */
	ENDING_RECORDS,		/* the records in the ring buffer are handled */
	ENDING_EVENTS,		/* the output of these is written */
	ENDING_REPORT,		/* the mode prints its results */
	ENDING_ALL,		/* all of it is written */
};

/*
 * The tracer ends now. told: a user or an option wants it; else there was nothing more to
 * do.  In any case the process has ended soon after the last part.
 */
void ending_begin(bool told);

/* Is there time left for this part?  Always, before the end has begun. */
bool ending_has_time(enum ending_part part);

/* Notes that something was left out for lack of time.  Was anything? */
void ending_leave_out(void);
bool ending_has_left_out(void);

/* A line that is printed if it has to end in the middle of something. */
void ending_last_words(const char *line);

#endif /* TRACE_ENDING_H */
