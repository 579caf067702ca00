// SPDX-License-Identifier: MIT
/*
 * The output of a mode: a stream, a buffer behind it, and a file that the tracer never
 * waits for.
 *
 *	print to the stream -> unit -> batch -> write(2)
 *
 * The output of one event is a unit.  It is kept whole or dropped whole, and dropped units
 * are counted.  So a reader never finds half a line, and nothing is lost silently.  Small
 * units are written together as a batch that a pipe takes whole or not at all.
 *
 * While it is full the tracer handles no records (output_is_full): they stay in the ring
 * buffer, and when that is full too the kernel counts dropped ones.  So the waiting output
 * is bounded, however fast events come and even if it is not read.
 *
 * Invariants:
 * (1) Bytes from begin to whole are in batches, in this order; from there to fill they
 *     are of the unit that is being printed.
 * (2) The file holds whole units.  After a failure it is cut behind the last one and is
 *     written no more.  A file that is not ours cannot be cut: there a batch may be torn.
 * (3) A file that has a limit is never larger than that.
 *
 * A pipe, a terminal or a socket may have any reader, or none.  The output opens it once
 * more, so that it does not block us and no other process notices.  If that is not possible
 * the output polls it before each write.  Another writer may then fill it in between, and
 * the write blocks until the timer of ending.c.
 */
#include "output.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdio_ext.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ending.h"
#include "output_file.h"

#define ROOM		(1u << 20)
#define FULL		(ROOM / 4)	/* waiting: enough */
#define PUSH		(32u << 10)	/* waiting: to be written before the next look */
#define BATCHES		1024		/* at least half a PIPE_BUF each, two by two */
#define STREAM_BUFFER	(64u << 10)
#define WAIT_MS		5

struct batch {
	size_t size, torn;		/* torn: of it, what is written already */
	unsigned int events;
};

struct output {
	struct output_file file;
	struct opened to;
	FILE *stream;
	char *data;
	size_t room, begin, whole, fill;
	struct batch batch[BATCHES];	/* a circle */
	unsigned int first, batches;
	bool cut;			/* of the unit that is being printed something is missing */
	bool last, report;
	bool at_limit, report_cut;
	uint64_t size;			/* of this file, with what waits */
	uint64_t written;		/* of it, batches that are whole */
	uint64_t events, lost;		/* in batches that are whole; the others */
	int error;
};

/* ---- Writing ---- */

static struct batch *batch_at(struct output *output, unsigned int index)
{
	return &output->batch[(output->first + index) % BATCHES];
}

static void drop_all(struct output *output)
{
	for (; output->batches; output->batches--) {
		output->lost += batch_at(output, 0)->events;
		output->report_cut |= !batch_at(output, 0)->events;
		output->first++;
	}
	output->cut |= output->fill > output->whole;
	output->begin = output->whole = output->fill = 0;
}

static void fail(struct output *output, int error)
{
	output->error = -error;
	if (output->to.ours)
		(void)!ftruncate(output->to.fd, (off_t)output->written);
	drop_all(output);
}

static void take_off(struct output *output, size_t size)
{
	struct batch *batch;

	output->begin += size;
	while (size) {
		batch = batch_at(output, 0);
		if (size < batch->size - batch->torn) {
			batch->torn += size;
			return;
		}
		size -= batch->size - batch->torn;
		output->written += batch->size;
		output->events += batch->events;
		output->first++;
		output->batches--;
	}
}

static bool is_writable(const struct output *output, int milliseconds)
{
	struct pollfd fd = { .fd = output->to.fd, .events = POLLOUT };

	return poll(&fd, 1, milliseconds) > 0;
}

/* A file takes all at once.  False if nothing more can be written now. */
static bool write_some(struct output *output)
{
	size_t size = output->to.regular ? output->whole - output->begin :
					   batch_at(output, 0)->size - batch_at(output, 0)->torn;
	ssize_t n;

	if (output->to.blocks && !is_writable(output, 0))
		return false;
	if (output->to.blocks && size > PIPE_BUF)
		size = PIPE_BUF;
	n = write(output->to.fd, output->data + output->begin, size);
	if (n > 0)
		take_off(output, (size_t)n);
	else if (n < 0 && errno != EAGAIN && errno != EINTR)
		fail(output, errno);
	return n > 0;
}

void output_push(struct output *output)
{
	while (output->batches && write_some(output))
		;
}

void output_await(struct output *output, int milliseconds)
{
	if (is_writable(output, milliseconds))
		output_push(output);
}

bool output_is_full(const struct output *output)
{
	return output->whole - output->begin >= FULL || output->batches >= BATCHES - 2;
}

/* ---- Units ---- */

static void move_down(struct output *output)
{
	if (!output->begin)
		return;
	memmove(output->data, output->data + output->begin, output->fill - output->begin);
	output->whole -= output->begin;
	output->fill -= output->begin;
	output->begin = 0;
}

static bool has_room(struct output *output, size_t size)
{
	if (size > output->room - output->fill)
		move_down(output);
	return size <= output->room - output->fill && output->batches < BATCHES;
}

/* Only the last output waits: it is small, and nothing else is left to do. */
static bool make_room(struct output *output, size_t size)
{
	if (has_room(output, size))
		return true;
	output_push(output);
	while (!has_room(output, size)) {
		if (!output->last || output->error || !ending_has_time(ENDING_REPORT))
			return false;
		output_await(output, WAIT_MS);
	}
	return true;
}

static void add_batch(struct output *output, size_t size, unsigned int events)
{
	struct batch *last = output->batches ? batch_at(output, output->batches - 1) : NULL;

	if (!last || last->torn || last->size + size > PIPE_BUF || !last->events != !events) {
		last = batch_at(output, output->batches++);
		*last = (struct batch){ .size = 0 };
	}
	last->size += size;
	last->events += events;
}

/* In this file, or in the next. */
static bool find_place(struct output *output, size_t size)
{
	if (output_fits(output, size))
		return true;
	if (output->file.lines && output_has_next(output, size))
		return output_next(output) == 0;
	output->at_limit = true;
	return false;
}

static bool end_unit(struct output *output, unsigned int events)
{
	size_t size = output->fill - output->whole;

	if (!size && !output->cut)
		return true;
	if (output->cut || output->error || !find_place(output, size)) {
		output->fill = output->whole;
		output->cut = false;
		output->lost += events;
		output->report_cut |= !events;
		return false;
	}
	add_batch(output, size, events);
	output->whole = output->fill;
	output->size += size;
	if (output->whole - output->begin >= PUSH)
		output_push(output);
	return !output->error;
}

bool output_unit(struct output *output, unsigned int events)
{
	fflush(output->stream);
	return end_unit(output, events);
}

static ssize_t take(void *cookie, const char *bytes, size_t size)
{
	struct output *output = cookie;

	if (output->error || output->cut || !make_room(output, size)) {
		output->cut = true;
	} else {
		memcpy(output->data + output->fill, bytes, size);
		output->fill += size;
	}
	if (output->report && size && bytes[size - 1] == '\n')
		end_unit(output, 0);
	return (ssize_t)size;
}

/* ---- Files that have a limit ---- */

bool output_fits(const struct output *output, uint64_t size)
{
	uint64_t most = output->file.most;

	if (!most)
		return true;
	if (!output->last)
		most -= output->file.reserve;
	return output->size + size <= most;
}

bool output_has_next(const struct output *output, uint64_t size)
{
	return output->file.files > 1 && output->to.ours && !output->error &&
	       size + output->file.reserve <= output->file.most;
}

int output_next(struct output *output)
{
	int r;

	/* It is a file: only a signal ends a write early. */
	while (output->batches && !output->error)
		output_push(output);
	if (output->error)
		return output->error;
	r = output_file_rotate(&output->file, &output->to);
	if (r < 0)
		fail(output, -r);
	output->size = output->written = 0;
	output->last = output->report;
	return r;
}

void output_refuse(struct output *output, unsigned int events)
{
	output->at_limit = true;
	output->lost += events;
}

bool output_is_at_limit(const struct output *output)
{
	return output->at_limit;
}

/* ---- Beginning and end ---- */

struct output *output_open(const struct output_file *file, size_t unit)
{
	static const cookie_io_functions_t functions = { .write = take };
	struct output *output = calloc(1, sizeof(*output));
	int r;

	if (!output)
		return NULL;
	output->file = *file;
	output->room = ROOM + unit;
	output->to.fd = -1;
	output->data = malloc(output->room);
	output->stream = fopencookie(output, "w", functions);
	r = output->data && output->stream ? output_file_open(file, &output->to) : -ENOMEM;
	if (r == 0) {
		setvbuf(output->stream, NULL, _IOFBF, STREAM_BUFFER);
		/* One thread prints. */
		__fsetlocking(output->stream, FSETLOCKING_BYCALLER);
		return output;
	}
	output_close(output);
	errno = -r;
	return NULL;
}

FILE *output_stream(const struct output *output)
{
	return output->stream;
}

void output_begin_last(struct output *output)
{
	output->last = true;
}

void output_begin_report(struct output *output)
{
	output_unit(output, 0);
	output->last = output->report = true;
	setvbuf(output->stream, NULL, _IOLBF, STREAM_BUFFER);
}

void output_settle(struct output *output, int part)
{
	output_unit(output, 0);
	output_push(output);
	while (output->batches && ending_has_time(part))
		output_await(output, WAIT_MS);
	drop_all(output);
}

uint64_t output_written(const struct output *output)
{
	return output->events;
}

uint64_t output_lost(const struct output *output)
{
	return output->lost;
}

bool output_is_cut(const struct output *output)
{
	return output->report_cut;
}

int output_error(const struct output *output)
{
	return output->error;
}

void output_close(struct output *output)
{
	if (!output)
		return;
	if (output->stream)
		fclose(output->stream);
	if (output->to.fd >= 0)
		close(output->to.fd);
	free(output->data);
	free(output);
}
