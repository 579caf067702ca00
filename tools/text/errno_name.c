// SPDX-License-Identifier: MIT
/*
 * The names of errors, which are those that <errno.h> has for the machine that is built for.
 * Not every libc can tell them.
 */
#include "tools/text/errno_name.h"

#include <errno.h>
#include <stddef.h>

static const char *const names[] = {
	[0] = "0",
#include "errno_names.h"		/* made by tools/build.mk: [EAGAIN] = "EAGAIN", ... */
};

const char *errno_name(uint64_t number)
{
	return number < sizeof(names) / sizeof(names[0]) ? names[number] : NULL;
}
