// SPDX-License-Identifier: MIT
/*
 * Standard error, which the tracer does not wait for either.  It may be the same pipe that
 * events are printed to, and that pipe may have no reader.
 *
 * A line goes out at once or is dropped.  A pipe that has room takes PIPE_BUF bytes, and no
 * line is longer.
 */
#include "complaints.h"

#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <unistd.h>

static FILE *before;

static ssize_t put(void *cookie, const char *bytes, size_t size)
{
	struct pollfd fd = { .fd = STDERR_FILENO, .events = POLLOUT };

	(void)cookie;
	if (poll(&fd, 1, 0) == 1)
		(void)!write(STDERR_FILENO, bytes, size < PIPE_BUF ? size : PIPE_BUF);
	return (ssize_t)size;
}

void complaints_begin(void)
{
	static const cookie_io_functions_t functions = { .write = put };
	FILE *stream = fopencookie(NULL, "w", functions);

	if (!stream)
		return;
	setvbuf(stream, NULL, _IOLBF, PIPE_BUF);
	before = stderr;
	stderr = stream;
}

void complaints_end(void)
{
	FILE *stream = stderr;

	if (!before)
		return;
	stderr = before;
	before = NULL;
	fclose(stream);
}
