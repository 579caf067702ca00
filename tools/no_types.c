// SPDX-License-Identifier: MIT
/* Stands in for tools/types/ where that could not be built. */
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
