/* SPDX-License-Identifier: MIT */
/* The output of a mode: a stream in front of a file that the tracer never waits for. */
#ifndef TRACE_OUTLET_H
#define TRACE_OUTLET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

struct outlet;

/* Which file, how large it may become, and how many are kept. */
struct outlet_file {
	const char *path;	/* NULL: standard output */
	uint64_t most;		/* bytes; 0: as many as come */
	unsigned int files;	/* this one and those before it; 0 and 1: it alone */
	unsigned int reserve;	/* of most, bytes for what comes last */
	bool lines;		/* of text: a file may begin with any of them */
};

/*
 * Makes the file, for its owner alone, or empties it.  unit is how long the output of an
 * event may be.  NULL with errno.
 */
struct outlet *outlet_open(const struct outlet_file *file, size_t unit);

/* The stream to print to.  It always takes everything. */
FILE *outlet_stream(const struct outlet *outlet);

/*
 * The output since the last call belongs together, and describes so many events.  It is
 * kept as a whole, or dropped and counted: then false.
 */
bool outlet_unit(struct outlet *outlet, unsigned int events);

/* Writes as much as can be written now. */
void outlet_push(struct outlet *outlet);

/* Does so much wait to be written that no more should be printed? */
bool outlet_is_full(const struct outlet *outlet);

/* Waits until some of it can be written, but not longer than this. */
void outlet_await(struct outlet *outlet, int milliseconds);

/* Do so many bytes fit in this file?  In the next, if there may be one? */
bool outlet_fits(const struct outlet *outlet, uint64_t size);
bool outlet_has_next(const struct outlet *outlet, uint64_t size);

/* Goes on in a new file; the caller then prints its beginning.  0 or -errno. */
int outlet_next(struct outlet *outlet);

/* Notes that so many events are not printed, since the file has its size. */
void outlet_refuse(struct outlet *outlet, unsigned int events);

/* Has it reached its maximum size, and was something dropped for that? */
bool outlet_is_at_limit(const struct outlet *outlet);

/*
 * The output from here on is the last in this file: the reserve is for it, and it waits for
 * room.
 */
void outlet_begin_last(struct outlet *outlet);

/* The same, and each line is a unit that describes no event. */
void outlet_begin_report(struct outlet *outlet);

/* Writes everything, as long as there is time; the rest is lost. */
void outlet_settle(struct outlet *outlet, int part);

/* Events that it has written. */
uint64_t outlet_written(const struct outlet *outlet);

/* Events that it has not written; has something else not been written? */
uint64_t outlet_lost(const struct outlet *outlet);
bool outlet_is_cut(const struct outlet *outlet);

/* The first failure, -errno; or 0. */
int outlet_error(const struct outlet *outlet);

/* Output that has not been written is dropped. */
void outlet_close(struct outlet *outlet);

#endif /* TRACE_OUTLET_H */
