/* SPDX-License-Identifier: MIT */
/* usage.h - an example that is asked for --help says what it is called with, and ends */
#ifndef EXAMPLES_USAGE_H
#define EXAMPLES_USAGE_H

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static inline void usage(int argc, char **argv, const char *arguments)
{
	if (argc < 2 || (strcmp(argv[1], "--help") != 0 && strcmp(argv[1], "-h") != 0))
		return;
	printf("usage: %s%s%s\n", program_invocation_short_name, *arguments ? " " : "",
	       arguments);
	exit(fflush(stdout) ? 1 : 0);
}

#endif /* EXAMPLES_USAGE_H */
