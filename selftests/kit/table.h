/* SPDX-License-Identifier: GPL-2.0-only */
/* A line of the table that make check-hard prints at its end, in the file $HARD_TABLE. */
#ifndef SELFTESTS_TABLE_H
#define SELFTESTS_TABLE_H

#include "common.h"

#include <stdarg.h>

/* How often a test is to do what it does: a number in the environment, or another. */
helper unsigned long number_from(const char *name, unsigned long otherwise)
{
	const char *text = getenv(name);

	return text ? strtoul(text, NULL, 0) : otherwise;
}

/* Tells it here as well. */
__attribute__((__format__(__printf__, 1, 2)))
helper void tell_table(const char *format, ...)
{
	const char *path = getenv("HARD_TABLE"), *wait = getenv("SLUICE_WAIT");
	char line[320];
	va_list args;
	FILE *file;

	va_start(args, format);
	vsnprintf(line, sizeof(line), format, args);
	va_end(args);
	fprintf(TH_LOG_STREAM, "# %s\n", line);
	file = path ? fopen(path, "ae") : NULL;
	if (!file)
		return;
	fprintf(file, "%s: %s\n", getenv("SELFTEST_MIXED") ? "mixed" : wait ? wait : "io_uring",
		line);
	fclose(file);
}

#endif /* SELFTESTS_TABLE_H */
