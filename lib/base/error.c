// SPDX-License-Identifier: MIT
/*
 * The sentence behind the last failure of a thread.
 *
 * A number says too little of a limit that was reached or a field that differs,
 * and a library does not print.  So whoever first notices a failure writes one
 * sentence that names the field or setting, the value wanted and the value
 * found; everybody above passes the number on.  The sentence belongs to the
 * thread and lives until the thread's next failure; nothing a peer does reaches
 * it except through the values that are formatted, which are numbers and names
 * already checked.
 *
 * A constructor's failure is kept beside, for a program may come back to the NULL that
 * it got long after, when something else has failed in the meantime.
 */
#include "base/error.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define SENTENCE_SIZE	512

static _Thread_local struct {
	int error;
	const char *sentence;
	char text[SENTENCE_SIZE];
} last = { .sentence = "no failure" };

/* The last failure of a constructor. */
static _Thread_local struct {
	int error;
	char text[SENTENCE_SIZE];
} unmade;

int fail_quietly(int error, const char *sentence)
{
	last.error = error;
	last.sentence = sentence;
	errno = error;
	return -error;
}

int fail(int error, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(last.text, sizeof(last.text), format, args);
	va_end(args);
	return fail_quietly(error, last.text);
}

int fail_system(const char *what)
{
	int error = errno;

	return fail(error, "%s: %s", what, strerror(error));
}

int fail_within(int result, const char *format, ...)
{
	char inner[SENTENCE_SIZE];
	va_list args;
	int used, room;

	snprintf(inner, sizeof(inner), "%s", last.sentence);
	va_start(args, format);
	used = vsnprintf(last.text, sizeof(last.text), format, args);
	va_end(args);
	room = SENTENCE_SIZE - 1 - used - (int)strlen(": ");
	if (room > 0)
		snprintf(last.text + used, SENTENCE_SIZE - (size_t)used, ": %.*s", room, inner);
	return fail_quietly(-result, last.text);
}

int fail_again(int result)
{
	errno = -result;
	return result;
}

void *made(void *object)
{
	if (!object) {
		unmade.error = last.error;
		snprintf(unmade.text, sizeof(unmade.text), "%s", last.sentence);
	}
	return object;
}

int fail_parent(const char *what)
{
	if (!unmade.error)
		return fail(EINVAL, "%s is NULL", what);
	return fail(unmade.error, "%s", unmade.text);
}

int fail_unsent(const char *what)
{
	if (!last.error)
		return fail(EINVAL, "%s is NULL", what);
	return fail_again(-last.error);
}

/* Programs print it: a name in it must not move the cursor of their terminal. */
static void replace_controls(char *text)
{
	unsigned char *at = (unsigned char *)text;

	for (; *at; at++) {
		if (*at < 0x20 || *at == 0x7f)
			*at = '?';
		else if (at[0] == 0xc2 && at[1] >= 0x80 && at[1] < 0xa0)
			at[0] = at[1] = '?';	/* U+0080 to U+009F */
	}
}

const char *error_sentence(void)
{
	if (last.sentence == last.text)
		replace_controls(last.text);
	return last.sentence;
}
