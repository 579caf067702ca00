// SPDX-License-Identifier: MIT
/*
 * Sentences of a verb on standard error: a line, with the verb's name in front.  They may
 * contain names that others have chosen, and text that a user has typed, so all of it is
 * made fit for a terminal here.
 */
#include "say.h"

#include <stdio.h>

#include "printable.h"

#define SENTENCE	1024

void say_all(const char *verb, const char *format, va_list arguments)
{
	char sentence[SENTENCE], clean[TEXT_CLEAN(SENTENCE)];

	vsnprintf(sentence, sizeof(sentence), format, arguments);
	fprintf(stderr, "sluice %s: %s\n", verb, text_clean(clean, sizeof(clean), sentence));
}

int say(const char *verb, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	say_all(verb, format, arguments);
	va_end(arguments);
	return -1;
}

int say_wrong(const char *verb, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	say_all(verb, format, arguments);
	va_end(arguments);
	fprintf(stderr, "sluice %s --help lists the options.\n", verb);
	return 2;
}
