// SPDX-License-Identifier: GPL-2.0-only
/*
 * No failure without a sentence.  Each test of behaviour is linked with this file: the
 * linker puts a wrapper before each public function, and before the functions that write a
 * sentence (base/error.h).  A public function that returns NULL or a negative number
 * although no sentence was written since it was entered ends the program; so does one
 * that returns a number other than -errno, or NULL with an errno of 0.
 *
 * The library itself knows nothing of it, and is the same object code.
 * The wrappers of public functions are made from sluice.h and the headers beside it by sentences.awk.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sluice.h>
#include <sluice_config.h>
#include <sluice_leftovers.h>
#include <sluice_list.h>
#include <sluice_remarks.h>
#include <sluice_watch.h>

#include "base/error.h"

/* That this thread has written. */
static _Thread_local unsigned long sentences;

/* ---- What writes one ---- */

int __real_fail_quietly(int error, const char *sentence);
int __real_fail_system(const char *what);
int __real_fail_parent(const char *what);
int __real_fail_unsent(const char *what);
int __wrap_fail(int error, const char *format, ...) PRINTF(2, 3);
int __real_fail(int error, const char *format, ...) PRINTF(2, 3);

int __wrap_fail(int error, const char *format, ...)
{
	char text[1024];
	va_list args;

	sentences++;
	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	return __real_fail(error, "%s", text);
}

int __wrap_fail_quietly(int error, const char *sentence)
{
	sentences++;
	return __real_fail_quietly(error, sentence);
}

int __wrap_fail_system(const char *what)
{
	sentences++;
	return __real_fail_system(what);
}

int __wrap_fail_parent(const char *what)
{
	sentences++;
	return __real_fail_parent(what);
}

int __wrap_fail_unsent(const char *what)
{
	sentences++;
	return __real_fail_unsent(what);
}

/* ---- What has failed ---- */

unsigned long sentences_written(void)
{
	return sentences;
}

/* error: what was returned, or 0 of a pointer. */
void sentences_check(const char *function, unsigned long before, int error)
{
	int found = errno;

	if (sentences != before && found && (!error || found == error) && *sluice_strerror())
		return;
	fprintf(stderr, "# %s() has failed with %d, errno is %d (%s), and %s: %s\n", function,
		-error, found, strerror(found),
		sentences == before ? "wrote no sentence; the last one is" : "its sentence is",
		sluice_strerror());
	abort();
}

#include "sentences_made.h"
