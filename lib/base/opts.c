// SPDX-License-Identifier: MIT
/*
 * Options structs that begin with their own size, so that a program and a
 * library of different age understand each other: the rule of openat2(2) and
 * perf_event_open(2).  The caller owns its struct; it is read once, in one copy.
 */
#include "base/opts.h"

#include <errno.h>
#include <string.h>

#include "base/error.h"

/* Far more than any options struct will ever have. */
#define OPTS_SIZE_MAX	4096u

int opts_read(void *ret_known, size_t known, const void *opts, const char *what)
{
	const unsigned char *bytes = opts;
	size_t size, i;

	memset(ret_known, 0, known);
	if (!opts)
		return 0;
	memcpy(&size, opts, sizeof(size));
	if (size < sizeof(size) || size > OPTS_SIZE_MAX)
		return fail(EINVAL, "%s.size is %zu, not the size of the struct",
			    what, size);
	for (i = known; i < size; i++)
		if (bytes[i])
			return fail(E2BIG, "byte %zu of %s is set, but this library knows only %zu",
				    i, what, known);
	memcpy(ret_known, opts, size < known ? size : known);
	return 0;
}

int opts_check_reserved(uint32_t reserved, const char *what)
{
	return reserved ? fail(EINVAL, "%s.reserved is %u, and must be 0", what, reserved) : 0;
}

int opts_answer(void *answer, void *known, size_t size, const char *what)
{
	size_t room;

	if (!answer)
		return fail(EINVAL, "%s is NULL", what);
	memcpy(&room, answer, sizeof(room));
	if (room < sizeof(room))
		return fail(EINVAL, "%s.size is %zu, not the size of the struct", what, room);
	memcpy(known, &room, sizeof(room));
	memcpy(answer, known, room < size ? room : size);
	return 0;
}
