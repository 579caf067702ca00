/* SPDX-License-Identifier: MIT */
/* The output of a mode: a stream in front of a file that the tracer never waits for. */
#ifndef TRACE_OUTPUT_H
#define TRACE_OUTPUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

struct output;

/* Which file, how large it may become, and how many are kept. */
struct output_file {
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
struct output *output_open(const struct output_file *file, size_t unit);

/* The stream to print to.  It always takes everything. */
FILE *output_stream(const struct output *output);

/*
 * The output since the last call belongs together, and describes so many events.  It is
 * kept as a whole, or dropped and counted: then false.
 */
bool output_unit(struct output *output, unsigned int events);

/* Writes as much as can be written now. */
void output_push(struct output *output);

/* Does so much wait to be written that no more should be printed? */
bool output_is_full(const struct output *output);

/* Waits until some of it can be written, but not longer than this. */
void output_await(struct output *output, int milliseconds);

/* Do so many bytes fit in this file?  In the next, if there may be one? */
bool output_fits(const struct output *output, uint64_t size);
bool output_has_next(const struct output *output, uint64_t size);

/* Goes on in a new file; the caller then prints its beginning.  0 or -errno. */
int output_next(struct output *output);

/* Notes that so many events are not printed, since the file has its size. */
void output_refuse(struct output *output, unsigned int events);

/* Has it reached its maximum size, and was something dropped for that? */
bool output_is_at_limit(const struct output *output);

/*
 * The output from here on is the last in this file: the reserve is for it, and it waits for
 * room.
 */
void output_begin_last(struct output *output);

/* The same, and each line is a unit that describes no event. */
void output_begin_report(struct output *output);

/* Writes everything, as long as there is time; the rest is lost. */
void output_settle(struct output *output, int part);

/* Events that it has written. */
uint64_t output_written(const struct output *output);

/* Events that it has not written; has something else not been written? */
uint64_t output_lost(const struct output *output);
bool output_is_cut(const struct output *output);

/* The first failure, -errno; or 0. */
int output_error(const struct output *output);

/* Output that has not been written is dropped. */
void output_close(struct output *output);

#endif /* TRACE_OUTPUT_H */
