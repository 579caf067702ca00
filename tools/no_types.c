// SPDX-License-Identifier: MIT
/* Replaces tools/types/ if that could not be built. */
#include <stdio.h>

#include "verbs.h"

int verb_types(int argc, char **argv)
{
	(void)argc;
	(void)argv;
	fputs("sluice types: this command was built without what reads debug information, which needs libdw\n",
	      stderr);
	return 1;
}
