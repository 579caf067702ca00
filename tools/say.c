// SPDX-License-Identifier: MIT
/* What a verb has to say on standard error: a line, with its own name in front. */
#include "say.h"

#include <stdarg.h>
#include <stdio.h>

static void say_all(const char *verb, const char *format, va_list arguments)
{
	fprintf(stderr, "sluice %s: ", verb);
	vfprintf(stderr, format, arguments);
	fputc('\n', stderr);
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
