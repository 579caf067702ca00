// SPDX-License-Identifier: MIT
/*
 * The sentence behind the last failure of a thread.
 *
 * A number says too little about a limit that was reached or a field that differs, and a
 * library does not print.  So the function that first notices a failure writes one sentence
 * that names the field or setting, the value wanted and the value found; its callers pass
 * the number on.  The sentence belongs to the thread and lives until the thread's next
 * failure.  A peer can influence it only through the values that are formatted, which are
 * numbers and names that were checked.
 *
 * The failure of a constructor is kept separately, since a program may use the NULL that it
 * got much later, when another call has failed in the meantime.
 */
#include "base/error.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static _Thread_local struct {
	int error;
	const char *sentence;
	char text[ERROR_SENTENCE_SIZE];
} last = { .sentence = "no failure" };

/* The last failure of a constructor. */
static _Thread_local struct {
	int error;
	char text[ERROR_SENTENCE_SIZE];
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
	char inner[ERROR_SENTENCE_SIZE];
	va_list args;
	int used, room;

	snprintf(inner, sizeof(inner), "%s", last.sentence);
	va_start(args, format);
	used = vsnprintf(last.text, sizeof(last.text), format, args);
	va_end(args);
	room = ERROR_SENTENCE_SIZE - 1 - used - (int)strlen(": ");
	if (room > 0)
		snprintf(last.text + used, ERROR_SENTENCE_SIZE - (size_t)used, ": %.*s", room, inner);
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

/* Programs print it, so a name in it must not move the cursor of their terminal. */
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

void error_keep(struct error_kept *ret_kept)
{
	ret_kept->error = errno;
	ret_kept->last = last.error;
	ret_kept->sentence = last.sentence;
	memcpy(ret_kept->text, last.text, sizeof(last.text));
}

void error_put_back(const struct error_kept *kept)
{
	errno = kept->error;
	last.error = kept->last;
	last.sentence = kept->sentence;
	memcpy(last.text, kept->text, sizeof(last.text));
}
