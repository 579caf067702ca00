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
 * While it is full the tracer handles no records (outlet_is_full): they stay in the ring
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
 * A pipe, a terminal or a socket may have any reader, or none.  The outlet opens it once
 * more, so that it does not block us and no other process notices.  If that is not possible
 * the outlet polls it before each write.  Another writer may then fill it in between, and
 * the write blocks until the timer of ending.c.
 */
#include "outlet.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdio_ext.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ending.h"
#include "outlet_file.h"

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

struct outlet {
	struct outlet_file file;
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

static struct batch *batch_at(struct outlet *outlet, unsigned int index)
{
	return &outlet->batch[(outlet->first + index) % BATCHES];
}

static void drop_all(struct outlet *outlet)
{
	for (; outlet->batches; outlet->batches--) {
		outlet->lost += batch_at(outlet, 0)->events;
		outlet->report_cut |= !batch_at(outlet, 0)->events;
		outlet->first++;
	}
	outlet->cut |= outlet->fill > outlet->whole;
	outlet->begin = outlet->whole = outlet->fill = 0;
}

static void fail(struct outlet *outlet, int error)
{
	outlet->error = -error;
	if (outlet->to.ours)
		(void)!ftruncate(outlet->to.fd, (off_t)outlet->written);
	drop_all(outlet);
}

static void take_off(struct outlet *outlet, size_t size)
{
	struct batch *batch;

	outlet->begin += size;
	while (size) {
		batch = batch_at(outlet, 0);
		if (size < batch->size - batch->torn) {
			batch->torn += size;
			return;
		}
		size -= batch->size - batch->torn;
		outlet->written += batch->size;
		outlet->events += batch->events;
		outlet->first++;
		outlet->batches--;
	}
}

static bool is_writable(const struct outlet *outlet, int milliseconds)
{
	struct pollfd fd = { .fd = outlet->to.fd, .events = POLLOUT };

	return poll(&fd, 1, milliseconds) > 0;
}

/* A file takes all at once.  False if nothing more can be written now. */
static bool write_some(struct outlet *outlet)
{
	size_t size = outlet->to.regular ? outlet->whole - outlet->begin :
					   batch_at(outlet, 0)->size - batch_at(outlet, 0)->torn;
	ssize_t n;

	if (outlet->to.blocks && !is_writable(outlet, 0))
		return false;
	if (outlet->to.blocks && size > PIPE_BUF)
		size = PIPE_BUF;
	n = write(outlet->to.fd, outlet->data + outlet->begin, size);
	if (n > 0)
		take_off(outlet, (size_t)n);
	else if (n < 0 && errno != EAGAIN && errno != EINTR)
		fail(outlet, errno);
	return n > 0;
}

void outlet_push(struct outlet *outlet)
{
	while (outlet->batches && write_some(outlet))
		;
}

void outlet_await(struct outlet *outlet, int milliseconds)
{
	if (is_writable(outlet, milliseconds))
		outlet_push(outlet);
}

bool outlet_is_full(const struct outlet *outlet)
{
	return outlet->whole - outlet->begin >= FULL || outlet->batches >= BATCHES - 2;
}

/* ---- Units ---- */

static void move_down(struct outlet *outlet)
{
	if (!outlet->begin)
		return;
	memmove(outlet->data, outlet->data + outlet->begin, outlet->fill - outlet->begin);
	outlet->whole -= outlet->begin;
	outlet->fill -= outlet->begin;
	outlet->begin = 0;
}

static bool has_room(struct outlet *outlet, size_t size)
{
	if (size > outlet->room - outlet->fill)
		move_down(outlet);
	return size <= outlet->room - outlet->fill && outlet->batches < BATCHES;
}

/* Only the last output waits: it is small, and nothing else is to be done then. */
static bool make_room(struct outlet *outlet, size_t size)
{
	if (has_room(outlet, size))
		return true;
	outlet_push(outlet);
	while (!has_room(outlet, size)) {
		if (!outlet->last || outlet->error || !ending_has_time(ENDING_REPORT))
			return false;
		outlet_await(outlet, WAIT_MS);
	}
	return true;
}

static void add_batch(struct outlet *outlet, size_t size, unsigned int events)
{
	struct batch *last = outlet->batches ? batch_at(outlet, outlet->batches - 1) : NULL;

	if (!last || last->torn || last->size + size > PIPE_BUF || !last->events != !events) {
		last = batch_at(outlet, outlet->batches++);
		*last = (struct batch){ .size = 0 };
	}
	last->size += size;
	last->events += events;
}

/* In this file, or in the next. */
static bool find_place(struct outlet *outlet, size_t size)
{
	if (outlet_fits(outlet, size))
		return true;
	if (outlet->file.lines && outlet_has_next(outlet, size))
		return outlet_next(outlet) == 0;
	outlet->at_limit = true;
	return false;
}

static bool end_unit(struct outlet *outlet, unsigned int events)
{
	size_t size = outlet->fill - outlet->whole;

	if (!size && !outlet->cut)
		return true;
	if (outlet->cut || outlet->error || !find_place(outlet, size)) {
		outlet->fill = outlet->whole;
		outlet->cut = false;
		outlet->lost += events;
		outlet->report_cut |= !events;
		return false;
	}
	add_batch(outlet, size, events);
	outlet->whole = outlet->fill;
	outlet->size += size;
	if (outlet->whole - outlet->begin >= PUSH)
		outlet_push(outlet);
	return !outlet->error;
}

bool outlet_unit(struct outlet *outlet, unsigned int events)
{
	fflush(outlet->stream);
	return end_unit(outlet, events);
}

static ssize_t take(void *cookie, const char *bytes, size_t size)
{
	struct outlet *outlet = cookie;

	if (outlet->error || outlet->cut || !make_room(outlet, size)) {
		outlet->cut = true;
	} else {
		memcpy(outlet->data + outlet->fill, bytes, size);
		outlet->fill += size;
	}
	if (outlet->report && size && bytes[size - 1] == '\n')
		end_unit(outlet, 0);
	return (ssize_t)size;
}

/* ---- Files that have a limit ---- */

bool outlet_fits(const struct outlet *outlet, uint64_t size)
{
	uint64_t most = outlet->file.most;

	if (!most)
		return true;
	if (!outlet->last)
		most -= outlet->file.reserve;
	return outlet->size + size <= most;
}

bool outlet_has_next(const struct outlet *outlet, uint64_t size)
{
	return outlet->file.files > 1 && outlet->to.ours && !outlet->error &&
	       size + outlet->file.reserve <= outlet->file.most;
}

int outlet_next(struct outlet *outlet)
{
	int r;

	/* It is a file: only a signal ends a write early. */
	while (outlet->batches && !outlet->error)
		outlet_push(outlet);
	if (outlet->error)
		return outlet->error;
	r = outlet_file_rotate(&outlet->file, &outlet->to);
	if (r < 0)
		fail(outlet, -r);
	outlet->size = outlet->written = 0;
	outlet->last = outlet->report;
	return r;
}

void outlet_refuse(struct outlet *outlet, unsigned int events)
{
	outlet->at_limit = true;
	outlet->lost += events;
}

bool outlet_is_at_limit(const struct outlet *outlet)
{
	return outlet->at_limit;
}

/* ---- Beginning and end ---- */

struct outlet *outlet_open(const struct outlet_file *file, size_t unit)
{
	static const cookie_io_functions_t functions = { .write = take };
	struct outlet *outlet = calloc(1, sizeof(*outlet));
	int r;

	if (!outlet)
		return NULL;
	outlet->file = *file;
	outlet->room = ROOM + unit;
	outlet->to.fd = -1;
	outlet->data = malloc(outlet->room);
	outlet->stream = fopencookie(outlet, "w", functions);
	r = outlet->data && outlet->stream ? outlet_file_open(file, &outlet->to) : -ENOMEM;
	if (r == 0) {
		setvbuf(outlet->stream, NULL, _IOFBF, STREAM_BUFFER);
		/* One thread prints. */
		__fsetlocking(outlet->stream, FSETLOCKING_BYCALLER);
		return outlet;
	}
	outlet_close(outlet);
	errno = -r;
	return NULL;
}

FILE *outlet_stream(const struct outlet *outlet)
{
	return outlet->stream;
}

void outlet_begin_last(struct outlet *outlet)
{
	outlet->last = true;
}

void outlet_begin_report(struct outlet *outlet)
{
	outlet_unit(outlet, 0);
	outlet->last = outlet->report = true;
	setvbuf(outlet->stream, NULL, _IOLBF, STREAM_BUFFER);
}

void outlet_settle(struct outlet *outlet, int part)
{
	outlet_unit(outlet, 0);
	outlet_push(outlet);
	while (outlet->batches && ending_has_time(part))
		outlet_await(outlet, WAIT_MS);
	drop_all(outlet);
}

uint64_t outlet_written(const struct outlet *outlet)
{
	return outlet->events;
}

uint64_t outlet_lost(const struct outlet *outlet)
{
	return outlet->lost;
}

bool outlet_is_cut(const struct outlet *outlet)
{
	return outlet->report_cut;
}

int outlet_error(const struct outlet *outlet)
{
	return outlet->error;
}

void outlet_close(struct outlet *outlet)
{
	if (!outlet)
		return;
	if (outlet->stream)
		fclose(outlet->stream);
	if (outlet->to.fd >= 0)
		close(outlet->to.fd);
	free(outlet->data);
	free(outlet);
}
